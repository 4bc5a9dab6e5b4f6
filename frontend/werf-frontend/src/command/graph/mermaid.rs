//! A graph for Markdown.

use std::fmt::Write as _;

use werf_frontend::helper::explain::Verdict;

use super::picture::{ImageBox, Kind, Picture};

/// Returns the text of the block, without the fence around it.
pub fn text(picture: &Picture) -> String {
    let mut text = String::from("flowchart LR\n");
    for (number, image) in picture.boxes.iter().enumerate() {
        let mut lines = vec![format!("<b>{}</b>", plain(&image.name))];
        lines.extend(image.rows.iter().map(|row| plain(&row.text)));
        let label = lines.join("<br>");
        let (open, close) = match image.kind {
            Kind::Registry => ("([", "])"),
            Kind::Final | Kind::Part => ("[", "]"),
        };
        let _ = writeln!(text, "  n{number}{open}\"{label}\"{close}");
    }
    for arrow in &picture.arrows {
        let line = if arrow.is_base { "-->" } else { "-.->" };
        let label = match plain(&arrow.label) {
            label if label.is_empty() => String::new(),
            label => format!("|\"{label}\"|"),
        };
        let _ = writeln!(text, "  n{} {line}{label} n{}", arrow.from, arrow.to);
    }
    if picture.is_compared {
        for (class, fill, verdict) in [
            ("reruns", "#ffc9a3", Verdict::Reruns),
            ("perhaps", "#fff2b3", Verdict::Perhaps),
            ("stays", "#e6efe6", Verdict::Stays),
        ] {
            let boxes = picture.boxes.iter().enumerate();
            let boxes = boxes.filter(|(_, image)| worst(image) == Some(verdict));
            let names: Vec<String> = boxes.map(|(number, _)| format!("n{number}")).collect();
            if !names.is_empty() {
                let _ = writeln!(text, "  classDef {class} fill:{fill}");
                let _ = writeln!(text, "  class {} {class}", names.join(","));
            }
        }
    }
    text
}

/// Returns the worst that becomes of a row, since a box has one colour.
fn worst(image: &ImageBox) -> Option<Verdict> {
    let has = |verdict| image.rows.iter().any(|row| row.verdict == verdict);
    let worst = if has(Verdict::Reruns) || has(Verdict::Gone) {
        Verdict::Reruns
    } else if has(Verdict::Perhaps) {
        Verdict::Perhaps
    } else {
        Verdict::Stays
    };
    (!image.rows.is_empty()).then_some(worst)
}

/// Returns text in which nothing means something to Mermaid.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for c in text.trim_start().chars() {
        match c {
            '"' | '<' | '>' | '&' | '#' | '`' | ';' | '|' | '\\' => {
                let _ = write!(plain, "#{};", u32::from(c));
            }
            c => plain.push(c),
        }
    }
    plain
}
