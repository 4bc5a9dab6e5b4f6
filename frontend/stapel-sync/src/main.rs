//! `stapel-sync`: runs inside a stage, makes its source tree what the slot says, then becomes the
//! stage's script.

use std::env;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Duration;

use stapel_sync::store::{Fillers, Store};
use stapel_sync::{
    Arguments, Command, Error, ErrorKind, Report, SlotArguments, check, context, finish, leave,
    patch, run, seal, sync,
};

/// How long a stage waits at most until STORE is filled: that of a large repository takes a minute.
const LONGEST: Duration = Duration::from_secs(600);

fn main() -> ExitCode {
    let arguments = match Arguments::parse(env::args_os().skip(1)) {
        Ok(arguments) => arguments,
        Err(error) => return failed(&error),
    };
    let image = arguments.image().map(Path::to_owned);
    match execute(arguments) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            // What STORE lacks, the next build has.
            if let Some(image) = image.filter(|_| error.kind() == ErrorKind::Own) {
                leave(&image, error.kind().exit_code(), &error.to_string());
            }
            failed(&error)
        }
    }
}

fn failed(error: &Error) -> ExitCode {
    say(&error.to_string());
    ExitCode::from(error.kind().exit_code())
}

fn execute(arguments: Arguments) -> Result<(), Error> {
    let arguments = match arguments {
        Arguments::Slot(arguments) => arguments,
        Arguments::Seal(root, sealed) => return seal(&root, &sealed),
        Arguments::Check(root, sealed, id) => return check(&root, &sealed, id),
    };
    let done = go_by_slot(&arguments);
    let Err(error) = &done else {
        return done;
    };
    // Nothing has been touched if it is STORE that lacks something.
    let is_lacking = error.kind() == ErrorKind::Store;
    let Some(fillers) = Fillers::find(&arguments.store).filter(|_| is_lacking) else {
        return done;
    };
    say("sources: waiting until they are in STORE");
    if fillers.wait(LONGEST) {
        go_by_slot(&arguments)
    } else {
        done
    }
}

fn go_by_slot(arguments: &SlotArguments) -> Result<(), Error> {
    let SlotArguments {
        command,
        store,
        slot,
        root,
        before,
    } = arguments;
    let store = Store::open(store)?.of_this_commit();
    match command {
        Command::Sync => tell(&sync(&store, *slot, root, *before)?.1),
        Command::Finish(tree) => tell(&finish(&store, *slot, root, *before, *tree)?),
        Command::Context(tree) => tell(&context(&store, *slot, root, *tree)?),
        Command::Patch(tree, id, places) => tell(&patch(&store, *slot, *tree, *id, places)?),
        Command::Run(script) => {
            let (slot, report) = sync(&store, *slot, root, *before)?;
            tell(&report);
            drop(store);
            return Err(run(script, &slot.commit));
        }
        Command::Exec(script) => {
            let slot = store.read_slot(*slot)?;
            drop(store);
            return Err(run(script, &slot.commit));
        }
    }
    Ok(())
}

fn tell(report: &Report) {
    for warning in &report.warnings {
        say(&format!("warning: {warning}"));
    }
    say(&report.to_string());
}

/// Writes a line of progress; nobody may be listening, and that is no failure.
fn say(line: &str) {
    let _ = writeln!(io::stderr().lock(), "{line}");
}
