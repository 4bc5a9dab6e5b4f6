//! `toYaml`: writes as yaml.v2 2.4.0 does.
//!
//! Keys in natural order, lists not indented under their key, text with line breaks as `|` blocks, quotes where
//! plain text would mean something else, and long lines folded at column 80. Where yaml.v2 gives up, the result
//! is empty, as in werf.

mod order;
mod scalar;

use gotemplate::{LimitError, Map, Value};

use scalar::Scalar;

/// Lists and maps inside each other, at most.
const DEEPEST: usize = 100;

/// The longest key that is written before its colon in one line (`check_simple_key`).
const LONGEST_SIMPLE_KEY: usize = 128;

/// Why nothing is written.
enum Stop {
    /// There is no YAML for it.
    Unwritable,
    Limit(LimitError),
}

/// Returns the YAML of `value`, or nothing if there is none; `charge` is asked before memory is used.
///
/// # Errors
/// What `charge` says.
pub fn write(
    value: &Value,
    charge: impl FnMut(u64) -> Result<(), LimitError>,
) -> Result<String, LimitError> {
    let mut writer = Writer {
        text: String::new(),
        charge,
        depth: 0,
    };
    match writer.node(value, Place::Root, 0) {
        Ok(()) => Ok(writer.text),
        Err(Stop::Unwritable) => Ok(String::new()),
        Err(Stop::Limit(error)) => Err(error),
    }
}

/// Where a value stands.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Place {
    Root,
    /// Behind `key:`.
    Value,
    /// Behind `-`, or the `:` of a key that has a line of its own.
    Item,
}

struct Writer<F> {
    text: String,
    charge: F,
    depth: usize,
}

