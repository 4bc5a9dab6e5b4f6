//! [`Time`]: a point in time with a zone, and its small relatives.

use std::borrow::Cow;
use std::time::{SystemTime, UNIX_EPOCH};

use gotemplate::{Args, Call, FuncError, IntKind, Kind, Object, Signature, Str, Type, Value};

use super::civil::{MONTHS, WEEKDAYS, date_of, days_of};
use super::duration::{Duration, SECOND, of_argument};
use super::zone::Zone;
use crate::unstable;

const DAY: i64 = 86_400;
/// 0001-01-01, Go's zero time.
const ZERO: i64 = -62_135_596_800;

/// `time.Time`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Time {
    /// Since 1970-01-01 UTC.
    seconds: i64,
    nanoseconds: u32,
    zone: Zone,
}

impl Time {
    pub(super) fn type_of() -> Type {
        Type::Named("time.Time".into(), Kind::Struct)
    }

    pub(super) fn unix(seconds: i64) -> Time {
        Time {
            seconds,
            nanoseconds: 0,
            zone: Zone::Utc,
        }
    }

    /// Returns Go's zero time, which stands for none.
    pub(super) fn zero() -> Time {
        Time::unix(ZERO)
    }

    pub(crate) fn now() -> Time {
        unstable::asked();
        let since = SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Time {
            seconds: since.as_secs() as i64,
            nanoseconds: since.subsec_nanos(),
            zone: Zone::Utc,
        }
    }

    /// Returns a date and a clock, given in UTC.
    pub(super) fn of(date: (i64, i64, i64), clock: (i64, i64, i64), nanoseconds: u32) -> Time {
        let days = days_of(date.0, date.1, date.2);
        let seconds = clock.0 * 3600 + clock.1 * 60 + clock.2;
        Time {
            nanoseconds,
            ..Time::unix(days.saturating_mul(DAY).saturating_add(seconds))
        }
    }

    pub(super) fn in_zone(&self, zone: Zone) -> Time {
        Time {
            zone,
            ..self.clone()
        }
    }

    pub(super) fn seconds(&self) -> i64 {
        self.seconds
    }

    pub(super) fn nanosecond(&self) -> u32 {
        self.nanoseconds
    }

    pub(super) fn add_seconds(&self, seconds: i64) -> Time {
        Time {
            seconds: self.seconds.saturating_add(seconds),
            ..self.clone()
        }
    }

    pub(crate) fn add(&self, duration: Duration) -> Time {
        let nanoseconds = i64::from(self.nanoseconds) + duration.0 % SECOND;
        let carry = nanoseconds.div_euclid(SECOND);
        Time {
            seconds: self.seconds.saturating_add(duration.0 / SECOND + carry),
            nanoseconds: nanoseconds.rem_euclid(SECOND) as u32,
            zone: self.zone.clone(),
        }
    }

    /// Returns the time from `other` to this, as far as a duration reaches.
    pub(super) fn since(&self, other: &Time) -> Duration {
        let nanoseconds = (i128::from(self.seconds) - i128::from(other.seconds)) * 1_000_000_000
            + i128::from(self.nanoseconds)
            - i128::from(other.nanoseconds);
        Duration(nanoseconds.clamp(i64::MIN.into(), i64::MAX.into()) as i64)
    }

    /// Returns abbreviation and offset of the zone.
    pub(super) fn zone(&self) -> (String, i64) {
        self.zone.at(self.seconds)
    }

    /// Seconds on the clock of the zone.
    fn local(&self) -> i64 {
        self.seconds.saturating_add(self.zone().1)
    }

    pub(super) fn date(&self) -> (i64, i64, i64) {
        date_of(self.local().div_euclid(DAY))
    }

    pub(super) fn clock(&self) -> (i64, i64, i64) {
        let second = self.local().rem_euclid(DAY);
        (second / 3600, second / 60 % 60, second % 60)
    }

    /// Returns the day of the week, from Sunday as 0.
    pub(super) fn weekday(&self) -> i64 {
        (self.local().div_euclid(DAY) + 4).rem_euclid(7)
    }

    pub(super) fn year_day(&self) -> i64 {
        self.local().div_euclid(DAY) - days_of(self.date().0, 1, 1) + 1
    }

    fn add_date(&self, years: i64, months: i64, days: i64) -> Time {
        let (year, month, day) = self.date();
        let date = (
            year.saturating_add(years),
            month.saturating_add(months.clamp(-1 << 40, 1 << 40)),
            day.saturating_add(days.clamp(-1 << 40, 1 << 40)),
        );
        let offset = self.zone().1;
        let wanted = Time::of(date, self.clock(), self.nanoseconds).in_zone(self.zone.clone());
        // The offset may be another at the new date.
        let guess = wanted.add_seconds(-offset);
        wanted.add_seconds(-guess.zone().1)
    }

    /// Rounds down to a multiple of `unit` since the zero time.
    fn truncate(&self, unit: i64) -> Time {
        if unit <= 0 {
            return self.clone();
        }
        let since = (i128::from(self.seconds) - i128::from(ZERO)) * 1_000_000_000
            + i128::from(self.nanoseconds);
        self.add(Duration(
            (since.rem_euclid(unit.into()) as i64).wrapping_neg(),
        ))
    }

    fn round(&self, unit: i64) -> Time {
        let down = self.truncate(unit);
        let rest = self.since(&down).0;
        if unit <= 0 || i128::from(rest) * 2 < i128::from(unit) {
            down
        } else {
            down.add(Duration(unit))
        }
    }

