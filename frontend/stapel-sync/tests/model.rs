//! Thousands of random commits and commands, each sync compared with a simple model of it.
//!
//! The model knows nothing of the implementation: it takes what is on disk before a sync as a map
//! from paths to nodes, applies the rules of `docs/store.md` to the map one by one, and says what
//! has to be on disk afterwards: contents, modes, link targets, owners and times.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fs::{self, Permissions};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{PermissionsExt as _, lchown, symlink as link};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::linked::{self, Compared};
use crate::support::random::Random;
use crate::support::{File, Files, Fixture, Kind, Node, Source, may_chown, scan};
use stapel_sync::manifest::EntryKind;
use stapel_sync::store::{CleanPolicy, Store};
use stapel_sync::{ErrorKind, STATE_PATH};

type Nodes = BTreeMap<Vec<u8>, Node>;

/// What the model says of a sync.
enum Outcome {
    Synced(Nodes),
    /// Something stands in the way of a directory; the message has to hold this.
    Refused(&'static str),
    /// A mapping's `to` leads over a link. That has tests of its own.
    OverLink,
}

/// A tree of the model: files and directories by path below the root.
#[derive(Default)]
struct Expected {
    files: BTreeMap<Vec<u8>, (usize, File)>,
    directories: BTreeMap<Vec<u8>, (usize, bool)>,
}

fn parent(path: &[u8]) -> &[u8] {
    &path[..path.iter().rposition(|&byte| byte == b'/').unwrap_or(0)]
}

/// Returns the directories above a path, the innermost first, the root (empty) last.
fn above(path: &[u8]) -> Vec<Vec<u8>> {
    let mut above = Vec::new();
    let mut path = path;
    while !path.is_empty() {
        path = parent(path);
        above.push(path.to_vec());
    }
    above
}

fn is_below(path: &[u8], outer: &[u8]) -> bool {
    above(path).iter().any(|directory| directory == outer)
}

/// Returns the base of a mapping and its files with their paths, below the root.
fn placed(source: &Source) -> (Vec<u8>, Vec<(Vec<u8>, File)>) {
    let to = source.to[1..].to_vec();
    match &source.files {
        Files::One(file) => (parent(&to).to_vec(), vec![(to, file.clone())]),
        Files::Tree(files) => {
            let slash: &[u8] = if to.is_empty() { b"" } else { b"/" };
            let files = files
                .iter()
                .map(|(path, file)| ([&to, slash, path].concat(), file.clone()));
            (to.clone(), files.collect())
        }
    }
}

/// Applies the mappings one after the other; each makes room for itself.
fn expected(sources: &[Source]) -> Expected {
    let mut files: BTreeMap<Vec<u8>, (usize, File)> = BTreeMap::new();
    let mut bases: BTreeMap<usize, Vec<u8>> = BTreeMap::new();
    for (number, source) in sources.iter().enumerate() {
        let (base, placed) = placed(source);
        for (path, _) in &placed {
            files.retain(|other, _| {
                other != path && !is_below(other, path) && !is_below(path, other)
            });
            bases.retain(|_, other| other != path && !is_below(other, path));
        }
        if matches!(source.files, Files::Tree(_)) {
            files.retain(|other, _| *other != base && !is_below(&base, other));
        }
        bases.insert(number, base);
        files.extend(
            placed
                .into_iter()
                .map(|(path, file)| (path, (number, file))),
        );
    }
    // A file mapping whose file had to go needs no directory either.
    bases.retain(|&number, _| {
        matches!(sources[number].files, Files::Tree(_))
            || files.values().any(|file| file.0 == number)
    });
    let mut directories = BTreeMap::new();
    for (&number, base) in &bases {
        for path in files
            .iter()
            .filter(|(_, file)| file.0 == number)
            .map(|(path, _)| path)
        {
            for directory in above(path)
                .into_iter()
                .filter(|directory| is_below(directory, base))
            {
                directories.insert(directory, (number, false));
            }
        }
        directories.insert(base.clone(), (number, true));
    }
    Expected { files, directories }
}

struct Model<'a> {
    nodes: Nodes,
    /// Whoever runs the sync.
    ours: (u32, u32),
    time: i64,
    old: &'a [Source],
    new: &'a [Source],
}

