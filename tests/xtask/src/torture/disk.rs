//! Disks that are full or read-only.

use std::fs::{self, File};
use std::path::Path;

use anyhow::{Context, Result};
use rustix::fs::{FallocateFlags, fallocate, statvfs};

use super::Torture;
use super::client::{Client, Moment};
use super::machine::{Machine, StorePlace};
use super::project::Project;
use super::tally::Tally;

/// The room of a daemon whose disk is to be full.
const ROOM: u64 = 1 << 30;

/// What a build needs of it, at most.
const NEEDED: u64 = 24 << 20;

/// What a build has to say that meets a full disk.
const FULL: &str = "no space left on";

/// The daemon's disk has less room than a build needs.
pub fn full(torture: &mut Torture, tally: &mut Tally) -> Result<()> {
    tally.asks_for(FULL);
    let mut machine = Machine::with_room(torture.env, "torture-disk", Some(ROOM))?;
    let mut project = Project::new(&torture.frontend, &mut torture.random);
    let usual = Client::build(&machine, &project, &[])?;
    tally.faulty(&project, &usual, false, false);
    for _ in 0..torture.rounds {
        project.commit(&mut torture.random);
        // Mostly much less than that: what is needed last is not met otherwise.
        let left = torture.random.number() % (NEEDED >> torture.random.below(8));
        let ballast = machine.data()?.join("ballast");
        fill(&ballast, left)?;
        let outcome = Client::build(&machine, &project, &[])?;
        // What is out of room before it can say so may be the daemon itself.
        tally.faulty(&project, &outcome, true, true);
        // A daemon that has ended has taken its file system along.
        if machine.revive()? {
            drop(machine);
            machine = Machine::with_room(torture.env, "torture-disk", Some(ROOM))?;
        } else {
            fs::remove_file(&ballast).context("make room again")?;
        }
        tally.build_again(&machine, &project)?;
    }
    Ok(())
}

/// Takes all room of a file system but `left` bytes.
fn fill(ballast: &Path, left: u64) -> Result<()> {
    let file = File::create(ballast).context("make a file that takes room")?;
    let room = statvfs(ballast.parent().unwrap_or(ballast)).context("look at the room")?;
    let free = room.f_bavail.saturating_mul(room.f_frsize);
    let taken = free.saturating_sub(left).max(1);
    fallocate(&file, FallocateFlags::empty(), 0, taken).context("take room")
}

/// STORE is mounted read-only, from a moment of a build on.
pub fn read_only_store(torture: &mut Torture, tally: &mut Tally) -> Result<()> {
    on_store(torture, tally, |machine, store, _| {
        let inside = &store.inside;
        machine.inside(&["mount", "--bind", inside, inside])?;
        machine.inside(&["mount", "-o", "remount,bind,ro", inside])
    })
}

/// What a build writes to STORE, at most.
const NEEDED_OF_STORE: u64 = 4 << 20;

/// STORE has less room than a build needs, from a moment of a build on; the rest of the daemon's disk has plenty.
///
/// In the place of STORE comes a file system in memory, with all that STORE has and nothing more. Half of the time there is no room at all.
pub fn full_store(torture: &mut Torture, tally: &mut Tally) -> Result<()> {
    tally.asks_for(FULL);
    on_store(torture, tally, |machine, store, number| {
        let left = if number % 2 == 0 {
            0
        } else {
            number % NEEDED_OF_STORE
        };
        let copy = "/harness/full";
        machine.inside(&["mkdir", "-p", copy])?;
        machine.inside(&["mount", "-t", "tmpfs", "tmpfs", copy])?;
        // What is under way there comes and goes, and is nobody else's.
        let script = "cd \"$0\" && for it in *; do [ \"$it\" = tmp ] || cp -a \"$it\" \"$1\"; done";
        machine.inside(&["sh", "-c", script, &store.inside, copy])?;
        let used = used(&machine.seen_from_here(copy)?)?;
        let size = format!("remount,size={}", used + left);
        machine.inside(&["mount", "-o", &size, copy])?;
        machine.inside(&["mount", "--bind", copy, &store.inside])?;
        machine.inside(&["umount", "--lazy", copy])
    })
}

/// Returns how many bytes of a file system are taken.
fn used(path: &Path) -> Result<u64> {
    let room = statvfs(path).context("look at the room")?;
    Ok(room.f_blocks.saturating_sub(room.f_bfree) * room.f_frsize)
}

/// Covers every STORE of a daemon at some moment of a build, and uncovers it after that. `cover` is given a number drawn for the round.
fn on_store(
    torture: &mut Torture,
    tally: &mut Tally,
    cover: impl Fn(&Machine, &StorePlace, u64) -> Result<()>,
) -> Result<()> {
    let machine = Machine::start(torture.env, "torture-disk")?;
    let mut project = Project::new(&torture.frontend, &mut torture.random);
    let usual = Client::build(&machine, &project, &[])?;
    tally.faulty(&project, &usual, false, false);
    // The daemon shares the mounts in its data with those that it makes of them: a cover would lie upon STORE in a container, too, and
    // go when that ends.
    machine.inside(&["mount", "--make-private", "/harness/data"])?;
    for _ in 0..torture.rounds {
        project.commit(&mut torture.random);
        // Half of the time before the build begins.
        let moment = if torture.random.one_in(2) {
            Moment::Step(0)
        } else {
            Moment::draw(&mut torture.random, &usual)
        };
        let number = torture.random.number();
        let mut client = Client::start(&machine, &project, &[])?;
        let met = client.wait_for(moment)?;
        let mut covered = Vec::new();
        if met {
            for store in machine.stores()? {
                cover(&machine, &store, number)?;
                covered.push(store);
            }
        }
        let outcome = client.wait()?;
        for store in covered {
            machine.inside(&["umount", "--lazy", &store.inside])?;
        }
        tally.faulty(&project, &outcome, met, false);
        tally.build_again(&machine, &project)?;
    }
    Ok(())
}
