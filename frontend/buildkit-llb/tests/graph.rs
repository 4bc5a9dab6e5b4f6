//! What a graph makes of the operations that are added to it.

use std::collections::BTreeMap;

use buildkit_llb::{
    CacheSharing, CopyFiles, Exec, File, Graph, Mount, Node, Owner, ProgressGroup, SecretEnv,
    Source, SourceRange,
};
use buildkit_proto::pb;
use prost::Message;
use sha2::{Digest as _, Sha256};

/// An operation of a definition.
fn op(definition: &pb::Definition, index: usize) -> pb::Op {
    pb::Op::decode(definition.def[index].as_slice()).expect("an operation")
}

fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold("sha256:".to_owned(), |text, byte| {
            format!("{text}{byte:02x}")
        })
}

/// The last operation before the terminal one.
fn last_op(graph: &Graph, node: Node) -> pb::Op {
    let definition = graph.definition(node);
    op(&definition, definition.def.len() - 2)
}

fn last_exec(graph: &Graph, node: Node) -> pb::ExecOp {
    match last_op(graph, node).op {
        Some(pb::op::Op::Exec(exec)) => exec,
        other => panic!("not an exec: {other:?}"),
    }
}

fn metadata(graph: &Graph, node: Node) -> pb::OpMetadata {
    graph.definition(node).metadata[&graph.digest(node)].clone()
}

fn image(graph: &mut Graph, name: &str) -> Node {
    graph.source(Source::image(&format!("docker.io/library/{name}:latest")))
}

#[test]
fn equal_operations_are_one() {
    let mut graph = Graph::new();
    let first = image(&mut graph, "busybox");
    let second = image(&mut graph, "busybox");
    let other = image(&mut graph, "alpine");
    assert_eq!(first, second);
    assert_ne!(first, other);
    let run = |graph: &mut Graph, root| graph.exec(Exec::new(["true"]).root(Some(root))).root();
    assert_eq!(run(&mut graph, first), run(&mut graph, second));
    let root = run(&mut graph, first);
    assert_eq!(graph.definition(root).def.len(), 3);
}

#[test]
fn a_name_does_not_make_another_operation() {
    let mut graph = Graph::new();
    let plain = graph.source(Source::image("a"));
    let named = graph.source(
        Source::image("a")
            .name("[1/2] a")
            .ignore_cache()
            .at([range(0, 1)]),
    );
    assert_eq!(plain, named);
}

#[test]
fn what_is_said_of_an_operation_twice_adds_up_and_the_first_name_stays() {
    let mut graph = Graph::new();
    let file = graph.source_file("werf.yaml", b"a\nb\n", "YAML");
    graph.source(Source::image("a").at([range(file, 1)]));
    graph.source(Source::image("a").name("first").ignore_cache());
    graph.source(
        Source::image("a")
            .name("second")
            .progress_group(ProgressGroup::new("g", "group").weak()),
    );
    let node = graph.source(
        Source::image("a")
            .at([range(file, 2), range(file, 1)])
            .progress_group(ProgressGroup::new("h", "h")),
    );

    let metadata = metadata(&graph, node);
    assert_eq!(metadata.description["llb.customname"], "first");
    assert!(metadata.ignore_cache);
    assert_eq!(
        metadata.progress_group,
        Some(pb::ProgressGroup {
            id: "g".to_owned(),
            name: "group".to_owned(),
            weak: true
        })
    );
    let source = graph.definition(node).source.expect("places");
    let places = &source.locations[&graph.digest(node)].locations;
    assert_eq!(places.len(), 1, "one file");
    let lines: Vec<i32> = places[0]
        .ranges
        .iter()
        .filter_map(|range| range.start)
        .map(|start| start.line)
        .collect();
    assert_eq!(lines, [1, 2]);
}

/// A range in one line, from its first to its third column.
fn range(file: usize, line: usize) -> SourceRange {
    SourceRange {
        file,
        start: (line, 1),
        end: (line, 3),
    }
}

