//! Texts as times, after Go's `time.ParseInLocation`.

use std::fmt::Write as _;

use super::civil::{MONTHS, WEEKDAYS, days_in, is_leap};
use super::layout::{Offset, Part, next_chunk};
use super::object::Time;
use super::zone::Zone;

/// Quotes as Go's package `time` does in its errors.
pub(super) fn quote(text: &[u8]) -> String {
    let mut out = String::from("\"");
    for &byte in text {
        let _ = match byte {
            b'"' | b'\\' => write!(out, "\\{}", char::from(byte)),
            b' '..=0x7F => write!(out, "{}", char::from(byte)),
            _ => write!(out, r"\x{byte:02x}"),
        };
    }
    out.push('"');
    out
}

/// Why one part of a text does not fit the layout.
enum Mismatch {
    /// It is of another form.
    Form,
    /// A number is out of range.
    Range(&'static str),
}

/// What has been read so far.
#[derive(Default)]
struct Parsed {
    year: i64,
    month: Option<i64>,
    day: Option<i64>,
    year_day: Option<i64>,
    clock: (i64, i64, i64),
    nanoseconds: u32,
    /// Whether the time is after noon, where the text says so.
    after_noon: Option<bool>,
    utc: bool,
    offset: Option<i64>,
    zone_name: Option<String>,
}

/// Reads a time by a layout.
pub(super) fn parse(layout: &[u8], text: &[u8]) -> Result<Time, String> {
    let mut parsed = Parsed::default();
    let (mut layout_rest, mut rest) = (layout, text);
    let mismatch = |rest: &[u8], part: &[u8]| {
        format!(
            "parsing time {} as {}: cannot parse {} as {}",
            quote(text),
            quote(layout),
            quote(rest),
            quote(part)
        )
    };
    loop {
        let chunk = next_chunk(layout_rest);
        rest = skip(rest, chunk.prefix).map_err(|rest| mismatch(rest, chunk.prefix))?;
        let Some((part, part_text)) = chunk.part else {
            break;
        };
        layout_rest = chunk.suffix;
        let hold = rest;
        match parsed.read(part, &mut rest, layout_rest) {
            Ok(()) => {}
            Err(Mismatch::Form) => return Err(mismatch(hold, part_text)),
            Err(Mismatch::Range(what)) => {
                return Err(format!("parsing time {}: {what} out of range", quote(text)));
            }
        }
    }
    if !rest.is_empty() {
        return Err(format!(
            "parsing time {}: extra text: {}",
            quote(text),
            quote(rest)
        ));
    }
    parsed
        .time()
        .map_err(|problem| format!("parsing time {}: {problem}", quote(text)))
}

/// Skips plain text of the layout. A space stands for any number of them, also none at the end;
/// the error is what is left.
fn skip<'a>(mut text: &'a [u8], mut prefix: &[u8]) -> Result<&'a [u8], &'a [u8]> {
    while let Some(&first) = prefix.first() {
        if first == b' ' {
            if text.first().is_some_and(|&byte| byte != b' ') {
                return Err(text);
            }
            prefix = trim_spaces(prefix);
            text = trim_spaces(text);
        } else if text.first() == Some(&first) {
            prefix = &prefix[1..];
            text = &text[1..];
        } else {
            return Err(text);
        }
    }
    Ok(text)
}

fn trim_spaces(text: &[u8]) -> &[u8] {
    &text[text.iter().take_while(|&&byte| byte == b' ').count()..]
}

fn is_digit(text: &[u8], at: usize) -> bool {
    text.get(at).is_some_and(u8::is_ascii_digit)
}

fn take<'a>(text: &mut &'a [u8], count: usize) -> Result<&'a [u8], Mismatch> {
    let (taken, rest) = text.split_at_checked(count).ok_or(Mismatch::Form)?;
    *text = rest;
    Ok(taken)
}

/// Reads one or two digits, two when `fixed`.
fn number(text: &mut &[u8], fixed: bool) -> Result<i64, Mismatch> {
    let count = match (is_digit(text, 0), is_digit(text, 1)) {
        (true, true) => 2,
        (true, false) if !fixed => 1,
        _ => return Err(Mismatch::Form),
    };
    signed(take(text, count)?)
}

/// Reads digits after an optional sign.
fn signed(text: &[u8]) -> Result<i64, Mismatch> {
    std::str::from_utf8(text)
        .ok()
        .and_then(|text| text.parse().ok())
        .ok_or(Mismatch::Form)
}

fn name(text: &mut &[u8], names: &[&str], length: Option<usize>) -> Result<i64, Mismatch> {
    for (index, name) in (0..).zip(names) {
        let name = &name[..length.unwrap_or(name.len())];
        if text
            .get(..name.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(name.as_bytes()))
        {
            *text = &text[name.len()..];
            return Ok(index);
        }
    }
    Err(Mismatch::Form)
}

