//! `HEALTHCHECK`: what stands behind the keyword in a Dockerfile, in its parts.

use diagnostic::closest;
use serde::{Deserialize, Serialize};

use super::command::exec_form;

/// A health check as an image configuration has it. Times are in nanoseconds.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Healthcheck {
    /// `NONE`, `CMD` with the words of a command, or `CMD-SHELL` with a line for the shell.
    pub test: Vec<String>,
    /// Time between two checks.
    pub interval: Option<u64>,
    /// Time after which a check has failed.
    pub timeout: Option<u64>,
    /// Time in which failures do not count.
    pub start_period: Option<u64>,
    /// Time between two checks in the start period.
    pub start_interval: Option<u64>,
    /// Failures in a row that make a container unhealthy.
    pub retries: Option<u32>,
}

const OPTIONS: [&str; 5] = [
    "interval",
    "timeout",
    "start-period",
    "start-interval",
    "retries",
];

/// Docker's shortest time; 0 means that the base image's is kept.
const SHORTEST: u64 = 1_000_000;

/// Reads `NONE`, or `CMD` and a command with options before it, such as `--interval=5s CMD true`.
///
/// # Errors
/// What is wrong with it, said to a person.
pub fn parse(text: &str) -> Result<Healthcheck, String> {
    let mut check = Healthcheck::default();
    let mut rest = text.trim();
    let mut seen: Vec<&str> = Vec::new();
    while let Some(option) = rest.strip_prefix("--") {
        let (option, after) = option
            .split_once(char::is_whitespace)
            .unwrap_or((option, ""));
        rest = after.trim_start();
        let (name, value) = match option.split_once('=') {
            Some((name, value)) => (name, Some(value.trim_matches(['"', '\'']))),
            None => (option, None),
        };
        let Some(&name) = OPTIONS.iter().find(|&&known| known == name) else {
            let hint = closest(name, OPTIONS)
                .map_or_else(String::new, |meant| format!("; did you mean `--{meant}`?"));
            return Err(format!(
                "`--{name}` is not an option of `HEALTHCHECK`{hint}"
            ));
        };
        let Some(value) = value else {
            return Err(format!("`--{name}` wants a value: `--{name}=…`"));
        };
        if seen.contains(&name) {
            return Err(format!("`--{name}` is given twice"));
        }
        seen.push(name);
        match name {
            "interval" => check.interval = time(name, value)?,
            "timeout" => check.timeout = time(name, value)?,
            "start-period" => check.start_period = time(name, value)?,
            "start-interval" => check.start_interval = time(name, value)?,
            _ => {
                let retries: u32 = value
                    .parse()
                    .map_err(|_| format!("`{value}` in `--retries` is not a number"))?;
                check.retries = (retries > 0).then_some(retries);
            }
        }
    }
    let (keyword, command) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let command = command.trim();
    check.test = match keyword.to_ascii_uppercase().as_str() {
        "NONE" if !seen.is_empty() || !command.is_empty() => {
            return Err("`NONE` stands alone: it turns the check of the base image off".to_owned());
        }
        "NONE" => vec!["NONE".to_owned()],
        "CMD" => match exec_form(command) {
            _ if command.is_empty() => return Err("`CMD` wants a command".to_owned()),
            Some(words) if words.is_empty() => return Err("`CMD` wants a command".to_owned()),
            Some(words) => std::iter::once("CMD".to_owned()).chain(words).collect(),
            None => vec!["CMD-SHELL".to_owned(), command.to_owned()],
        },
        "CMD-SHELL" => {
            return Err(
                "`CMD-SHELL` is not written in a Dockerfile: write `CMD` and the line".to_owned(),
            );
        }
        "" => return Err("`HEALTHCHECK` wants `CMD` and a command, or `NONE`".to_owned()),
        _ => {
            return Err(format!(
                "`HEALTHCHECK` begins with `CMD` or `NONE`, not with `{keyword}`"
            ));
        }
    };
    Ok(check)
}

fn time(name: &str, text: &str) -> Result<Option<u64>, String> {
    match duration(text) {
        None => Err(format!(
            "`{text}` in `--{name}` is not a duration such as `30s` or `1m30s`"
        )),
        Some(0) => Ok(None),
        Some(time) if time < SHORTEST => Err(format!(
            "`{text}` in `--{name}` is shorter than a millisecond"
        )),
        Some(time) => Ok(Some(time)),
    }
}

/// Reads a duration as Go writes it: numbers with units, such as `1h2m3.5s`.
fn duration(text: &str) -> Option<u64> {
    let text = text.strip_prefix('+').unwrap_or(text);
    if text == "0" {
        return Some(0);
    }
    if text.is_empty() {
        return None;
    }
    let mut total: u64 = 0;
    let mut rest = text;
    while !rest.is_empty() {
        let end = rest.find(|c: char| !(c.is_ascii_digit() || c == '.'))?;
        let (number, after) = rest.split_at(end);
        let end = after
            .find(|c: char| c.is_ascii_digit() || c == '.')
            .unwrap_or(after.len());
        let (unit, after) = after.split_at(end);
        rest = after;
        let unit: u64 = match unit {
            "ns" => 1,
            "us" | "µs" | "μs" => 1_000,
            "ms" => 1_000_000,
            "s" => 1_000_000_000,
            "m" => 60_000_000_000,
            "h" => 3_600_000_000_000,
            _ => return None,
        };
        let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
        if whole.is_empty() && fraction.is_empty() || fraction.contains('.') {
            return None;
        }
        let whole: u64 = if whole.is_empty() {
            0
        } else {
            whole.parse().ok()?
        };
        let part = format!("0.{fraction}0").parse::<f64>().ok()? * unit as f64;
        total = total
            .checked_add(whole.checked_mul(unit)?)?
            .checked_add(part.round() as u64)?;
    }
    i64::try_from(total).is_ok().then_some(total)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_parts_are_read() {
        let check = parse(
            "--interval=5s --timeout=1m30s --start-period=1.5h --start-interval=500ms --retries=3 CMD [\"true\", \"x\"]",
        );
        let expected = Healthcheck {
            test: ["CMD", "true", "x"].map(str::to_owned).to_vec(),
            interval: Some(5_000_000_000),
            timeout: Some(90_000_000_000),
            start_period: Some(5_400_000_000_000),
            start_interval: Some(500_000_000),
            retries: Some(3),
        };
        assert_eq!(check.unwrap(), expected);
    }

    #[test]
    fn a_line_is_for_the_shell() {
        assert_eq!(
            parse("cmd curl -f localhost || exit 1").unwrap().test,
            ["CMD-SHELL", "curl -f localhost || exit 1"]
        );
        assert_eq!(parse("NONE").unwrap().test, ["NONE"]);
        assert_eq!(
            parse("--interval=0s --retries=0 CMD x").unwrap().interval,
            None
        );
    }

    #[test]
    fn other_things_are_refused() {
        for text in [
            "",
            "CMD",
            "CMD []",
            "NONE x",
            "--interval=1s NONE",
            "--interval CMD x",
            "--intervall=1s CMD x",
            "--interval=5 CMD x",
            "--interval=1us CMD x",
            "--retries=-1 CMD x",
            "--retries=x CMD x",
            "--timeout=1s --timeout=2s CMD x",
            "CMD-SHELL true",
            "curl -f localhost",
            "--interval=1s",
            "--interval=-1s CMD x",
            "--interval=. CMD x",
            "--interval=1..5s CMD x",
            "--interval=99999999999h CMD x",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