#[test]
fn a_definition_holds_what_the_node_needs_inputs_first_and_the_terminal_operation_last() {
    let mut graph = Graph::new();
    let unused = image(&mut graph, "unused");
    let top = image(&mut graph, "top");
    let base = image(&mut graph, "base");
    let shared = graph.file(Some(base), File::new(0).mkdir("/a", 0o755));
    let left = graph.exec(Exec::new(["left"]).root(Some(shared))).root();
    let exec = graph.exec(
        Exec::new(["both"])
            .root(Some(left))
            .mount(Mount::bind("/b", shared))
            .mount(Mount::bind("/c", top)),
    );
    let definition = graph.definition(exec.root());

    let expected = [base, shared, left, top, exec.root()].map(|node| graph.digest(node));
    assert_eq!(definition.def.len(), expected.len() + 1);
    assert_eq!(
        definition.metadata.len(),
        definition.def.len(),
        "each operation has metadata"
    );
    assert!(!definition.metadata.contains_key(&graph.digest(unused)));
    for (index, digest) in expected.iter().enumerate() {
        assert_eq!(sha256(&definition.def[index]), *digest, "operation {index}");
        assert!(definition.metadata.contains_key(digest));
        for input in op(&definition, index).inputs {
            assert!(
                expected[..index].contains(&input.digest),
                "operation {index} comes before its input"
            );
        }
    }
    let terminal = op(&definition, definition.def.len() - 1);
    let expected = pb::Op {
        inputs: vec![pb::Input {
            digest: graph.digest(exec.root()),
            index: 0,
        }],
        ..pb::Op::default()
    };
    assert_eq!(terminal, expected, "nothing but an input");
}

#[test]
fn the_terminal_operation_asks_for_what_metadata_needs() {
    let caps = |source: Source| {
        let mut graph = Graph::new();
        let node = graph.source(source);
        let mut definition = graph.definition(node);
        definition.metadata.remove(&graph.digest(node));
        let (_, terminal) = definition
            .metadata
            .pop_first()
            .expect("metadata of the terminal operation");
        terminal.caps.into_keys().collect::<Vec<String>>().join(" ")
    };
    assert_eq!(caps(Source::image("a").into()), "constraints platform");
    assert_eq!(
        caps(Source::image("a").name("a").into()),
        "constraints meta.description platform"
    );
    assert_eq!(
        caps(Source::image("a").name("a").ignore_cache().into()),
        "constraints meta.description meta.ignorecache platform"
    );
}

#[test]
fn only_files_that_are_referred_to_travel_and_are_numbered_anew() {
    let mut graph = Graph::new();
    let unused = graph.source_file("unused", b"u", "YAML");
    let late = graph.source_file("late", b"l", "YAML");
    let early = graph.source_file("early", b"e", "YAML");
    assert_eq!(
        graph.source_file("early", b"e", "YAML"),
        early,
        "an equal file is the same"
    );
    assert_ne!(unused, late);
    let base = graph.source(Source::image("a").at([range(early, 1)]));
    let top = graph.file(
        Some(base),
        File::new(0)
            .rm("/a")
            .at([range(late, 2), range(early, 3), range(99, 4)]),
    );
    let plain = graph.file(None, File::new(0).rm("/a").at([range(99, 1)]));

    let source = graph.definition(top).source.expect("places");
    let names: Vec<&str> = source
        .infos
        .iter()
        .map(|info| info.filename.as_str())
        .collect();
    assert_eq!(names, ["early", "late"]);
    let indices: Vec<i32> = source.locations[&graph.digest(top)]
        .locations
        .iter()
        .map(|location| location.source_index)
        .collect();
    assert_eq!(
        indices,
        [1, 0],
        "the file that the graph does not have is left out"
    );
    let first = source.locations[&graph.digest(base)].locations[0].ranges[0];
    assert_eq!(
        first.start,
        Some(pb::Position {
            line: 1,
            character: 0
        })
    );
    assert_eq!(
        first.end,
        Some(pb::Position {
            line: 1,
            character: 2
        })
    );
    assert_eq!(graph.definition(plain).source, None);
}

