//! [`Constraints`]: what a version has to satisfy.

use std::sync::LazyLock;

use regex::Regex;

use super::version::{Version, compare_prerelease};

/// Alternatives, separated by `||`, each of constraints that must all hold.
#[derive(Clone, Debug)]
pub struct Constraints(Vec<Vec<Constraint>>);

#[derive(Clone, Debug)]
struct Constraint {
    operator: Operator,
    version: Version,
    /// A number is missing or an `x`.
    partial: bool,
    /// The minor number is the first such.
    minor_open: bool,
    /// The patch number is the first such.
    patch_open: bool,
}

#[derive(Clone, Copy, Debug)]
enum Operator {
    Equal,
    NotEqual,
    Greater,
    Less,
    GreaterEqual,
    LessEqual,
    Tilde,
    Caret,
}

/// The patterns of the original, whose quirks (`|` counts as a digit) are part of the syntax.
struct Patterns {
    constraint: Regex,
    range: Regex,
    find: Regex,
    valid: Regex,
}

static PATTERNS: LazyLock<Patterns> = LazyLock::new(|| {
    const VERSION: &str = r"v?([0-9|x|X|\*]+)(\.[0-9|x|X|\*]+)?(\.[0-9|x|X|\*]+)?(-([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?(\+([0-9A-Za-z\-]+(\.[0-9A-Za-z\-]+)*))?";
    const OPERATORS: &str = r"=||!=|>|<|>=|=>|<=|=<|~|~>|\^";
    const S: &str = r"[\t\n\x0C\r ]";
    let compile = |pattern: String| Regex::new(&pattern).expect("the pattern is a constant");
    Patterns {
        constraint: compile(format!(r"\A{S}*({OPERATORS}){S}*({VERSION}){S}*\z")),
        range: compile(format!(r"{S}*({VERSION}){S}+-{S}+({VERSION}){S}*")),
        find: compile(format!(r"({OPERATORS}){S}*({VERSION})")),
        valid: compile(format!(
            r"\A({S}*({OPERATORS}){S}*({VERSION}){S}*)((?:{S}+|,{S}*)({OPERATORS}){S}*({VERSION}){S}*)*\z"
        )),
    }
});

impl Constraints {
    /// Reads constraints, such as `>=1.2, <2 || ~3.1` or `1.2 - 1.4.5`.
    pub fn parse(text: &str) -> Result<Constraints, String> {
        let text = rewrite_ranges(text);
        let alternatives = text.split("||").map(|alternative| {
            if !PATTERNS.valid.is_match(alternative) {
                return Err(format!("improper constraint: {alternative}"));
            }
            PATTERNS
                .find
                .find_iter(alternative)
                .map(|found| Constraint::parse(found.as_str()))
                .collect()
        });
        Ok(Constraints(alternatives.collect::<Result<_, _>>()?))
    }

    /// Reports whether `version` satisfies one of the alternatives.
    pub fn check(&self, version: &Version) -> bool {
        self.0
            .iter()
            .any(|all| all.iter().all(|constraint| constraint.check(version)))
    }
}

/// Turns `1.2 - 1.4` into a pair of comparisons.
fn rewrite_ranges(text: &str) -> String {
    let mut out = text.to_owned();
    for range in PATTERNS.range.captures_iter(text) {
        out = out.replacen(
            &range[0],
            &format!(">= {}, <= {} ", &range[1], &range[11]),
            1,
        );
    }
    out
}

