//! What the client asks for, as lowering takes it.

use buildkit_llb::Platform;
use werf_plan::file::ImagePlan;

use crate::lower::{Attempts, Settings, StoreMount};

use super::request::Request;

/// Returns what `request` says of the stages of `images`, before anything else is known.
pub(super) fn of(request: &Request, platform: Platform, images: &[&ImagePlan]) -> Settings {
    let stages = images.iter().flat_map(|image| {
        let kinds = image.stages.iter().map(|stage| stage.kind);
        kinds.map(|kind| (image.name.clone(), kind))
    });
    Settings {
        platform,
        is_one_of_several: false,
        network: request.network,
        extra_hosts: request.extra_hosts.clone(),
        shm_size: request.shm_size,
        ulimits: request.ulimits.clone(),
        cgroup_parent: request.cgroup_parent.clone(),
        resources: None,
        hostname: request.hostname.clone(),
        proxy: request.proxy.clone(),
        labels: request.labels.clone(),
        no_cache: stages
            .filter(|(image, kind)| request.no_cache.covers(&image.to_string(), kind.name()))
            .collect(),
        source_date_epoch: request.source_date_epoch,
        attempts: Attempts::default(),
        session: request.session.clone(),
        contexts: request.contexts.clone(),
        store: StoreMount::default(),
        linked: None,
        toolchain: String::new(),
        for_commit: String::new(),
    }
}
