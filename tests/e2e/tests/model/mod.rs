//! Random commits through the daemon: whatever was built before, the files in the image are those of `git archive`
//! under the masks of the mappings, byte, mode and owner, and nothing else is there.
//!
//! The model knows nothing of how the files travel. The tool that applies them has thousands of such steps of its own
//! (`frontend/stapel-sync/tests/model.rs`); here a few dozen go the whole way.

mod config;
mod history;
mod masks;

use e2e::tree::Kind;
use e2e::{Build, Random, Repo, Tree};

use self::config::{Config, ROOTS};
use self::history::History;

const COMMITS: usize = 200;
const BUILDS: usize = 30;

#[test]
fn the_mapped_tree_is_the_commit_s_whatever_came_before() {
    let mut random = Random::seeded(3);
    let repo = Repo::new();
    let mut config = Config::new(&e2e::salt());
    let mut history = History::new(&repo, &config, &mut random);
    let mut built = 0;
    let mut seen = Seen::default();
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
        for root in ROOTS {
            let differences = tree.at(root).differences(&expected.at(root));
            assert_eq!(
                differences,
                "",
                "build {built}, commit {number}, {root}\n{}",
                config.text()
            );
        }
        seen.count(&expected);
        built += 1;
    }
    assert_eq!(built, BUILDS);
    assert!(seen.is_enough(), "{seen:?}");
}

/// What was compared; a test that stops testing shows here.
#[derive(Debug, Default)]
struct Seen {
    directories: usize,
    files: usize,
    executables: usize,
    links: usize,
    owned: usize,
}

impl Seen {
    fn count(&mut self, tree: &Tree) {
        for node in tree.0.values() {
            match node.kind {
                Kind::Directory => self.directories += 1,
                Kind::Symlink(_) => self.links += 1,
                _ if node.mode == 0o755 => self.executables += 1,
                _ => self.files += 1,
            }
            self.owned += usize::from(node.owner != (0, 0));
        }
    }

    fn is_enough(&self) -> bool {
        let counts = [
            self.directories,
            self.files,
            self.executables,
            self.links,
            self.owned,
        ];
        counts.iter().all(|&count| count >= 4 * BUILDS)
    }
}
