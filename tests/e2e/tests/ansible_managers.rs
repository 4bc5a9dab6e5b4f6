//! Ansible modules for package managers, with the programs themselves: they install packages that are made in the build,
//! so nothing is fetched but the programs, from Debian's mirror.

use std::path::Path;

use e2e::ansible::with_ansible;
use e2e::{Build, Repo};

/// Runs the tasks of a file below `ansible/managers` on the image that a directory there makes, then a script in the result,
/// and returns what the script prints.
fn installed(base: &str, tasks: &str, script: &str) -> String {
    let indented = |text: &str, by: usize| {
        let indent = format!("\n{}", " ".repeat(by));
        text.trim_end().replace('\n', &indent)
    };
    let config = [
        format!("image: programs\nfinal: false\ndockerfile: Dockerfile\ncontext: {base}\n"),
        // Without a network, but for the container's own.
        format!(
            "image: app\nfrom: programs\nfinal: false\nnetwork: none\nansible:\n  install:\n  - command: \"true\"\n    name: {}\n  {}\n",
            e2e::salt(),
            indented(tasks, 2)
        ),
        // Without the tool chain, and without exporting an image with all these programs.
        format!(
            "image: checked\nfrom: app\nfinal: false\nshell:\n  install:\n  - |\n    exec > /report\n    {}\n",
            indented(script, 4)
        ),
        "image: report\nfrom: scratch\nimport:\n- image: checked\n  add: /report\n  to: /report\n  before: setup\n"
            .to_owned(),
    ]
    .join("---\n");
    let repo = Repo::new();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/ansible/managers");
    for file in std::fs::read_dir(fixtures.join(base)).unwrap() {
        let file = file.unwrap();
        let name = format!("{base}/{}", file.file_name().to_str().unwrap());
        repo.write(&name, std::fs::read(file.path()).unwrap());
    }
    repo.commit_config(&config);
    let (_, tree) = with_ansible(Build::of(&repo)).tree();
    tree.text("report").unwrap()
}

#[test]
fn dnf_yum_and_rpm_keys() {
    insta::assert_snapshot!(installed(
        "rpm",
        include_str!("ansible/managers/dnf.yaml"),
        include_str!("ansible/managers/dnf.sh")
    ));
}

#[test]
fn zypper_and_its_repositories() {
    insta::assert_snapshot!(installed(
        "rpm",
        include_str!("ansible/managers/zypper.yaml"),
        include_str!("ansible/managers/zypper.sh")
    ));
}

#[test]
fn pacman() {
    insta::assert_snapshot!(installed(
        "pacman",
        include_str!("ansible/managers/pacman.yaml"),
        include_str!("ansible/managers/pacman.sh")
    ));
}

#[test]
fn npm_and_yarn() {
    insta::assert_snapshot!(installed(
        "node",
        include_str!("ansible/managers/node.yaml"),
        include_str!("ansible/managers/node.sh")
    ));
}

#[test]
fn languages() {
    insta::assert_snapshot!(installed(
        "languages",
        include_str!("ansible/managers/languages.yaml"),
        include_str!("ansible/managers/languages.sh")
    ));
}
