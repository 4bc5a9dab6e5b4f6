//! Images from Dockerfiles: what their context is, what reruns, and what a person sees of a mistake.

use e2e::{Bench, Build, Builder, Built, Feature, Repo, needs};

/// A repository with the image `app`, whose Dockerfile copies two files and leaves a random value after each.
fn project(salt: &str) -> Repo {
    let repo = Repo::new();
    let dockerfile = format!(
        "FROM busybox:latest AS base\n\
         ARG GREETING=none\n\
         COPY one /one\n\
         RUN : {salt}; cat /proc/sys/kernel/random/uuid > /stamp-one; echo \"$GREETING\" > /greeting\n\
         COPY two /two\n\
         RUN cat /proc/sys/kernel/random/uuid > /stamp-two\n\
         FROM base AS run\n\
         COPY . /all\n\
         CMD [\"cat\", \"/greeting\"]\n\
         FROM base AS other\n\
         RUN false\n"
    );
    repo.write("app/docker/app.Dockerfile", dockerfile);
    repo.write("app/one", "1");
    repo.write("app/two", "2");
    repo.write("app/dev/three", "3");
    repo.write("app/skipped.md", "not for images");
    repo.write("app/kept.md", "for images");
    repo.write(
        "app/.dockerignore",
        "# what is not for images\n*.md\n!kept.md\ndocker\n",
    );
    repo.write("outside", "not in the context");
    repo.commit_config(
        "image: app\ndockerfile: docker/app.Dockerfile\ncontext: app\ntarget: run\nargs: {GREETING: hello}\n",
    );
    repo
}

/// Builds and returns what the two commands left.
fn stamps(repo: &Repo, arguments: &[&str]) -> (Built, [String; 2]) {
    let built = Build::of(repo).args(arguments.iter().copied()).ok();
    let values = built.image.run(&["cat", "/stamp-one", "/stamp-two"]);
    let mut lines = values.lines().map(str::to_owned);
    let values = [lines.next().unwrap(), lines.next().unwrap()];
    (built, values)
}

#[test]
fn the_context_is_the_commit_s_without_what_is_ignored() {
    let repo = project(&e2e::salt());
    repo.write("app/untracked", "never committed");
    repo.write("app/two", "changed and not committed");
    let built = Build::of(&repo).args(["--label", "a=b"]).ok();
    assert_eq!(built.image.run(&[]), "hello\n");
    let listing = built.image.run(&[
        "find", "/all", "!", "-type", "d", "-exec", "stat", "-c", "%n %a %u", "{}", ";",
    ]);
    let mut files: Vec<&str> = listing.lines().collect();
    files.sort_unstable();
    assert_eq!(
        files,
        [
            "/all/.dockerignore 644 0",
            "/all/dev/three 644 0",
            "/all/kept.md 644 0",
            "/all/one 644 0",
            "/all/two 644 0",
        ]
    );
    assert_eq!(built.image.run(&["cat", "/two"]), "2");
    let config = built.image.config();
    assert_eq!(config["Labels"]["a"], "b");
    assert_eq!(config["Cmd"], serde_json::json!(["cat", "/greeting"]));
    assert!(
        built
            .image
            .paths()
            .iter()
            .all(|path| !path.contains("werf"))
    );
}

#[test]
fn only_what_takes_a_changed_file_runs_again() {
    let salt = e2e::salt();
    let repo = project(&salt);
    let (_, first) = stamps(&repo, &[]);
    repo.write("outside", "changed");
    repo.commit("outside of the context");
    let (built, second) = stamps(&repo, &[]);
    assert_eq!(first, second);
    assert_eq!(built.cached("COPY one"), Some(true), "{}", built.log);

    repo.write("app/skipped.md", "changed");
    repo.write("app/dev/three", "changed");
    repo.commit("in the context, but copied by neither");
    let (_, third) = stamps(&repo, &[]);
    assert_eq!(first, third);

    repo.write("app/two", "22");
    repo.commit("copied by the second");
    let (built, fourth) = stamps(&repo, &[]);
    assert_eq!(first[0], fourth[0], "{}", built.log);
    assert_ne!(first[1], fourth[1]);
    assert_eq!(built.image.run(&["cat", "/two"]), "22");

    let (_, anew) = stamps(&repo, &["--no-cache"]);
    assert!(anew[0] != fourth[0] && anew[1] != fourth[1]);
    let (_, same) = stamps(&repo, &[]);
    assert_eq!(anew, same, "what --no-cache has made is what is cached now");

    let config = std::fs::read_to_string(repo.join("werf.yaml")).unwrap();
    repo.write("werf.yaml", config + "cacheVersion: two\n");
    repo.commit("another cache version");
    let (built, salted) = stamps(&repo, &[]);
    assert!(salted[0] != same[0] && salted[1] != same[1]);
    let hosts = built.image.file("/etc/hosts").unwrap_or_default();
    assert!(!hosts.contains("cache-version"), "{hosts}");
}

