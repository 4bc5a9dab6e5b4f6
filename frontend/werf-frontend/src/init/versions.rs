//! The versions of base images: what a project says, else what is current.

/// What is taken where a project says nothing: the one table of them.
pub mod current {
    pub const NODE: &str = "24";
    pub const PNPM: &str = "10";
    pub const PYTHON: &str = "3.13";
    pub const GO: &str = "1.25";
    pub const RUST: &str = "1.95";
    pub const PHP: &str = "8.4";
    pub const COMPOSER: &str = "2";
    pub const JAVA: &str = "21";
    pub const MAVEN: &str = "3.9";
    pub const GRADLE: &str = "8";
    pub const RUBY: &str = "3.4";
    pub const ALPINE: &str = "3.22";
    pub const BUSYBOX: &str = "1.37";
}

/// A version by its first two numbers; of `22` the second is not known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Version {
    major: u32,
    minor: Option<u32>,
}

impl Version {
    /// Reads the numbers at the start of a text: `v22`, `3.11.4`, `1.22rc1`.
    fn read(text: &str) -> Option<Version> {
        let text = text.trim().trim_start_matches(['v', 'V']);
        let mut numbers = text.split('.').map(|part| {
            let end = part.find(|c: char| !c.is_ascii_digit());
            part[..end.unwrap_or(part.len())].parse().ok()
        });
        Some(Version {
            major: numbers.next()??,
            minor: numbers.next().flatten(),
        })
    }

    /// Returns it as tags have it. A tag without the second number would be the newest of the first.
    fn tag(self, parts: Parts) -> String {
        match (parts, self.minor) {
            (Parts::Two, Some(minor)) => format!("{}.{minor}", self.major),
            _ => self.major.to_string(),
        }
    }

    fn number(self) -> (u32, u32) {
        (self.major, self.minor.unwrap_or(0))
    }
}

/// How many numbers of a version the tags of an image have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Parts {
    /// `22`.
    One,
    /// `3.11`.
    Two,
}

/// Returns a version that is written exactly, as tags have it: `v22.3.0` is `22`, `3.11.4` is `3.11`; `None` where it begins with no number.
pub fn exact(text: &str, parts: Parts) -> Option<String> {
    Some(Version::read(text)?.tag(parts))
}

/// Returns a version that a constraint allows: `current` if it does, else the last one below an upper bound, else the first. The operators are those of npm, composer,
/// pip and poetry: `>=18`, `^3.11`, `~3.4.1`, `==3.11.*`, `22.x`, `>=3.9,<3.13`, `^18 || ^20`.
pub fn allowed(constraint: &str, current: &str, parts: Parts) -> Option<String> {
    let wanted = Version::read(current)?;
    let alternatives: Vec<Vec<Bound>> = constraint
        .split("||")
        .map(bounds)
        .filter(|it| !it.is_empty())
        .collect();
    let allows = |bounds: &Vec<Bound>| bounds.iter().all(|it| it.allows(wanted));
    if alternatives.iter().any(allows) {
        return Some(current.to_owned());
    }
    // The last alternative is the newest as people write them.
    let bounds = alternatives.last()?;
    let highest = bounds.iter().filter_map(|it| it.highest(parts));
    let mut highest = highest.filter(|version| bounds.iter().all(|it| it.allows(*version)));
    let lowest = bounds.iter().filter(|it| it.is_lower());
    let lowest = lowest.map(|it| it.version).max_by_key(|it| it.number());
    Some(highest.next().or(lowest)?.tag(parts))
}

/// One condition of a constraint.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bound {
    operator: Operator,
    version: Version,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Operator {
    AtLeast,
    Above,
    Below,
    AtMost,
    /// The same first number, and no less.
    Compatible,
    /// All numbers that are written.
    Same,
    /// The last number that is written may grow.
    LastMayGrow,
    Not,
}

impl Bound {
    fn is_lower(self) -> bool {
        use Operator::{Above, AtLeast, Compatible, Same};
        matches!(self.operator, AtLeast | Above | Compatible | Same)
    }

    /// Returns the last version that an upper bound allows.
    fn highest(self, parts: Parts) -> Option<Version> {
        let Version { major, minor } = self.version;
        match (self.operator, parts) {
            (Operator::AtMost, _) => Some(self.version),
            (Operator::Below, Parts::One) => Some(Version {
                major: major.checked_sub(1)?,
                minor: None,
            }),
            (Operator::Below, Parts::Two) => Some(Version {
                major,
                minor: Some(minor?.checked_sub(1)?),
            }),
            _ => None,
        }
    }

