//! `imageSpec.config.healthcheck`: a command in words, and times in whole seconds.

use diagnostic::{Rule, Span, Spanned, rule};

use crate::docker::healthcheck::Healthcheck;
use crate::fields::Fields;
use crate::schema::Section;
use crate::schema::Shape::{Integer, Texts};

/// The keys of `healthcheck`.
pub static KEYS: Section = Section {
    keys: &[
        ("test", Texts),
        ("interval", Integer),
        ("timeout", Integer),
        ("startperiod", Integer),
        ("retries", Integer),
    ],
};

/// What may begin a test, and the rest of the hint about it.
const KINDS: [&str; 3] = ["NONE", "CMD", "CMD-SHELL"];
const SECOND: u64 = 1_000_000_000;
/// The longest time of an image configuration, whose times are nanoseconds in 63 bits.
const MOST_SECONDS: u64 = i64::MAX as u64 / SECOND;

/// Reads the section; `wrong` hears of a problem, its place and what to do. A problem with a rule is a warning.
pub(crate) fn read(
    fields: &Fields<'_>,
    mut say: impl FnMut(Option<&'static Rule>, &str, Span, &str),
) -> Healthcheck {
    let mut ignored = None;
    let test = fields.list_of_texts("test");
    let mut wrong = |problem: &str, at: Span, hint: &str| say(None, problem, at, hint);
    if let Some((kind, command)) = test.split_first() {
        if !KINDS.contains(&kind.value.as_str()) {
            ignored = Some(kind.clone());
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
    } else if fields.is_empty() {
        let problem = "it says nothing";
        wrong(problem, fields.at(), "add `test: [CMD, …]`");
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
    let interval = seconds("interval", fields.integer("interval"));
    let timeout = seconds("timeout", fields.integer("timeout"));
    let start_period = seconds("startperiod", fields.integer("startperiod"));
    let retries = fields.integer("retries").and_then(|retries| {
        let number = u32::try_from(retries.value);
        if number.is_err() {
            let problem = format!("`retries` cannot be {}", retries.value);
            wrong(&problem, retries.span, "write a whole number");
        }
        number.ok().filter(|&number| number > 0)
    });
    // werf writes such a test into the image as well.
    if let Some(kind) = ignored {
        let problem = format!(
            "`test` begins with `{}`, so Docker never runs it",
            kind.value
        );
        let hint = "the first item is `CMD`, `CMD-SHELL` or `NONE`, then comes the command";
        say(Some(&rule::HEALTHCHECK_IGNORED), &problem, kind.span, hint);
    }
    Healthcheck {
        test: test.into_iter().map(|word| word.value).collect(),
        interval,
        timeout,
        start_period,
        start_interval: None,
        retries,
    }
}
