//! Go's layouts: texts in which parts of the reference time stand for what is to be there.

/// One part of a layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Part {
    LongMonth,
    Month,
    NumMonth,
    ZeroMonth,
    LongWeekday,
    Weekday,
    Day,
    UnderDay,
    ZeroDay,
    UnderYearDay,
    ZeroYearDay,
    Hour,
    Hour12,
    ZeroHour12,
    Minute,
    ZeroMinute,
    Second,
    ZeroSecond,
    LongYear,
    Year,
    UpperPm,
    LowerPm,
    /// The abbreviation of the zone.
    ZoneName,
    Offset(Offset),
    /// Fractional seconds of so many digits after the given separator.
    Fraction {
        digits: usize,
        separator: u8,
        trimmed: bool,
    },
}

/// How an offset is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Offset {
    /// `Z` stands for none.
    pub iso: bool,
    pub colons: bool,
    pub minutes: bool,
    pub seconds: bool,
}

/// What a layout begins with.
pub(super) struct Chunk<'a> {
    /// Plain text before the part.
    pub prefix: &'a [u8],
    /// The part and the layout's text for it, or nothing at the end of the layout.
    pub part: Option<(Part, &'a [u8])>,
    /// The layout after the part.
    pub suffix: &'a [u8],
}

/// Texts that stand for a part, longer ones before those they begin with.
const TEXTS: &[(&[u8], Part)] = &[
    (b"January", Part::LongMonth),
    (b"Jan", Part::Month),
    (b"Monday", Part::LongWeekday),
    (b"Mon", Part::Weekday),
    (b"MST", Part::ZoneName),
    (b"01", Part::ZeroMonth),
    (b"02", Part::ZeroDay),
    (b"03", Part::ZeroHour12),
    (b"04", Part::ZeroMinute),
    (b"05", Part::ZeroSecond),
    (b"06", Part::Year),
    (b"002", Part::ZeroYearDay),
    (b"15", Part::Hour),
    (b"1", Part::NumMonth),
    (b"2006", Part::LongYear),
    (b"2", Part::Day),
    (b"__2", Part::UnderYearDay),
    (b"_2", Part::UnderDay),
    (b"3", Part::Hour12),
    (b"4", Part::Minute),
    (b"5", Part::Second),
    (b"PM", Part::UpperPm),
    (b"pm", Part::LowerPm),
];

/// Offsets without their `-` or `Z`: text, colons, minutes, seconds.
const OFFSETS: &[(&[u8], bool, bool, bool)] = &[
    (b"070000", false, true, true),
    (b"07:00:00", true, true, true),
    (b"0700", false, true, false),
    (b"07:00", true, true, false),
    (b"07", false, false, false),
];

/// Cuts the next part off a layout.
pub(super) fn next_chunk(layout: &[u8]) -> Chunk<'_> {
    for at in 0..layout.len() {
        let rest = &layout[at..];
        // `_2006` is an underscore and a year.
        if rest.starts_with(b"_2006") {
            continue;
        }
        if let Some((part, length)) = part_at(rest) {
            let (text, suffix) = rest.split_at(length);
            return Chunk {
                prefix: &layout[..at],
                part: Some((part, text)),
                suffix,
            };
        }
    }
    Chunk {
        prefix: layout,
        part: None,
        suffix: &[],
    }
}

fn part_at(rest: &[u8]) -> Option<(Part, usize)> {
    for (text, part) in TEXTS {
        if rest.starts_with(text) {
            // `Mont` and `Janet` are words.
            let is_word = matches!(part, Part::Month | Part::Weekday)
                && rest.get(3).is_some_and(u8::is_ascii_lowercase);
            if !is_word {
                return Some((*part, text.len()));
            }
        }
    }
    match rest[0] {
        first @ (b'-' | b'Z') => {
            let (text, colons, minutes, seconds) = OFFSETS
                .iter()
                .find(|(text, ..)| rest[1..].starts_with(text))
                .copied()?;
            let offset = Offset {
                iso: first == b'Z',
                colons,
                minutes,
                seconds,
            };
            Some((Part::Offset(offset), text.len() + 1))
        }
        separator @ (b'.' | b',') => {
            let digit = *rest.get(1).filter(|digit| matches!(digit, b'0' | b'9'))?;
            let digits = rest[1..].iter().take_while(|&&byte| byte == digit).count();
            if rest.get(1 + digits).is_some_and(u8::is_ascii_digit) {
                return None;
            }
            Some((
                Part::Fraction {
                    digits,
                    separator,
                    trimmed: digit == b'9',
                },
                digits + 1,
            ))
        }
        _ => None,
    }
}
