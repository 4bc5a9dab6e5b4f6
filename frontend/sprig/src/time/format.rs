//! Times as text.

use super::civil::{MONTHS, WEEKDAYS};
use super::layout::{Offset, Part, next_chunk};
use super::object::Time;
use crate::limits;
use gotemplate::FuncError;

impl Time {
    /// Formats by a Go layout.
    pub(crate) fn format(&self, layout: &[u8]) -> Result<Vec<u8>, FuncError> {
        let mut out = Vec::with_capacity(layout.len() + 16);
        let mut rest = layout;
        loop {
            let chunk = next_chunk(rest);
            out.extend_from_slice(chunk.prefix);
            limits::bytes(out.len() as u64)?;
            let Some((part, _)) = chunk.part else {
                return Ok(out);
            };
            self.append(&mut out, part);
            rest = chunk.suffix;
        }
    }

    /// Formats by a layout that is short.
    pub(crate) fn text_of(&self, layout: &str) -> String {
        let text = self.format(layout.as_bytes()).unwrap_or_default();
        String::from_utf8_lossy(&text).into_owned()
    }

    fn append(&self, out: &mut Vec<u8>, part: Part) {
        let (zone, offset) = self.zone();
        let (year, month, day) = self.date();
        let (hour, minute, second) = self.clock();
        let hour12 = if hour % 12 == 0 { 12 } else { hour % 12 };
        let month_name = MONTHS[(month - 1) as usize];
        let weekday = WEEKDAYS[self.weekday() as usize];
        let year_day = self.year_day();
        let text = match part {
            Part::LongMonth => month_name.to_owned(),
            Part::Month => month_name[..3].to_owned(),
            Part::NumMonth => month.to_string(),
            Part::ZeroMonth => format!("{month:02}"),
            Part::LongWeekday => weekday.to_owned(),
            Part::Weekday => weekday[..3].to_owned(),
            Part::Day => day.to_string(),
            Part::UnderDay => format!("{day:2}"),
            Part::ZeroDay => format!("{day:02}"),
            Part::UnderYearDay => format!("{year_day:3}"),
            Part::ZeroYearDay => format!("{year_day:03}"),
            Part::Hour => format!("{hour:02}"),
            Part::Hour12 => hour12.to_string(),
            Part::ZeroHour12 => format!("{hour12:02}"),
            Part::Minute => minute.to_string(),
            Part::ZeroMinute => format!("{minute:02}"),
            Part::Second => second.to_string(),
            Part::ZeroSecond => format!("{second:02}"),
            Part::LongYear if year < 0 => format!("-{:04}", -year),
            Part::LongYear => format!("{year:04}"),
            Part::Year => format!("{:02}", year.unsigned_abs() % 100),
            Part::UpperPm => if hour >= 12 { "PM" } else { "AM" }.to_owned(),
            Part::LowerPm => if hour >= 12 { "pm" } else { "am" }.to_owned(),
            Part::ZoneName if zone.is_empty() => {
                let plain = Offset {
                    iso: false,
                    colons: false,
                    minutes: true,
                    seconds: false,
                };
                offset_text(offset, plain)
            }
            Part::ZoneName => zone,
            Part::Offset(style) => offset_text(offset, style),
            Part::Fraction {
                digits,
                separator,
                trimmed,
            } => fraction_text(self.nanosecond(), digits, separator, trimmed),
        };
        out.extend_from_slice(text.as_bytes());
    }
}

fn offset_text(offset: i64, style: Offset) -> String {
    if style.iso && offset == 0 {
        return "Z".to_owned();
    }
    let minutes = offset / 60;
    let sign = if minutes < 0 { '-' } else { '+' };
    let colon = if style.colons { ":" } else { "" };
    let mut text = format!("{sign}{:02}", minutes.abs() / 60);
    if style.minutes {
        text.push_str(&format!("{colon}{:02}", minutes.abs() % 60));
    }
    if style.seconds {
        text.push_str(&format!("{colon}{:02}", offset.abs() % 60));
    }
    text
}

fn fraction_text(nanoseconds: u32, digits: usize, separator: u8, trimmed: bool) -> String {
    if trimmed && nanoseconds == 0 {
        return String::new();
    }
    let all = format!("{nanoseconds:09}");
    let kept = &all[..digits.min(9)];
    let kept = if trimmed {
        kept.trim_end_matches('0')
    } else {
        kept
    };
    if trimmed && kept.is_empty() {
        String::new()
    } else {
        format!("{}{kept}", char::from(separator))
    }
}
