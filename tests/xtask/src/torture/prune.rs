//! The builder is pruned in the middle of a build: between any two solves, and while one runs.

use anyhow::Result;

use super::Torture;
use super::tally::Tally;

/// Prunes cache mounts, or all that may go.
pub fn run(torture: &mut Torture, tally: &mut Tally) -> Result<()> {
    let all = std::cell::Cell::new(false);
    torture.rounds_at_moments("torture-prune", tally, false, |machine, _| {
        let mut arguments = vec!["builder", "prune", "--force", "--all"];
        if !all.replace(!all.get()) {
            arguments.extend(["--filter", "type=exec.cachemount"]);
        }
        machine.docker(&arguments).map(drop)
    })
}