fn within(number: i64, end: i64, what: &'static str) -> Result<i64, Mismatch> {
    if number < end {
        Ok(number)
    } else {
        Err(Mismatch::Range(what))
    }
}

impl Parsed {
    fn read(&mut self, part: Part, text: &mut &[u8], layout: &[u8]) -> Result<(), Mismatch> {
        match part {
            Part::Year => {
                let year = signed(take(text, 2)?)?;
                self.year = if year >= 69 { year + 1900 } else { year + 2000 };
            }
            Part::LongYear => {
                if !is_digit(text, 0) {
                    return Err(Mismatch::Form);
                }
                self.year = signed(take(text, 4)?)?;
            }
            Part::Month => self.month = Some(name(text, &MONTHS, Some(3))? + 1),
            Part::LongMonth => self.month = Some(name(text, &MONTHS, None)? + 1),
            Part::NumMonth | Part::ZeroMonth => {
                let month = number(text, part == Part::ZeroMonth)?;
                if !(1..=12).contains(&month) {
                    return Err(Mismatch::Range("month"));
                }
                self.month = Some(month);
            }
            // The weekday is not held against the date.
            Part::Weekday => drop(name(text, &WEEKDAYS, Some(3))?),
            Part::LongWeekday => drop(name(text, &WEEKDAYS, None)?),
            Part::Day | Part::UnderDay | Part::ZeroDay => {
                if part == Part::UnderDay {
                    *text = text.strip_prefix(b" ").unwrap_or(text);
                }
                self.day = Some(number(text, part == Part::ZeroDay)?);
            }
            Part::UnderYearDay | Part::ZeroYearDay => {
                if part == Part::UnderYearDay {
                    *text = text.strip_prefix(b" ").unwrap_or(text);
                    *text = text.strip_prefix(b" ").unwrap_or(text);
                }
                let digits = (0..3).take_while(|&at| is_digit(text, at)).count();
                if digits == 0 || part == Part::ZeroYearDay && digits != 3 {
                    return Err(Mismatch::Form);
                }
                self.year_day = Some(signed(take(text, digits)?)?);
            }
            Part::Hour => self.clock.0 = within(number(text, false)?, 24, "hour")?,
            Part::Hour12 | Part::ZeroHour12 => {
                self.clock.0 = within(number(text, part == Part::ZeroHour12)?, 13, "hour")?;
            }
            Part::Minute | Part::ZeroMinute => {
                self.clock.1 = within(number(text, part == Part::ZeroMinute)?, 60, "minute")?;
            }
            Part::Second | Part::ZeroSecond => {
                self.clock.2 = within(number(text, part == Part::ZeroSecond)?, 60, "second")?;
                let next = next_chunk(layout).part;
                let has_own = matches!(next, Some((Part::Fraction { .. }, _)));
                if !has_own && matches!(text.first(), Some(b'.' | b',')) && is_digit(text, 1) {
                    let digits = text[1..]
                        .iter()
                        .take_while(|byte| byte.is_ascii_digit())
                        .count();
                    self.nanoseconds = fraction(take(text, digits + 1)?)?;
                }
            }
            Part::UpperPm | Part::LowerPm => {
                let (am, pm): (&[u8], &[u8]) = if part == Part::UpperPm {
                    (b"AM", b"PM")
                } else {
                    (b"am", b"pm")
                };
                let found = take(text, 2)?;
                if found != am && found != pm {
                    return Err(Mismatch::Form);
                }
                self.after_noon = Some(found == pm || self.after_noon == Some(true));
            }
            Part::Offset(style) => self.read_offset(style, text)?,
            Part::ZoneName => {
                if let Some(rest) = text.strip_prefix(b"UTC") {
                    *text = rest;
                    self.utc = true;
                } else {
                    let length = zone_name(text).ok_or(Mismatch::Form)?;
                    let found = take(text, length)?;
                    self.zone_name = Some(String::from_utf8_lossy(found).into_owned());
                }
            }
            Part::Fraction {
                digits,
                trimmed: false,
                ..
            } => {
                self.nanoseconds = fraction(take(text, digits + 1)?)?;
            }
            Part::Fraction { .. } => {
                if matches!(text.first(), Some(b'.' | b',')) && is_digit(text, 1) {
                    let digits = text[1..]
                        .iter()
                        .take_while(|byte| byte.is_ascii_digit())
                        .count();
                    self.nanoseconds = fraction(take(text, digits + 1)?)?;
                }
            }
        }
        Ok(())
    }

