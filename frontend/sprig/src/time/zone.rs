//! Time zones. The local zone is UTC: what a build renders does not depend on where it runs.

use std::sync::{Arc, LazyLock};

use jiff::Timestamp;
use jiff::tz::{TimeZone, TimeZoneDatabase};

static DATABASE: LazyLock<TimeZoneDatabase> = LazyLock::new(TimeZoneDatabase::bundled);

/// Go's `*time.Location`.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Zone {
    Utc,
    /// An offset in seconds, with a name or without.
    Fixed(Arc<str>, i64),
    /// A zone of the tz database.
    Named(TimeZone),
}

impl Zone {
    /// Returns the zone of that name. As in Go, names are case-sensitive.
    pub(super) fn load(name: &str) -> Option<Zone> {
        match name {
            "" | "UTC" | "Local" => Some(Zone::Utc),
            _ => {
                let zone = DATABASE.get(name).ok()?;
                (zone.iana_name() == Some(name)).then_some(Zone::Named(zone))
            }
        }
    }

    /// Returns abbreviation and offset in seconds at a time.
    pub(super) fn at(&self, seconds: i64) -> (String, i64) {
        match self {
            Zone::Utc => ("UTC".to_owned(), 0),
            Zone::Fixed(name, offset) => (name.to_string(), *offset),
            Zone::Named(zone) => {
                let seconds = seconds.clamp(Timestamp::MIN.as_second(), Timestamp::MAX.as_second());
                let Ok(timestamp) = Timestamp::from_second(seconds) else {
                    return ("UTC".to_owned(), 0);
                };
                let info = zone.to_offset_info(timestamp);
                (
                    info.abbreviation().to_owned(),
                    i64::from(info.offset().seconds()),
                )
            }
        }
    }

    /// Reports whether daylight saving time is in effect at a time.
    pub(super) fn is_dst(&self, seconds: i64) -> bool {
        match self {
            Zone::Named(zone) => Timestamp::from_second(seconds)
                .is_ok_and(|timestamp| zone.to_offset_info(timestamp).dst().is_dst()),
            _ => false,
        }
    }
}