#[test]
fn marshalling_never_varies() {
    let definition = |turn: usize| {
        // Everything that has no order is given in another one each time.
        let turned = |count: usize| (0..count).map(move |index| (index + turn) % count);
        let mut graph = Graph::new();
        let nodes: Vec<Node> = turned(3)
            .map(|index| (index, image(&mut graph, ["a", "b", "c"][index])))
            .collect::<BTreeMap<usize, Node>>()
            .into_values()
            .collect();
        let mut local = Source::local("context").session("s");
        for index in turned(4) {
            local = match index {
                0 => local.include_patterns(["i"]),
                1 => local.exclude_patterns(["e"]),
                2 => local.follow_paths(["f"]),
                _ => local.shared_key_hint("h"),
            };
        }
        let local = graph.source(local);
        let mut exec = Exec::new(["true"]).env("A", "1").env("B", "2");
        for index in turned(6) {
            exec = match index {
                0 => exec.mount(Mount::bind("/b", nodes[1])),
                1 => exec.mount(Mount::bind("/c", nodes[2]).output()),
                2 => exec.mount(Mount::scratch("/out")),
                3 => exec.mount(Mount::secret("/secret", "s")),
                4 => exec.mount(Mount::cache("/cache", "id")),
                _ => exec
                    .root(Some(nodes[0]))
                    .mount(Mount::bind("/local", local)),
            };
        }
        let outputs = graph.exec(exec);
        let out = outputs.output("/out").expect("an output");
        let merged = graph.file(
            Some(out),
            File::new(0).copy(outputs.root(), "/", "/").name("copy"),
        );
        graph.definition(merged).encode_to_vec()
    };
    let first = definition(0);
    for turn in 1..25 {
        assert_eq!(definition(turn), first, "turn {turn}");
    }
}

#[test]
fn a_definition_is_read_as_it_was_written() {
    let mut graph = Graph::new();
    let file = graph.source_file("werf.yaml", b"text", "YAML");
    let base = graph.source(Source::image("a").name("a").at([range(file, 1)]));
    let node = graph
        .exec(Exec::new(["true"]).root(Some(base)).ignore_cache())
        .root();
    let definition = graph.definition(node);
    assert_eq!(
        pb::Definition::decode(definition.encode_to_vec().as_slice()),
        Ok(definition)
    );
}

#[test]
fn mounts_are_sorted_inputs_are_shared_and_outputs_are_numbered_in_order() {
    let mut graph = Graph::new();
    let (a, b) = (image(&mut graph, "a"), image(&mut graph, "b"));
    let outputs = graph.exec(
        Exec::new(["true"])
            .mount(Mount::secret("/s", "id"))
            .mount(Mount::scratch("/out"))
            .mount(Mount::ssh("/agent", "default"))
            .mount(Mount::bind("/z", b).output())
            .mount(Mount::tmpfs("/tmp"))
            .mount(Mount::bind("/b", b).readonly())
            .mount(Mount::cache("/c", "id"))
            .root(Some(a)),
    );
    let exec = last_exec(&graph, outputs.root());
    let mounts: Vec<(&str, i64, i64)> = exec
        .mounts
        .iter()
        .map(|mount| (mount.dest.as_str(), mount.input, mount.output))
        .collect();
    assert_eq!(
        mounts,
        [
            ("/", 0, 0),
            ("/agent", -1, -1),
            ("/b", 1, -1),
            ("/c", -1, -1),
            ("/out", -1, 1),
            ("/s", -1, -1),
            ("/tmp", -1, -1),
            ("/z", 1, 2),
        ]
    );
    assert_eq!(last_op(&graph, outputs.root()).inputs.len(), 2);
    let index = |node| {
        graph
            .definition(node)
            .def
            .last()
            .map(|bytes| pb::Op::decode(bytes.as_slice()))
    };
    let index = |node| {
        index(node)
            .expect("a terminal operation")
            .expect("an operation")
            .inputs[0]
            .index
    };
    assert_eq!(index(outputs.root()), 0);
    assert_eq!(outputs.output("/out").map(index), Some(1));
    assert_eq!(outputs.output("/z").map(index), Some(2));
    for destination in ["/b", "/c", "/s", "/tmp", "/agent", "/nowhere"] {
        assert_eq!(outputs.output(destination), None, "{destination}");
    }
}