impl Model<'_> {
    fn sync(mut self) -> Outcome {
        let (old, new) = (expected(self.old), expected(self.new));
        if self.old == self.new {
            return Outcome::Synced(self.nodes);
        }
        if self.old.iter().any(|source| self.leads_over_link(source)) {
            return Outcome::OverLink;
        }
        self.delete(&old, &new);
        if self.new.iter().any(|source| self.leads_over_link(source)) {
            return Outcome::OverLink;
        }
        let written: Vec<&Vec<u8>> = new
            .files
            .iter()
            .filter(|(path, (number, file))| {
                !old.files
                    .get(*path)
                    .is_some_and(|(before, same)| same == file && self.same_owner(*before, *number))
            })
            .map(|(path, _)| path)
            .collect();
        if let Err(why) = self.make_directories(&old, &new, &written) {
            return Outcome::Refused(why);
        }
        for path in written {
            let (number, file) = &new.files[path];
            self.nodes.retain(|other, _| !is_below(other, path));
            let (user, group) = owner(&self.new[*number]);
            let (user, group) = (user.unwrap_or(self.ours.0), group.unwrap_or(self.ours.1));
            let (kind, mode) = match file.kind {
                EntryKind::File => (Kind::File(file.data.clone()), 0o644),
                EntryKind::Executable => (Kind::File(file.data.clone()), 0o755),
                EntryKind::Symlink => (Kind::Symlink(file.data.clone()), 0o777),
            };
            self.put(
                path,
                Node {
                    kind,
                    mode,
                    user,
                    group,
                    time: self.time,
                },
            );
        }
        Outcome::Synced(self.nodes)
    }

    fn delete(&mut self, old: &Expected, new: &Expected) {
        for path in old.files.keys() {
            let gone = !new.files.contains_key(path) && self.reachable(path);
            if gone
                && self
                    .nodes
                    .get(path)
                    .is_some_and(|node| node.kind != Kind::Directory)
            {
                self.remove(path);
            }
        }
        for (path, (_, is_base)) in old.directories.iter().rev() {
            let left = !is_base && !new.directories.contains_key(path);
            if left
                && self.reachable(path)
                && self.is_directory(path)
                && !self.nodes.keys().any(|other| is_below(other, path))
            {
                self.remove(path);
            }
        }
    }

    fn make_directories(
        &mut self,
        old: &Expected,
        new: &Expected,
        written: &[&Vec<u8>],
    ) -> Result<(), &'static str> {
        let mut needed = BTreeSet::new();
        let came: BTreeSet<&Vec<u8>> = new
            .directories
            .iter()
            .filter(|(path, (number, _))| {
                !old.directories
                    .get(*path)
                    .is_some_and(|(before, _)| self.same_owner(*before, *number))
            })
            .map(|(path, _)| path)
            .collect();
        for path in came.iter().copied().chain(written.iter().copied()) {
            needed.extend(
                above(path)
                    .into_iter()
                    .filter(|path| new.directories.contains_key(path)),
            );
        }
        needed.extend(came.iter().map(|path| (*path).clone()));
        for path in needed {
            let (number, is_base) = new.directories[&path];
            let (user, group) = owner(&self.new[number]);
            if is_base {
                for outer in above(&path).into_iter().rev() {
                    self.make_directory(&outer, 0o755, (None, None), false, true)?;
                }
            }
            let mode = if is_base { 0o755 } else { 0o775 };
            self.make_directory(&path, mode, (user, group), came.contains(&path), is_base)?;
        }
        Ok(())
    }

    fn make_directory(
        &mut self,
        path: &[u8],
        mode: u32,
        (user, group): (Option<u32>, Option<u32>),
        came: bool,
        is_base: bool,
    ) -> Result<(), &'static str> {
        match self.nodes.get_mut(path) {
            Some(node) if node.kind == Kind::Directory => {
                if came {
                    node.user = user.unwrap_or(node.user);
                    node.group = group.unwrap_or(node.group);
                }
                return Ok(());
            }
            Some(Node {
                kind: Kind::Symlink(_),
                ..
            }) => return Err("a symbolic link to"),
            Some(_) if is_base => return Err("is not a directory"),
            _ => {}
        }
        let (user, group) = (user.unwrap_or(self.ours.0), group.unwrap_or(self.ours.1));
        self.put(
            path,
            Node {
                kind: Kind::Directory,
                mode,
                user,
                group,
                time: self.time,
            },
        );
        Ok(())
    }

    fn put(&mut self, path: &[u8], node: Node) {
        self.nodes.insert(path.to_vec(), node);
        self.touch_parent(path);
    }

    fn remove(&mut self, path: &[u8]) {
        self.nodes.remove(path);
        self.touch_parent(path);
    }

    fn touch_parent(&mut self, path: &[u8]) {
        self.nodes.get_mut(parent(path)).unwrap().time = self.time;
    }

    fn is_directory(&self, path: &[u8]) -> bool {
        self.nodes
            .get(path)
            .is_some_and(|node| node.kind == Kind::Directory)
    }

    fn reachable(&self, path: &[u8]) -> bool {
        above(path)
            .iter()
            .all(|directory| self.is_directory(directory))
    }

    fn leads_over_link(&self, source: &Source) -> bool {
        let (base, _) = placed(source);
        let mut way = above(&base);
        way.push(base);
        way.iter().any(|path| {
            matches!(
                self.nodes.get(path),
                Some(Node {
                    kind: Kind::Symlink(_),
                    ..
                })
            )
        })
    }

    fn same_owner(&self, before: usize, after: usize) -> bool {
        let (before, after) = (&self.old[before], &self.new[after]);
        (&before.owner, &before.group) == (&after.owner, &after.group)
    }
}