impl<F: FnMut(u64) -> Result<(), LimitError>> Writer<F> {
    /// Writes a value with the line end behind it; `indent` is that of the collection it stands in.
    fn node(&mut self, value: &Value, place: Place, indent: usize) -> Result<(), Stop> {
        (self.charge)(8).map_err(Stop::Limit)?;
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(Stop::Unwritable);
        }
        match value {
            Value::Map(map) if !map.is_empty() => self.map(map, place, indent)?,
            Value::List(list) if !list.is_empty() => self.list(list, place, indent)?,
            Value::Map(_) => self.word("{}", place),
            Value::List(_) => self.word("[]", place),
            value => {
                let scalar = Scalar::of(value).ok_or(Stop::Unwritable)?;
                (self.charge)(2 * scalar.len() as u64).map_err(Stop::Limit)?;
                self.space(place);
                let inner = if place == Place::Root { 2 } else { indent + 2 };
                scalar.write(&mut self.text, inner);
                self.text.push('\n');
            }
        }
        self.depth -= 1;
        Ok(())
    }

    fn word(&mut self, word: &str, place: Place) {
        self.space(place);
        self.text.push_str(word);
        self.text.push('\n');
    }

    fn space(&mut self, place: Place) {
        if place != Place::Root {
            self.text.push(' ');
        }
    }

    /// Begins the first line of a collection: behind a dash it stays in the line.
    fn begin(&mut self, place: Place, indent: usize, is_first: bool) {
        match (is_first, place) {
            (true, Place::Item) => self.text.push(' '),
            (true, Place::Value) => {
                self.text.push('\n');
                self.text.push_str(&" ".repeat(indent));
            }
            _ => self.text.push_str(&" ".repeat(indent)),
        }
    }

    fn map(&mut self, map: &Map, place: Place, outer: usize) -> Result<(), Stop> {
        let indent = if place == Place::Root { 0 } else { outer + 2 };
        let mut entries = map.entries();
        entries.sort_by(|(a, _), (b, _)| order::compare(a, b));
        for (index, (key, value)) in entries.iter().enumerate() {
            self.begin(place, indent, index == 0);
            let key = Scalar::of(key).ok_or(Stop::Unwritable)?;
            (self.charge)((2 * key.len() + indent) as u64).map_err(Stop::Limit)?;
            let is_simple = key.len() <= LONGEST_SIMPLE_KEY && !key.has_breaks();
            if is_simple {
                key.write_as_key(&mut self.text);
                self.text.push(':');
            } else {
                self.text.push_str("? ");
                key.write(&mut self.text, indent + 2);
                self.text.push('\n');
                self.text.push_str(&" ".repeat(indent));
                self.text.push(':');
            }
            // Behind the colon of a long key a collection begins in the same line, as behind a dash.
            let place = if is_simple { Place::Value } else { Place::Item };
            self.node(value, place, indent)?;
        }
        Ok(())
    }

    fn list(&mut self, items: &[Value], place: Place, outer: usize) -> Result<(), Stop> {
        let indent = match place {
            Place::Root => 0,
            Place::Value => outer,
            Place::Item => outer + 2,
        };
        for (index, item) in items.iter().enumerate() {
            self.begin(place, indent, index == 0);
            (self.charge)(indent as u64 + 2).map_err(Stop::Limit)?;
            self.text.push('-');
            self.node(item, Place::Item, indent)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use gotemplate::{List, Map, Value};

    fn yaml(value: impl Into<Value>) -> String {
        super::write(&value.into(), |_| Ok(())).expect("nothing is limited")
    }

    #[test]
    fn the_examples_of_the_documentation() {
        let inner = Map::dict([("z", "1"), ("m", "a\nb")]);
        let list = vec![Value::int(1), Value::string("yes"), Value::Bool(true)];
        let map = Map::dict([("a", Value::from(inner)), ("b", Value::from(list))]);
        assert_eq!(
            yaml(map),
            "a:\n  m: |-\n    a\n    b\n  z: \"1\"\nb:\n- 1\n- \"yes\"\n- true\n"
        );
        assert_eq!(yaml(List::new(Vec::new())), "[]\n");
        assert_eq!(yaml(Map::new()), "{}\n");
        assert_eq!(yaml(1.5), "1.5\n");
        assert_eq!(yaml(1_000_000.0), "1e+06\n");
        assert_eq!(yaml(Value::Nil), "null\n");
    }

    #[test]
    fn collections_inside_lists_stay_in_the_line_of_the_dash() {
        let map = Map::dict([
            ("a", Value::int(1)),
            ("b", Value::from(vec![Value::int(2)])),
        ]);
        let nested = Value::from(vec![Value::int(1), Value::int(2)]);
        let list = vec![Value::from(map), nested, Value::from(Map::new())];
        let all = Map::dict([("k", Value::from(list))]);
        assert_eq!(yaml(all), "k:\n- a: 1\n  b:\n  - 2\n- - 1\n  - 2\n- {}\n");
    }

    #[test]
    fn text_is_quoted_where_it_must_be() {
        for (text, written) in [
            ("", "\"\""),
            ("abc", "abc"),
            ("yes", "\"yes\""),
            ("~", "\"~\""),
            ("1.5", "\"1.5\""),
            ("2020-01-01", "\"2020-01-01\""),
            ("1:30", "\"1:30\""),
            ("<<", "<<"),
            ("a: b", "'a: b'"),
            ("a #b", "'a #b'"),
            ("a:b", "a:b"),
            ("- a", "'- a'"),
            ("-a", "-a"),
            (" a", "' a'"),
            ("a'", "a'"),
            ("'a", "'''a'"),
            ("{{ x }}", "'{{ x }}'"),
            ("a\tb", "\"a\\tb\""),
            ("é", "é"),
            ("😀", "\"\\U0001F600\""),
            ("---", "'---'"),
            ("a\n", "|\n  a"),
            ("a\n\n", "|+\n  a\n"),
            (" a\nb", "|2-\n   a\n  b"),
            ("a \nb", "\"a \\nb\""),
        ] {
            assert_eq!(yaml(text), format!("{written}\n"), "{text:?}");
        }
        assert_eq!(yaml(Value::string(vec![0xff])), "!!binary /w==\n");
    }

    #[test]
    fn long_text_is_folded_behind_column_80() {
        let words = "word ".repeat(20);
        let text = words.trim_end();
        let lines = yaml(Map::dict([("k", text)]));
        let first = lines.lines().next().expect("a line");
        assert!(first.len() > 80 && first.len() < 90, "{lines}");
        assert!(lines.contains("\n  word"), "{lines}");
    }

    #[test]
    fn keys_are_in_natural_order() {
        let map = Map::dict([("a10", 1.0), ("a9", 1.0), ("10", 1.0), ("9", 1.0)]);
        let keys: Vec<String> = yaml(map)
            .lines()
            .map(|line| line.split(": ").next().unwrap_or_default().to_owned())
            .collect();
        assert_eq!(keys, ["\"9\"", "\"10\"", "a9", "a10"]);
    }

    #[test]
    fn what_cannot_be_written_is_nothing() {
        let map = Map::new();
        map.set("self", Value::from(map.clone()));
        assert_eq!(yaml(map), "");
    }
}
