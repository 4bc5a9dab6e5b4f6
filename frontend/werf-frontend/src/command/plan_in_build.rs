//! PLAN, as the gateway has it run inside the build graph ([`werf_frontend::gateway::plan_graph`] writes its arguments).

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use werf_frontend::git::repo::MAX_CONFIG_BYTES;
use werf_frontend::helper::baseline::BaselineLayer;
use werf_frontend::helper::dev::SentWorkTree;
use werf_frontend::helper::locate::ConfigQuery;
use werf_frontend::helper::plan::{self, PlanRequest};
use werf_frontend::helper::uncommitted::ClientFiles;
use werf_plan::agreed::DEFAULT_NAMES;
use werf_plan::agreed::plan_in_build as flag;
use werf_plan::remote::GivenRemote;

use super::{build_args, terminal};

/// What PLAN is told.
#[derive(clap::Args)]
pub struct PlanInBuild {
    /// The git directory
    #[arg(long = flag::GIT_DIR, value_name = "DIR")]
    git_dir: PathBuf,
    /// A directory that stands for it: it is one, or has one as .git
    #[arg(long = flag::NAMED_GIT, value_name = "DIR")]
    named_git: Option<PathBuf>,
    /// The directory shared by all builds, to put tools into
    #[arg(long = flag::STORE, value_name = "DIR")]
    store: PathBuf,
    /// The directory for the values of secrets that are in the configuration
    #[arg(long = flag::VALUES, value_name = "DIR")]
    values: Option<PathBuf>,
    /// The tools to put there
    #[arg(long = flag::TOOLS, value_name = "DIR")]
    tools: PathBuf,
    /// Where to write the plan, mistakes included; the exit status only says whether it was written
    #[arg(long = flag::OUT, value_name = "FILE")]
    out: PathBuf,
    /// A directory with the configuration file as the client sent it, to be compared with the commit
    #[arg(long = flag::SENT, value_name = "DIR")]
    sent: Option<PathBuf>,
    /// The configuration file, relative to the root of the work tree
    #[arg(long = flag::FILE, value_name = "PATH")]
    file: Option<String>,
    /// The file's last path component, when its directory is not known
    #[arg(long = flag::NAME, value_name = "NAME")]
    name: Option<String>,
    /// The file's directory, relative to the root of the work tree
    #[arg(long = flag::DIRECTORY, value_name = "DIR")]
    directory: Option<String>,
    /// The image that is to be built
    #[arg(long = flag::TARGET, value_name = "NAME", allow_hyphen_values = true)]
    target: Option<String>,
    /// The directory with the files of the client that PLAN asked for
    #[arg(long = flag::CLIENT_FILES, value_name = "DIR", conflicts_with = "no_client_files")]
    client_files: Option<PathBuf>,
    /// The directory with what was sent first of the client's working directory
    #[arg(long = flag::WORK_TREE, value_name = "DIR")]
    work_tree: Option<PathBuf>,
    /// The directory with the contents of it that PLAN asked for then
    #[arg(long = flag::WORK_TREE_CONTENTS, value_name = "DIR", requires = "work_tree")]
    work_tree_contents: Option<PathBuf>,
    /// Only look for what the working directory has and the commit has not
    #[arg(long = flag::CHANGES, requires = "work_tree")]
    changes: bool,
    /// Leave contents of many files to a filler that stands by
    #[arg(long = flag::PUT_OFF, conflicts_with = "when_wanted")]
    put_off: bool,
    /// Stand by, and fill STORE when a stage wants it
    #[arg(long = flag::WHEN_WANTED)]
    when_wanted: bool,
    /// Why there are no files of a client
    #[arg(long = flag::NO_CLIENT_FILES, value_name = "REASON", allow_hyphen_values = true)]
    no_client_files: Option<String>,
    /// A stage and the directory its file system is in, to see which files it holds; may be repeated
    #[arg(long = flag::BASELINE, value_name = "DIGEST=DIR", value_parser = baseline_layer)]
    baseline: Vec<BaselineLayer>,
    /// A build argument; may be repeated
    #[arg(long = flag::BUILD_ARG, value_name = "NAME=VALUE", allow_hyphen_values = true)]
    build_arg: Vec<String>,
    /// A repository of a mapping with `url`; may be repeated
    #[arg(long = flag::REMOTE, value_name = "GIT_DIR REFERENCE URL")]
    remote: Vec<GivenRemote>,
}