/// The users of the image; only root may give files away.
const USERS: [(&str, Option<u32>); 3] = [("", None), ("5", Some(5)), ("app", Some(1000))];

fn owner(source: &Source) -> (Option<u32>, Option<u32>) {
    let id = |name: &str| USERS.iter().find(|user| user.0 == name).unwrap().1;
    (id(&source.owner), id(&source.group))
}

const NAMES: [&[u8]; 7] = [b"a", b"b", b"c", b"a-b", b"a.b", b"\xff\n", b"assets"];

pub fn random_path(random: &mut Random) -> Vec<u8> {
    let names: Vec<&[u8]> = (0..=random.below(4))
        .map(|_| *random.pick(&NAMES))
        .collect();
    names.join(&b'/')
}

pub fn random_file(random: &mut Random) -> File {
    let kind = *random.pick(&[
        EntryKind::File,
        EntryKind::File,
        EntryKind::Executable,
        EntryKind::Symlink,
    ]);
    let data = match kind {
        EntryKind::Symlink => random
            .pick(&[&b"a"[..], b"../b", b"/etc", b"/", b"nowhere"])
            .to_vec(),
        _ if random.one_in(40) => vec![random.next() as u8; random.below(600_000)],
        _ => random.below(50).to_string().into_bytes(),
    };
    File { kind, data }
}

/// Puts a file into a repository, where nothing may be above or below it.
pub fn put(repository: &mut BTreeMap<Vec<u8>, File>, path: Vec<u8>, file: File) {
    repository.retain(|other, _| !is_below(other, &path) && !is_below(&path, other));
    repository.insert(path, file);
}

