//! What a build may ask about its commit.

use stapel_sync::slot::Commit;

use crate::git::repo::{Repo, RepoError};

/// How Go calls UTC where it knows the offset from it alone.
pub(super) const NO_NAME: &str = "+0000";

/// Returns what a build may ask about the commit. The time is the author's, in Go's default format, in which UTC is called `utc`.
pub(super) fn commit_facts(repo: &Repo, utc: &str) -> Result<Commit, RepoError> {
    let time = repo.author_time()?;
    Ok(Commit {
        hash: repo.commit(),
        time_human: go_time(time.seconds, time.offset, utc)
            .ok_or_else(|| RepoError::unusable_time(&repo.commit()))?,
        time_unix: time.seconds,
    })
}

/// Writes a time as Go's `time.Time` does: a zone that has no name, as all but UTC here, is called by its offset (in seconds).
fn go_time(seconds: i64, offset: i32, utc: &str) -> Option<String> {
    let zone = jiff::tz::Offset::from_seconds(offset).ok()?;
    let time = jiff::Timestamp::from_second(seconds).ok()?;
    let local = zone.to_datetime(time);
    let minutes = offset.abs() / 60;
    let sign = if offset < 0 { '-' } else { '+' };
    let zone = format!("{sign}{:02}{:02}", minutes / 60, minutes % 60);
    let name = if offset == 0 { utc } else { &zone };
    Some(format!(
        "{} {zone} {name}",
        local.strftime("%Y-%m-%d %H:%M:%S")
    ))
}

#[cfg(test)]
mod tests {
    use crate::git::fixture::Fixture;

    use super::*;

    /// Returns what is said of a commit with this author.
    fn facts(author: &str) -> Result<(String, i64), String> {
        let fixture = Fixture::with(&[("a", "1")]);
        let tree = fixture.git(&["write-tree"]);
        let text = format!("tree {tree}\nauthor {author}\ncommitter A <a@b> 1 +0000\n\nx\n");
        fixture.write("commit", text);
        let commit = fixture.git(&["hash-object", "-t", "commit", "-w", "--literally", "commit"]);
        fixture.git(&["update-ref", "HEAD", &commit]);
        let repo = Repo::open(&fixture.git_dir()).expect("a repository");
        let facts = commit_facts(&repo, NO_NAME).map_err(|error| error.to_string())?;
        Ok((facts.time_human, facts.time_unix))
    }

    #[test]
    fn the_time_is_the_author_s() {
        let known = facts("A <a@b> 1714564800 +0330").expect("a time");
        assert_eq!(
            known,
            ("2024-05-01 15:30:00 +0330 +0330".to_owned(), 1_714_564_800)
        );
    }

    #[test]
    fn without_a_time_it_is_1970_as_for_git() {
        for author in ["A <a@b>", "A <a@b> x +0000"] {
            let (human, unix) = facts(author).expect("a time");
            assert_eq!(
                (human.as_str(), unix),
                ("1970-01-01 00:00:00 +0000 +0000", 0),
                "{author}"
            );
        }
    }

    #[test]
    fn a_time_that_no_calendar_has_is_refused() {
        let refused = facts("A <a@b> 99999999999999 +0000").expect_err("a mistake");
        assert!(
            refused.ends_with("has a time that no calendar has"),
            "{refused}"
        );
    }

    #[test]
    fn times_are_written_as_go_writes_them() {
        assert_eq!(
            go_time(1_643_034_386, 3 * 3600, "UTC").as_deref(),
            Some("2022-01-24 17:26:26 +0300 +0300")
        );
        assert_eq!(
            go_time(0, -(5 * 3600 + 1800), "UTC").as_deref(),
            Some("1969-12-31 18:30:00 -0530 -0530")
        );
    }
}
