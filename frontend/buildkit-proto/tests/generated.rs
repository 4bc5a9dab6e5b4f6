//! The code in `generated/` is what `proto/` says: made here without `protoc`, and compared.
//!
//! `WERF_PROTO=write cargo test -p buildkit-proto` writes it. It is kept, because the compiler of `.proto` files takes longer to be compiled
//! than all messages do.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

/// Generates the code of `proto/` into a directory and returns it by the names of the files.
fn generated(out: &Path) -> BTreeMap<String, String> {
    let files = protox::compile(["gateway.proto"], ["proto"]).expect("proto/ is right");
    tonic_prost_build::configure()
        // Maps are sorted, so that equal messages have equal bytes: they are hashed.
        .btree_map(".")
        .server_mod_attribute(".", "#[cfg(feature = \"server\")]")
        .build_transport(false)
        .out_dir(out)
        .compile_fds(files)
        .expect("code of proto/");
    read(out)
}

fn read(dir: &Path) -> BTreeMap<String, String> {
    let entries = fs::read_dir(dir).expect("a directory");
    entries
        .map(|entry| {
            let path = entry.expect("a file").path();
            let name = path.file_name().expect("a name").to_string_lossy();
            (name.into_owned(), fs::read_to_string(&path).expect("text"))
        })
        .collect()
}

#[test]
fn the_generated_code_is_that_of_the_proto_files() {
    let out = tempfile::tempdir().expect("a directory");
    let expected = generated(out.path());
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("generated");
    if std::env::var_os("WERF_PROTO").is_some_and(|it| it == "write") {
        for (name, text) in &expected {
            fs::write(kept.join(name), text).expect("the file can be written");
        }
    }
    let found = read(&kept);
    assert_eq!(
        found.keys().collect::<Vec<_>>(),
        expected.keys().collect::<Vec<_>>()
    );
    for (name, text) in expected {
        assert!(
            found[&name] == text,
            "generated/{name} is not what proto/ says: WERF_PROTO=write cargo test -p buildkit-proto writes it"
        );
    }
}
