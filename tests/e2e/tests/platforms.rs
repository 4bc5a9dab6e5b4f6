//! Images for several platforms. The stages are run by the builder's own processor: bash comes with the frontend, and the
//! base image is empty.

use e2e::{Build, Built, Feature, Repo, needs};
use serde_json::Value;

/// An image with sources and a stage, for these platforms if there are some.
fn config(platforms: &str) -> String {
    format!(
        "image: app\nfrom: scratch\n{platforms}git:\n- add: /site\n  to: /site\nshell:\n  install:\n  - read -r id < /proc/sys/kernel/random/uuid; echo $id > /stamp\n  - \": {}\"\n",
        e2e::salt()
    )
}

fn repo(config: &str) -> Repo {
    let repo = Repo::new();
    repo.write("site/index", "one");
    repo.commit_config(config);
    repo
}

/// Builds into directories, and returns what is below each: the name of the platform, or nothing, and a file.
fn files(build: Build, file: &str) -> (Built, Vec<(String, String)>) {
    let output = tempfile::tempdir().unwrap();
    let destination = format!("type=local,dest={}", output.path().display());
    let built = build.untagged().args(["--output", &destination]).ok();
    let mut found = Vec::new();
    if let Ok(text) = std::fs::read_to_string(output.path().join(file)) {
        found.push((String::new(), text));
    }
    for entry in std::fs::read_dir(output.path()).unwrap() {
        let entry = entry.unwrap();
        if let Ok(text) = std::fs::read_to_string(entry.path().join(file)) {
            found.push((entry.file_name().into_string().unwrap(), text));
        }
    }
    found.sort();
    (built, found)
}

const BOTH: [&str; 2] = ["linux_amd64", "linux_arm64"];

fn names(found: &[(String, String)]) -> Vec<&str> {
    found.iter().map(|(name, _)| name.as_str()).collect()
}

#[test]
fn the_client_asks_for_several() {
    if !needs(&[Feature::SeveralPlatforms]) {
        return;
    }
    let repo = repo(&config(""));
    let build = || Build::of(&repo).args(["--platform", "linux/amd64,linux/arm64"]);
    let (built, first) = files(build(), "stamp");
    assert_eq!(names(&first), BOTH);
    assert_ne!(first[0].1, first[1].1, "each is built by itself");
    built.says(&[
        "[linux/arm64 app 3/4 install]",
        "[linux/amd64 app 3/4 install]",
    ]);
    let (_, again) = files(build(), "stamp");
    assert_eq!(again, first, "all comes from the cache");

    repo.write("site/index", "two");
    repo.commit("a change");
    let (_, index) = files(build(), "site/index");
    assert_eq!(names(&index), BOTH);
    assert!(index.iter().all(|(_, text)| text == "two"), "{index:?}");
    let (_, after) = files(build(), "stamp");
    assert_eq!(after, first, "no stage runs again");
    let (built, alone) = files(
        Build::of(&repo).args(["--platform", "linux/arm64"]),
        "stamp",
    );
    assert_eq!(alone, [(String::new(), first[1].1.clone())]);
    built.says(&["[app 3/4 install]"]);
}

/// The stages of both platforms meet in a directory that they share.
#[test]
fn platforms_are_built_at_once() {
    let salt = e2e::salt();
    let repo = Repo::new();
    repo.write(
        "werf-giterminism.yaml",
        "giterminismConfigVersion: 1\nconfig:\n  stapel:\n    mount:\n      allowBuildDir: true\n",
    );
    repo.commit_config(&format!(
        "image: app\nfrom: scratch\nplatform: [linux/amd64, linux/arm64]\nmount:\n- {{from: build_dir, to: /meet}}\nshell:\n  install:\n  - read -r id < /proc/sys/kernel/random/uuid; echo > /meet/{salt}-$id\n  - until set -- /meet/{salt}-*; [ $# = 2 ] || [ $SECONDS -gt 60 ]; do :; done; echo $# > /met\n"
    ));
    let (_, found) = files(Build::of(&repo), "met");
    assert_eq!(names(&found), BOTH);
    assert!(found.iter().all(|(_, met)| met == "2\n"), "{found:?}");
}

#[test]
fn one_failure_of_several_platforms_is_told() {
    let repo = repo(
        &config("platform: [linux/amd64, linux/arm64]\n").replace("read -r", "exit 3; read -r"),
    );
    let error = Build::of(&repo).fails().error();
    for once in ["exit code 3", "note: this was the build for linux/"] {
        assert_eq!(error.matches(once).count(), 1, "{error}");
    }
}

