//! The form for people and snapshots.

use buildkit_llb::{
    CacheSharing, ContentCache, CopyFiles, Diff, Exec, File, Graph, Merge, MkFile, Mount, Network,
    Owner, Platform, ProgressGroup, SecretEnv, Source, SourceRange, definition_text,
};
use buildkit_proto::pb;
use prost::Message;

#[test]
fn a_graph_is_shown_with_everything_that_is_in_it() {
    let mut graph = Graph::new();
    let yaml = graph.source_file("werf.yaml", b"...", "YAML");
    let at = |line| {
        [SourceRange {
            file: yaml,
            start: (line, 3),
            end: (line, 20),
        }]
    };
    let platform = Platform::parse("linux/arm64").expect("a platform");
    let base = graph.source(
        Source::image("docker.io/library/debian:12")
            .platform(platform.clone())
            .name("[app 1/2 from] debian")
            .at(at(3)),
    );
    let local = graph.source(
        Source::local("context")
            .session("s1")
            .include_patterns(["a", "b"]),
    );
    let script = graph.file(
        None,
        File::new(0)
            .mkfile("/script.sh", 0o755, "#!/bin/sh\necho \"hello\"\n")
            .action(MkFile::new("/digest", 0o444, "sha").owner(Owner::ids(1, 2)))
            .mkfile("/long", 0o644, "x".repeat(2000))
            .mkfile("/binary", 0o644, [0, 255])
            .symlink("script.sh", "/link")
            .ignore_cache(),
    );
    let outputs = graph.exec(
        Exec::new(["/bin/sh", "-c", "a\nb"])
            .root(Some(base))
            .platform(platform)
            .user("0:0")
            .network(Network::None)
            .hostname("builder")
            .cgroup_parent("group")
            .env("A", "1")
            .secret_env(SecretEnv::new("TOKEN", "token").optional())
            .extra_host("db", "10.0.0.1")
            .ulimit("nofile", 1, 2)
            .proxy("http", "http://user:password@proxy")
            .valid_exit_codes([0, 3])
            .mount(
                Mount::bind("/shell", script)
                    .readonly()
                    .content_cache(ContentCache::Off),
            )
            .mount(
                Mount::cache("/store", "store")
                    .sharing(CacheSharing::Locked)
                    .selector("/tools")
                    .readonly(),
            )
            .mount(Mount::scratch("/out"))
            .mount(Mount::tmpfs("/tmp").size(64))
            .mount(Mount::secret("/run/secret", "id").optional())
            .mount(Mount::ssh("/run/agent", "default").owner(1000, 1000))
            .progress_group(ProgressGroup::new("app", "app").weak())
            .name("[app 2/2 install] npm ci")
            .at(at(7)),
    );
    let copied = graph.file(
        Some(outputs.root()),
        File::new(1)
            .mkdir("/app", 0o755)
            .action(
                CopyFiles::new(local, "/src", "/app")
                    .exclude_patterns(["*.md"])
                    .owner(Owner::parse("app")),
            )
            .rm("/tmp/x"),
    );
    let changes = graph.diff(Diff::new(base, copied));
    let out = outputs.output("/out").expect("an output");
    let merged = graph.merge(Merge::new(changes, out).name("all"));

    let expected = r#"o1 [app 1/2 from] debian
  source docker-image://docker.io/library/debian:12
  platform linux/arm64
  at werf.yaml 3:3 to 3:20
o2
  file on scratch
    1. mkfile /script.sh mode 755 time 0
        | #!/bin/sh
        | echo "hello"
    2. mkfile /digest mode 444 owner 1:2 time 0
        | sha (no newline)
    3. mkfile /long mode 644 time 0
        sha256:5c0e0ea421571c300b5df6aec0a118b5c3dc02e0683a546341d5efc689df2f58 (2000 bytes)
    4. mkfile /binary mode 644 time 0
        sha256:06eb7d6a69ee19e5fbdf749018d3d2abfa04bcbd1365db312eb86dc7169389b8 (2 bytes)
    5. symlink /link to script.sh time 0
  ignore cache
o3 [app 2/2 install] npm ci
  exec "/bin/sh" "-c" "a\nb"
    in /
    as 0:0
    hostname builder
    cgroup below group
    env A = "1"
    host db is 10.0.0.1
    limit nofile 1:2
    proxy for http
    exit codes [0, 3]
    env TOKEN = secret token, optional
    network none
    mount / = o1, output 0
    mount /out = scratch, output 1
    mount /run/agent = ssh default, owner 1000:1000, mode 600
    mount /run/secret = secret id, owner 0:0, mode 400, optional
    mount /shell = o2, read-only, by definition
    mount /store = cache store, locked, path /tools, read-only
    mount /tmp = tmpfs of 64 bytes
  platform linux/arm64
  shown in app (app, weak)
  at werf.yaml 7:3 to 7:20
o4
  source local://context
    local.includepattern = ["a","b"]
    local.session = s1
o5
  file on o3
    1. mkdir /app with parents mode 755 time 1
    2. copy /src of o4 to /app owner app (of o3): time 1
        exclude *.md
    3. rm /tmp/x
o6
  diff from o1 to o5
o7 all
  merge o6, o3 output 1
result o7
needs
  constraints
  diffop
  exec.meta.base
  exec.meta.cgroup.parent
  exec.meta.network
  exec.meta.proxyenv
  exec.meta.setsdefaultpath
  exec.meta.ulimit
  exec.mount.bind
  exec.mount.cache
  exec.mount.cache.content
  exec.mount.cache.sharing
  exec.mount.secret
  exec.mount.selector
  exec.mount.ssh
  exec.mount.tmpfs
  exec.mount.tmpfs.size
  exec.secretenv
  exec.validexitcode
  file.base
  file.copy.includeexcludepatterns
  file.symlink.create
  mergeop
  meta.description
  meta.ignorecache
  platform
  source.image
  source.local
  source.local.includepatterns
  source.local.sessionid
"#;
    assert_eq!(graph.text(merged), expected);
}

#[test]
fn what_cannot_be_read_is_said_to_be_so() {
    let mut graph = Graph::new();
    let node = graph.source(Source::image("a"));
    let mut definition = graph.definition(node);
    // A build operation on the image, which this crate does not know.
    let build = b"\x2a\x02\x08\x00";
    definition
        .def
        .splice(0..0, [build.to_vec(), b"\xff".to_vec()]);
    let stray = pb::Op {
        inputs: vec![pb::Input {
            digest: "sha256:0".to_owned(),
            index: 2,
        }],
        ..pb::Op::default()
    };
    definition.def.push(stray.encode_to_vec());
    let expected = "\
o1
  unknown operation (4 bytes) on nothing
o2
  does not decode: failed to decode Protobuf message: invalid varint
o3
  source docker-image://a
o4
  unknown operation (75 bytes) on o3
result o? output 2
needs
  constraints
  platform
  source.image
";
    assert_eq!(definition_text(&definition), expected);
}
