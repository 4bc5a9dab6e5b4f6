//! `imageSpec.config.healthcheck`: a command in words, and times in whole seconds (spec 1.16).

use diagnostic::{Span, Spanned};
use yaml_v2::read::{self, Field};

use crate::docker::healthcheck::Healthcheck;
use crate::raw::Fields;

/// A health check as it goes into the image.
pub type SpecHealthcheck = Healthcheck;

/// A health check as written.
#[derive(Debug, Default)]
pub struct RawHealthcheck {
    /// The key `healthcheck`.
    at: Span,
    is_empty: bool,
    test: Vec<Spanned<String>>,
    interval: Option<Spanned<i64>>,
    timeout: Option<Spanned<i64>>,
    start_period: Option<Spanned<i64>>,
    retries: Option<Spanned<i64>>,
}

/// What may begin a test, and the rest of the hint about it.
const KINDS: [&str; 3] = ["NONE", "CMD", "CMD-SHELL"];
const SECOND: u64 = 1_000_000_000;
/// The longest time of an image configuration, whose times are nanoseconds in 63 bits.
const MOST_SECONDS: u64 = i64::MAX as u64 / SECOND;

impl RawHealthcheck {
    /// Reads the mapping behind the key `field`.
    pub fn read(field: &Field<'_>) -> RawHealthcheck {
        let fields = Fields::of(field.value);
        let number = |name: &str| read::integer(fields.get(name)?).ok()?;
        RawHealthcheck {
            at: field.key.span,
            is_empty: fields.first_key().is_none(),
            test: fields
                .get("test")
                .map_or_else(Vec::new, |node| read::texts(node, &mut Vec::new())),
            interval: number("interval"),
            timeout: number("timeout"),
            start_period: number("startperiod"),
            retries: number("retries"),
        }
    }

    /// Turns what was written into what is meant; `wrong` hears of a problem, its place and what to do.
    pub fn resolve(self, mut wrong: impl FnMut(&str, Span, &str)) -> SpecHealthcheck {
        if let Some((kind, command)) = self.test.split_first() {
            if !KINDS.contains(&kind.value.as_str()) {
                let problem = format!("`test` begins with `{}`", kind.value);
                let hint = "the first item is `CMD`, `CMD-SHELL` or `NONE`, then comes the command";
                wrong(&problem, kind.span, hint);
            } else if kind.value == "NONE" && !command.is_empty() {
                let problem = "`NONE` in `test` stands alone";
                wrong(
                    problem,
                    kind.span,
                    "it turns the check of the base image off",
                );
            } else if kind.value != "NONE" && command.is_empty() {
                let problem = format!("`{}` in `test` wants a command", kind.value);
                wrong(&problem, kind.span, "add the command as further items");
            } else if kind.value == "CMD-SHELL" && command.len() > 1 {
                let problem = "`CMD-SHELL` in `test` takes one line for the shell";
                wrong(problem, command[1].span, "join the items, or write `CMD`");
            }
        } else if self.is_empty {
            let problem = "it says nothing";
            wrong(problem, self.at, "add `test: [CMD, …]`");
        }
        let mut seconds = |name: &str, value: Option<Spanned<i64>>| {
            let value = value?;
            match u64::try_from(value.value) {
                Ok(seconds) if seconds <= MOST_SECONDS => (seconds > 0).then_some(seconds * SECOND),
                _ => {
                    let problem = format!("`{name}` cannot be {}", value.value);
                    wrong(&problem, value.span, "write whole seconds");
                    None
                }
            }
        };
        let interval = seconds("interval", self.interval);
        let timeout = seconds("timeout", self.timeout);
        let start_period = seconds("startperiod", self.start_period);
        let retries = self.retries.and_then(|retries| {
            let number = u32::try_from(retries.value);
            if number.is_err() {
                let problem = format!("`retries` cannot be {}", retries.value);
                wrong(&problem, retries.span, "write a whole number");
            }
            number.ok().filter(|&number| number > 0)
        });
        Healthcheck {
            test: self.test.into_iter().map(|word| word.value).collect(),
            interval,
            timeout,
            start_period,
            start_interval: None,
            retries,
        }
    }
}