pub fn random_edit(random: &mut Random, repository: &mut BTreeMap<Vec<u8>, File>) {
    let known = (!repository.is_empty()).then(|| {
        let at = random.below(repository.len());
        repository.keys().nth(at).unwrap().clone()
    });
    match (random.below(8), known) {
        (0, Some(path)) => drop(repository.remove(&path)),
        (1, Some(path)) => {
            let directory = parent(&path).to_vec();
            repository.retain(|other, _| directory.is_empty() || !is_below(other, &directory));
        }
        (2, Some(path)) => {
            let file = repository.remove(&path).unwrap();
            put(repository, random_path(random), file);
        }
        (3, Some(path)) => {
            let file = repository.get_mut(&path).unwrap();
            file.kind = match file.kind {
                EntryKind::File => EntryKind::Executable,
                EntryKind::Executable => EntryKind::File,
                EntryKind::Symlink => EntryKind::Symlink,
            };
        }
        (4, Some(path)) => put(repository, path, random_file(random)),
        (5, Some(path)) => put(repository, [&path[..], b"/a"].concat(), random_file(random)),
        _ => put(repository, random_path(random), random_file(random)),
    }
}

/// A git mapping as a user writes it: a place, an owner and a mask.
#[derive(Clone)]
pub struct Rule {
    to: &'static str,
    one: bool,
    owner: usize,
    group: usize,
    mask: usize,
}

const PLACES: [(&str, bool); 10] = [
    ("/app", false),
    ("/app/assets", false),
    ("/app/a/b", false),
    ("/srv/x/y", false),
    ("/app-b", false),
    ("/app.b", true),
    ("/", false),
    ("/app/c", true),
    ("/etc/motd", true),
    ("/top", true),
];

pub fn random_rule(random: &mut Random, owners: bool) -> Rule {
    let &(to, one) = random.pick(&PLACES);
    let mut owner = || if owners { random.below(USERS.len()) } else { 0 };
    Rule {
        to,
        one,
        owner: owner(),
        group: owner(),
        mask: random.below(6),
    }
}

pub fn sources(rules: &[Rule], repository: &BTreeMap<Vec<u8>, File>) -> Vec<Source> {
    let source = |rule: &Rule| {
        let matches = |path: &[u8]| match rule.mask {
            0 => path.starts_with(b"a"),
            1 => path.ends_with(b"b"),
            2 => !path.contains(&b'-'),
            _ => true,
        };
        let chosen = repository.iter().filter(|(path, _)| matches(path));
        let chosen: BTreeMap<_, _> = chosen
            .map(|(path, file)| (path.clone(), file.clone()))
            .collect();
        let first = repository.values().find(|file| file.data.len() < 4096);
        let files = match first {
            Some(file) if rule.one => Files::One(file.clone()),
            None if rule.one => return None,
            _ => Files::Tree(chosen),
        };
        let (owner, group) = (USERS[rule.owner].0.into(), USERS[rule.group].0.into());
        Some(Source {
            to: rule.to.into(),
            owner,
            group,
            files,
        })
    };
    rules.iter().filter_map(source).collect()
}

