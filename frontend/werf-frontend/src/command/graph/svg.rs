//! A graph as SVG: `layout-rs` says where boxes are and how arrows go, and this draws them.

use std::fmt::Write as _;

use layout::core::base::Orientation;
use layout::core::format::{ClipHandle, RenderBackend};
use layout::core::geometry::Point;
use layout::core::style::{LineStyleKind, StyleAttr};
use layout::std_shapes::shapes::{Arrow as Edge, Element, LineEndKind, ShapeKind};
use layout::topo::layout::VisualGraph;
use werf_frontend::helper::explain::Verdict;

use super::picture::{ImageBox, Kind, Picture};

/// What a character of the text takes, and a row, in pixels.
const CHARACTER: f64 = 7.3;
const ROW: f64 = 18.0;
const PADDING: f64 = 10.0;

/// What is above the graph: the title, and what colours mean.
const HEAD: f64 = 54.0;

/// Returns the text of the file.
pub fn text(picture: &Picture) -> String {
    let mut graph = VisualGraph::new(Orientation::LeftToRight);
    let handles: Vec<_> = (0..picture.boxes.len())
        .map(|number| {
            // The text of a box is drawn here, not there; it is known by its number.
            let shape = ShapeKind::new_box("");
            let size = size(&picture.boxes[number]);
            let look = StyleAttr::simple();
            let number = number.to_string();
            let of = Orientation::LeftToRight;
            graph.add_node(Element::create_with_properties(
                shape, look, of, size, number,
            ))
        })
        .collect();
    for arrow in &picture.arrows {
        let style = if arrow.is_base {
            LineStyleKind::Normal
        } else {
            LineStyleKind::Dashed
        };
        let look = StyleAttr::simple();
        let ends = (LineEndKind::None, LineEndKind::Arrow);
        let edge = Edge::new(ends.0, ends.1, style, &arrow.label, &look, &None, &None);
        graph.add_edge(edge, handles[arrow.from], handles[arrow.to]);
    }
    let mut canvas = Canvas {
        picture,
        arrows: String::new(),
        boxes: String::new(),
        end: Point::new(640.0, 0.0),
    };
    if !picture.boxes.is_empty() {
        graph.do_it(false, false, false, &mut canvas);
    }
    canvas.file()
}

fn size(image: &ImageBox) -> Point {
    let rows = image.rows.iter().map(|row| row.text.chars().count());
    let widest = rows.chain([image.name.chars().count()]).max();
    let width = widest.unwrap_or(0) as f64 * CHARACTER + 2.0 * PADDING;
    Point::new(width, ROW * (image.rows.len() + 1) as f64 + PADDING)
}

/// Returns the colour of what becomes of a stage.
fn colour(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Stays => "#e6efe6",
        Verdict::Perhaps => "#fff2b3",
        Verdict::Reruns | Verdict::Gone => "#ffc9a3",
    }
}

/// Puts together the file.
struct Canvas<'a> {
    picture: &'a Picture,
    arrows: String,
    boxes: String,
    /// The lower right corner.
    end: Point,
}

