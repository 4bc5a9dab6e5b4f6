//! Chooses the face: without arguments BuildKit has started us as its frontend, with arguments we are a
//! helper inside the build graph or a command for people.

#![allow(
    clippy::print_stderr,
    reason = "the only place that talks to a terminal"
)]

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use diagnostic::Diagnostic;
use stapel_sync::store::toolchains;
use werf_frontend::gateway;
use werf_frontend::git::repo::MAX_CONFIG_BYTES;
use werf_frontend::helper::bake;
use werf_frontend::helper::locate::Wanted;
use werf_frontend::helper::plan::{self, PlanRequest};
use werf_frontend::helper::render;
use werf_plan::agreed::DEFAULT_NAMES;
use werf_plan::digest::Digest;
use werf_plan::file::{Outcome, PlanFile};
use werf_plan::remote::{self, GivenRemote};

/// Builds the images of a werf.yaml with BuildKit.
///
/// Put `# syntax=werf/frontend` on the first line of a committed werf.yaml and run
/// `docker buildx build -f werf.yaml .`: BuildKit starts this program by itself. The commands below need no
/// BuildKit.
#[derive(Parser)]
#[command(name = "werf-frontend", version, arg_required_else_help = true)]
struct Arguments {
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Print the plan of the HEAD commit as JSON: images, stages, digests and what they are made of
    Plan(PlanArguments),
    /// Print a file for `docker buildx bake` that builds all final images of the HEAD commit
    Bake(BakeArguments),
    /// Print the configuration of the HEAD commit with all templates rendered
    Render(RenderArguments),
    /// Copy the ansible tool chain into the directory shared by all builds
    #[command(hide = true)]
    Toolchain(ToolchainArguments),
}

#[derive(clap::Args)]
struct BakeArguments {
    /// The git directory
    #[arg(long, value_name = "DIR", default_value = ".git")]
    git_dir: PathBuf,
    /// The configuration file, relative to the root of the work tree [default: werf.yaml, werf.yml]
    #[arg(short, long, value_name = "PATH")]
    file: Option<String>,
    /// A build argument, which templates may read with `env`; may be repeated. `docker buildx bake --set
    /// '*.args.NAME=VALUE'` gives it to the build
    #[arg(long, value_name = "NAME=VALUE", allow_hyphen_values = true)]
    build_arg: Vec<String>,
}

#[derive(clap::Args)]
struct RenderArguments {
    /// The git directory
    #[arg(long, value_name = "DIR", default_value = ".git")]
    git_dir: PathBuf,
    /// The configuration file, relative to the root of the work tree [default: werf.yaml, werf.yml]
    #[arg(short, long, value_name = "PATH")]
    file: Option<String>,
    /// Print only the document of this image; may be repeated
    #[arg(long, value_name = "NAME")]
    image: Vec<String>,
    /// The environment, as `.Env`
    #[arg(long, value_name = "ENV")]
    env: Option<String>,
    /// A build argument, which `env` reads; may be repeated
    #[arg(long, value_name = "NAME=VALUE")]
    build_arg: Vec<String>,
}

#[derive(clap::Args)]
struct ToolchainArguments {
    /// Where the image of the tool chain is mounted
    #[arg(long, value_name = "DIR")]
    from: PathBuf,
    /// The directory shared by all builds
    #[arg(long, value_name = "DIR")]
    store: PathBuf,
    /// The tool chain's name there
    #[arg(long, value_name = "NAME")]
    name: String,
}

#[derive(clap::Args)]
struct PlanArguments {
    /// The git directory
    #[arg(long, value_name = "DIR", default_value = ".git")]
    git_dir: PathBuf,
    /// The configuration file, relative to the root of the work tree [default: werf.yaml, werf.yml]
    #[arg(short, long, value_name = "PATH")]
    file: Option<String>,
    /// The file's last path component, when its directory is not known
    #[arg(long, value_name = "NAME", hide = true)]
    name: Option<String>,
    /// The file's directory, relative to the root of the work tree
    #[arg(long, value_name = "DIR", hide = true)]
    directory: Option<String>,
    /// A directory with the file as the client sent it, to be compared with the commit
    #[arg(long, value_name = "DIR", hide = true)]
    sent: Option<PathBuf>,
    /// The directory shared by all builds, to put tools into
    #[arg(
        long,
        value_name = "DIR",
        hide = true,
        requires = "tools",
        requires = "out"
    )]
    store: Option<PathBuf>,
    /// The tools to put there
    #[arg(long, value_name = "DIR", hide = true)]
    tools: Option<PathBuf>,
    /// Where to write the plan, mistakes included; then the exit status only says whether it was written
    #[arg(long, value_name = "FILE", hide = true)]
    out: Option<PathBuf>,
    /// The image that is to be built
    #[arg(long, value_name = "NAME", hide = true, allow_hyphen_values = true)]
    target: Option<String>,
    /// A stage and the directory its file system is in, to see which files it holds; may be repeated
    #[arg(long, value_name = "DIGEST=DIR", hide = true, value_parser = applied)]
    applied: Vec<(Digest, PathBuf)>,
    /// The ansible tool chain that would be used, by its name in STORE
    #[arg(long, value_name = "NAME", hide = true)]
    toolchain: Option<String>,
    /// A build argument, which templates may read with `env`; may be repeated
    #[arg(long, value_name = "NAME=VALUE", allow_hyphen_values = true)]
    build_arg: Vec<String>,
    /// A repository of a mapping with `url`, whose HEAD is the commit that REFERENCE (HEAD, refs/heads/…, refs/tags/…,
    /// a commit) names; may be repeated
    #[arg(long, value_name = "GIT_DIR REFERENCE URL")]
    remote: Vec<GivenRemote>,
}