/// What commands of a stage do between two syncs, anywhere below the root.
pub fn random_command(random: &mut Random, root: &Path, owners: bool) {
    let directory = *random.pick(&["app", "app", "app/assets", "srv/x/y", ""]);
    let path = root
        .join(directory)
        .join(OsStr::from_bytes(&random_path(random)));
    // Half of the commands mean something that is there.
    let known: Vec<Vec<u8>> = scan(root)
        .into_keys()
        .filter(|path| !path.is_empty() && !path.starts_with(b"etc"))
        .collect();
    let path = if known.is_empty() || random.one_in(2) {
        path
    } else {
        root.join(OsStr::from_bytes(random.pick(&known).as_slice()))
    };
    let existing = fs::symlink_metadata(&path).ok();
    let id = |random: &mut Random| Some(random.below(3) as u32 + 1);
    match (random.below(9), existing) {
        (0, Some(metadata)) if metadata.is_dir() => fs::remove_dir_all(&path).unwrap(),
        (0 | 1, Some(metadata)) if !metadata.is_dir() => fs::remove_file(&path).unwrap(),
        (2, Some(metadata)) if metadata.is_file() => fs::write(&path, "formatted").unwrap(),
        (3, Some(metadata)) if !metadata.is_symlink() => {
            let mode = *random.pick(&[0o700, 0o777, 0o1755, 0o2755]);
            fs::set_permissions(&path, Permissions::from_mode(mode)).unwrap();
        }
        (4, Some(_)) if owners => lchown(&path, id(random), id(random)).unwrap(),
        (5, Some(metadata)) if !metadata.is_dir() => {
            fs::remove_file(&path).unwrap();
            fs::create_dir(&path).unwrap();
            fs::write(path.join("foreign"), "").unwrap();
        }
        // Things are only made where no link leads out of the root.
        (_, None)
            if is_plain(root, &path) && fs::create_dir_all(path.parent().unwrap()).is_ok() =>
        {
            match random.below(4) {
                0 => fs::create_dir(&path).unwrap(),
                1 => link(random.pick(&["a", "/etc", "..", "/nowhere"]), &path).unwrap(),
                _ => fs::write(&path, "foreign").unwrap(),
            }
        }
        _ => {}
    }
}

pub fn is_plain(root: &Path, path: &Path) -> bool {
    let inside = path.ancestors().take_while(|path| *path != root);
    inside
        .skip(1)
        .all(|path| !fs::symlink_metadata(path).is_ok_and(|metadata| !metadata.is_dir()))
}

/// Makes the root what it was before a sync that failed, as BuildKit does.
fn restore(root: &Path, nodes: &Nodes, state: Option<&[u8]>, owners: bool) {
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        let metadata = fs::symlink_metadata(&path).unwrap();
        if metadata.is_dir() {
            fs::remove_dir_all(path)
        } else {
            fs::remove_file(path)
        }
        .unwrap();
    }
    let path_of = |path: &[u8]| -> PathBuf { root.join(OsStr::from_bytes(path)) };
    for (path, node) in nodes.iter().filter(|(path, _)| !path.is_empty()) {
        let path = path_of(path);
        match &node.kind {
            Kind::Directory => fs::create_dir(&path).unwrap(),
            Kind::File(data) => fs::write(&path, data).unwrap(),
            Kind::Symlink(target) => link(OsStr::from_bytes(target), &path).unwrap(),
        }
        if owners {
            lchown(&path, Some(node.user), Some(node.group)).unwrap();
        }
        if !matches!(node.kind, Kind::Symlink(_)) {
            fs::set_permissions(&path, Permissions::from_mode(node.mode)).unwrap();
        }
    }
    if let Some(state) = state {
        fs::write(root.join(&STATE_PATH[1..]), state).unwrap();
    }
    for (path, node) in nodes
        .iter()
        .rev()
        .filter(|(_, node)| !matches!(node.kind, Kind::Symlink(_)))
    {
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(node.time as u64);
        fs::File::open(path_of(path))
            .unwrap()
            .set_modified(time)
            .unwrap();
    }
}

/// How often each kind of thing happened; a test that stops testing shows here.
#[derive(Default, Debug)]
struct Tally {
    synced: usize,
    refused: usize,
    over_link: usize,
    written: usize,
    deleted: usize,
    replaced: usize,
    /// How many patches of a sealed layer made the same, and how many were left to the sync.
    patched: usize,
    left: usize,
}