    fn allows(self, version: Version) -> bool {
        // Of a version without a second number the newest is meant.
        let known = (version.major, version.minor.unwrap_or(u32::MAX));
        let bound = self.version.number();
        match self.operator {
            // Of the last numbers nothing is known.
            Operator::AtLeast | Operator::Above => known >= bound,
            Operator::Below => match version.minor {
                Some(_) => known < bound,
                None => version.major < self.version.major,
            },
            Operator::AtMost => match version.minor {
                Some(_) => known <= bound,
                None => version.major <= self.version.major,
            },
            Operator::Compatible => version.major == self.version.major && known >= bound,
            Operator::Same => {
                let minor = self.version.minor;
                version.major == self.version.major
                    && (minor.is_none() || version.minor.is_none() || minor == version.minor)
            }
            // Read as one of the others.
            Operator::LastMayGrow | Operator::Not => true,
        }
    }
}

/// Reads the conditions of one alternative, with commas or blanks between them.
fn bounds(text: &str) -> Vec<Bound> {
    const OPERATORS: [(&str, Operator); 12] = [
        ("===", Operator::Same),
        ("==", Operator::Same),
        ("~=", Operator::LastMayGrow),
        ("~>", Operator::LastMayGrow),
        (">=", Operator::AtLeast),
        ("<=", Operator::AtMost),
        ("!=", Operator::Not),
        (">", Operator::Above),
        ("<", Operator::Below),
        ("^", Operator::Compatible),
        ("~", Operator::Same),
        ("=", Operator::Same),
    ];
    let mut found = Vec::new();
    let mut pending = None;
    for word in text.split([',', ' ', '\t']).filter(|it| !it.is_empty()) {
        let (operator, rest) = OPERATORS
            .iter()
            .find_map(|(sign, operator)| Some((Some(*operator), word.strip_prefix(sign)?)))
            .unwrap_or((None, word));
        let operator = operator.or(pending.take());
        if rest.is_empty() {
            pending = operator;
        } else if let Some(version) = Version::read(rest) {
            let operator = match operator.unwrap_or(Operator::Same) {
                Operator::LastMayGrow if rest.matches('.').count() > 1 => Operator::Same,
                Operator::LastMayGrow => Operator::Compatible,
                operator => operator,
            };
            found.push(Bound { operator, version });
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exact_versions_are_cut_to_what_tags_have() {
        for (text, one, two) in [
            ("v22.3.0", Some("22"), Some("22.3")),
            ("3.11.4", Some("3"), Some("3.11")),
            ("22", Some("22"), Some("22")),
            ("lts/iron", None, None),
            ("1.22rc1", Some("1"), Some("1.22")),
        ] {
            assert_eq!(exact(text, Parts::One).as_deref(), one, "{text}");
            assert_eq!(exact(text, Parts::Two).as_deref(), two, "{text}");
        }
    }

    #[test]
    fn a_constraint_takes_the_current_version_if_it_can() {
        for (constraint, current, parts, expected) in [
            (">=18", "24", Parts::One, Some("24")),
            (">= 18", "24", Parts::One, Some("24")),
            ("^20.1.0", "24", Parts::One, Some("20")),
            ("22.x", "24", Parts::One, Some("22")),
            ("^18 || ^20", "24", Parts::One, Some("20")),
            (">=18 <23", "24", Parts::One, Some("22")),
            ("*", "24", Parts::One, None),
            (">=3.9,<3.13", "3.13", Parts::Two, Some("3.12")),
            (">=3.9,<4", "3.13", Parts::Two, Some("3.13")),
            ("^3.11", "3.13", Parts::Two, Some("3.13")),
            ("~3.11", "3.13", Parts::Two, Some("3.11")),
            ("~=3.11", "3.13", Parts::Two, Some("3.13")),
            ("~=3.11.2", "3.13", Parts::Two, Some("3.11")),
            ("==3.12.*", "3.13", Parts::Two, Some("3.12")),
            ("^8.1", "8.4", Parts::Two, Some("8.4")),
            ("~> 3.3.0", "3.4", Parts::Two, Some("3.3")),
            ("3.3.1", "3.4", Parts::Two, Some("3.3")),
            (">3.14", "3.13", Parts::Two, Some("3.14")),
            ("!=3.10,>=3.8", "3.13", Parts::Two, Some("3.13")),
        ] {
            assert_eq!(
                allowed(constraint, current, parts).as_deref(),
                expected,
                "{constraint}"
            );
        }
    }
}
