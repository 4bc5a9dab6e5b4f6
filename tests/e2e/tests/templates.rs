//! Templates through the real client.

use e2e::{Build, Repo};

#[test]
fn a_template_reads_files_and_build_arguments() {
    let repo = Repo::new();
    repo.write("packages", "one two\n");
    repo.write(
        ".werf/stamp.tmpl",
        "echo {{ .Env }} {{ env \"COLOUR\" }} > /stamp",
    );
    repo.write(
        "werf-giterminism.yaml",
        "giterminismConfigVersion: 1\nconfig:\n  goTemplateRendering:\n    allowEnvVariables: [COLOUR]\n",
    );
    repo.commit_config(
        "image: app\nfrom: busybox:latest\nshell:\n  install:\n  - echo {{ .Files.Get \"packages\" | trim | quote }} > /packages\n  - {{ include \"stamp.tmpl\" . }}\n",
    );
    let built = Build::of(&repo)
        .args(["--build-arg", "WERF_ENV=dev", "--build-arg", "COLOUR=blue"])
        .ok();
    assert_eq!(
        built.image.run(&["cat", "/packages", "/stamp"]),
        "one two\ndev blue\n"
    );
    assert!(!built.log.contains("BuildArgUnused"), "{}", built.log);
}

#[test]
fn a_mistake_points_at_the_template() {
    let repo = Repo::with_config("image: app\nfrom: {{ required \"a base is needed\" \"\" }}\n");
    Build::of(&repo)
        .fails()
        .says(&["a base is needed", ">>> from: {{ required"]);
}