    fn read_offset(&mut self, style: Offset, text: &mut &[u8]) -> Result<(), Mismatch> {
        if style.iso
            && let Some(rest) = text.strip_prefix(b"Z")
        {
            *text = rest;
            self.utc = true;
            return Ok(());
        }
        let step = if style.colons { 3 } else { 2 };
        let fields = 1 + usize::from(style.minutes) + usize::from(style.seconds);
        let found = take(text, 3 + step * (fields - 1))?;
        let mut numbers = [0; 3];
        for (index, number_of) in numbers.iter_mut().enumerate().take(fields) {
            let start = if index == 0 { 1 } else { 3 + step * index - 2 };
            if style.colons && index > 0 && found[start - 1] != b':' {
                return Err(Mismatch::Form);
            }
            *number_of = number(&mut &found[start..start + 2], true)?;
        }
        let [hours, minutes, seconds] = numbers;
        // More lenient than a clock: some people write offsets of 24 hours.
        within(hours, 25, "time zone offset hour")?;
        within(minutes, 61, "time zone offset minute")?;
        within(seconds, 61, "time zone offset second")?;
        let offset = (hours * 60 + minutes) * 60 + seconds;
        self.offset = Some(match found[0] {
            b'+' => offset,
            b'-' => -offset,
            _ => return Err(Mismatch::Form),
        });
        Ok(())
    }

    fn time(mut self) -> Result<Time, &'static str> {
        match self.after_noon {
            Some(true) if self.clock.0 < 12 => self.clock.0 += 12,
            Some(false) if self.clock.0 == 12 => self.clock.0 = 0,
            _ => {}
        }
        self.resolve_year_day()?;
        let (month, day) = (self.month.unwrap_or(1), self.day.unwrap_or(1));
        if !(1..=days_in(month, self.year)).contains(&day) {
            return Err("day out of range");
        }
        let time = Time::of((self.year, month, day), self.clock, self.nanoseconds);
        if self.utc {
            return Ok(time);
        }
        if let Some(offset) = self.offset {
            let time = time.add_seconds(-offset);
            let name = self.zone_name.unwrap_or_default();
            if offset == 0 && (name.is_empty() || name == "UTC") {
                return Ok(time);
            }
            return Ok(time.in_zone(Zone::Fixed(name.into(), offset)));
        }
        if let Some(name) = self.zone_name {
            // An abbreviation alone does not tell the offset, save for `GMT+3`.
            let hours = name
                .strip_prefix("GMT")
                .and_then(|hours| hours.parse::<i64>().ok());
            let offset = hours.unwrap_or(0) * 3600;
            return Ok(time.in_zone(Zone::Fixed(name.into(), offset)));
        }
        Ok(time)
    }

    /// Makes month and day of a day of the year.
    fn resolve_year_day(&mut self) -> Result<(), &'static str> {
        let Some(year_day) = self.year_day else {
            return Ok(());
        };
        let length = if is_leap(self.year) { 366 } else { 365 };
        if !(1..=length).contains(&year_day) {
            return Err("day-of-year out of range");
        }
        let (mut month, mut day) = (1, year_day);
        while day > days_in(month, self.year) {
            day -= days_in(month, self.year);
            month += 1;
        }
        if self.month.is_some_and(|known| known != month) {
            return Err("day-of-year does not match month");
        }
        if self.day.is_some_and(|known| known != day) {
            return Err("day-of-year does not match day");
        }
        (self.month, self.day) = (Some(month), Some(day));
        Ok(())
    }
}

/// Reads `.123` as nanoseconds; digits beyond the ninth are ignored.
fn fraction(text: &[u8]) -> Result<u32, Mismatch> {
    if !matches!(text.first(), Some(b'.' | b',')) {
        return Err(Mismatch::Form);
    }
    let digits = &text[1..text.len().min(10)];
    let value = signed(digits)?;
    if value < 0 {
        return Err(Mismatch::Range("fractional second"));
    }
    Ok(value as u32 * 10u32.pow(9 - digits.len() as u32))
}

/// Returns the length of what looks like the abbreviation of a zone.
fn zone_name(text: &[u8]) -> Option<usize> {
    if text.len() < 3 {
        return None;
    }
    if text.starts_with(b"ChST") || text.starts_with(b"MeST") {
        return Some(4);
    }
    if let Some(rest) = text.strip_prefix(b"GMT") {
        return Some(3 + signed_hours(rest).unwrap_or(0));
    }
    if matches!(text[0], b'+' | b'-') {
        return signed_hours(text);
    }
    let upper = text
        .iter()
        .take(6)
        .take_while(|byte| byte.is_ascii_uppercase())
        .count();
    match upper {
        3 => Some(3),
        4 if text[3] == b'T' || text.starts_with(b"WITA") => Some(4),
        5 if text[4] == b'T' => Some(5),
        _ => None,
    }
}

fn signed_hours(text: &[u8]) -> Option<usize> {
    if !matches!(text.first(), Some(b'+' | b'-')) {
        return None;
    }
    let digits = text[1..]
        .iter()
        .take_while(|byte| byte.is_ascii_digit())
        .count();
    let hours: u64 = std::str::from_utf8(&text[1..=digits]).ok()?.parse().ok()?;
    (hours <= 23).then_some(digits + 1)
}