fn main() -> ExitCode {
    if std::env::args_os().len() <= 1 {
        return gateway::main();
    }
    match Arguments::parse().command {
        Command::Plan(arguments) => run_plan(arguments),
        Command::Bake(arguments) => run_bake(arguments),
        Command::Render(arguments) => run_render(arguments),
        Command::Toolchain(arguments) => {
            match toolchains::install(&arguments.store, &arguments.from, &arguments.name) {
                Ok(()) => ExitCode::SUCCESS,
                Err(error) => fail(&error.to_string()),
            }
        }
    }
}

fn run_plan(arguments: PlanArguments) -> ExitCode {
    let content = arguments
        .sent
        .as_deref()
        .and_then(|sent| read_sent(sent, arguments.name.as_deref()));
    let wanted = Wanted {
        path: arguments.file,
        name: arguments.name,
        directory: arguments.directory,
        content,
    };
    let request = PlanRequest {
        git_dir: arguments.git_dir,
        wanted,
        target: arguments.target,
        build_args: build_args(&arguments.build_arg),
        applied: arguments.applied,
        remotes: arguments.remote,
        toolchain: arguments.toolchain,
    };
    match (arguments.store, arguments.tools, arguments.out) {
        (Some(store), Some(tools), Some(out)) => match plan::run(&request, &store, &tools, &out) {
            Ok(()) => ExitCode::SUCCESS,
            Err(error) => fail(&error.to_string()),
        },
        _ => print_plan(&request),
    }
}

/// Reads `DIGEST=DIR`.
fn applied(text: &str) -> Result<(Digest, PathBuf), String> {
    let (digest, directory) = text.split_once('=').ok_or("it is not DIGEST=DIR")?;
    Ok((digest.to_owned().try_into()?, directory.into()))
}

/// Splits `NAME=VALUE`; as for other builders, a name alone takes its value from the environment.
fn build_args(written: &[String]) -> BTreeMap<String, String> {
    let split = written
        .iter()
        .filter_map(|text| match text.split_once('=') {
            Some((name, value)) => Some((name.to_owned(), value.to_owned())),
            None => Some((text.clone(), std::env::var(text).ok()?)),
        });
    split.collect()
}

fn run_render(arguments: RenderArguments) -> ExitCode {
    let mut build_args = build_args(&arguments.build_arg);
    if let Some(env) = arguments.env {
        build_args.insert("WERF_ENV".to_owned(), env);
    }
    let request = local_request(arguments.git_dir, arguments.file, build_args);
    show(render::render_commit(&request, &arguments.image))
}

fn run_bake(arguments: BakeArguments) -> ExitCode {
    let build_args = build_args(&arguments.build_arg);
    let request = local_request(arguments.git_dir, arguments.file, build_args);
    show(bake::bake_commit(&request))
}

/// Returns the request of a person in a checkout.
fn local_request(
    git_dir: PathBuf,
    file: Option<String>,
    build_args: BTreeMap<String, String>,
) -> PlanRequest {
    PlanRequest {
        git_dir,
        wanted: Wanted {
            path: file,
            ..Wanted::default()
        },
        target: None,
        build_args,
        applied: Vec::new(),
        remotes: Vec::new(),
        toolchain: None,
    }
}

fn show(rendering: render::Rendering) -> ExitCode {
    for warning in &rendering.warnings {
        eprint!("{warning}");
    }
    match rendering.result {
        Ok(text) => print(&text),
        Err(errors) => {
            for error in errors {
                eprint!("{error}");
            }
            ExitCode::FAILURE
        }
    }
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

fn print_plan(request: &PlanRequest) -> ExitCode {
    let file = plan::plan_commit(request, None);
    for warning in &file.warnings {
        eprint!("{}", file.render(warning));
    }
    match &file.outcome {
        Outcome::Plan(plan) => {
            let text = serde_json::to_string_pretty(plan)
                .expect("a plan holds only strings, numbers and lists");
            print(&format!("{text}\n"))
        }
        Outcome::Errors(errors) => print_errors(&file, errors),
        Outcome::NeedsRemotes(requests) => print_errors(&file, &remote::missing(requests)),
    }
}

fn print_errors(file: &PlanFile, errors: &[Diagnostic]) -> ExitCode {
    for error in errors {
        eprint!("{}", file.render(error));
    }
    ExitCode::FAILURE
}

fn print(text: &str) -> ExitCode {
    let mut out = std::io::stdout();
    match out.write_all(text.as_bytes()).and_then(|()| out.flush()) {
        Ok(()) => ExitCode::SUCCESS,
        // The reader has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => ExitCode::SUCCESS,
        Err(error) => fail(&format!("write the result: {error}")),
    }
}

fn fail(message: &str) -> ExitCode {
    eprintln!("ERROR: {message}");
    ExitCode::FAILURE
}
