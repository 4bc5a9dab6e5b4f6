//! The lines that are missing in the file, in words that fit what is there.

use super::{Giterminism, Rule};

impl Giterminism {
    /// Returns the lines by which `rule` would allow `value`.
    pub fn advice(&self, rule: Rule, value: &str) -> String {
        self.advice_for(rule, &[value])
    }

    /// Returns the lines by which `rule` would allow all of `values`.
    pub fn advice_for(&self, rule: Rule, values: &[&str]) -> String {
        let path = rule.path();
        let keys: Vec<&str> = path.split('.').collect();
        let mut lines = vec!["giterminismConfigVersion: 1".to_owned()];
        for (depth, key) in keys.iter().enumerate() {
            let end = if rule.is_flag() && depth + 1 == keys.len() {
                " true"
            } else {
                ""
            };
            lines.push(format!("{}{key}:{end}", "  ".repeat(depth)));
        }
        if !rule.is_flag() {
            let indent = "  ".repeat(keys.len() - 1);
            lines.extend(values.iter().map(|value| format!("{indent}- {value}")));
        }
        // How many of the keys are there, from the outermost on.
        let known = (1..=keys.len())
            .take_while(|&depth| self.keys.contains(&keys[..depth].join(".")))
            .count();
        let known_path = keys[..known].join(".");
        let what = match known {
            _ if !self.is_written => "commit it with these lines".to_owned(),
            0 => "add these lines to it".to_owned(),
            _ if known == keys.len() && rule.is_flag() => {
                return format!("`{}`: set `{path}` to true", self.file);
            }
            _ if known == keys.len() && values.len() > 1 => format!("add these lines to `{path}`"),
            _ if known == keys.len() => format!("add this line to `{path}`"),
            _ => format!("add these lines below `{known_path}`"),
        };
        let skipped = if self.is_written { known + 1 } else { 0 };
        let lines: Vec<String> = lines[skipped..]
            .iter()
            .map(|line| format!("\n    {line}"))
            .collect();
        format!("`{}`: {what}:{}", self.file, lines.concat())
    }
}