#[test]
fn the_image_names_several() {
    let repo = repo(&config("platform: [linux/amd64, linux/arm64]\n"));
    let (_, found) = files(Build::of(&repo), "site/index");
    assert_eq!(names(&found), BOTH);
    let failed = Build::of(&repo).args(["--platform", "linux/s390x"]).fails();
    failed.says(&["image `app` is for `linux/amd64`, `linux/arm64`, and not for linux/s390x"]);
    let failed = Build::of(&repo)
        .args(["--build-arg", "BUILDKIT_MULTI_PLATFORM=0"])
        .fails();
    failed.says(&["the build is for several platforms: linux/amd64, linux/arm64"]);
}

/// What the daemon's store has afterwards is an index, with a configuration for each platform.
#[test]
fn the_result_is_an_index() {
    if !needs(&[Feature::OciOutput]) {
        return;
    }
    let repo = repo(&format!("{}docker:\n  CMD: [serve]\n", config("")));
    let index = |arguments: &[&str]| -> Vec<(String, Value)> {
        let directory = tempfile::tempdir().unwrap();
        let layout = directory.path().join("layout");
        let output = format!("type=oci,tar=false,dest={}", layout.display());
        let build = Build::of(&repo).untagged();
        build
            .args(arguments.iter().copied())
            .args(["--output", &output])
            .ok();
        let read = |path: &str| -> Value {
            serde_json::from_slice(&std::fs::read(layout.join(path)).unwrap()).unwrap()
        };
        let blob = |digest: &Value| {
            read(&format!(
                "blobs/{}",
                digest.as_str().unwrap().replace(':', "/")
            ))
        };
        let top = read("index.json");
        let mut found = Vec::new();
        for entry in top["manifests"].as_array().unwrap() {
            let manifest = blob(&entry["digest"]);
            let manifests = match manifest["manifests"].as_array() {
                Some(manifests) => manifests.iter().map(|one| blob(&one["digest"])).collect(),
                None => vec![manifest],
            };
            for manifest in manifests {
                let config = blob(&manifest["config"]["digest"]);
                let kind = entry["mediaType"]
                    .as_str()
                    .unwrap()
                    .rsplit('.')
                    .nth(1)
                    .unwrap()
                    .to_owned();
                found.push((kind, config));
            }
        }
        found
    };
    let several = index(&["--platform", "linux/amd64,linux/arm64"]);
    let architectures: Vec<&str> = several
        .iter()
        .map(|(_, config)| config["architecture"].as_str().unwrap())
        .collect();
    assert_eq!(architectures, ["amd64", "arm64"]);
    for (kind, config) in &several {
        assert_eq!(kind, "index");
        assert_eq!(config["config"]["Cmd"], serde_json::json!(["serve"]));
    }
    let one = index(&["--platform", "linux/arm64"]);
    assert_eq!(one[0].0, "manifest");
    assert_eq!(one[0].1["architecture"], "arm64");
    let one = index(&[
        "--platform",
        "linux/arm64",
        "--build-arg",
        "BUILDKIT_MULTI_PLATFORM=1",
    ]);
    assert_eq!(one[0].0, "index");
}

/// BuildKit's own frontend is asked once for each.
#[test]
fn images_of_a_dockerfile_and_on_one() {
    if !needs(&[Feature::SeveralPlatforms]) {
        return;
    }
    let repo = Repo::new();
    repo.write(
        "Dockerfile",
        "FROM scratch\nARG TARGETPLATFORM\nCOPY site /site\nENV FOR=$TARGETPLATFORM\n",
    );
    repo.write("site/index", "one");
    repo.commit_config(&format!(
        "image: base\ndockerfile: Dockerfile\n---\nimage: app\nfrom: base\nshell:\n  install:\n  - echo $FOR > /for\n  - \": {}\"\n",
        e2e::salt()
    ));
    for (target, file) in [("base", "site/index"), ("app", "for")] {
        let build = Build::of(&repo).args(["--platform", "linux/amd64,linux/arm64"]);
        let (_, found) = files(build.args(["--target", target]), file);
        assert_eq!(names(&found), BOTH, "{target}");
        if target == "app" {
            assert_eq!(found[1].1, "linux/arm64\n");
        }
    }
}
