//! Ansible stages: what tasks do in images that have no python, what is cached, and what a person sees of a failure.

use e2e::ansible::{toolchain, with_ansible, with_toolchain};
use e2e::image::{docker, push};
use e2e::{Bench, Build, Repo};

/// Runs the tasks of a file beside this one as `install`, in an image of its own.
fn tasks(from: &str, tasks: &str) -> Repo {
    let indented = tasks.replace('\n', "\n  ");
    Repo::with_config(&format!(
        "image: app\nfrom: {from}\nansible:\n  install:\n  - command: \"true\"\n    name: {}\n  {}\n",
        e2e::salt(),
        indented.trim_end()
    ))
}

#[test]
fn modules_work_in_debian_and_leave_nothing_behind() {
    let built = with_ansible(Build::of(&tasks(
        "debian:bookworm-slim",
        include_str!("ansible/debian.yaml"),
    )))
    .ok();
    let checks = built
        .image
        .run(&["sh", "-c", include_str!("ansible/debian.sh")]);
    insta::assert_snapshot!(checks);
    let is_ours = |path: &String| path.contains("ansible") || path.starts_with(".werf");
    let left: Vec<String> = built.image.paths().into_iter().filter(is_ours).collect();
    assert_eq!(left, [""; 0]);
}

#[test]
fn modules_work_where_there_is_almost_nothing() {
    let built = with_ansible(Build::of(&tasks(
        "busybox:latest",
        include_str!("ansible/busybox.yaml"),
    )))
    .ok();
    built.says(&["* command", "from the image: busybox", "changed ("]);
    let made: Vec<String> = built
        .image
        .paths()
        .into_iter()
        .filter(|path| path.starts_with("made/"))
        .collect();
    insta::assert_snapshot!(made.join("\n"));
    let paths = built.image.paths();
    assert!(
        !paths
            .iter()
            .any(|path| path.contains("werf") || path.contains("ansible")),
        "{paths:?}"
    );
}

/// What a program says is in the log before the task ends, and only once.
#[test]
fn programs_are_heard_while_they_run() {
    let tasks = tasks(
        "busybox:latest",
        "- copy: {dest: /script, mode: 0755, content: \"#!/bin/sh\\necho heard of script; sleep 1\\n\"}
- shell: echo 'someone:x:4242:4242::/:/bin/sh' >> /etc/passwd
- shell: echo heard of shell; sleep 1
- raw: echo heard of raw; sleep 1
- script: /script
- raw: echo heard of another >&2; sleep 1
  become: yes
  become_user: someone
- raw: echo this is a secret
  no_log: yes
",
    );
    let built = with_ansible(Build::of(&tasks)).ok();
    let words: Vec<(f64, &str)> = built
        .log
        .lines()
        .filter_map(|line| line.strip_prefix('#')?.split_once(' ')?.1.split_once(' '))
        .filter_map(|(time, words)| Some((time.parse().ok()?, words)))
        .collect();
    for who in ["shell", "raw", "script", "another"] {
        let said = format!("heard of {who}");
        let heard: Vec<usize> = (0..words.len()).filter(|at| words[*at].1 == said).collect();
        let [at] = heard[..] else {
            panic!("`{said}` is there {} times:\n{}", heard.len(), built.log)
        };
        let (time, ended) = words[at + 1];
        assert!(ended.starts_with("  changed ("), "{}", built.log);
        assert!(time - words[at].0 > 0.5, "{}", built.log);
    }
    for hidden in ["BECOME", "is a secret\n"] {
        assert!(!built.log.contains(hidden), "{}", built.log);
    }
}

#[test]
fn modules_work_where_there_is_nothing_at_all() {
    let tasks = tasks("scratch", include_str!("ansible/scratch.yaml"));
    let built = with_ansible(Build::of(&tasks)).ok();
    assert_eq!(built.image.file("/made/copied").unwrap(), "x");
    assert_eq!(built.image.file("/made/shell").unwrap(), "from bash\n");
    let paths = built.image.paths();
    let expected = [
        "made/",
        "made/copied",
        "made/key",
        "made/lines.tgz",
        "made/shell",
    ];
    assert_eq!(paths, expected, "and nothing of ours");
}

#[test]
fn a_failing_task_is_shown_by_its_lines() {
    let repo = Repo::with_config(&format!(
        "image: app\nfrom: busybox:latest\nansible:\n  setup:\n  - debug: msg={}\n  - block:\n    - shell: echo before\n    - name: Break\n      shell: echo 'this is why' >&2; exit 3\n    tags: here\n  - raw: echo never\n",
        e2e::salt()
    ));
    let built = with_ansible(Build::of(&repo)).fails();
    built.says(&["this is why", "FAILED", "exit code 3"]);
    assert!(!built.log.contains("* raw"), "{}", built.log);
    let error = built.error();
    assert!(
        error.contains("werf.yaml:10:5: task 2 of stage `setup` of image `app` failed"),
        "{error}"
    );
    assert!(error.contains("10 | >>>   - block:"), "{error}");
    assert!(!error.contains(">>>   - debug"), "{error}");
}

