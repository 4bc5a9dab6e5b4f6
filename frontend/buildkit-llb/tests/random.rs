//! Facts that hold for every graph, tried on graphs made at random from fixed seeds.

use buildkit_llb::{
    BindMount, CacheSharing, ContentCache, CopyFiles, Diff, Differ, Exec, File, Graph, Merge,
    MkDir, MkFile, Mount, Network, Node, Owner, Platform, ProgressGroup, Rm, SecretEnv, Security,
    Source, SourceRange, Symlink, definition_text,
};
use buildkit_proto::pb;
use prost::Message;

/// Numbers that look random and are the same in every run (xorshift).
struct Random(u64);

impl Random {
    fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 11) as usize % limit
    }

    fn coin(&mut self) -> bool {
        self.below(2) == 0
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len())]
    }

    fn word(&mut self) -> String {
        let words = [
            "",
            "a",
            "/b",
            "c d",
            "\u{e9}\u{4e16}",
            "e=f",
            "\"<&>\n",
            "/usr/local/bin",
            "x\u{0}y",
        ];
        let mut word = self.pick(&words).to_owned();
        if self.below(8) == 0 {
            word = word.repeat(200);
        }
        word
    }

    fn words(&mut self) -> Vec<String> {
        (0..self.below(4)).map(|_| self.word()).collect()
    }

    fn number(&mut self) -> i64 {
        self.pick(&[0, 1, -1, 127, 128, 300, i64::MAX, i64::MIN])
    }

    fn small(&mut self) -> u32 {
        self.pick(&[0, 1, 0o644, 1000, 65_534, u32::MAX])
    }
}

/// Makes a graph and names its last node.
fn graph(seed: u64) -> (Graph, Node) {
    let random = &mut Random::new(seed);
    let mut graph = Graph::new();
    let file = graph.source_file("werf.yaml", b"text", "YAML");
    let mut nodes = vec![source(random, &mut graph)];
    for _ in 0..=random.below(12) {
        let node = match random.below(6) {
            0 => source(random, &mut graph),
            1 => {
                let merge = Merge::new(random.pick(&nodes), random.pick(&nodes));
                let merge = if random.coin() {
                    merge
                } else {
                    merge.over(random.pick(&nodes))
                };
                graph.merge(merge.name(random.word()))
            }
            2 => graph.diff(Diff::new(random.pick(&nodes), random.pick(&nodes))),
            3 => {
                let base = random.coin().then(|| random.pick(&nodes));
                let file = file_actions(random, &nodes);
                graph.file(base, file)
            }
            _ => {
                let line = 1 + random.below(9);
                let at = SourceRange {
                    file,
                    start: (line, 1),
                    end: (line, 2),
                };
                let exec = exec(random, &nodes).at([at]);
                let outputs = graph.exec(exec);
                if random.coin() {
                    outputs.root()
                } else {
                    outputs.output("/out").unwrap_or(outputs.root())
                }
            }
        };
        nodes.push(node);
    }
    let last = nodes[nodes.len() - 1];
    (graph, last)
}

fn source(random: &mut Random, graph: &mut Graph) -> Node {
    let word = random.word();
    match random.below(4) {
        0 => {
            let image = Source::image(&word)
                .name(random.word())
                .resolve_mode(random.pick(&["", "pull", "local"]));
            let platform =
                Platform::parse(random.pick(&["linux/amd64", "linux/arm/v7", "windows/amd64"]));
            graph.source(if random.coin() {
                image
            } else {
                image.platform(platform.expect("a platform"))
            })
        }
        1 => {
            let local = Source::local(&word)
                .session(&random.word())
                .include_patterns(random.words())
                .follow_paths(random.words());
            graph.source(if random.coin() {
                local
            } else {
                local.differ(Differ::None).ignore_cache()
            })
        }
        2 => graph.source(
            Source::git(&format!("https://host/{word}"), &random.word()).directory(&random.word()),
        ),
        _ => graph.source(
            Source::http(&word)
                .filename(&random.word())
                .mode(random.small())
                .owner(0, 1),
        ),
    }
}

fn file_actions(random: &mut Random, nodes: &[Node]) -> File {
    let mut file = File::new(random.number()).name(random.word());
    for _ in 0..=random.below(4) {
        let owner = match random.below(3) {
            0 => Owner::default(),
            1 => Owner::ids(random.small(), 0),
            _ => Owner::parse("app:www"),
        };
        file = match random.below(5) {
            0 => {
                file.action(MkFile::new(random.word(), random.small(), random.word()).owner(owner))
            }
            1 => file.action(MkDir::new(random.word(), random.small()).owner(owner)),
            2 => file.action(Symlink::new(random.word(), random.word()).owner(owner)),
            3 => file.action(Rm::new(random.word()).wildcard()),
            _ => {
                let copy = CopyFiles::new(random.pick(nodes), random.word(), random.word())
                    .owner(owner)
                    .include_patterns(random.words());
                file.action(if random.coin() {
                    copy.keep_times()
                } else {
                    copy.mode(random.small()).unpack()
                })
            }
        };
    }
    file
}