impl PlanInBuild {
    /// Fills STORE, and writes the plan.
    pub fn run(self) -> ExitCode {
        let sent = self.sent.as_deref();
        let content = sent.and_then(|sent| read_sent(sent, self.name.as_deref()));
        let request = PlanRequest {
            git_dir: self.git_dir,
            named_git: self.named_git,
            config: ConfigQuery {
                path: self.file,
                name: self.name,
                directory: self.directory,
                content,
            },
            commit: None,
            target: self.target,
            build_args: build_args(&self.build_arg),
            baselines: self.baseline,
            remotes: self.remote,
            values: self.values,
            work_tree: self.work_tree.map(|first| SentWorkTree {
                first,
                contents: self.work_tree_contents,
            }),
            is_for_changes: self.changes,
            may_put_off: self.put_off,
            client_files: match (self.client_files, self.no_client_files) {
                (Some(directory), _) => ClientFiles::At(directory),
                (None, Some(why)) => ClientFiles::None(why),
                (None, None) => ClientFiles::NotGiven,
            },
        };
        let (store, tools, out) = (&self.store, &self.tools, &self.out);
        terminal::report_filled(if self.when_wanted {
            plan::run_when_wanted(&request, store, tools, out, || {
                terminal::print(flag::STANDS_BY);
            })
        } else {
            plan::run(&request, store, tools, out)
        })
    }
}

/// Reads `DIGEST=DIR`.
fn baseline_layer(text: &str) -> Result<BaselineLayer, String> {
    let (stage, root) = text.split_once('=').ok_or("it is not DIGEST=DIR")?;
    Ok(BaselineLayer {
        stage: stage.to_owned().try_into()?,
        root: root.into(),
    })
}

/// Reads the file that the client sent: a regular file of a reasonable size, whatever links lead to it.
fn read_sent(directory: &Path, name: Option<&str>) -> Option<Vec<u8>> {
    let names = name.map_or_else(|| DEFAULT_NAMES.to_vec(), |name| vec![name]);
    names.into_iter().find_map(|name| {
        let path = directory.join(name);
        if !path.metadata().ok()?.is_file() {
            return None;
        }
        let mut content = Vec::new();
        File::open(path)
            .ok()?
            .take(MAX_CONFIG_BYTES + 1)
            .read_to_end(&mut content)
            .ok()?;
        Some(content)
    })
}

#[cfg(test)]
mod tests {
    use buildkit_llb::{Exec, Graph};
    use clap::Parser;
    use diagnostic::Location;
    use werf_frontend::gateway::plan_graph;
    use werf_frontend::gateway::request::Request;
    use werf_plan::digest::Digest;
    use werf_plan::file::RemoteRequest;

    use super::*;

    #[derive(Parser)]
    struct Arguments {
        #[command(flatten)]
        command: PlanInBuild,
    }

    #[test]
    fn whatever_the_gateway_writes_is_read() {
        let request = Request {
            filename: Some("werf.yaml".into()),
            config_directory: Some("ci".into()),
            config_path: Some("ci/werf.yaml".into()),
            target: Some("-x".into()),
            build_args: [("-A".to_owned(), "-b c".to_owned())].into(),
            ..Request::default()
        };
        let remote = RemoteRequest {
            url: "https://host/x".into(),
            reference: "HEAD".into(),
            name: "default branch".into(),
            at: Location::point("werf.yaml", 1, 1),
            advice: String::new(),
        };
        let stage: Digest = "1".repeat(64).try_into().expect("a digest");
        let layer = plan_graph::BaselineLayer {
            stage: stage.clone(),
            node: Graph::new().exec(Exec::new(["x"]).root(None)).root(),
        };
        let mut arguments = plan_graph::arguments(&request, &[layer], &[remote]);
        assert_eq!(arguments.remove(1), flag::COMMAND);
        let read = Arguments::try_parse_from(arguments).unwrap_or_else(|error| panic!("{error}"));
        let read = read.command;
        assert_eq!(read.name, request.filename);
        assert_eq!(read.directory, request.config_directory);
        assert_eq!(read.file, request.config_path);
        assert_eq!(read.target, request.target);
        assert_eq!(read.build_arg, ["-A=-b c"]);
        assert_eq!(read.remote[0].url, "https://host/x");
        let root = PathBuf::from("/baselines/0");
        assert_eq!(read.baseline, [BaselineLayer { stage, root }]);
    }
}
