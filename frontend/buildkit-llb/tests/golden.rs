//! Digests that must not change: each is what Go's client (`client/llb` of BuildKit 0.32) computes for the same
//! operation. A change here renames vertices, and mostly the cache keys of every user.

use buildkit_llb::{
    CacheSharing, ContentCache, CopyFiles, Diff, Differ, Exec, File, Graph, Merge, MkDir, Mount,
    Network, Node, Owner, Platform, RecordType, Security, Source,
};

/// The digest of the one-byte text `x`.
const X: &str = "sha256:2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881";

fn amd64() -> Platform {
    Platform::parse("linux/amd64").expect("a platform")
}

fn image(graph: &mut Graph) -> Node {
    graph.source(Source::image("docker.io/library/busybox:latest").platform(amd64()))
}

fn local(graph: &mut Graph) -> Node {
    graph.source(
        Source::local("context")
            .session("s1")
            .include_patterns(["a", "b<&>"])
            .exclude_patterns(["c"])
            .follow_paths(["d"])
            .shared_key_hint("hint")
            .differ(Differ::None),
    )
}

fn script(graph: &mut Graph) -> Node {
    graph.file(
        None,
        File::new(0)
            .mkfile("/script.sh", 0o755, "echo hello\n")
            .action(MkDir::new("/d/e", 0o700).owner(Owner::ids(1, 0)))
            .rm("/x")
            .symlink("a", "/b"),
    )
}