#[test]
fn an_exec_has_exactly_one_root_and_a_writable_one_is_an_output() {
    let mut graph = Graph::new();
    let a = image(&mut graph, "a");
    let mut roots = |exec: Exec| {
        let node = graph
            .exec(exec.mount(Mount::scratch("/out")))
            .output("/out")
            .expect("an output");
        let exec = last_exec(&graph, node);
        let roots: Vec<(i64, i64, bool)> = exec
            .mounts
            .iter()
            .filter(|mount| mount.dest == "/")
            .map(|mount| (mount.input, mount.output, mount.readonly))
            .collect();
        roots
    };
    assert_eq!(roots(Exec::new(["x"])), [(-1, 0, false)]);
    assert_eq!(roots(Exec::new(["x"]).root(None)), [(-1, 0, false)]);
    assert_eq!(roots(Exec::new(["x"]).root(Some(a))), [(0, 0, false)]);
    assert_eq!(
        roots(Exec::new(["x"]).root(Some(a)).root(None)),
        [(-1, 0, false)]
    );
    assert_eq!(
        roots(Exec::new(["x"]).mount(Mount::bind("/", a))),
        [(0, 0, false)]
    );
    assert_eq!(roots(Exec::new(["x"]).readonly_root(a)), [(0, -1, true)]);
}

#[test]
fn directories_that_only_carried_mounts_are_always_removed() {
    let mut graph = Graph::new();
    let root = graph.exec(Exec::new(["x"])).root();
    let meta = last_exec(&graph, root).meta.expect("meta");
    assert!(meta.remove_mount_stubs_recursive);
    assert_eq!(meta.cwd, "/");
}

#[test]
fn constraints_are_written_though_they_are_empty() {
    let mut graph = Graph::new();
    let source = image(&mut graph, "a");
    let exec = graph.exec(Exec::new(["x"])).root();
    let file = graph.file(None, File::new(0).rm("/x"));
    for node in [source, exec, file] {
        assert_eq!(
            last_op(&graph, node).constraints,
            Some(pb::WorkerConstraints::default())
        );
    }
}

#[test]
fn what_is_set_to_nothing_is_not_written() {
    // Go writes an empty value into a map and prost does not: the daemon would compute another digest.
    let mut graph = Graph::new();
    let plain = graph.source(Source::local("context").session("s"));
    let none: [&str; 0] = [];
    let empty = graph.source(
        Source::local("context")
            .session("s")
            .shared_key_hint("")
            .include_patterns(none)
            .follow_paths(none),
    );
    assert_eq!(plain, empty);
    let image = graph.source(
        Source::image("a")
            .resolve_mode("default")
            .resolve_mode("")
            .checksum(""),
    );
    assert_eq!(image, graph.source(Source::image("a")));
}