#[test]
fn a_mistake_is_shown_in_the_dockerfile() {
    let repo = project(&e2e::salt());
    let config = std::fs::read_to_string(repo.join("werf.yaml")).unwrap();
    repo.write("werf.yaml", config.replace("target: run", "target: other"));
    repo.commit("a stage that fails");
    Build::of(&repo).fails().says(&[
        "image `app` (app/docker/app.Dockerfile): ",
        "app/docker/app.Dockerfile:11",
        ">>> RUN false",
        "exit code: 1",
    ]);
    repo.write(
        "app/docker/app.Dockerfile",
        "FROM busybox\nCOPY skipped.md /\n",
    );
    repo.commit("a file that is ignored");
    repo.commit_config("image: app\ndockerfile: docker/app.Dockerfile\ncontext: app\n");
    Build::of(&repo)
        .fails()
        .says(&["app/docker/app.Dockerfile:2", "\"/skipped.md\": not found"]);
    repo.write("app/docker/app.Dockerfile", "FROM busybox\nCOPPY a /\n");
    repo.commit("a slip");
    Build::of(&repo).fails().says(&[
        "app/docker/app.Dockerfile:2",
        "COPPY a /",
        "unknown instruction: COPPY",
    ]);
}

#[test]
fn secrets_and_added_files_come_from_the_client() {
    let repo = Repo::new();
    repo.write(
        "Dockerfile",
        format!(
            "FROM busybox:latest\nCOPY dist /dist\nRUN --mount=type=secret,id=TOKEN : {}; cp /run/secrets/TOKEN /token\n",
            e2e::salt()
        ),
    );
    repo.write(".gitignore", "dist\n");
    repo.write("dist/app.js", "built by somebody");
    repo.commit_config(
        "image: app\ndockerfile: Dockerfile\ncontextAddFiles: dist\nsecrets:\n- env: TOKEN\n",
    );
    Build::of(&repo).fails().says(&[
        "`dist` of the client in `contextAddFiles` is not allowed by giterminism",
        "the variable `TOKEN` as a secret of image `app` is not allowed by giterminism",
    ]);
    repo.write(
        "werf-giterminism.yaml",
        "giterminismConfigVersion: 1\nconfig:\n  dockerfile: {allowContextAddFiles: [dist]}\n  secrets: {allowEnvVariables: [TOKEN]}\n",
    );
    repo.commit("allowed");
    let built = Build::of(&repo)
        .args(["--secret", "id=TOKEN,env=TOKEN"])
        .env("TOKEN", "secret")
        .ok();
    let files = built.image.run(&["cat", "/dist/app.js", "/token"]);
    assert_eq!(files, "built by somebodysecret");
}

/// Returns the files of the image below `/all`.
fn files_of(built: &Built) -> Vec<String> {
    let listing = built
        .image
        .run(&["sh", "-c", "cd /all && find . ! -type d | sort"]);
    listing.lines().map(str::to_owned).collect()
}