impl Canvas<'_> {
    fn reach(&mut self, x: f64, y: f64) {
        self.end.x = self.end.x.max(x);
        self.end.y = self.end.y.max(y);
    }

    fn draw(&mut self, image: &ImageBox, at: Point, size: Point) {
        let (fill, line, dash) = match image.kind {
            Kind::Final => ("#ffffff", 2, ""),
            Kind::Part => ("#ffffff", 1, ""),
            Kind::Registry => ("#f2f2f2", 1, " stroke-dasharray=\"4,3\""),
        };
        let (x, y) = (at.x, at.y);
        let _ = writeln!(
            self.boxes,
            "<rect x=\"{x:.0}\" y=\"{y:.0}\" width=\"{:.0}\" height=\"{:.0}\" rx=\"4\" fill=\"{fill}\" stroke=\"#333\" stroke-width=\"{line}\"{dash}/>",
            size.x, size.y
        );
        let middle = y + PADDING / 2.0 + ROW / 2.0;
        self.write(x + PADDING, middle, &image.name, " font-weight=\"bold\"");
        for (number, row) in image.rows.iter().enumerate() {
            let top = y + PADDING / 2.0 + ROW * (number + 1) as f64;
            if self.picture.is_compared {
                let _ = writeln!(
                    self.boxes,
                    "<rect x=\"{:.0}\" y=\"{top:.0}\" width=\"{:.0}\" height=\"{ROW:.0}\" fill=\"{}\"/>",
                    x + 2.0,
                    size.x - 4.0,
                    colour(row.verdict)
                );
            }
            self.write(x + PADDING, top + ROW / 2.0, &row.text, "");
        }
    }

    fn write(&mut self, x: f64, y: f64, text: &str, attributes: &str) {
        let _ = writeln!(
            self.boxes,
            "<text x=\"{x:.0}\" y=\"{:.0}\" xml:space=\"preserve\"{attributes}>{}</text>",
            y + 4.0,
            escaped(text)
        );
    }

    fn file(mut self) -> String {
        let title = self.picture.title.clone();
        let graph = std::mem::take(&mut self.boxes);
        self.write(PADDING, 16.0, &title, " font-weight=\"bold\"");
        if self.picture.is_compared {
            let mut x = PADDING;
            for (verdict, name) in [
                (Verdict::Reruns, "runs again"),
                (Verdict::Perhaps, "runs again perhaps"),
                (Verdict::Stays, "found in the cache"),
            ] {
                let fill = colour(verdict);
                let _ = writeln!(
                    self.boxes,
                    "<rect x=\"{x:.0}\" y=\"30\" width=\"14\" height=\"14\" fill=\"{fill}\" stroke=\"#333\"/>"
                );
                self.write(x + 20.0, 37.0, name, "");
                x += 40.0 + name.len() as f64 * CHARACTER;
            }
        }
        let (width, height) = (self.end.x + PADDING, self.end.y + HEAD + PADDING);
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width:.0}\" height=\"{height:.0}\" viewBox=\"0 0 {width:.0} {height:.0}\" font-family=\"monospace\" font-size=\"12\">\n<title>{title}</title>\n<defs><marker id=\"end\" markerWidth=\"10\" markerHeight=\"8\" refX=\"9\" refY=\"4\" orient=\"auto\"><path d=\"M0,0 L10,4 L0,8 z\" fill=\"#333\"/></marker></defs>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n{}<g transform=\"translate(0,{HEAD:.0})\">\n{}{graph}</g>\n</svg>\n",
            self.boxes,
            self.arrows,
            title = escaped(&title),
        )
    }
}

impl RenderBackend for Canvas<'_> {
    fn draw_rect(
        &mut self,
        xy: Point,
        size: Point,
        _: &StyleAttr,
        properties: Option<String>,
        _: Option<ClipHandle>,
    ) {
        let number: Option<usize> = properties.and_then(|text| text.parse().ok());
        if let Some(image) = number.and_then(|number| self.picture.boxes.get(number)) {
            self.reach(xy.x + size.x, xy.y + size.y);
            self.draw(image, xy, size);
        }
    }

    fn draw_line(&mut self, _: Point, _: Point, _: &StyleAttr, _: Option<String>) {}

    fn draw_circle(&mut self, _: Point, _: Point, _: &StyleAttr, _: Option<String>) {}

    /// The text at an arrow.
    fn draw_text(&mut self, xy: Point, text: &str, _: &StyleAttr) {
        if !text.is_empty() {
            self.reach(xy.x + text.chars().count() as f64 * CHARACTER / 2.0, xy.y);
            let halo = " text-anchor=\"middle\" fill=\"#555\" stroke=\"#fff\" stroke-width=\"3\" paint-order=\"stroke\"";
            self.write(xy.x, xy.y - 8.0, text, halo);
        }
    }

    fn draw_arrow(
        &mut self,
        path: &[(Point, Point)],
        dashed: bool,
        head: (bool, bool),
        _: &StyleAttr,
        _: Option<String>,
        _: &str,
    ) {
        let [first, second, rest @ ..] = path else {
            return;
        };
        let mut way = format!(
            "M{:.0},{:.0} C{:.0},{:.0} {:.0},{:.0} {:.0},{:.0}",
            first.0.x,
            first.0.y,
            first.1.x,
            first.1.y,
            second.0.x,
            second.0.y,
            second.1.x,
            second.1.y
        );
        for (control, point) in rest {
            let _ = write!(
                way,
                " S{:.0},{:.0} {:.0},{:.0}",
                control.x, control.y, point.x, point.y
            );
        }
        for (from, to) in path {
            self.reach(from.x.max(to.x), from.y.max(to.y));
        }
        let dash = if dashed {
            " stroke-dasharray=\"6,4\""
        } else {
            ""
        };
        let end = if head.1 {
            " marker-end=\"url(#end)\""
        } else {
            ""
        };
        let _ = writeln!(
            self.arrows,
            "<path d=\"{way}\" fill=\"none\" stroke=\"#333\"{dash}{end}/>"
        );
    }

    fn create_clip(&mut self, _: Point, _: Point, _: usize) -> ClipHandle {
        0
    }
}

