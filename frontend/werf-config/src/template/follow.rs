//! What templates make of the values that `env` has read, so that no message shows it.
//!
//! Values are followed by their text: when a function is given a text that has a value in it, then each line of its
//! result that is not taken over from its other arguments is as secret as the value.

use diagnostic::redact::Hidden;
use gotemplate::Value;

/// Functions that run templates: what these print of a value was followed already.
const HAND_ON: [&str; 5] = ["include", "tpl", "include_debug", "tpl_debug", "env"];

/// So many values of a list or map are looked at.
const MOST_VALUES: usize = 4096;

/// So many bytes are compared before following is given up, and nothing that is quoted is shown.
const MOST_WORK: usize = 256 << 20;

/// What is left beside a value and has fewer characters is a sign between two.
const SHORTEST_PIECE: usize = 4;

/// So many texts are followed.
const MOST_TEXTS: usize = 4096;

/// The values that have been read, and what was made of them.
#[derive(Debug, Default)]
pub(crate) struct Followed {
    hidden: Hidden,
    count: usize,
    work: usize,
    /// Whether there was too much to follow.
    is_lost: bool,
}

impl Followed {
    /// Follows a value.
    pub fn add(&mut self, value: &str) {
        self.hidden.add(value);
        self.count += 1;
    }

    /// Returns all that must not be shown.
    pub fn into_hidden(mut self) -> Hidden {
        if self.is_lost {
            self.hidden.add_unknown();
        }
        self.hidden
    }

    /// Looks at a call of the function `name`.
    pub fn observe(&mut self, name: &str, args: &[Value], result: &Value) {
        if self.count == 0 || self.is_lost || HAND_ON.contains(&name) {
            return;
        }
        let is_text = !matches!(result, Value::Map(_) | Value::List(_));
        if matches!(result, Value::Bool(_) | Value::Nil | Value::Absent) {
            return;
        }
        let mut given = Vec::new();
        for arg in args {
            // A list or map that hands on its elements makes nothing new of them.
            if is_text || matches!(arg, Value::String(_)) {
                texts(arg, &mut given);
            }
        }
        let bytes: usize = given.iter().map(String::len).sum();
        self.work += bytes * self.count;
        if self.work > MOST_WORK || self.count > MOST_TEXTS {
            self.is_lost = true;
            return;
        }
        let lines = || given.iter().flat_map(|text| text.lines());
        if !lines().any(|line| self.hidden.is_in(line)) {
            return;
        }
        // What is beside a value in a text is no secret, neither before the call nor after it.
        let others: Vec<&str> = lines().flat_map(|line| self.hidden.pieces(line)).collect();
        let mut made = Vec::new();
        texts(result, &mut made);
        let mut new = Vec::new();
        for line in made.iter().flat_map(|text| text.lines()) {
            let pieces = self.hidden.pieces(line);
            let is_whole = pieces.len() == 1;
            for piece in pieces.into_iter().map(str::trim) {
                let is_long = is_whole || piece.chars().count() >= SHORTEST_PIECE;
                if is_long && !others.iter().any(|other| other.contains(piece)) {
                    new.push(piece.to_owned());
                }
            }
        }
        for line in new {
            self.add(&line);
        }
    }
}

/// Adds the texts of a value: of a list and a map those of what is in it.
fn texts(value: &Value, found: &mut Vec<String>) {
    let mut rest = vec![value.clone()];
    let mut looked_at = 0;
    while let Some(value) = rest.pop() {
        looked_at += 1;
        if looked_at > MOST_VALUES {
            return;
        }
        match &value {
            Value::String(text) => found.push(text.to_text().into_owned()),
            Value::Int(_, int) => found.push(int.to_string()),
            Value::Uint(_, uint) => found.push(uint.to_string()),
            Value::Float(_, float) => found.push(float.to_string()),
            Value::List(list) => rest.extend(list.iter().take(MOST_VALUES).cloned()),
            Value::Map(map) => {
                for (key, value) in map.entries().into_iter().take(MOST_VALUES) {
                    rest.push(key);
                    rest.push(value);
                }
            }
            _ => {}
        }
    }
}