#[test]
fn dockerignore_means_what_it_means_to_the_client() {
    let repo = Repo::new();
    repo.write("Dockerfile", "FROM busybox:latest\nCOPY . /all\n");
    for path in [
        "a.md",
        "b.md",
        "x/a.md",
        "x/y/a.md",
        "x/y/keep.md",
        "x.c",
        "xx.c",
        "tmp/1",
        "tmp/2/3",
        "foo",
        "xfoo",
        "d/foo",
        "d/xfoo",
        "foobar/1",
        "log/a/1.log",
        "log/a/2.txt",
        "log/b/1.log",
        "q/a b",
        "[x]/1",
        "node_modules/p/i.js",
        "s/node_modules/p/i.js",
        "z/1/2/3",
        "z/1/keep/3",
        ".hidden",
        "v/.hidden",
        "e/a1",
        "e/b1",
        "e/c1",
        "w.tmp",
        "k/w.tmp/1",
    ] {
        repo.write(path, path);
    }
    repo.commit_config("image: app\ndockerfile: Dockerfile\n");
    for ignore in [
        "# comment\n*.md\n!b.md\n/tmp/\n?.c\n",
        "**/*.md\n!x/y/keep.md\n**/node_modules\nlog/**/*.log\n",
        "*\n!x\n!d/foo\n!z/1/keep\nx/y\n",
        "**foo\nfoo**\nq/a b\n\\[x]\n",
        "z/**\n!z/1/keep/**\ne/[a-b]1\n**/.hidden\n",
        "  tmp/*  \n!tmp/2\nz/*/2\n*.tmp\n!k\n",
        "**\n!**/*.md\n!Dockerfile\n",
    ] {
        repo.write(".dockerignore", ignore);
        repo.commit("other patterns");
        let ours = Build::of(&repo).ok();
        let client = Build::of(&repo).config(Some("Dockerfile")).ok();
        let files = |built: &Built| -> Vec<String> {
            let mut files = files_of(built);
            // Not in the commit.
            files.retain(|file| !file.starts_with("./.git/"));
            files
        };
        assert_eq!(files(&ours), files(&client), "{ignore:?}");
    }
}

#[test]
fn a_fresh_builder_with_a_cache_runs_only_what_takes_a_changed_file() {
    if !needs(&[Feature::CacheExport]) {
        return;
    }
    let repo = project(&e2e::salt());
    let (_, first) = stamps(&repo, &[]);
    let reference = format!(
        "{}/fresh/dockerfile-{}",
        Bench::from_env().registry,
        std::process::id()
    );
    let cache = format!("type=registry,ref={reference}");
    let export = format!("{cache},mode=max");
    Build::of(&repo)
        .untagged()
        .args(["--cache-to", export.as_str()])
        .ok();
    repo.write("app/two", "22");
    repo.commit("copied by the second");
    let builder = Builder::start("dockerfile");
    let built = builder
        .run(Build::of(&repo).args(["--cache-from", cache.as_str()]))
        .ok();
    let values = built
        .image
        .run(&["cat", "/stamp-one", "/stamp-two", "/two"]);
    let values: Vec<&str> = values.lines().collect();
    assert_eq!(values[0], first[0], "{}", built.log);
    assert_ne!(values[1], first[1]);
    assert_eq!(values[2], "22");
}

#[test]
fn an_image_can_be_based_on_one_from_a_dockerfile_and_another_import_its_files() {
    let repo = project(&e2e::salt());
    let config = std::fs::read_to_string(repo.join("werf.yaml")).unwrap();
    let child = "final: false\n---\nimage: child\nfrom: app\ngit:\n- add: /outside\n  to: /outside\nshell:\n  setup: cat /proc/sys/kernel/random/uuid > /stamp-child\n---\nimage: importer\nfinal: false\nfrom: busybox:latest\nimport:\n- image: app\n  add: /all/dev\n  to: /imported\n  after: setup\n";
    repo.write("werf.yaml", config + child);
    repo.commit("an image on the other");
    let stamps = || {
        let built = Build::of(&repo).ok();
        let stamps = built
            .image
            .run(&["cat", "/stamp-one", "/stamp-two", "/stamp-child"]);
        let lines: Vec<String> = stamps.lines().map(str::to_owned).collect();
        (built, lines)
    };
    let (built, first) = stamps();
    assert_eq!(built.image.run(&["cat", "/outside"]), "not in the context");
    assert_eq!(built.image.run(&[]), "hello\n", "the command is inherited");
    let importer = Build::of(&repo).args(["--target", "importer"]).ok();
    assert_eq!(importer.image.run(&["cat", "/imported/three"]), "3");
    repo.write("outside", "changed");
    repo.commit("only the child maps it");
    let (built, second) = stamps();
    assert_eq!(first, second);
    assert_eq!(built.image.run(&["cat", "/outside"]), "changed");
    repo.write("app/two", "22");
    repo.commit("the base takes it");
    let (_, third) = stamps();
    assert_eq!(first[0], third[0]);
    assert!(first[1] != third[1] && first[2] != third[2]);
    repo.write(
        "app/docker/app.Dockerfile",
        "FROM busybox:latest AS run\nRUN false\n",
    );
    repo.commit("a base that fails");
    Build::of(&repo)
        .fails()
        .says(&["app/docker/app.Dockerfile:2", ">>> RUN false"]);
}