#[test]
fn nothing_is_ever_made_now() {
    let mut graph = Graph::new();
    let from = image(&mut graph, "a");
    for (time, written) in [(5, 5), (0, 0), (-1, 0), (i64::MIN, 0)] {
        let node = graph.file(
            None,
            File::new(time)
                .mkdir("/d", 0o755)
                .mkfile("/f", 0o644, "")
                .symlink("f", "/s")
                .copy(from, "/", "/c"),
        );
        let Some(pb::op::Op::File(file)) = last_op(&graph, node).op else {
            panic!("not a file operation")
        };
        for action in file.actions {
            use pb::file_action::Action;
            let timestamp = match action.action.expect("an action") {
                Action::Mkdir(mkdir) => mkdir.timestamp,
                Action::Mkfile(mkfile) => mkfile.timestamp,
                Action::Symlink(symlink) => symlink.timestamp,
                Action::Copy(copy) => copy.timestamp,
                Action::Rm(_) => continue,
            };
            assert_eq!(timestamp, written);
        }
    }
}

#[test]
fn file_actions_build_on_each_other_and_names_are_looked_up_below_the_chain() {
    let mut graph = Graph::new();
    let (base, from) = (image(&mut graph, "base"), image(&mut graph, "from"));
    let node = graph.file(
        Some(base),
        File::new(0)
            .mkdir("/d", 0o755)
            .action(
                CopyFiles::new(from, "/a", "/d")
                    .owner(Owner::parse("app"))
                    .keep_times(),
            )
            .action(CopyFiles::new(base, "/b", "/d"))
            .rm("/x"),
    );
    let op = last_op(&graph, node);
    let Some(pb::op::Op::File(file)) = op.op else {
        panic!("not a file operation")
    };
    assert_eq!(op.inputs.len(), 2, "the base is an input once");
    let numbers: Vec<(i64, i64, i64)> = file
        .actions
        .iter()
        .map(|action| (action.input, action.secondary_input, action.output))
        .collect();
    assert_eq!(numbers, [(0, -1, -1), (2, 1, -1), (3, 0, -1), (4, -1, 0)]);
    let Some(pb::file_action::Action::Copy(copy)) = &file.actions[1].action else {
        panic!("not a copy")
    };
    assert_eq!((copy.timestamp, copy.mode), (-1, -1));
    let user = copy
        .owner
        .as_ref()
        .and_then(|owner| owner.user.clone())
        .and_then(|user| user.user);
    let named = pb::NamedUserOpt {
        name: "app".to_owned(),
        input: 0,
    };
    assert_eq!(user, Some(pb::user_opt::User::ByName(named)));

    let node = graph.file(
        None,
        File::new(0).mkdir("/d", 0o755).mkfile("/d/f", 0o644, "x"),
    );
    let Some(pb::op::Op::File(file)) = last_op(&graph, node).op else {
        panic!("not a file operation")
    };
    let numbers: Vec<(i64, i64)> = file
        .actions
        .iter()
        .map(|action| (action.input, action.output))
        .collect();
    assert_eq!(numbers, [(-1, -1), (0, 0)]);
}

#[test]
fn variables_that_are_set_again_are_replaced() {
    let mut graph = Graph::new();
    let exec = Exec::new(["x"])
        .env("A", "1")
        .env("AB", "2")
        .env("A", "3=4")
        .proxy("all", "p")
        .proxy("socks", "s");
    let root = graph.exec(exec).root();
    let meta = last_exec(&graph, root).meta.expect("meta");
    assert_eq!(meta.env, ["AB=2", "A=3=4"]);
    let proxy = pb::ProxyEnv {
        all_proxy: "p".to_owned(),
        ..pb::ProxyEnv::default()
    };
    assert_eq!(meta.proxy_env, Some(proxy));
    let root = graph
        .exec(Exec::new(["x"]).proxy("socks", "s").proxy("http", ""))
        .root();
    assert_eq!(last_exec(&graph, root).meta.expect("meta").proxy_env, None);
}