fn exec(random: &mut Random, nodes: &[Node]) -> Exec {
    let mut exec = Exec::new(random.words())
        .root(random.coin().then(|| random.pick(nodes)))
        .env(&random.word(), random.word())
        .cwd(&random.word())
        .user(&random.word())
        .hostname(&random.word())
        .network(random.pick(&[Network::Sandbox, Network::Host, Network::None]))
        .security(random.pick(&[Security::Sandbox, Security::Insecure]))
        .ulimit("nofile", random.number(), random.number())
        .extra_host(&random.word(), &random.word())
        .proxy("http", &random.word())
        .name(random.word());
    if random.coin() {
        exec = exec
            .valid_exit_codes([0, 127, 128, -1])
            .progress_group(ProgressGroup::new("g", random.word()));
    }
    if random.coin() {
        exec = exec.secret_env(SecretEnv::new(random.word(), random.word()).optional());
    }
    for _ in 0..random.below(5) {
        let destination = format!("/{}", random.word());
        exec = match random.below(6) {
            0 => exec.mount(Mount::tmpfs(destination).size(random.number().unsigned_abs())),
            1 => exec.mount(
                Mount::secret(destination, random.word())
                    .mode(random.small())
                    .optional(),
            ),
            2 => exec.mount(Mount::ssh(destination, random.word()).owner(random.small(), 0)),
            3 => exec.mount(Mount::scratch("/out")),
            4 => exec.mount(
                Mount::cache(destination, random.word()).sharing(random.pick(&[
                    CacheSharing::Shared,
                    CacheSharing::Private,
                    CacheSharing::Locked,
                ])),
            ),
            _ => exec.mount(bind(random, destination, nodes)),
        };
    }
    exec
}

fn bind(random: &mut Random, destination: String, nodes: &[Node]) -> BindMount {
    let content_cache = random.pick(&[ContentCache::Default, ContentCache::On, ContentCache::Off]);
    let bind = Mount::bind(destination, random.pick(nodes))
        .selector(random.word())
        .content_cache(content_cache);
    if random.coin() {
        bind.readonly()
    } else {
        bind.output()
    }
}

/// Decodes an operation and encodes it again as the daemon does: what is in the `oneof` comes last.
fn recode(bytes: &[u8]) -> Vec<u8> {
    let mut op = pb::Op::decode(bytes).expect("an operation");
    let kind = pb::Op {
        op: op.op.take(),
        ..pb::Op::default()
    };
    [op.encode_to_vec(), kind.encode_to_vec()].concat()
}

#[test]
fn the_daemon_computes_the_digests_that_the_graph_has() {
    for seed in 0..500 {
        let (graph, node) = graph(seed);
        let definition = graph.definition(node);
        for (index, bytes) in definition.def.iter().enumerate() {
            assert!(
                recode(bytes) == *bytes,
                "seed {seed}, operation {index}:\n{}",
                definition_text(&definition)
            );
        }
    }
}

#[test]
fn a_definition_that_is_imported_is_the_same_definition() {
    for seed in 0..500 {
        let (graph, node) = graph(seed);
        let definition = graph.definition(node);
        let mut other = Graph::new();
        let imported = other
            .import(&definition.encode_to_vec())
            .expect("a definition of our own");
        assert_eq!(other.definition(imported), definition, "seed {seed}");
        assert_eq!(other.text(imported), graph.text(node), "seed {seed}");
    }
}

#[test]
fn damaged_definitions_are_refused_or_read_but_nothing_panics() {
    for seed in 0..2000 {
        let random = &mut Random::new(seed);
        let (graph, node) = graph(seed % 50);
        let mut bytes = graph.definition(node).encode_to_vec();
        for _ in 0..=random.below(4) {
            let at = random.below(bytes.len());
            match random.below(4) {
                0 => bytes[at] = random.below(256) as u8,
                1 => bytes[at] ^= 1 << random.below(8),
                2 => bytes.truncate(at + 1),
                _ => drop(bytes.splice(at..at, [0xff; 3])),
            }
        }
        let mut other = Graph::new();
        if let Ok(node) = other.import(&bytes) {
            other.definition(node);
            other.text(node);
        }
        if let Ok(definition) = pb::Definition::decode(bytes.as_slice()) {
            definition_text(&definition);
        }
    }
}
