//! Compiles `proto/` without `protoc`.

use std::error::Error;

fn main() -> Result<(), Box<dyn Error>> {
    println!("cargo:rerun-if-changed=proto");
    let files = protox::compile(["gateway.proto"], ["proto"])?;
    tonic_prost_build::configure()
        // Maps are sorted, so that equal messages have equal bytes: they are hashed.
        .btree_map(".")
        .build_server(std::env::var_os("CARGO_FEATURE_SERVER").is_some())
        .build_transport(false)
        .compile_fds(files)?;
    Ok(())
}