#[test]
fn what_is_used_is_asked_of_the_daemon() {
    let path = "exec.meta.setsdefaultpath";
    let cases: [(Exec, String); 12] = [
        (
            Exec::new(["x"]),
            format!("exec.meta.base {path} exec.mount.bind"),
        ),
        (
            Exec::new(["x"]).env("PATH", "/bin"),
            "exec.meta.base exec.mount.bind".to_owned(),
        ),
        (
            Exec::new(["x"]).ulimit("core", 0, 0),
            format!("exec.meta.base {path} exec.meta.ulimit exec.mount.bind"),
        ),
        (
            Exec::new(["x"]).cgroup_parent("g"),
            format!("exec.meta.base exec.meta.cgroup.parent {path} exec.mount.bind"),
        ),
        (
            Exec::new(["x"]).network(buildkit_llb::Network::Host),
            format!("exec.meta.base exec.meta.network {path} exec.mount.bind"),
        ),
        (
            Exec::new(["x"]).secret_env(SecretEnv::new("N", "id").optional()),
            format!("exec.meta.base {path} exec.mount.bind exec.secretenv"),
        ),
        (
            Exec::new(["x"]).mount(
                Mount::cache("/c", "id")
                    .sharing(CacheSharing::Private)
                    .selector("/s"),
            ),
            format!(
                "exec.meta.base {path} exec.mount.bind exec.mount.cache exec.mount.cache.sharing exec.mount.selector"
            ),
        ),
        (
            Exec::new(["x"]).mount(Mount::tmpfs("/t").size(1)),
            format!("exec.meta.base {path} exec.mount.bind exec.mount.tmpfs exec.mount.tmpfs.size"),
        ),
        (
            Exec::new(["x"]).mount(Mount::secret("/s", "s")),
            format!("exec.meta.base {path} exec.mount.bind exec.mount.secret"),
        ),
        (
            Exec::new(["x"]).mount(Mount::ssh("/s", "s")),
            format!("exec.meta.base {path} exec.mount.bind exec.mount.ssh"),
        ),
        (
            Exec::new(["x"]).security(buildkit_llb::Security::Insecure),
            format!("exec.meta.base exec.meta.security {path} exec.mount.bind"),
        ),
        (
            Exec::new(["x"]).valid_exit_codes([1]),
            format!("exec.meta.base {path} exec.mount.bind exec.validexitcode"),
        ),
    ];
    for (exec, expected) in cases {
        let mut graph = Graph::new();
        let root = graph.exec(exec).root();
        let caps: Vec<String> = metadata(&graph, root).caps.into_keys().collect();
        assert_eq!(caps.join(" "), expected);
    }

    let mut graph = Graph::new();
    let a = image(&mut graph, "a");
    let writable = graph
        .exec(Exec::new(["x"]).mount(Mount::bind("/a", a)))
        .root();
    assert!(
        metadata(&graph, writable)
            .caps
            .contains_key("exec.mount.bind.readwrite-nooutput")
    );
    let readonly = graph
        .exec(Exec::new(["x"]).mount(Mount::bind("/a", a).readonly()))
        .root();
    assert!(
        !metadata(&graph, readonly)
            .caps
            .contains_key("exec.mount.bind.readwrite-nooutput")
    );
    let by_definition = Mount::bind("/a", a).content_cache(buildkit_llb::ContentCache::Off);
    let by_definition = graph.exec(Exec::new(["x"]).mount(by_definition)).root();
    assert!(
        metadata(&graph, by_definition)
            .caps
            .contains_key("exec.mount.cache.content")
    );

    let copy = CopyFiles::new(a, "/", "/")
        .exclude_patterns(["x"])
        .required_paths(["y"])
        .replace_existing();
    let file = graph.file(
        None,
        File::new(0)
            .action(copy)
            .symlink("a", "/b")
            .action(buildkit_llb::Rm::new("/*").wildcard()),
    );
    let caps: Vec<String> = metadata(&graph, file).caps.into_keys().collect();
    assert_eq!(
        caps,
        [
            "file.base",
            "file.copy.alwaysreplaceexistingdestpaths",
            "file.copy.includeexcludepatterns",
            "file.copy.requiredpaths",
            "file.rm.wildcard",
            "file.symlink.create",
        ]
    );
}
