//! What a build may ask about its commit.

use stapel_sync::slot::Commit;

use crate::git::repo::{Repo, RepoError};

/// Returns what a build may ask about the commit. The time is the author's, in Go's default format.
pub(super) fn commit_facts(repo: &Repo) -> Result<Commit, RepoError> {
    let time = repo.author_time()?;
    Ok(Commit {
        hash: repo.commit(),
        time_human: go_time(time.seconds, time.offset),
        time_unix: time.seconds,
    })
}

/// Writes a time as Go's `time.Time` does that knows its offset from UTC (in seconds) but no name for it.
fn go_time(seconds: i64, offset: i32) -> String {
    let zone = jiff::tz::Offset::from_seconds(offset).unwrap_or(jiff::tz::Offset::UTC);
    let time = jiff::Timestamp::from_second(seconds).unwrap_or_default();
    let local = zone.to_datetime(time);
    let minutes = offset.abs() / 60;
    let sign = if offset < 0 { '-' } else { '+' };
    let zone = format!("{sign}{:02}{:02}", minutes / 60, minutes % 60);
    format!("{} {zone} {zone}", local.strftime("%Y-%m-%d %H:%M:%S"))
}
