//! Chooses the face: without arguments BuildKit has started us as its frontend, with arguments we are a
//! helper inside the build graph or a command for people.

mod command;

use std::io::IsTerminal as _;
use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};
use werf_frontend::gateway;
use werf_plan::agreed::{plan_in_build, print_failure, put_toolchain, write_note};

use command::{
    Bake, Check, Completions, Explain, Graph, Init, Man, Plan, PlanInBuild, PrintFailure,
    PutToolchain, Render, Schema, Values, WriteNote,
};

/// Builds the images of a werf.yaml with BuildKit.
///
/// Put `# syntax=werf/frontend:0.1` on the first line of a committed werf.yaml and run
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
    /// Write a first werf.yaml for what is in a directory, and say what to type next
    Init(Init),
    /// List mistakes and warnings of the HEAD commit, and fail if there are some
    Check(Check),
    /// Print the plan of the HEAD commit: images, stages, digests and what they are made of
    Plan(Plan),
    /// Say which stages run again between two commits, and why
    Explain(Box<Explain>),
    /// Draw images, their stages, and what they take of one another
    Graph(Box<Graph>),
    /// Print a file for `docker buildx bake` that builds all final images of the HEAD commit
    Bake(Box<Bake>),
    /// Print values for Helm: the images that a bake has pushed, as charts for werf read them
    Values(Values),
    /// Print the configuration of the HEAD commit with all templates rendered
    Render(Render),
    /// Print a JSON Schema of the configuration, for editors
    Schema(Schema),
    /// Print what a shell completes
    Completions(Completions),
    /// Print the manual page, or write those of all commands
    Man(Man),
    /// Plan the HEAD commit inside a build, and put what its stages need into the directory shared by all builds
    #[command(name = plan_in_build::COMMAND, hide = true)]
    PlanInBuild(Box<PlanInBuild>),
    /// Print what a failed script has left behind
    #[command(name = print_failure::COMMAND, hide = true)]
    PrintFailure(PrintFailure),
    /// Copy the ansible tool chain into the directory shared by all builds
    #[command(name = put_toolchain::COMMAND, hide = true)]
    PutToolchain(PutToolchain),
    /// Write what a build tells those after it
    #[command(name = write_note::COMMAND, hide = true)]
    WriteNote(WriteNote),
}

fn main() -> ExitCode {
    // BuildKit talks through pipes. A person at a terminal would see the bytes of HTTP/2, and wait for nothing: they get the help.
    let is_for_buildkit = !(std::io::stdin().is_terminal() || std::io::stdout().is_terminal());
    if std::env::args_os().len() <= 1 && is_for_buildkit {
        return gateway::main();
    }
    match Arguments::parse().command {
        Command::Init(command) => command.run(),
        Command::Check(command) => command.run(),
        Command::Plan(command) => command.run(),
        Command::Explain(command) => command.run(),
        Command::Graph(command) => command.run(),
        Command::Bake(command) => command.run(),
        Command::Values(command) => command.run(),
        Command::Render(command) => command.run(),
        Command::Schema(command) => command.run(),
        Command::Completions(command) => command.run(for_people()),
        Command::Man(command) => command.run(for_people()),
        Command::PlanInBuild(command) => command.run(),
        Command::PrintFailure(command) => command.run(),
        Command::PutToolchain(command) => command.run(),
        Command::WriteNote(command) => command.run(),
    }
}

/// Returns the command line without the commands that only builds use.
fn for_people() -> clap::Command {
    let all = Arguments::command();
    let shown = all
        .get_subcommands()
        .filter(|command| !command.is_hide_set());
    let mut people = clap::Command::new(env!("CARGO_PKG_NAME"))
        .version(env!("CARGO_PKG_VERSION"))
        .subcommands(shown.cloned());
    if let (Some(about), Some(more)) = (all.get_about(), all.get_long_about()) {
        people = people.about(about.clone()).long_about(more.clone());
    }
    people
}
