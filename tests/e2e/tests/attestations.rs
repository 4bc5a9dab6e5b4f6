//! What is said of an image beside it: provenance, lists of its contents, annotations, and the same bytes every time.

use std::path::Path;

use e2e::{Bench, Build, Built, Feature, GitServer, Repo, image, needs, salt};
use serde_json::Value;

fn json(path: impl AsRef<Path>) -> Value {
    let text = std::fs::read(path).unwrap();
    serde_json::from_slice(&text).unwrap()
}

/// Builds into a directory, where the daemon puts what it attests beside the files.
fn to_directory(build: Build, directory: &Path) -> Built {
    let output = format!("--output=type=local,dest={}", directory.display());
    build.untagged().args([output.as_str()]).ok()
}

/// Builds into an OCI layout, and returns the digest of its one manifest and that manifest.
fn to_layout(build: Build, options: &str) -> (String, Value) {
    let directory = tempfile::tempdir().unwrap();
    let archive = directory.path().join("archive.tar");
    let output = format!("--output=type=oci,dest={}{options}", archive.display());
    build.untagged().args([output.as_str()]).ok();
    let mut tar = tar::Archive::new(std::fs::File::open(&archive).unwrap());
    tar.unpack(directory.path()).unwrap();
    let index = json(directory.path().join("index.json"));
    let digest = index["manifests"][0]["digest"].as_str().unwrap().to_owned();
    let blob = digest.replace(':', "/");
    let manifest = json(directory.path().join("blobs").join(blob));
    (digest, manifest)
}

#[test]
fn provenance_names_what_the_image_is_made_of_and_no_secret() {
    if !needs(&[Feature::Attestations]) {
        return;
    }
    // `x-access-token:hunter2`
    let server = GitServer::with_authorization("basic eC1hY2Nlc3MtdG9rZW46aHVudGVyMg==");
    let lib = Repo::new();
    lib.write("a", "one");
    lib.commit("first");
    lib.git(&["tag", "v1"]);
    let url = server.publish(&lib, "team/lib.git");
    let repo = Repo::with_config(&format!(
        "image: app\nfrom: busybox:latest\ngit:\n- {{url: {url}, tag: v1, to: /lib}}\nsecrets:\n- {{env: PASSWORD}}\nshell:\n  install: 'test -n \"$(cat /run/secrets/PASSWORD)\"; : {}'\n",
        salt()
    ));
    repo.write(
        "werf-giterminism.yaml",
        "giterminismConfigVersion: 1\nconfig:\n  secrets: {allowEnvVariables: [PASSWORD]}\n",
    );
    repo.commit("rules");
    let directory = tempfile::tempdir().unwrap();
    let build = Build::of(&repo)
        .args(["--provenance=mode=max", "--secret=id=PASSWORD,env=PASSWORD"])
        .args(["--secret=id=GIT_AUTH_TOKEN,env=TOKEN"])
        .env("PASSWORD", "correct-horse")
        .env("TOKEN", "hunter2");
    to_directory(build, directory.path());
    let provenance = json(directory.path().join("provenance.json"));
    let materials = provenance["predicate"]["materials"].to_string()
        + &provenance["predicate"]["buildDefinition"]["resolvedDependencies"].to_string();
    let commit = lib.git(&["rev-parse", "HEAD"]);
    for part in [url.as_str(), &commit, "busybox"] {
        assert!(materials.contains(part), "`{part}` is not in {materials}");
    }
    let text = provenance.to_string();
    // What the steps of `mode=max` are, and the lines that they come from.
    for part in ["WERF_STAGE_DIGEST", "werf.yaml"] {
        assert!(text.contains(part), "`{part}` is not in {text}");
    }
    for secret in ["correct-horse", "hunter2", "aHVudGVyMg"] {
        assert!(!text.contains(secret), "{text}");
    }
}

#[test]
fn the_daemon_lists_what_is_in_the_image() {
    if !needs(&[Feature::Attestations]) {
        return;
    }
    // A scanner that lists the root directory (`docs/attestations/sbom-protocol.md` of BuildKit).
    let scanner = tempfile::tempdir().unwrap();
    std::fs::write(
        scanner.path().join("scan"),
        "#!/bin/sh\nfor f in \"$BUILDKIT_SCAN_SOURCE\"/*; do names=\"$names,\\\"${f##*/}\\\"\"; done\nprintf '{\"_type\":\"https://in-toto.io/Statement/v0.1\",\"predicateType\":\"https://spdx.dev/Document\",\"predicate\":{\"spdxVersion\":\"SPDX-2.3\",\"names\":[%s]}}' \"${names#,}\" > \"$BUILDKIT_SCAN_DESTINATION/sbom.spdx.json\"\n",
    )
    .unwrap();
    std::fs::write(
        scanner.path().join("Dockerfile"),
        "FROM busybox:latest\nCOPY --chmod=755 scan /scan\nENTRYPOINT [\"/scan\"]\n",
    )
    .unwrap();
    let reference = format!("{}/scanner:{}", Bench::from_env().registry, salt());
    image::push(scanner.path(), &reference);
    let repo = Repo::with_config(&format!(
        "image: app\nfrom: scratch\nshell:\n  install: 'echo {} > /made-here'\n",
        salt()
    ));
    let directory = tempfile::tempdir().unwrap();
    let option = format!("--sbom=generator={reference}");
    to_directory(Build::of(&repo).args([option.as_str()]), directory.path());
    let list = json(directory.path().join("sbom.spdx.json"));
    let names = list["predicate"]["names"].to_string();
    assert!(names.contains(r#""made-here""#), "{names}");
}

#[test]
fn annotations_are_in_the_manifest() {
    if !needs(&[Feature::OciOutput]) {
        return;
    }
    let repo = Repo::with_config("image: app\nfrom: busybox:latest\n");
    let build = Build::of(&repo).args(["--annotation=manifest:org.example.colour=blue"]);
    let (_, manifest) = to_layout(build, "");
    assert_eq!(manifest["annotations"]["org.example.colour"], "blue");
}

#[test]
fn an_image_has_the_same_bytes_whenever_it_is_built() {
    if !needs(&[Feature::OciOutput]) {
        return;
    }
    let repo = Repo::with_config(&format!(
        "image: app\nfrom: busybox:latest\ngit: [{{to: /src}}]\nimport:\n- {{image: lib, add: /made, to: /lib, before: install}}\nshell:\n  install: 'mkdir /d; echo {0} > /d/a'\n  setup: ln -s a /d/b\nimageSpec:\n  config: {{workingDir: /d}}\n---\nimage: lib\nfinal: false\nfrom: busybox:latest\nshell:\n  install: 'mkdir /made; echo {0} > /made/b'\n",
        salt()
    ));
    let digest = |options: &[&str]| {
        let build = Build::of(&repo)
            .args(options.iter().copied())
            .env("SOURCE_DATE_EPOCH", "1700000000");
        to_layout(build, ",rewrite-timestamp=true").0
    };
    let first = digest(&[]);
    assert_eq!(digest(&["--no-cache"]), first);
}