/// Returns text as XML has it.
pub fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            c => escaped.push(c),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::super::picture::{Arrow, Row};
    use super::*;

    /// Returns a graph without circles, as every plan is, with numbers that look random.
    fn random(seed: u64) -> Picture {
        let mut state = seed;
        let mut below = |end: usize| {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            (state >> 33) as usize % end
        };
        let boxes = (0..below(40)).map(|number| ImageBox {
            name: format!("image-{number}"),
            kind: [Kind::Final, Kind::Part, Kind::Registry][below(3)],
            rows: (0..below(9))
                .map(|_| Row {
                    text: "x".repeat(below(52)),
                    verdict: Verdict::Stays,
                })
                .collect(),
        });
        let boxes: Vec<ImageBox> = boxes.collect();
        let mut arrows = Vec::new();
        for to in 1..boxes.len() {
            for _ in 0..below(4) {
                arrows.push(Arrow {
                    from: below(to),
                    to,
                    label: "/".repeat(below(20)),
                    is_base: below(2) == 0,
                });
            }
        }
        Picture {
            title: "<&\"".to_owned(),
            boxes,
            arrows,
            is_compared: below(2) == 0,
        }
    }

    /// Returns the places of boxes: left, top, right, bottom.
    fn places(text: &str) -> Vec<[i64; 4]> {
        let boxes = text.lines().filter(|line| line.contains("rx=\"4\""));
        let number = |line: &str, name: &str| -> i64 {
            let (_, rest) = line
                .split_once(&format!(" {name}=\""))
                .expect("an attribute");
            rest.split('"')
                .next()
                .and_then(|it| it.parse().ok())
                .expect("a number")
        };
        let places = boxes.map(|line| {
            let (x, y) = (number(line, "x"), number(line, "y"));
            [x, y, x + number(line, "width"), y + number(line, "height")]
        });
        places.collect()
    }

    #[test]
    fn no_box_lies_on_another_or_outside() {
        for seed in 0..60 {
            let picture = random(seed);
            let drawn = text(&picture);
            assert_eq!(drawn, text(&picture), "seed {seed} is drawn in two ways");
            let places = places(&drawn);
            assert_eq!(places.len(), picture.boxes.len(), "seed {seed}");
            for (at, one) in places.iter().enumerate() {
                assert!(one[0] >= 0 && one[1] >= 0, "seed {seed}: {one:?}");
                for other in &places[..at] {
                    let is_beside = one[2] <= other[0] || other[2] <= one[0];
                    let is_below = one[3] <= other[1] || other[3] <= one[1];
                    assert!(is_beside || is_below, "seed {seed}: {one:?} {other:?}");
                }
            }
            assert!(!drawn.contains("<&"), "seed {seed}: text is markup");
        }
    }
}
