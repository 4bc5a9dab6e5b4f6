//! Random commits through the daemon: whatever was built before, the files in the image are those of `git archive`
//! under the masks of the mappings, byte, mode and owner, and nothing else is there.
//!
//! The model knows nothing of how the files travel. The tool that applies them has thousands of such steps of its own
//! (`frontend/stapel-sync/tests/model.rs`); here a few dozen go the whole way.

#![allow(clippy::unwrap_used, reason = "a test may fail where it stands")]

mod config;
mod history;
mod masks;

use e2e::{Build, Random, Repo};

use config::Config;
use history::History;

const COMMITS: usize = 200;
const BUILDS: usize = 30;

#[test]
fn the_mapped_tree_is_the_commit_s_whatever_came_before() {
    let mut random = Random::seeded(3);
    let repo = Repo::new();
    let mut config = Config::new(&e2e::salt());
    let mut history = History::new(&repo, &config);
    let mut built = 0;
    for number in 0..COMMITS {
        for _ in 0..=random.below(4) {
            history.edit(&mut random);
        }
        if random.one_in(6) {
            config.edit(&mut random);
        }
        history.commit(&config);
        // Each commit has the same chance, and there are exactly so many builds.
        if random.below(COMMITS - number) >= BUILDS - built {
            continue;
        }
        if random.one_in(6) {
            config = history.go_back(&mut random);
        }
        history.write_to(&repo);
        repo.write("werf.yaml", config.text());
        let (_, tree) = Build::of(&repo).tree();
        let expected = config.expected(&repo.archive());
        for root in config.roots() {
            let differences = tree.at(root).differences(&expected.at(root));
            assert_eq!(
                differences,
                "",
                "build {built}, commit {number}, {root}\n{}",
                config.text()
            );
        }
        built += 1;
    }
    assert_eq!(built, BUILDS);
}