#[test]
fn under_as_layers_every_task_is_a_layer() {
    let config = |last: &str| {
        format!(
            "image: app\nfrom: busybox:latest\nasLayers: true\nansible:\n  setup:\n  - copy: dest=/one content={0}\n  - copy: dest=/two content={0}\n  - {last}\n",
            e2e::salt()
        )
    };
    let repo = Repo::with_config(&config("command: /no/such/program"));
    let error = with_ansible(Build::of(&repo)).fails().error();
    assert!(
        error.contains("werf.yaml:12:5: task 3 of stage `setup` of image `app` failed"),
        "{error}"
    );
    repo.commit_config(&config("copy: dest=/three content=c"));
    let built = with_ansible(Build::of(&repo)).ok();
    assert_eq!(built.image.file("/three").unwrap(), "c");
    let layers = |image: &str| {
        let format = "{{len .RootFS.Layers}}";
        let said = docker(&["image", "inspect", "--format", format, image]);
        said.trim().parse::<usize>().unwrap()
    };
    assert_eq!(layers(built.image.tag()), layers("busybox:latest") + 3);
}

#[test]
fn only_what_matters_reruns_a_stage() {
    let salt = e2e::salt();
    let stamp = "shell: read -r id < /proc/sys/kernel/random/uuid; echo $id > /stamp";
    let config =
        |tasks: &str| format!("image: app\nfrom: busybox:latest\nansible:\n  install:\n{tasks}");
    let first = format!("  - {stamp}\n    name: {salt}\n    tags: a\n");
    let repo = Repo::with_config(&config(&first));
    let stamp_of = |build: Build| build.ok().image.file("/stamp").unwrap();
    let one = stamp_of(with_ansible(Build::of(&repo)));
    repo.commit_config(&config(&format!(
        "  # a comment\n  - tags: [a]\n    name: \"{salt}\"\n    {stamp}\n"
    )));
    assert_eq!(
        stamp_of(with_ansible(Build::of(&repo))),
        one,
        "comments and the order of keys"
    );

    let other = another_toolchain();
    assert_eq!(
        stamp_of(with_toolchain(Build::of(&repo), &other)),
        one,
        "another tool chain"
    );
    repo.commit_config(&config(&first.replace("tags: a", "tags: b")));
    assert_ne!(
        stamp_of(with_toolchain(Build::of(&repo), &other)),
        one,
        "another task, with the other tool chain"
    );
}

/// Makes a tool chain with a file more, named by a tag.
fn another_toolchain() -> String {
    let context = tempfile::tempdir().unwrap();
    std::fs::write(
        context.path().join("Dockerfile"),
        format!("FROM {}\nCOPY Dockerfile /note\n", toolchain()),
    )
    .unwrap();
    let reference = format!(
        "{}/stapel-of-tomorrow:{}",
        Bench::from_env().registry,
        std::process::id()
    );
    push(context.path(), &reference);
    reference
}

#[test]
fn without_tasks_no_tool_chain_is_asked_for() {
    let repo =
        Repo::with_config("image: app\nfrom: busybox:latest\nshell:\n  install: echo plain\n");
    let nowhere = format!("{}/no-such-image:1", Bench::from_env().registry);
    let built = with_toolchain(Build::of(&repo), &nowhere).ok();
    assert!(!built.log.contains("tool chain"), "{}", built.log);

    let repo = tasks("busybox:latest", "- debug: msg=x\n");
    let error = with_toolchain(Build::of(&repo), &nowhere).fails().error();
    assert!(
        error.contains("ansible tool chain") && error.contains("no-such-image"),
        "{error}"
    );
    let error = Build::of(&repo).fails().error();
    assert!(
        error.contains("this frontend names no ansible tool chain; give its image"),
        "{error}"
    );
}

#[test]
fn the_sources_are_there_and_the_commit_is_known() {
    let repo = Repo::new();
    repo.write("site/index", "one");
    repo.commit_config(&format!(
        "image: app\nfrom: busybox:latest\ngit:\n- add: /site\n  to: /site\nansible:\n  setup:\n  - copy: {{src: /site/index, dest: /copied, remote_src: yes}}\n    name: {}\n  - shell: echo $WERF_COMMIT_HASH > /commit\n",
        e2e::salt()
    ));
    let built = with_ansible(Build::of(&repo)).ok();
    assert_eq!(built.image.file("/copied").unwrap(), "one");
    assert_eq!(built.image.file("/commit").unwrap().trim().len(), 40);
    assert_eq!(built.image.file("/site/index").unwrap(), "one");
}

#[test]
fn the_example_builds_and_runs() {
    let repo = Repo::example("ansible-app");
    let built = with_ansible(Build::of(&repo)).ok();
    built.says(&["Configure blog.example"]);
    assert_eq!(
        built.image.run(&["id", "-Gn", "proxy-app"]),
        "proxy-app logs\n"
    );
    let files = [
        "cat",
        "/etc/nginx/conf.d/blog.example.conf",
        "/srv/public/index.html",
    ];
    let said = built.image.run(&files);
    assert!(
        said.contains("server_name blog.example;") && said.contains("It works"),
        "{said}"
    );
    built.image.run(&["nginx", "-t"]);
}
