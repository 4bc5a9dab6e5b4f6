//! Registries that stop, and caches that two daemons write.

use anyhow::Result;

use super::Torture;
use super::client::Client;
use super::door::Door;
use super::machine::Machine;
use super::project::Project;
use super::tally::Tally;

/// The registry stops while a builder that has nothing imports a cache.
pub fn import(torture: &mut Torture, tally: &mut Tally) -> Result<()> {
    let door = Door::of(&torture.env.registry.to_string())?;
    let machine = Machine::start(torture.env, "torture-cache")?;
    let mut project = Project::new(&torture.frontend, &mut torture.random);
    let cache = cache(&door, "import");
    let export = format!("{cache},mode=max");
    let usual = Client::build(&machine, &project, &["--cache-to", &export])?;
    tally.faulty(&project, &usual, false, false);
    machine.docker(&["builder", "prune", "--force", "--all"])?;
    door.open();
    let usual = Client::build(&machine, &project, &["--cache-from", &cache])?;
    tally.faulty(&project, &usual, false, false);
    let passed = door.passed();
    for _ in 0..torture.rounds {
        project.commit(&mut torture.random);
        machine.docker(&["builder", "prune", "--force", "--all"])?;
        door.shut_after(torture.random.number() % (passed + 1));
        let outcome = Client::build(&machine, &project, &["--cache-from", &cache])?;
        tally.faulty(&project, &outcome, door.is_shut(), false);
        door.open();
        let outcome = Client::build(&machine, &project, &["--cache-from", &cache])?;
        tally.next(&project, &outcome);
    }
    Ok(())
}

/// The registry stops while a cache is exported. A builder that has nothing then imports what is there.
pub fn export(torture: &mut Torture, tally: &mut Tally) -> Result<()> {
    let door = Door::of(&torture.env.registry.to_string())?;
    let machine = Machine::start(torture.env, "torture-cache")?;
    let mut project = Project::new(&torture.frontend, &mut torture.random);
    let cache = cache(&door, "export");
    let export = format!("{cache},mode=max");
    let usual = Client::build(&machine, &project, &["--cache-to", &export])?;
    tally.faulty(&project, &usual, false, false);
    let passed = door.passed();
    for _ in 0..torture.rounds {
        project.renew();
        project.commit(&mut torture.random);
        door.shut_after(torture.random.number() % (passed + 1));
        let outcome = Client::build(&machine, &project, &["--cache-to", &export])?;
        tally.faulty(&project, &outcome, door.is_shut(), false);
        door.open();
        machine.docker(&["builder", "prune", "--force", "--all"])?;
        let both = ["--cache-from", &cache, "--cache-to", &export];
        let outcome = Client::build(&machine, &project, &both)?;
        tally.next(&project, &outcome);
    }
    Ok(())
}

/// Two daemons build different commits, with one cache that both import and export at once; a third that has nothing builds one of
/// them.
pub fn two_daemons(torture: &mut Torture, tally: &mut Tally) -> Result<()> {
    let door = Door::of(&torture.env.registry.to_string())?;
    let machines = [
        Machine::start(torture.env, "torture-one")?,
        Machine::start(torture.env, "torture-two")?,
    ];
    let project = Project::new(&torture.frontend, &mut torture.random);
    let mut projects = [project.another(), project];
    let cache = cache(&door, "two");
    let export = format!("{cache},mode=max");
    let both = ["--cache-from", &cache, "--cache-to", &export];
    for round in 0..torture.rounds {
        for project in &mut projects {
            project.commit(&mut torture.random);
        }
        let outcomes = Client::build_at_once(machines.iter().zip(&projects), &both)?;
        for (project, outcome) in projects.iter().zip(&outcomes) {
            tally.faulty(project, outcome, true, false);
        }
        let one = usize::from(round % 2 == 0);
        machines[one].docker(&["builder", "prune", "--force", "--all"])?;
        let outcome = Client::build(
            &machines[one],
            &projects[1 - one],
            &["--cache-from", &cache],
        )?;
        tally.next(&projects[1 - one], &outcome);
    }
    Ok(())
}

fn cache(door: &Door, name: &str) -> String {
    format!(
        "type=registry,ref={}/torture/{name}:{}",
        door.address,
        e2e::salt()
    )
}
