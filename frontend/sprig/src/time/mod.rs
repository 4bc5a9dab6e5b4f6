//! Dates and durations.
//!
//! Zones come from the bundled tz database; the local zone is UTC.

mod civil;
mod duration;
mod format;
mod layout;
mod object;
mod parse;
mod zone;

use gotemplate::{FuncMap, IntKind, Type, Value};

pub(crate) use duration::Duration;
pub(crate) use object::{Month, Time, Weekday};

use crate::number::parse_digits;
use duration::SECOND;
use zone::Zone;

const HTML: &[u8] = b"2006-01-02";

pub(crate) fn register(funcs: &mut FuncMap) {
    funcs.add("now", [], |_, _| Ok(Value::object(Time::now())));
    funcs.add("date", [Type::String, Type::Any], |_, args| {
        Ok(Value::string(
            time_of(&args[1]).in_zone(Zone::Utc).format(args.str(0))?,
        ))
    });
    funcs.add(
        "dateInZone",
        [Type::String, Type::Any, Type::String],
        |_, args| {
            let time = time_of(&args[1]).in_zone(zone_of(&args.str(2).to_text()));
            Ok(Value::string(time.format(args.str(0))?))
        },
    );
    funcs.alias("date_in_zone", "dateInZone");
    funcs.add("htmlDate", [Type::Any], |_, args| {
        Ok(Value::string(
            time_of(&args[0]).in_zone(Zone::Utc).format(HTML)?,
        ))
    });
    funcs.add("htmlDateInZone", [Type::Any, Type::String], |_, args| {
        let time = time_of(&args[0]).in_zone(zone_of(&args.str(1).to_text()));
        Ok(Value::string(time.format(HTML)?))
    });
    changes(funcs);
    durations(funcs);
}

fn changes(funcs: &mut FuncMap) {
    funcs.add("toDate", [Type::String, Type::String], |_, args| {
        let time = parse::parse(args.str(0), args.str(1));
        Ok(Value::object(time.unwrap_or_else(|_| Time::zero())))
    });
    funcs.add("mustToDate", [Type::String, Type::String], |_, args| {
        Ok(Value::object(parse::parse(args.str(0), args.str(1))?))
    });
    let params = [Type::String, Time::type_of()];
    funcs.add("dateModify", params.clone(), |_, args| {
        Ok(
            match (Duration::parse(args.str(0)), args[1].as_object::<Time>()) {
                (Ok(duration), Some(time)) => Value::object(time.add(duration)),
                _ => args[1].clone(),
            },
        )
    });
    funcs.alias("date_modify", "dateModify");
    funcs.add("mustDateModify", params, |_, args| {
        let duration = Duration::parse(args.str(0))?;
        Ok(Value::object(time_of(&args[1]).add(duration)))
    });
    funcs.alias("must_date_modify", "mustDateModify");
    funcs.add("unixEpoch", [Time::type_of()], |_, args| {
        Ok(time_of(&args[0]).seconds().to_string().into())
    });
}

fn durations(funcs: &mut FuncMap) {
    funcs.add("ago", [Type::Any], |_, args| {
        let since = match &args[0] {
            // Unlike the other functions, this one does not take an int32.
            Value::Int(IntKind::Int32, _) => Time::now(),
            other => time_of(other),
        };
        Ok(Time::now().since(&since).round(SECOND).to_string().into())
    });
    funcs.add("duration", [Type::Any], |_, args| {
        let seconds = match &args[0] {
            Value::String(text) => whole_seconds(&text.to_text()),
            Value::Int(IntKind::Int64, seconds) => *seconds,
            _ => 0,
        };
        Ok(Duration(seconds.wrapping_mul(SECOND)).to_string().into())
    });
    funcs.add("durationRound", [Type::Any], |_, args| {
        let duration = match &args[0] {
            Value::String(text) => Duration::parse(text).unwrap_or(Duration(0)),
            Value::Int(IntKind::Int64, nanoseconds) => Duration(*nanoseconds),
            other => other
                .as_object::<Time>()
                .map_or(Duration(0), |time| Time::now().since(time)),
        };
        Ok(rounded(duration).into())
    });
}

/// Returns a time as the date functions take it: a time, Unix seconds, or else now.
fn time_of(value: &Value) -> Time {
    match value {
        Value::Int(IntKind::Int | IntKind::Int64 | IntKind::Int32, seconds) => Time::unix(*seconds),
        other => other.as_object::<Time>().cloned().unwrap_or_else(Time::now),
    }
}

/// Returns the zone, or UTC when there is none of that name.
fn zone_of(name: &str) -> Zone {
    Zone::load(name).unwrap_or(Zone::Utc)
}

/// `strconv.ParseInt` with its error ignored: too large a number is the largest.
fn whole_seconds(text: &str) -> i64 {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    match parse_digits(text, 10) {
        Some(seconds) => seconds,
        None if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) => 0,
        None if text.starts_with('-') => i64::MIN,
        None => i64::MAX,
    }
}

/// Returns a duration in its largest unit: `2mo`.
fn rounded(duration: Duration) -> String {
    const HOUR: u64 = 3600 * SECOND as u64;
    const UNITS: [(u64, &str); 6] = [
        (HOUR * 24 * 365, "y"),
        (HOUR * 24 * 30, "mo"),
        (HOUR * 24, "d"),
        (HOUR, "h"),
        (60 * SECOND as u64, "m"),
        (SECOND as u64, "s"),
    ];
    let size = duration.nanoseconds().unsigned_abs();
    let unit = UNITS.iter().find(|(unit, _)| size > *unit);
    unit.map_or("0s".to_owned(), |(unit, name)| {
        format!("{}{name}", size / unit)
    })
}
