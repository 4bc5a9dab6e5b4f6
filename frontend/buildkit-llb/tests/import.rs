//! Definitions of the daemon's: what comes in goes out unchanged, and what is malformed does not come in.

use buildkit_llb::{Exec, File, Graph, ImportError, Mount, Node, Source, SourceRange};
use buildkit_proto::pb;
use prost::Message;
use sha2::{Digest as _, Sha256};

/// A definition as the daemon leaves one of the frontend's image, with an operation that nobody here knows.
fn foreign() -> pb::Definition {
    let mut graph = Graph::new();
    let file = graph.source_file("frontend.yaml", b"text", "YAML");
    let at = SourceRange {
        file,
        start: (2, 1),
        end: (2, 5),
    };
    let image = graph.source(
        Source::image("docker.io/library/frontend:1")
            .name("[internal] frontend")
            .at([at]),
    );
    let outputs = graph.exec(
        Exec::new(["true"])
            .root(Some(image))
            .mount(Mount::scratch("/out")),
    );
    let mut definition = graph.definition(outputs.output("/out").expect("an output"));

    // Field 15 of the image and field 9 of its metadata are from the future.
    let mut image = definition.def[0].clone();
    image.extend(b"\x7a\x01x");
    let renamed = digest(&image);
    let exec = pb::Op::decode(definition.def[1].as_slice()).expect("an operation");
    let exec = pb::Op {
        inputs: vec![pb::Input {
            digest: renamed.clone(),
            index: 0,
        }],
        ..exec
    }
    .encode_to_vec();
    let terminal = pb::Op {
        inputs: vec![pb::Input {
            digest: digest(&exec),
            index: 1,
        }],
        ..pb::Op::default()
    };
    let old = digest(&definition.def[0]);
    let metadata = definition
        .metadata
        .remove(&old)
        .expect("metadata of the image");
    definition.metadata = [(renamed.clone(), metadata)].into();
    let source = definition.source.as_mut().expect("places");
    let locations = source.locations.remove(&old).expect("places of the image");
    source.locations.insert(renamed, locations);
    definition.def = vec![image, exec, terminal.encode_to_vec()];
    definition
}

fn digest(bytes: &[u8]) -> String {
    Sha256::digest(bytes)
        .iter()
        .fold("sha256:".to_owned(), |text, byte| {
            format!("{text}{byte:02x}")
        })
}

#[test]
fn an_imported_definition_comes_out_as_it_went_in() {
    let foreign = foreign();
    let mut graph = Graph::new();
    graph.source_file("werf.yaml", b"ours", "YAML");
    let node = graph
        .import(&foreign.encode_to_vec())
        .expect("a definition");
    let definition = graph.definition(node);
    assert_eq!(
        definition.def, foreign.def,
        "the bytes are the same, also of what is not known"
    );
    let image = digest(&foreign.def[0]);
    assert_eq!(definition.metadata[&image], foreign.metadata[&image]);
    assert_eq!(definition.source, foreign.source);
    assert_eq!(graph.digest(node), digest(&foreign.def[1]));
}

#[test]
fn an_imported_definition_can_be_built_upon() {
    let foreign = foreign();
    let mut graph = Graph::new();
    let tools = graph
        .import_definition(foreign.clone())
        .expect("a definition");
    let root = graph
        .exec(Exec::new(["true"]).mount(Mount::bind("/tools", tools).readonly()))
        .root();
    let definition = graph.definition(root);
    assert_eq!(definition.def[..2], foreign.def[..2]);
    let exec = pb::Op::decode(definition.def[2].as_slice()).expect("an operation");
    assert_eq!(
        exec.inputs,
        [pb::Input {
            digest: digest(&foreign.def[1]),
            index: 1
        }]
    );
    assert_eq!(definition.def.len(), 4);
}

#[test]
fn what_is_imported_twice_or_built_as_well_is_one_operation() {
    let mut built = Graph::new();
    let image = |graph: &mut Graph| graph.source(Source::image("a").name("ours"));
    let node = image(&mut built);
    let definition = built.definition(node);

    let mut graph = Graph::new();
    let first = graph
        .import_definition(definition.clone())
        .expect("a definition");
    let second = graph
        .import_definition(definition.clone())
        .expect("a definition");
    assert_eq!(first, second);
    assert_eq!(first, image(&mut graph));
    assert_eq!(graph.definition(first), definition);
}

