//! Files that are not committed and that `werf-giterminism.yaml` allows.

use e2e::repo::config_text;
use e2e::{Build, GitServer, Repo};

const RULES: &str = "giterminismConfigVersion: 1\nconfig:\n  allowUncommitted: true\n  allowUncommittedTemplates: [\".werf/**/*.tmpl\"]\n  goTemplateRendering: {allowUncommittedFiles: [\"conf/*.txt\"]}\n  dockerfile:\n    allowUncommitted: [Dockerfile]\n    allowUncommittedDockerignoreFiles: [.dockerignore]\n";

/// Returns the configuration of an image that is made of the files of `conf` and of a template, and of one from a Dockerfile.
fn configuration(salt: &str) -> String {
    config_text(&format!(
        "image: shop\nfrom: busybox:latest\nshell:\n  setup: |\n    : {salt}\n    cat > /list <<'EOF'\n{{{{- range $path, $text := .Files.Glob \"conf/*.txt\" }}}}\n    {{{{ $path }}}} {{{{ $text }}}}\n{{{{- end }}}}\n    {{{{ include \"extra.tmpl\" . }}}}\n    EOF\n---\nimage: web\ndockerfile: Dockerfile\n"
    ))
}

#[test]
fn all_that_the_rules_name_comes_from_the_working_directory() {
    let repo = Repo::new();
    let salt = e2e::salt();
    repo.write("werf-giterminism.yaml", RULES);
    repo.write(".werf/extra.tmpl", "old");
    repo.write("a", "a");
    repo.write("b", "b");
    repo.commit_config("image: shop\nfrom: scratch\n");
    repo.write("werf.yaml", configuration(&salt));
    repo.write(".werf/extra.tmpl", "edited");
    repo.write("conf/a.txt", "one");
    repo.write("conf/b.txt", "two");
    repo.write("Dockerfile", "FROM busybox:latest\nCOPY . /context\n");
    // It is about the context of the Dockerfile, and hides nothing from the configuration.
    repo.write(".dockerignore", "b\nconf\n.werf\nDockerfile\n.git\n");
    repo.write("untracked", "not in the context");

    let built = Build::of(&repo).args(["--target", "shop"]).ok();
    let list = built.image.file("/list").unwrap();
    assert_eq!(
        list, "conf/a.txt one\nconf/b.txt two\nedited\n",
        "{}",
        built.log
    );
    assert!(!built.log.contains("GiterminismNoEffect"), "{}", built.log);
    let again = Build::of(&repo).args(["--target", "shop"]).ok();
    assert!(again.log.contains("CACHED"), "{}", again.log);

    let web = Build::of(&repo).args(["--target", "web"]).ok();
    let files = web.image.run(&["ls", "-A", "/context"]);
    assert_eq!(
        files, "a\nwerf-giterminism.yaml\nwerf.yaml\n",
        "{}",
        web.log
    );

    // One that goes is gone.
    std::fs::remove_file(repo.path().join("conf/a.txt")).unwrap();
    let built = Build::of(&repo).args(["--target", "shop"]).ok();
    assert_eq!(
        built.image.file("/list").unwrap(),
        "conf/b.txt two\nedited\n"
    );
}

#[test]
fn a_repository_as_the_context_has_no_such_files() {
    let server = GitServer::start();
    let repo = Repo::new();
    let rules = "giterminismConfigVersion: 1\nconfig: {goTemplateRendering: {allowUncommittedFiles: [x]}}\n";
    repo.write("werf-giterminism.yaml", rules);
    repo.write("x", "committed");
    let body = "image: app\nfrom: busybox:latest\nshell: {setup: ['echo {{ .Files.Get \"x\" }} > /x # SALT']}\n";
    repo.commit_config(&body.replace("SALT", &e2e::salt()));
    let url = server.publish(&repo, "team/loose.git");
    let built = Build::in_directory(&std::env::temp_dir())
        .context(&url)
        .debug()
        .ok();
    assert_eq!(built.image.file("/x").as_deref(), Some("committed\n"));
    let words = "has no effect: the build context is the repository";
    assert!(built.log.contains(words), "{}", built.log);
}
