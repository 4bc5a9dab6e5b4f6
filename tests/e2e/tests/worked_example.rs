//! The worked example of how stages and commits meet, commit by commit: `install` depends on
//! `package.json`, `setup` on nothing, one mapping `/` to `/app`.

use e2e::{Build, Built, Random, Repo, Tree};

const STAGES: [&str; 3] = ["beforeInstall", "install", "setup"];

/// Every user stage leaves a random value, and the sources as it saw them.
fn config(salt: &str, more_setup: &str) -> String {
    let stage = |name: &str| {
        format!(
            "  {name}:\n  - mkdir -p /stamps\n  - read -r id < /proc/sys/kernel/random/uuid\n  - echo $id > /stamps/{name}\n"
        )
    };
    let look = |name: &str| {
        format!(
            "  - cat /app/README.md /app/package.json > /stamps/{name}.saw\n  - ls /app > /stamps/{name}.files\n"
        )
    };
    format!(
        "image: app\nfrom: busybox:latest\ngit:\n- add: /\n  to: /app\n  excludePaths: [werf.yaml]\n  stageDependencies:\n    install: [package.json]\nshell:\n{}  - \": {salt}\"\n{}{}{}{}{more_setup}",
        stage("beforeInstall"),
        stage("install"),
        look("install"),
        stage("setup"),
        look("setup"),
    )
}

/// What one commit became.
struct Step {
    built: Built,
    tree: Tree,
}

impl Step {
    fn of(repo: &Repo) -> Step {
        let (built, tree) = Build::of(repo).tree();
        let step = Step { built, tree };
        let mut wanted = repo.archive().0;
        wanted.remove(&b"werf.yaml"[..]);
        for (path, node) in wanted {
            let path = [b"app/", path.as_slice()].concat();
            let found = step.tree.0.get(&path).map(|node| &node.kind);
            assert_eq!(found, Some(&node.kind), "{}", path.escape_ascii());
        }
        step
    }

    fn stamp(&self, name: &str) -> String {
        self.tree.text(&format!("/stamps/{name}")).unwrap()
    }

    /// The user stages that have run since `before`.
    fn reran_since(&self, before: &Step) -> Vec<&'static str> {
        let differs = |stage: &&str| self.stamp(stage) != before.stamp(stage);
        STAGES.into_iter().filter(differs).collect()
    }

    /// Whether a stage came from the cache; `None` if there is none.
    fn cached(&self, stage: &str) -> Option<bool> {
        self.built.cached(&format!("{stage}]"))
    }
}

#[test]
fn seven_commits() {
    let salt = e2e::salt();
    let repo = Repo::new();
    let commit = |path: &str, content: &str| {
        repo.write(path, content);
        repo.commit(path);
        Step::of(&repo)
    };
    repo.write("README.md", "readme 1\n");
    repo.write("package.json", "package 1\n");
    repo.commit_config(&config(&salt, ""));

    let first = Step::of(&repo);
    for stage in ["beforeInstall", "gitArchive", "install", "setup"] {
        assert_eq!(first.cached(stage), Some(false), "{stage}");
    }
    assert_eq!(first.stamp("setup.saw"), "readme 1\npackage 1\n");

    let second = commit("README.md", "readme 2\n");
    assert_eq!(second.reran_since(&first), [""; 0]);
    assert_eq!(second.cached("gitArchive"), Some(true));
    assert_eq!(second.cached("gitLatestPatch"), Some(false));

    let third = commit("package.json", "package 3\n");
    assert_eq!(third.reran_since(&second), ["install", "setup"]);
    assert_eq!(
        third.cached("gitArchive"),
        Some(true),
        "still that of the first commit"
    );
    for stage in ["install.saw", "setup.saw"] {
        assert_eq!(
            third.stamp(stage),
            "readme 2\npackage 3\n",
            "{stage}: the patch came first"
        );
    }

    let fourth = commit("README.md", "readme 4\n");
    assert_eq!(fourth.reran_since(&third), [""; 0]);
    assert_eq!(fourth.cached("gitLatestPatch"), Some(false));

    let fifth = commit("text", &three_mebibytes());
    assert_eq!(fifth.reran_since(&fourth), [""; 0]);

    let sixth = commit("small", "6\n");
    assert_eq!(sixth.reran_since(&fifth), [""; 0]);
    git_cache_holds_what_setup_did_not_see(&repo, &fifth, &sixth);

    repo.commit_config(&config(&salt, "  - echo more > /stamps/more\n"));
    let seventh = Step::of(&repo);
    assert_eq!(seventh.reran_since(&sixth), ["setup"]);
    assert_eq!(
        seventh.cached("install"),
        Some(true),
        "still that of the third commit"
    );
    assert_eq!(seventh.stamp("install.saw"), "readme 2\npackage 3\n");
    assert_eq!(seventh.stamp("setup.saw"), "readme 4\npackage 3\n");
    assert_eq!(
        seventh.stamp("setup.files"),
        "README.md\npackage.json\nsmall\ntext\n",
        "the patch from the third commit to this one came first"
    );
    assert_eq!(seventh.stamp("more"), "more\n");
}

/// The stage `gitCache` takes what has come since `setup` was built, as long as the difference stays in the same
/// mebibyte, so that the last layer is small again.
fn git_cache_holds_what_setup_did_not_see(repo: &Repo, fifth: &Step, sixth: &Step) {
    assert_eq!(fifth.cached("gitCache"), Some(false), "{}", fifth.built.log);
    assert_eq!(sixth.cached("gitCache"), Some(true), "{}", sixth.built.log);
    assert_eq!(sixth.cached("gitLatestPatch"), Some(false));
    // The same stages, as an image whose layers can be looked at.
    let image = Build::of(repo).ok().image;
    let history = e2e::image::docker(&[
        "history",
        "--no-trunc",
        "--human=false",
        "--format={{.Size}} {{.CreatedBy}}",
        image.tag(),
    ]);
    let size = |stage: &str| -> u64 {
        let line = history
            .lines()
            .find(|line| line.contains(&format!("{stage}]")));
        let line = line.unwrap_or_else(|| panic!("no {stage} in\n{history}"));
        line.split(' ').next().unwrap().parse().unwrap()
    };
    assert!(size("gitCache") >= 3 << 20, "{history}");
    assert!(size("gitLatestPatch") < 1 << 20, "{history}");
}

/// Text that does not get smaller when it is compressed, or not much.
fn three_mebibytes() -> String {
    let mut random = Random::new(5);
    let mut text = String::new();
    while text.len() < 3 << 20 {
        text.push_str(&format!("{:016x}\n", random.number()));
    }
    text
}