    /// Returns the time as JSON has it, or why it cannot.
    pub(crate) fn to_json(&self) -> Result<String, String> {
        if !(0..=9999).contains(&self.date().0) {
            return Err("Time.MarshalJSON: year outside of range [0,9999]".to_owned());
        }
        Ok(self.text_of("2006-01-02T15:04:05.999999999Z07:00"))
    }

    /// Reports whether a certificate writes the year of this time with two digits.
    pub(crate) fn is_short_in_certificates(&self) -> bool {
        (1950..2050).contains(&self.date().0)
    }

    fn nanoseconds_since_epoch(&self, per_second: i64) -> Value {
        let part = i64::from(self.nanoseconds) / (SECOND / per_second);
        Value::int64(self.seconds.wrapping_mul(per_second).wrapping_add(part))
    }
}

impl Object for Time {
    fn type_name(&self) -> Cow<'_, str> {
        "time.Time".into()
    }

    fn method(&self, name: &str) -> Option<Signature> {
        let params = match name {
            "Year" | "Month" | "Day" | "Weekday" | "YearDay" | "Hour" | "Minute" | "Second"
            | "Nanosecond" | "Unix" | "UnixMilli" | "UnixMicro" | "UnixNano" | "IsZero"
            | "IsDST" | "UTC" | "Local" | "String" => vec![],
            "Format" => vec![Type::String],
            "AddDate" => vec![Type::INT, Type::INT, Type::INT],
            "Add" | "Round" | "Truncate" => vec![Type::Any],
            "After" | "Before" | "Compare" | "Equal" | "Sub" => vec![Time::type_of()],
            _ => return None,
        };
        Some(Signature::new(params))
    }

    fn call(&self, name: &str, _: &mut Call<'_>, args: Args) -> Result<Value, FuncError> {
        Ok(match name {
            "Year" => Value::int(self.date().0),
            "Month" => Value::object(Month(self.date().1)),
            "Day" => Value::int(self.date().2),
            "Weekday" => Value::object(Weekday(self.weekday())),
            "YearDay" => Value::int(self.year_day()),
            "Hour" => Value::int(self.clock().0),
            "Minute" => Value::int(self.clock().1),
            "Second" => Value::int(self.clock().2),
            "Nanosecond" => Value::int(self.nanoseconds.into()),
            "Unix" => Value::int64(self.seconds),
            "UnixMilli" => self.nanoseconds_since_epoch(1_000),
            "UnixMicro" => self.nanoseconds_since_epoch(1_000_000),
            "UnixNano" => self.nanoseconds_since_epoch(SECOND),
            "IsZero" => (self.seconds == ZERO && self.nanoseconds == 0).into(),
            "IsDST" => self.zone.is_dst(self.seconds).into(),
            "UTC" | "Local" => Value::object(self.in_zone(Zone::Utc)),
            "Format" => Value::string(self.format(args.str(0))?),
            "AddDate" => Value::object(self.add_date(args.int(0), args.int(1), args.int(2))),
            "Add" => Value::object(self.add(of_argument(&args[0])?)),
            "Round" => Value::object(self.round(of_argument(&args[0])?.0)),
            "Truncate" => Value::object(self.truncate(of_argument(&args[0])?.0)),
            "After" | "Before" | "Compare" | "Equal" | "Sub" => {
                let Some(other) = args[0].as_object::<Time>() else {
                    return Err("wrong type for value; expected time.Time".into());
                };
                let order =
                    (self.seconds, self.nanoseconds).cmp(&(other.seconds, other.nanoseconds));
                match name {
                    "After" => order.is_gt().into(),
                    "Before" => order.is_lt().into(),
                    "Compare" => Value::int(order as i64),
                    "Equal" => order.is_eq().into(),
                    _ => Value::object(self.since(other)),
                }
            }
            _ => Value::string(self.text().unwrap_or_default()),
        })
    }

    /// As Go prints it, less the reading of the monotonic clock that `now` has there.
    fn text(&self) -> Option<Str> {
        Some(
            self.text_of("2006-01-02 15:04:05.999999999 -0700 MST")
                .into(),
        )
    }

    fn marshal_text(&self) -> Option<Str> {
        self.to_json().ok().map(Str::from)
    }

    fn equals(&self, other: &dyn Object) -> bool {
        (other as &dyn std::any::Any).downcast_ref::<Time>() == Some(self)
    }
}

/// Declares an integer type of Go that prints as a name.
macro_rules! named_number {
    ($(#[$doc:meta])* $name:ident, $go:literal, $names:expr, $first:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(crate) struct $name(i64);

        impl $name {
            pub(crate) fn number(self) -> i64 {
                self.0
            }
        }

        impl Object for $name {
            fn type_name(&self) -> Cow<'_, str> {
                $go.into()
            }

            fn kind(&self) -> Kind {
                Kind::Int(IntKind::Int)
            }

            fn is_true(&self) -> bool {
                self.0 != 0
            }

            fn method(&self, name: &str) -> Option<Signature> {
                (name == "String").then(|| Signature::new([]))
            }

            fn call(&self, _: &str, _: &mut Call<'_>, _: Args) -> Result<Value, FuncError> {
                Ok(Value::string(self.text().unwrap_or_default()))
            }

            fn text(&self) -> Option<Str> {
                Some(Str::from($names[(self.0 - $first) as usize]))
            }

            fn equals(&self, other: &dyn Object) -> bool {
                (other as &dyn std::any::Any).downcast_ref::<$name>() == Some(self)
            }
        }
    };
}

named_number!(
    /// `time.Month`.
    Month, "time.Month", MONTHS, 1
);
named_number!(
    /// `time.Weekday`.
    Weekday, "time.Weekday", WEEKDAYS, 0
);
