//! A graph for Graphviz.

use std::fmt::Write as _;

use werf_frontend::helper::explain::Verdict;

use super::picture::{ImageBox, Kind, Picture};
use super::svg::escaped;

/// Returns the text of the file.
pub fn text(picture: &Picture) -> String {
    let mut text = format!(
        "digraph {{\n  rankdir=LR; labelloc=t; fontname=monospace;\n  label=\"{}\";\n  node [shape=plain, fontname=monospace, fontsize=11]; edge [fontname=monospace, fontsize=10];\n",
        quoted(&picture.title)
    );
    for (number, image) in picture.boxes.iter().enumerate() {
        let label = table(image, picture.is_compared);
        let _ = writeln!(text, "  n{number} [label=<{label}>];");
    }
    for arrow in &picture.arrows {
        let style = if arrow.is_base { "solid" } else { "dashed" };
        let _ = writeln!(
            text,
            "  n{} -> n{} [style={style}, label=\"{}\"];",
            arrow.from,
            arrow.to,
            quoted(&arrow.label)
        );
    }
    text.push_str("}\n");
    text
}

fn table(image: &ImageBox, is_compared: bool) -> String {
    let (border, colour) = match image.kind {
        Kind::Final => (2, "#ffffff"),
        Kind::Part => (1, "#ffffff"),
        Kind::Registry => (1, "#f2f2f2"),
    };
    let name = escaped(&image.name);
    let mut table = format!(
        "<table border=\"{border}\" cellborder=\"0\" cellspacing=\"0\" bgcolor=\"{colour}\"><tr><td align=\"left\"><b>{name}</b></td></tr>"
    );
    for row in &image.rows {
        let colour = match row.verdict {
            _ if !is_compared => "",
            Verdict::Stays => " bgcolor=\"#e6efe6\"",
            Verdict::Perhaps => " bgcolor=\"#fff2b3\"",
            Verdict::Reruns | Verdict::Gone => " bgcolor=\"#ffc9a3\"",
        };
        let text = escaped(&row.text);
        let _ = write!(table, "<tr><td align=\"left\"{colour}>{text}</td></tr>");
    }
    table + "</table>"
}

/// Returns text as it stands between quotes.
fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}