#[test]
fn malformed_definitions_are_refused_and_leave_no_trace() {
    let good = foreign();
    let with = |change: &dyn Fn(&mut pb::Definition)| {
        let mut definition = good.clone();
        change(&mut definition);
        definition
    };
    let terminal = |inputs: Vec<pb::Input>| {
        pb::Op {
            inputs,
            ..pb::Op::default()
        }
        .encode_to_vec()
    };
    let input = |digest: &str, index| pb::Input {
        digest: digest.to_owned(),
        index,
    };
    let exec = digest(&good.def[1]);
    let image = digest(&good.def[0]);
    let cases: Vec<(&str, pb::Definition, ImportError)> = vec![
        ("nothing", pb::Definition::default(), ImportError::Empty),
        (
            "one operation",
            with(&|d| d.def.truncate(1)),
            ImportError::Empty,
        ),
        (
            "no terminal operation",
            with(&|d| d.def.truncate(2)),
            ImportError::NoTerminal,
        ),
        (
            "an input that is missing",
            with(&|d| drop(d.def.remove(0))),
            ImportError::UnknownInput(image.clone()),
        ),
        (
            "an input that comes later",
            with(&|d| d.def.swap(0, 1)),
            ImportError::UnknownInput(image.clone()),
        ),
        (
            "a terminal operation that points to nothing",
            with(&|d| d.def[2] = terminal(vec![input("sha256:00", 0)])),
            ImportError::UnknownInput("sha256:00".to_owned()),
        ),
        (
            "a terminal operation without input",
            with(&|d| d.def[2] = terminal(Vec::new())),
            ImportError::NoTerminal,
        ),
        (
            "a terminal operation with two inputs",
            with(&|d| d.def[2] = terminal(vec![input(&exec, 0), input(&image, 0)])),
            ImportError::NoTerminal,
        ),
        (
            "a negative output",
            with(&|d| d.def[2] = terminal(vec![input(&exec, -1)])),
            ImportError::NegativeOutput(-1),
        ),
        (
            "a negative output below",
            with(&|d| d.def.insert(1, terminal(vec![input(&image, i64::MIN)]))),
            ImportError::NegativeOutput(i64::MIN),
        ),
        (
            "a place in no file",
            with(&|d| d.source.as_mut().expect("places").infos.clear()),
            ImportError::UnknownFile(0),
        ),
    ];
    for (what, definition, expected) in cases {
        let mut graph = Graph::new();
        assert_eq!(
            graph.import_definition(definition.clone()),
            Err(expected.clone()),
            "{what}"
        );
        assert_eq!(
            graph.import(&definition.encode_to_vec()),
            Err(expected),
            "{what}"
        );
        assert_empty(&graph, what);
    }
    for (what, bytes) in [
        ("a message that ends early", &b"\x0a\x05ab"[..]),
        ("no message", b"\xff\xff\xff"),
        (
            "operations that are none",
            b"\x0a\x02\xff\xff\x0a\x02\xff\xff",
        ),
    ] {
        let mut graph = Graph::new();
        let error = graph.import(bytes);
        assert!(
            matches!(error, Err(ImportError::Encoding(_))),
            "{what}: {error:?}"
        );
        assert_empty(&graph, what);
    }
}

/// Proves that the graph has neither operations nor files: the first of each that is added is the first.
fn assert_empty(graph: &Graph, what: &str) {
    let first = |graph: &mut Graph| -> (Node, usize) {
        (
            graph.file(None, File::new(0).rm("/x")),
            graph.source_file("f", b"", ""),
        )
    };
    assert_eq!(
        first(&mut graph.clone()),
        first(&mut Graph::new()),
        "{what}"
    );
}

#[test]
fn errors_say_what_is_wrong_with_the_definition() {
    for (error, text) in [
        (
            ImportError::Empty,
            "the definition holds no operation that could be solved",
        ),
        (
            ImportError::UnknownInput("sha256:00".to_owned()),
            "the definition refers to operation `sha256:00` before it or without holding it",
        ),
        (
            ImportError::NegativeOutput(-2),
            "the definition refers to an output numbered -2",
        ),
        (
            ImportError::NoTerminal,
            "the definition does not end in a terminal operation",
        ),
        (
            ImportError::UnknownFile(3),
            "the definition refers to source file 3 without holding it",
        ),
    ] {
        assert_eq!(error.to_string(), text);
    }
}

#[test]
fn a_file_comes_out_without_lists_of_places_that_are_empty() {
    let mut graph = Graph::new();
    let dockerfile = graph.file(None, File::new(0).mkfile("/Dockerfile", 0o644, b"FROM x"));
    let mut of_file = graph.definition(dockerfile);
    // As BuildKit writes it, for an operation without a place.
    let source = pb::Source {
        locations: [(digest(&of_file.def[0]), pb::Locations::default())].into(),
        ..pb::Source::default()
    };
    of_file.source = Some(source);
    let mut definition = foreign();
    let source = definition.source.as_mut().expect("places");
    source.infos[0].definition = Some(of_file.clone());

    let node = graph.import_definition(definition).expect("a definition");
    let out = graph.definition(node).source.expect("places");
    let of_file_out = out.infos[0].definition.clone().expect("a definition");
    assert_eq!(of_file_out.def, of_file.def);
    assert!(of_file_out.source.expect("kept").locations.is_empty());
}
