//! Disks that are full or read-only.

use std::fs::{self, File};

use anyhow::{Context, Result};
use rustix::fs::{FallocateFlags, fallocate, statvfs};

use super::Torture;
use super::client::{Client, Moment};
use super::machine::Machine;
use super::project::Project;
use super::tally::Tally;

/// The room of a daemon whose disk is to be full.
const ROOM: u64 = 1 << 30;

/// What a build needs of it, at most.
const NEEDED: u64 = 24 << 20;

/// The daemon's disk has less room than a build needs.
pub fn full(torture: &mut Torture, tally: &mut Tally) -> Result<()> {
    let mut machine = Machine::with_room(torture.env, "torture-disk", Some(ROOM))?;
    let mut project = Project::new(&torture.frontend, &mut torture.random);
    let usual = Client::build(&machine, &project, &[])?;
    tally.faulty(&project, &usual, false, false);
    for _ in 0..torture.rounds {
        project.commit(&mut torture.random);
        let left = torture.random.number() % NEEDED;
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
fn fill(ballast: &std::path::Path, left: u64) -> Result<()> {
    let file = File::create(ballast).context("make a file that takes room")?;
    let room = statvfs(ballast.parent().unwrap_or(ballast)).context("look at the room")?;
    let free = room.f_bavail.saturating_mul(room.f_frsize);
    let taken = free.saturating_sub(left).max(1);
    fallocate(&file, FallocateFlags::empty(), 0, taken).context("take room")
}

/// STORE is mounted read-only, from a moment of a build on.
pub fn read_only_store(torture: &mut Torture, tally: &mut Tally) -> Result<()> {
    on_store(torture, tally, |machine, inside| {
        machine.inside(&["mount", "--bind", inside, inside])?;
        machine.inside(&["mount", "-o", "remount,bind,ro", inside])
    })
}

/// Covers every STORE of a daemon at some moment of a build, and uncovers it after that.
fn on_store(
    torture: &mut Torture,
    tally: &mut Tally,
    cover: impl Fn(&Machine, &str) -> Result<()>,
) -> Result<()> {
    let machine = Machine::start(torture.env, "torture-disk")?;
    let mut project = Project::new(&torture.frontend, &mut torture.random);
    let usual = Client::build(&machine, &project, &[])?;
    tally.faulty(&project, &usual, false, false);
    for _ in 0..torture.rounds {
        project.commit(&mut torture.random);
        // Half of the time before the build begins.
        let moment = if torture.random.one_in(2) {
            Moment::Step(0)
        } else {
            Moment::draw(&mut torture.random, &usual)
        };
        let mut client = Client::start(&machine, &project, &[])?;
        let met = client.wait_for(moment)?;
        let mut covered = Vec::new();
        if met {
            for (_, inside) in machine.stores()? {
                cover(&machine, &inside)?;
                covered.push(inside);
            }
        }
        let outcome = client.wait()?;
        for inside in covered {
            machine.inside(&["umount", "--lazy", &inside])?;
        }
        tally.faulty(&project, &outcome, met, false);
        tally.build_again(&machine, &project)?;
    }
    Ok(())
}