/// Names the nodes of which the digest is wrong, with the digest that they have.
fn assert_digests<const N: usize>(graph: &Graph, expected: [(&str, Node, &str); N]) {
    let wrong: Vec<String> = expected
        .into_iter()
        .map(|(name, node, expected)| (name, graph.digest(node), expected))
        .filter(|(_, digest, expected)| digest.strip_prefix("sha256:") != Some(expected))
        .map(|(name, digest, _)| format!("{name} is {digest}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn sources_have_the_digests_of_gos_client() {
    let mut graph = Graph::new();
    let image = image(&mut graph);
    let pulled = graph.source(
        Source::image("docker.io/library/busybox:latest")
            .platform(amd64())
            .resolve_mode("pull")
            .record_type(RecordType::Internal)
            .layer_limit(2),
    );
    let local = local(&mut graph);
    let git = graph.source(
        Source::git("https://github.com/moby/buildkit.git", "v0.25.0")
            .directory("cmd/buildctl")
            .keep_git_dir(),
    );
    let ssh = graph.source(
        Source::git("git@example.invalid:a/b.git", "")
            .known_hosts("example.invalid ssh-ed25519 AAAA\n")
            .ssh("id"),
    );
    let http = graph.source(
        Source::http("https://example.org/f")
            .checksum(X)
            .filename("f")
            .mode(0o755)
            .owner(1, 2),
    );
    let secret = graph.source(Source::http("https://example.org/f").auth_secret("AUTH"));
    let layout = graph.source(
        Source::oci_layout("store", X)
            .store("s1", "store")
            .layer_limit(1)
            .platform(amd64()),
    );
    assert_digests(
        &graph,
        [
            (
                "image",
                image,
                "e1432b8e2054abb034451c15f0a8ad49d07f5892ca266016226fec77e95d20a0",
            ),
            (
                "pulled",
                pulled,
                "6f78abd89e1415a0d5cdbcf62aa69a7354a9839f3a8010fd142cc91abe76a65d",
            ),
            (
                "local",
                local,
                "1e9ae962de85b63a2ba8930beb827a7f764268c26a1c3e2dc9d6991d37b2c33b",
            ),
            (
                "git",
                git,
                "406d0392b29db184550291613f8e48a0aa706ca40f3ab905595707a2a7062ace",
            ),
            (
                "ssh",
                ssh,
                "b6196142fe69bcb302f9117cb45b229fde32b5ac96ea56b8471617bf43ad6832",
            ),
            (
                "http",
                http,
                "6927ca320363efcd57181738af034628b9b587014779429cf8e028c07b9c9331",
            ),
            (
                "secret",
                secret,
                "e1928490c1c64446684a9835c3b30f3cc1db02fa651ad671511569ebc8048987",
            ),
            (
                "layout",
                layout,
                "98806058fca18b4f0c25ab997c396497f4bb4f5b089ca93289c206d11204e656",
            ),
        ],
    );
}

#[test]
fn file_actions_have_the_digests_of_gos_client() {
    let mut graph = Graph::new();
    let (image, local, script) = (image(&mut graph), local(&mut graph), script(&mut graph));
    let copied = graph.file(
        Some(image),
        File::new(0)
            .action(
                CopyFiles::new(local, "/src", "/dst")
                    .follow_symlink()
                    .directory_contents()
                    .create_destination()
                    .owner(Owner::parse("app:www")),
            )
            .action(
                CopyFiles::new(script, "/script.sh", "/s")
                    .include_patterns(["i"])
                    .exclude_patterns(["e"]),
            )
            .action(buildkit_llb::Rm::new("/y").must_exist()),
    );
    assert_digests(
        &graph,
        [
            (
                "script",
                script,
                "e8b788d022cddc0a1341223bd0a35fabf6daea93067a579377d0f3764c2c0002",
            ),
            (
                "copied",
                copied,
                "8891da9caeec6d2f2422ae9899cc64e6c5f6fda5a16620e6f1af07cb7b5902f2",
            ),
        ],
    );
}

/// An exec with one of everything that Go's client writes in the same way.
fn exec(graph: &mut Graph) -> Exec {
    let (image, local, script) = (image(graph), local(graph), script(graph));
    Exec::new(["/bin/sh", "-c", "true"])
        .root(Some(image))
        .env("A", "1")
        .env("B", "2")
        .env("A", "3")
        .cwd("/work")
        .user("0:0")
        .network(Network::None)
        .hostname("host")
        .extra_host("db", "10.0.0.1")
        .ulimit("nofile", 1, 2)
        .cgroup_parent("cg")
        .proxy("http", "http://p")
        .platform(amd64())
        .mount(Mount::scratch("/out"))
        .mount(
            Mount::bind("/in", local)
                .readonly()
                .selector("/a")
                .content_cache(ContentCache::Off),
        )
        .mount(Mount::bind("/in2", local))
        .mount(Mount::bind("/a", script).output())
        .mount(Mount::cache("/cache", "id").sharing(CacheSharing::Locked))
        .mount(Mount::tmpfs("/tmp").size(64))
}

#[test]
fn execs_have_the_digests_and_outputs_of_gos_client() {
    let mut graph = Graph::new();
    let image = image(&mut graph);
    let full = exec(&mut graph);
    let full = graph.exec(full);
    let readonly = graph.exec(
        Exec::new(["true"])
            .readonly_root(image)
            .valid_exit_codes([0, 3])
            .security(Security::Insecure)
            .platform(amd64())
            .mount(Mount::scratch("/out")),
    );
    let on_nothing = graph.exec(Exec::new(["x"]).platform(amd64()));

    let definition = graph.definition(full.root());
    let index = |node| {
        graph
            .definition(node)
            .def
            .last()
            .cloned()
            .expect("a terminal operation")
    };
    assert_eq!(Some(&index(full.root())), definition.def.last());
    // Output 0 is not written; 1 and 2 are the last byte.
    let rw = full.output("/a").expect("an output");
    let out = full.output("/out").expect("an output");
    assert_eq!((index(rw).last(), index(out).last()), (Some(&1), Some(&2)));
    assert_eq!(full.output("/in"), None);
    assert_eq!(full.output("/cache"), None);
    assert_eq!(readonly.root(), image, "nothing can be written to it");

    assert_digests(
        &graph,
        [
            (
                "full",
                full.root(),
                "71659bbc1e815a8bad35fb3e9358b21629392814bae8ca518bbe3880d0a63d67",
            ),
            (
                "readonly",
                readonly.output("/out").expect("an output"),
                "b0796a9b50cff29462557cd60d86c4eb37c0adeef0d06f0ea8e7e7e917640da5",
            ),
            (
                "on nothing",
                on_nothing.root(),
                "b44dbd25a947e50d62e1adc43774f5ba1344f4cfa8fa7b7cbdc1abb559adb75c",
            ),
        ],
    );
}

#[test]
fn merges_and_differences_have_the_digests_of_gos_client() {
    let mut graph = Graph::new();
    let (image, script) = (image(&mut graph), script(&mut graph));
    let root = exec(&mut graph);
    let root = graph.exec(root).root();
    // The same layer twice is two inputs: the daemon counts them.
    let merged = graph.merge(Merge::new(image, script).over(image));
    let changes = graph.diff(Diff::new(image, root));
    let nothing = graph.diff(Diff::new(image, image));
    assert_digests(
        &graph,
        [
            (
                "merged",
                merged,
                "da8779bc7f9e25c9705d5b06fc4d9bf80693453001587668ce3f0058d55e67e8",
            ),
            (
                "changes",
                changes,
                "42b70a072d1a28e13e3d548d6c54f19ef3b3f7dd2bcac85c30135b9ffe646121",
            ),
            (
                "nothing",
                nothing,
                "5a3a229eed6e1b07ad1b605b322cd8a5d8abc377c7b058e97788a2d27026ef62",
            ),
        ],
    );
}