impl Constraint {
    fn parse(text: &str) -> Result<Constraint, String> {
        let Some(parts) = PATTERNS.constraint.captures(text) else {
            return Err(format!("improper constraint: {text}"));
        };
        let part = |index: usize| parts.get(index).map_or("", |part| part.as_str());
        let is_open = |number: &str| matches!(number.trim_start_matches('.'), "" | "x" | "X" | "*");
        let (major, minor, patch, pre) = (part(3), part(4), part(5), part(6));
        let (mut minor_open, mut patch_open, mut partial) = (false, false, true);
        let version = if is_open(major) {
            format!("0.0.0{pre}")
        } else if is_open(minor) {
            minor_open = true;
            format!("{major}.0.0{pre}")
        } else if is_open(patch) {
            patch_open = true;
            format!("{major}{minor}.0{pre}")
        } else {
            partial = false;
            part(2).to_owned()
        };
        let version = Version::parse(&version).map_err(|_| "constraint Parser Error")?;
        let operator = match part(1) {
            "!=" => Operator::NotEqual,
            ">" => Operator::Greater,
            "<" => Operator::Less,
            ">=" | "=>" => Operator::GreaterEqual,
            "<=" | "=<" => Operator::LessEqual,
            "~" | "~>" => Operator::Tilde,
            "^" => Operator::Caret,
            _ => Operator::Equal,
        };
        Ok(Constraint {
            operator,
            version,
            partial,
            minor_open,
            patch_open,
        })
    }

    fn check(&self, version: &Version) -> bool {
        let order = version.compare(&self.version);
        // Pre-releases satisfy only constraints that mention one.
        let hidden = !version.pre.is_empty() && self.version.pre.is_empty();
        match self.operator {
            Operator::NotEqual if self.partial => !hidden && self.differs(version),
            Operator::NotEqual => order.is_ne(),
            _ if hidden => false,
            Operator::Equal if self.partial => self.check_tilde(version),
            Operator::Equal => order.is_eq(),
            Operator::Greater if !self.partial || version.major != self.version.major => {
                if self.partial {
                    version.major > self.version.major
                } else {
                    order.is_gt()
                }
            }
            Operator::Greater if self.minor_open => false,
            Operator::Greater if self.patch_open => version.minor > self.version.minor,
            Operator::Greater => order.is_gt(),
            Operator::Less => order.is_lt(),
            Operator::GreaterEqual => order.is_ge(),
            Operator::LessEqual if !self.partial => order.is_le(),
            Operator::LessEqual => {
                version.major < self.version.major
                    || version.major == self.version.major
                        && (version.minor <= self.version.minor || self.minor_open)
            }
            Operator::Tilde => self.check_tilde(version),
            Operator::Caret => self.check_caret(version),
        }
    }

    /// `!=` with an open number.
    fn differs(&self, version: &Version) -> bool {
        let own = &self.version;
        if own.major != version.major {
            return true;
        }
        if own.minor != version.minor && !self.minor_open {
            return true;
        }
        if self.minor_open {
            return false;
        }
        if own.patch != version.patch && !self.patch_open {
            return true;
        }
        if self.patch_open {
            return (!version.pre.is_empty() || !own.pre.is_empty())
                && compare_prerelease(&version.pre, &own.pre).is_ne();
        }
        version.compare(own).is_ne()
    }

    /// `~1.2.3` is `>=1.2.3, <1.3`; `~1` is `>=1, <2`; `~0.0.0` and `~x` are anything.
    fn check_tilde(&self, version: &Version) -> bool {
        let own = &self.version;
        if version.compare(own).is_lt() {
            return false;
        }
        let anything =
            (own.major, own.minor, own.patch) == (0, 0, 0) && !self.minor_open && !self.patch_open;
        anything || version.major == own.major && (version.minor == own.minor || self.minor_open)
    }

    /// `^1.2.3` is `>=1.2.3, <2`; `^0.2.3` is `>=0.2.3, <0.3`; `^0.0.3` is `=0.0.3`.
    fn check_caret(&self, version: &Version) -> bool {
        let own = &self.version;
        if version.compare(own).is_lt() {
            return false;
        }
        if own.major > 0 || self.minor_open {
            return version.major == own.major;
        }
        if version.major > 0 {
            return false;
        }
        if own.minor > 0 || self.patch_open {
            return version.minor == own.minor;
        }
        version.minor == 0 && version.patch == own.patch
    }
}