fn episode(seed: u64, owners: bool, tally: &mut Tally) {
    let mut random = Random::new(seed);
    let fixture = Fixture::new();
    fixture.write("etc/passwd", "app:x:1000:1000::/:\n");
    fixture.write("etc/group", "app:x:1000:\n");
    let fresh = &scan(&fixture.root)[&b""[..]];
    let ours = (fresh.user, fresh.group);
    let mut repository = BTreeMap::new();
    for _ in 0..random.below(40) {
        put(
            &mut repository,
            random_path(&mut random),
            random_file(&mut random),
        );
    }
    let mut rules: Vec<Rule> = (0..=random.below(3))
        .map(|_| random_rule(&mut random, owners))
        .collect();
    let mut applied: Vec<Source> = Vec::new();
    for step in 0..40 {
        for _ in 0..random.below(6) {
            random_edit(&mut random, &mut repository);
        }
        match random.below(12) {
            0 => rules.push(random_rule(&mut random, owners)),
            1 if !rules.is_empty() => drop(rules.remove(random.below(rules.len()))),
            2 if !rules.is_empty() => {
                let at = random.below(rules.len());
                rules[at] = random_rule(&mut random, owners);
            }
            3 => rules.reverse(),
            _ => {}
        }
        rules.truncate(4);
        for _ in 0..random.below(5) {
            random_command(&mut random, &fixture.root, owners);
        }
        if random.one_in(10) {
            // STORE may vanish whenever it likes.
            let _ = fs::remove_dir_all(&fixture.store);
        } else if random.one_in(5) && fixture.store.exists() {
            let policy = CleanPolicy {
                small_packs: 2,
                ..CleanPolicy::default()
            };
            Store::create(&fixture.store)
                .unwrap()
                .clean(&policy)
                .unwrap();
        }
        let new = sources(&rules, &repository);
        let before = scan(&fixture.root);
        let state = fs::read(fixture.path(&STATE_PATH[1..])).ok();
        let time = 1_000_000 + step;
        let model = Model {
            nodes: before.clone(),
            ours,
            time,
            old: &applied,
            new: &new,
        };
        let outcome = model.sync();
        let context = format!("seed {seed}, step {step}");
        // A third of all steps, since copies of the root take their time.
        if owners && state.is_some() && (seed + step as u64).is_multiple_of(3) {
            match linked::compare(&fixture, &new, time, &context) {
                Compared::Same => tally.patched += 1,
                Compared::Left => tally.left += 1,
            }
        }
        match outcome {
            Outcome::Synced(after) => {
                let report = fixture.try_sync(&new, time);
                let report = report.unwrap_or_else(|error| panic!("{context}: {error}"));
                compare(&scan(&fixture.root), &after, &context);
                tally.synced += 1;
                tally.written += report.written;
                tally.deleted += report.deleted;
                tally.replaced += report.warnings.len();
                applied = new;
            }
            Outcome::Refused(why) => {
                let error = fixture.try_sync(&new, time).expect_err(&context);
                assert_eq!(error.kind(), ErrorKind::Own, "{context}: {error}");
                assert!(error.to_string().contains(why), "{context}: {error}");
                tally.refused += 1;
                restore(&fixture.root, &before, state.as_deref(), owners);
            }
            Outcome::OverLink => tally.over_link += 1,
        }
    }
}

fn compare(actual: &Nodes, expected: &Nodes, context: &str) {
    if actual == expected {
        return;
    }
    let paths: BTreeSet<_> = actual.keys().chain(expected.keys()).collect();
    let differing: Vec<String> = paths
        .into_iter()
        .filter(|path| actual.get(*path) != expected.get(*path))
        .map(|path| {
            format!(
                "{}\n  is        {:?}\n  should be {:?}",
                path.escape_ascii(),
                actual.get(path),
                expected.get(path)
            )
        })
        .collect();
    panic!("{context}:\n{}", differing.join("\n"));
}

#[test]
fn every_sync_does_what_the_model_says() {
    let owners = may_chown("every_sync_does_what_the_model_says");
    let mut tally = Tally::default();
    for seed in 0..60 {
        episode(seed, owners, &mut tally);
    }
    assert!(tally.synced > 2000, "{tally:?}");
    for count in [tally.refused, tally.written, tally.deleted, tally.replaced] {
        assert!(count > 20, "{tally:?}");
    }
    assert!(
        !owners || (tally.patched > 400 && tally.left > 10),
        "{tally:?}"
    );
}
