//! Whether PLAN runs although BuildKit has a result of it.
//!
//! A plan says what is to be built of a commit, which is the same every time. That PLAN fills STORE is a side effect, and what STORE has is in no
//! key. So a plan from the cache serves builds of which everything is cached, and whoever misses something has PLAN run.

use std::time::{Duration, SystemTime};

use werf_plan::agreed::unix_time;
use werf_plan::file::{Outcome, PlanFile};

use super::client_files;
use super::request::{NoCache, Request};

/// How long a plan is taken from the cache: half of the time that slots and the values of secrets stay in STORE.
const LONGEST: Duration = Duration::from_secs(12 * 60 * 60);

/// Whether PLAN runs although there is a result for the same inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Anew {
    /// It does not.
    #[default]
    No,
    /// It does, for this build.
    Once,
    /// It does, and its result takes the place of the one that is cached.
    Instead,
}

impl Anew {
    /// Returns whether it does in a build of which nothing is known but what `request` asks for.
    ///
    /// Who builds without the cache has stages run for which STORE must be full. A working directory is not known by contents alone.
    pub fn at_first(request: &Request) -> Anew {
        if request.no_cache != NoCache::Off || client_files::is_dev(request) {
            Anew::Once
        } else {
            Anew::No
        }
    }

    /// Returns whether it does at the time `now`, after `file` came from the cache.
    ///
    /// What templates have asked the clock for is another each time, and mistakes may have been those of STORE or of a disk. What is old says that
    /// STORE was filled then, and much of that is gone.
    pub fn after(file: &PlanFile, now: SystemTime) -> Anew {
        let age = unix_time(now).abs_diff(file.unix_time);
        match &file.outcome {
            Outcome::Errors(_) => Anew::Once,
            _ if file.is_unstable => Anew::Once,
            _ if age > LONGEST.as_secs() => Anew::Instead,
            _ => Anew::No,
        }
    }
}

#[cfg(test)]
mod tests {
    use werf_plan::file::{FilesOf, FilesRequest};

    use super::*;

    #[test]
    fn a_build_without_the_cache_and_development_mode_have_it_run() {
        let at_first = |options: &[(&str, &str)]| {
            let options = options.iter();
            let options = options.map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
            Anew::at_first(&Request::from_options(options.collect()).expect("options"))
        };
        assert_eq!(at_first(&[("target", "app")]), Anew::No);
        for option in ["no-cache", "build-arg:WERF_DEV"] {
            let value = if option == "no-cache" { "setup" } else { "1" };
            assert_eq!(at_first(&[(option, value)]), Anew::Once, "{option}");
        }
    }

    #[test]
    fn what_does_not_last_is_not_taken_from_the_cache() {
        let wanted = FilesRequest {
            of: FilesOf::Rules,
            include: Vec::new(),
            exclude: Vec::new(),
        };
        let file = PlanFile {
            session: "other".into(),
            unix_time: 1_000_000,
            ..PlanFile::of(Outcome::NeedsFiles(wanted))
        };
        let at = |hours: i64| {
            let seconds = 1_000_000 + hours * 3600;
            SystemTime::UNIX_EPOCH + Duration::from_secs(seconds.unsigned_abs())
        };
        assert_eq!(Anew::after(&file, at(0)), Anew::No);
        assert_eq!(Anew::after(&file, at(12)), Anew::No);
        assert_eq!(Anew::after(&file, at(13)), Anew::Instead);
        // A clock that was wrong.
        assert_eq!(Anew::after(&file, at(-13)), Anew::Instead);
        let unstable = PlanFile {
            is_unstable: true,
            ..file.clone()
        };
        assert_eq!(Anew::after(&unstable, at(0)), Anew::Once);
        let mistaken = PlanFile {
            outcome: Outcome::Errors(Vec::new()),
            ..file
        };
        assert_eq!(Anew::after(&mistaken, at(0)), Anew::Once);
    }
}
