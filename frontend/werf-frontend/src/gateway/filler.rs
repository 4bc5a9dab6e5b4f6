//! The filler: PLAN once more, in a container beside the build, which fills STORE as soon as a stage wants it.
//!
//! A builder that starts empty finds stages in the cache of a registry. To write the contents of all files into STORE, as PLAN
//! does otherwise, would be the longest part of a build that takes a few of them, and nobody knows before whether a stage will
//! run. So PLAN puts it off where there is much to write (`helper/contents.rs`), and a stage that runs all the same waits
//! (`stapel-sync`: `store/filling.rs`) instead of missing something, for which it would have to be built once more under another key.

use std::time::Duration;

use buildkit_proto::pb;
use futures_util::future::try_join_all;
use werf_plan::agreed::plan_in_build as flag;
use werf_plan::agreed::{store_id, values_id};

use super::bridge::{self, Bridge, CallError, Daemon, Ref};
use super::building::Build;
use super::client_files;
use super::container::{Process, mount};
use super::failure::Failure;
use super::plan_graph::{BaselineLayers, OUT, PlanInputs, STORE, VALUES, plan_graph};
use super::request::{NoCache, Request};
use super::rounds::Round;

/// The container.
const NAME: &str = "filler";

/// The capability of daemons that run containers for frontends.
const CONTAINERS: &str = "gateway.exec";

/// PLAN fills STORE itself rather than wait longer for a container.
const LONGEST: Duration = Duration::from_secs(20);

/// A filler that stands by.
pub(super) struct Filler {
    _process: Process,
}

/// Returns whether PLAN may leave STORE to a filler.
///
/// Without a cache to import, stages that STORE lacks the files of will run. So they do without the cache, and a working directory is
/// built where its files are.
pub(super) fn may_stand_by(daemon: &Daemon, request: &Request) -> bool {
    daemon.can(CONTAINERS)
        && !request.cache_imports.is_empty()
        && request.no_cache == NoCache::Off
        && !client_files::is_dev(request)
}

impl Filler {
    /// Starts one that fills STORE with what PLAN has put off in `round`, and returns it when it stands by; `None` if the daemon
    /// cannot do that.
    ///
    /// # Errors
    /// A daemon that is gone.
    pub(super) async fn stand_by(
        bridge: &mut Bridge,
        build: &Build<'_>,
        round: &Round,
    ) -> Result<Option<Filler>, Failure> {
        match tokio::time::timeout(LONGEST, start(bridge, build, round)).await {
            Ok(Ok(process)) => Ok(process.map(|process| Filler { _process: process })),
            Ok(Err(Failure::Status(_))) | Err(_) => Ok(None),
            Ok(Err(failure)) => Err(failure),
        }
    }

    /// Ends it.
    ///
    /// # Errors
    /// A daemon that is gone.
    pub(super) async fn end(self, bridge: &mut Bridge) -> Result<(), CallError> {
        match bridge.release_container(NAME).await {
            // The daemon says so of a container in which something still runs, too. One that stays goes with the build.
            Err(CallError::Cancelled | CallError::Status(_)) => Ok(()),
            ended => ended,
        }
    }
}

async fn start(
    bridge: &mut Bridge,
    build: &Build<'_>,
    round: &Round,
) -> Result<Option<Process>, Failure> {
    let inputs = PlanInputs {
        baselines: BaselineLayers::default(),
        may_put_off: false,
        ..round.plan_inputs()
    };
    let plan = plan_graph(build.request, &build.own, inputs)?;
    let nodes = plan.mounts.iter().map(|(_, node)| *node);
    // All of it is there: PLAN has had it.
    let references = [plan.image].into_iter().chain(nodes).map(|node| {
        let mut bridge = bridge.without_imports();
        let mut definition = plan.graph.definition(node);
        async move {
            bridge::shrink(&mut definition)?;
            Ok::<Ref, Failure>(bridge.solve(definition).await?)
        }
    });
    let references = try_join_all(references).await?;
    let directories = plan.mounts.iter().map(|(directory, _)| directory.as_str());
    let directories = ["/"].into_iter().chain(directories);
    let mut mounts: Vec<pb::Mount> = directories
        .zip(&references)
        .map(|(directory, reference)| mount(directory, reference, directory != "/"))
        .collect();
    mounts.push(cache(STORE, store_id(round.generation)));
    mounts.push(cache(VALUES, values_id(round.generation)));
    mounts.push(pb::Mount {
        mount_type: pb::MountType::Tmpfs.into(),
        ..mount(OUT, &Ref::default(), false)
    });
    bridge.make_container(NAME, mounts).await?;
    let mut arguments = plan.arguments;
    arguments.push(format!("--{}", flag::WHEN_WANTED));
    let mut process = bridge.start_in(NAME, arguments).await?;
    let mut said = Vec::new();
    while said != flag::STANDS_BY.as_bytes() {
        match process.hear().await {
            Ok(Some(data)) => said.extend(data),
            Ok(None) | Err(CallError::Transport(_)) => return Ok(None),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(Some(process))
}

fn cache(directory: &str, id: String) -> pb::Mount {
    pb::Mount {
        mount_type: pb::MountType::Cache.into(),
        cache_opt: Some(pb::CacheOpt {
            id,
            sharing: pb::CacheSharingOpt::Shared.into(),
        }),
        ..mount(directory, &Ref::default(), false)
    }
}
