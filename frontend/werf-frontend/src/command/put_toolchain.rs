//! Puts the ansible tool chain into STORE, as the gateway has it done inside the build graph
//! ([`werf_frontend::gateway::toolchain`] writes its arguments).

use std::path::PathBuf;
use std::process::ExitCode;

use stapel_sync::store::toolchains;
use stapel_sync::store::tools::install_tools;
use werf_plan::agreed::put_toolchain as flag;

use super::terminal;

/// What is told.
#[derive(clap::Args)]
pub struct PutToolchain {
    /// Where the image of the tool chain is mounted
    #[arg(long = flag::FROM, value_name = "DIR")]
    from: PathBuf,
    /// The directory shared by all builds
    #[arg(long = flag::STORE, value_name = "DIR")]
    store: PathBuf,
    /// The tool chain's name there
    #[arg(long = flag::NAME, value_name = "NAME")]
    name: String,
    /// The tools of every stage, which are put there, too
    #[arg(long = flag::TOOLS, value_name = "DIR")]
    tools: PathBuf,
}

impl PutToolchain {
    /// Copies it, where it is not there.
    ///
    /// STORE may be another one than PLAN has filled, or empty if the plan comes from the cache. A stage that found the tool chain there and no
    /// `stapel-sync` could not even be started, and nobody would know that STORE is to blame.
    pub fn run(self) -> ExitCode {
        let put = install_tools(&self.store, &self.tools)
            .and_then(|()| toolchains::install(&self.store, &self.from, &self.name));
        terminal::report_filled(put)
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use werf_plan::agreed::TOOLS;

    use super::*;

    #[test]
    fn a_store_with_the_tool_chain_has_the_tools_that_start_a_stage() {
        let directory = tempfile::tempdir().expect("a directory");
        let at = |path: &str| directory.path().join(path);
        for file in ["from/embedded/bin/python3", "tools/bin/stapel-sync"] {
            let path = at(file);
            fs::create_dir_all(path.parent().expect("a directory")).expect("made");
            fs::write(path, file).expect("written");
        }
        let command = PutToolchain {
            from: at("from"),
            store: at("store"),
            name: "0123".into(),
            tools: at("tools"),
        };
        fs::create_dir(at("store")).expect("made");
        assert_eq!(command.run(), ExitCode::SUCCESS);
        let tool = fs::read(at("store").join(TOOLS).join("bin/stapel-sync"));
        assert_eq!(tool.expect("it is there"), b"tools/bin/stapel-sync");
        assert!(at("store/ansible/0123/embedded/bin/python3").is_file());
    }
}
