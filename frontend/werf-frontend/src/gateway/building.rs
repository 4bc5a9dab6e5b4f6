//! What a plan becomes: the target, lowered and solved for each platform.

use std::collections::BTreeSet;
use std::sync::atomic::AtomicBool;
use std::sync::{Mutex, PoisonError};

use buildkit_llb::{Platform, normalise_reference};
use diagnostic::{Checks, Diagnostic};
use futures_util::future::try_join_all;
use werf_config::ImageName;
use werf_plan::file::{ImagePlan, Outcome, Plan, SourceFile};
use werf_plan::target::Target;

use crate::lower::{Attempts, Lowered, Lowerer, Settings, StoreAccess, StoreMount};

use super::answer::Answer;
use super::bridge::{Bridge, Daemon};
use super::dockerfile::DockerfileSolve;
use super::failure::{Failure, explain_no_repository};
use super::named_context::{self, NamedContext};
use super::plan_graph::OwnImage;
use super::planning::{Planned, plan_in};
use super::request::Request;
use super::rounds::{Round, Solved, TargetGraph, UnknownBaselines, Vertices};
use super::so_far::SoFar;
use super::solving::solve_image;
use super::unheeded::{self, Unheeded};
use super::{bases, client_files, explained, imported, platform, report, settings, toolchain};

/// What stays the same in all rounds of a build.
pub(super) struct Build<'a> {
    /// What the client asked for.
    pub(super) request: &'a Request,
    /// Where our own image comes from.
    pub(super) own: OwnImage<'a>,
    /// The platforms that the client names.
    pub(super) asked: Vec<Platform>,
    /// The builder's own platform.
    pub(super) native: Platform,
    /// How stages mount STORE.
    pub(super) store: StoreAccess,
    /// What the daemon can do.
    pub(super) daemon: &'a Daemon,
    /// Whether the daemon can patch an image that it does not have.
    pub(super) can_link: bool,
    /// What was warned of while a platform was built: each once, though a platform may be built in several rounds.
    pub(super) warned: Mutex<BTreeSet<String>>,
    /// The stages that all rounds had in their graphs so far.
    pub(super) vertices: Mutex<Vertices>,
    /// Whether it has been said what runs again.
    pub(super) is_explained: AtomicBool,
}

/// Builds the target of a plan for each platform that is not done yet, side by side, and adds what has become of them to `so_far`.
/// Returns the baselines that PLAN has to know first, if there are some.
///
/// `texts` are the texts of the plan's file, for the frames that the daemon draws.
pub(super) async fn build_planned(
    bridge: &mut Bridge,
    build: &Build<'_>,
    planned: Planned,
    texts: &[SourceFile],
    round: &Round,
    so_far: &mut SoFar,
) -> Result<Solved<Option<Box<UnknownBaselines>>>, Failure> {
    let request = build.request;
    let file = planned.file;
    let plan = match file.outcome {
        Outcome::Plan(plan) => plan,
        Outcome::Errors(errors) => {
            return Err(Failure::Mistakes(
                explain_no_repository(bridge, request, errors).await?,
            ));
        }
        other => {
            let mistakes = plan_in(&other).err().unwrap_or_default();
            return Err(Failure::Mistakes(mistakes));
        }
    };
    let target = plan.choose(request.target.as_deref())?;
    let given = given_images(request, &plan, None);
    if given.contains(target.name()) {
        return Err(target_is_given(target).into());
    }
    let needed = plan.needed_without(target.name(), &given);
    let platforms = platform::choose(target, &needed, &build.asked, &build.native)?;
    let platforms = check_single(request, platforms)?;
    for platform in &platforms {
        // An image of the file may be given for some of them only.
        let (needed, _) = needed_for(request, &plan, target, platform);
        if let Some(mistake) = plan
            .lacks(&needed)
            .or_else(|| needs_client(request, &needed))
        {
            return Err(mistake.into());
        }
    }
    let is_for_several = platforms.len() > 1;
    if round.is_first() {
        let of_request = unheeded::warnings(&Unheeded {
            request,
            daemon: build.daemon,
            plan: &plan,
            needed: &needed,
            used_build_args: &file.used_build_args,
            remotes: &round.remotes,
        });
        let all = [&file.warnings[..], &of_request].concat();
        for warning in all.iter().filter(|warning| file.checks.hears(warning)) {
            let warning = report::warning(&planned.vertex, warning, texts);
            bridge.warn(warning).await?;
        }
        let stops = file.checks.stops(&all);
        if !stops.is_empty() {
            return Err(Failure::Mistakes(stops));
        }
    }
    let target_build = |platform: &Platform| {
        let (needed, given) = needed_for(request, &plan, target, platform);
        TargetBuild {
            build,
            plan: &plan,
            target,
            needed,
            given,
            texts,
            vertex: &planned.vertex,
            checks: &file.checks,
            is_for_several,
        }
    };
    let waiting = platforms
        .iter()
        .filter(|platform| !so_far.is_done(platform));
    let builds = waiting.map(|platform| {
        let mut bridge = bridge.clone();
        let attempts = so_far.attempts(platform, round);
        let target_build = target_build(platform);
        async move {
            let built = target_build.run(&mut bridge, platform.clone(), attempts, round);
            Ok::<_, Failure>((platform.clone(), built.await?))
        }
    });
    // Whoever fails first ends the others.
    let built = match try_join_all(builds).await {
        Ok(built) => so_far.take(built, &platforms),
        Err(failure) => {
            // Stages below the one that has failed are there, some by another attempt.
            round.tell_later_builds(bridge, build, &plan).await?;
            return Err(failure);
        }
    };
    if matches!(built, Solved::Well(None)) {
        round.tell_later_builds(bridge, build, &plan).await?;
    }
    Ok(built)
}

/// Returns the mistake of building `needed` from a context that is no directory of the client if that takes files of it.
fn needs_client(request: &Request, needed: &[Target<'_>]) -> Option<Diagnostic> {
    let context = request.context_elsewhere()?;
    let mut dockerfiles = needed.iter().filter_map(|image| image.dockerfile());
    let image = dockerfiles.find(|plan| !plan.added_files.is_empty())?;
    Some(
        Diagnostic::error(format!(
            "`contextAddFiles` of image `{}` takes files of the client, and the build context is {context}",
            image.name,
        ))
        .at(image.at.clone())
        .hint("build in a clone: `docker buildx build -f werf.yaml .`"),
    )
}

/// Refuses several platforms where the client says that there is one.
fn check_single(request: &Request, platforms: Vec<Platform>) -> Result<Vec<Platform>, Diagnostic> {
    if request.multi_platform != Some(false) || platforms.len() == 1 {
        return Ok(platforms);
    }
    let names: Vec<String> = platforms.iter().map(Platform::to_string).collect();
    Err(Diagnostic::error(format!(
        "the build is for several platforms: {}",
        names.join(", ")
    ))
    .hint("leave out `BUILDKIT_MULTI_PLATFORM=0`, or name one by `--platform`"))
}

/// Returns the target, what it is made of, and which images of that the client gives for `platform`.
fn needed_for<'p>(
    request: &Request,
    plan: &'p Plan,
    target: Target<'p>,
    platform: &Platform,
) -> (Vec<Target<'p>>, Vec<Target<'p>>) {
    let given = given_images(request, plan, Some(platform));
    let needed = plan.needed_without(target.name(), &given);
    let made_of: BTreeSet<&ImageName> = needed.iter().flat_map(|image| image.needs()).collect();
    let is_used = |name: &ImageName| {
        given.contains(name) && (made_of.contains(name) || *name == *target.name())
    };
    let given = plan.targets().filter(|image| is_used(image.name()));
    (needed, given.collect())
}

/// Returns the names of the images of the file that the client gives for `platform`; of those that are given whatever the platform is if there is none.
fn given_images<'p>(
    request: &Request,
    plan: &'p Plan,
    platform: Option<&Platform>,
) -> BTreeSet<&'p ImageName> {
    let is_given = |name: &ImageName| {
        let normalised = normalise_reference(name.as_str());
        !name.as_str().is_empty()
            && match platform {
                Some(platform) => NamedContext::of_image(request, &normalised, platform).is_some(),
                None => named_context::all(request)
                    .any(|context| normalise_reference(context.name) == normalised),
            }
    };
    let names = plan.targets().map(Target::name);
    names.filter(|name| is_given(name)).collect()
}

/// Returns the refusal to build what the client gives.
fn target_is_given(target: Target<'_>) -> Diagnostic {
    let name = target.name();
    Diagnostic::error(format!(
        "`--build-context {name}` takes the place of image `{name}`, which is to be built"
    ))
    .at(target.at().clone())
    .hint("leave the option out, or build an image that is made of this one")
}

/// What became of a plan.
pub(super) enum Built {
    /// The image.
    Image(Answer),
    /// Nothing yet: PLAN has to know what these stages hold.
    NeedsBaselines(Box<UnknownBaselines>),
}

/// What is to be built of a plan, whatever the platform.
struct TargetBuild<'a> {
    build: &'a Build<'a>,
    plan: &'a Plan,
    target: Target<'a>,
    /// The target and what it is made of.
    needed: Vec<Target<'a>>,
    /// The images of the file that the client gives, so that they are not built.
    given: Vec<Target<'a>>,
    texts: &'a [SourceFile],
    /// The digest of PLAN's vertex, which warnings are shown on.
    vertex: &'a str,
    /// Which warnings are heard of.
    checks: &'a Checks,
    is_for_several: bool,
}

impl TargetBuild<'_> {
    /// Builds the target for one platform; `attempts` has the stages that are built once more.
    async fn run(
        &self,
        bridge: &mut Bridge,
        platform: Platform,
        attempts: Attempts,
        round: &Round,
    ) -> Result<Solved<Built>, Failure> {
        let is_image = self.target.image().is_some();
        let name = self.target.name();
        let mut linked = (self.build.can_link && is_image).then(|| name.clone());
        loop {
            let (here, attempts) = (platform.clone(), attempts.clone());
            let built = self.attempt(bridge, here, attempts, round, linked).await;
            let built = built.map_err(|failure| {
                if self.is_for_several {
                    failure.of_platform(&platform)
                } else {
                    failure
                }
            });
            if let Some(built) = built? {
                return Ok(built);
            }
            linked = None;
        }
    }

    /// Builds the target for one platform, with the last stage of the image `linked` made beside it; `None` if that cannot
    /// be done.
    async fn attempt(
        &self,
        bridge: &mut Bridge,
        platform: Platform,
        attempts: Attempts,
        round: &Round,
        linked: Option<ImageName>,
    ) -> Result<Option<Solved<Built>>, Failure> {
        let request = self.build.request;
        let images = self.images();
        let settings = Settings {
            attempts,
            linked,
            toolchain: self.toolchain(bridge, round).await?,
            is_one_of_several: self.is_for_several || self.names_platforms(&platform),
            store: StoreMount {
                access: self.build.store,
                generation: round.generation,
            },
            resources: request.resources.limits(self.build.daemon),
            for_commit: if round.plan_is_cached() {
                self.plan.commit.clone()
            } else {
                String::new()
            },
            ..settings::of(request, platform, &images)
        };
        let bases = bases::resolve(bridge, &images, &self.given, request, &settings).await?;
        for warning in bases::of_another_platform(&images, &bases, &settings.platform) {
            self.warn_once(bridge, &warning).await?;
        }
        let planned = explained::Planned {
            plan: self.plan,
            target: self.target,
            settings: &settings,
            bases: &bases,
            vertex: self.vertex,
        };
        explained::note(bridge, self.build, &planned).await?;
        let mut lowerer = Lowerer::new(&bases, &settings, self.texts);
        let native_settings = Settings {
            platform: self.build.native.clone(),
            ..settings.clone()
        };
        let native_bases = if self.names_platforms(&settings.platform) {
            Some(bases::resolve(bridge, &images, &self.given, request, &native_settings).await?)
        } else {
            None
        };
        let mut native = native_bases
            .as_ref()
            .map(|bases| Lowerer::new(bases, &native_settings, self.texts));
        if let Some(native) = &mut native {
            self.lower_needed(bridge, &native_settings, native, None)
                .await?;
        }
        self.lower_needed(bridge, &settings, &mut lowerer, native.as_mut())
            .await?;
        let of_dockerfile = self.target.dockerfile().map(|image| {
            DockerfileSolve::new(image, request, &settings, &mut lowerer, native.as_mut())
        });
        let lowered = match self.target {
            Target::Image(image) => lowerer.finish(&image.name).map_err(Failure::Mistakes)?,
            Target::Dockerfile(_) => lowerer.into_parts(),
        };
        let stages = round.unknown_baselines(&images, &lowered);
        let graph_of = |lowered: Lowered| TargetGraph {
            vertices: self.vertices_with(&lowered),
            lowered,
            commit: if client_files::is_dev(self.build.request) {
                String::new()
            } else {
                self.plan.commit.clone()
            },
            images: images.iter().copied().cloned().collect(),
        };
        let mut target_graph = graph_of(lowered);
        if !stages.is_empty() {
            let unknown = UnknownBaselines {
                target_graph,
                stages,
            };
            return Ok(Some(Solved::Well(Built::NeedsBaselines(Box::new(unknown)))));
        }
        if let Some(solve) = of_dockerfile {
            let native = native.map(|native| graph_of(native.into_parts()));
            let graphs: Vec<&TargetGraph> = [&target_graph].into_iter().chain(&native).collect();
            let made = solve.run(bridge, &graphs).await?;
            return Ok(Some(made.map(|made| Built::Image(made.into()))));
        }
        let base = self.target.image();
        let base = base.and_then(|image| bases::of(self.plan, image, &bases));
        let own = &self.build.own;
        let Some(solved) = solve_image(bridge, own, &mut target_graph).await? else {
            return Ok(None);
        };
        // With a cache of a registry the files may be nowhere but there.
        if let (Solved::Well(reference), Some(image)) = (&solved, self.target.image())
            && request.cache_imports.is_empty()
        {
            for warning in imported::warnings(bridge, reference, image).await {
                self.warn_once(bridge, &warning).await?;
            }
        }
        Ok(Some(solved.map(|reference| {
            let config = target_graph.lowered.config.to_json();
            Built::Image(Answer::image(reference, config, &settings.platform, base))
        })))
    }

    /// Returns the stages that all rounds had in their graphs so far, with those of `lowered`.
    fn vertices_with(&self, lowered: &Lowered) -> Vertices {
        let vertices = &self.build.vertices;
        let mut vertices = vertices.lock().unwrap_or_else(PoisonError::into_inner);
        for step in &lowered.steps {
            let digest = lowered.graph.digest(step.node);
            vertices.insert(digest, (step.image.clone(), step.kind));
        }
        vertices.clone()
    }

    /// Adds all that the target is made of to `lowerer`, and the target itself unless it is built from a Dockerfile: that is
    /// made when all that it can name is known to be there. `native` has the same for the builder's own platform.
    async fn lower_needed(
        &self,
        bridge: &mut Bridge,
        settings: &Settings,
        lowerer: &mut Lowerer<'_>,
        mut native: Option<&mut Lowerer<'_>>,
    ) -> Result<(), Failure> {
        for image in &self.given {
            if let Some(base) = lowerer.base(&normalise_reference(image.name().as_str())) {
                lowerer
                    .given(image.name(), base)
                    .map_err(Failure::Mistakes)?;
            }
        }
        for image in &self.needed {
            match image {
                Target::Image(image) => lowerer.image(image).map_err(Failure::Mistakes)?,
                Target::Dockerfile(_) if image.name() == self.target.name() => {}
                Target::Dockerfile(image) => {
                    let request = self.build.request;
                    let native = native.as_deref_mut();
                    let solve = DockerfileSolve::new(image, request, settings, lowerer, native);
                    let base = solve.describe(bridge).await?;
                    lowerer.dockerfile(&base).map_err(Failure::Mistakes)?;
                }
            }
        }
        Ok(())
    }

    /// Shows a warning, if the build has not shown it before.
    async fn warn_once(&self, bridge: &mut Bridge, warning: &Diagnostic) -> Result<(), Failure> {
        let stops = self.checks.stops(std::slice::from_ref(warning));
        if !stops.is_empty() {
            return Err(Failure::Mistakes(stops));
        }
        if !self.checks.hears(warning) {
            return Ok(());
        }
        let is_new = self
            .build
            .warned
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .insert(warning.headline());
        if is_new {
            let warning = report::warning(self.vertex, warning, self.texts);
            bridge.warn(warning).await?;
        }
        Ok(())
    }

    /// Whether a Dockerfile that can name images of the file may want them for the builder's own platform, too, while
    /// the build is for another one: `FROM --platform=$BUILDPLATFORM`.
    fn names_platforms(&self, platform: &Platform) -> bool {
        let mut dockerfiles = self.needed.iter().filter_map(|image| image.dockerfile());
        *platform != self.build.native
            && dockerfiles.any(|image| {
                !image.images.is_empty() && image.dockerfile.text.contains("--platform=")
            })
    }

    /// Returns those of the needed images that are built by stages.
    fn images(&self) -> Vec<&ImagePlan> {
        self.needed
            .iter()
            .filter_map(|image| image.image())
            .collect()
    }

    /// Returns the name of the ansible tool chain in STORE, where it is by then if a stage needs one.
    async fn toolchain(&self, bridge: &mut Bridge, round: &Round) -> Result<String, Failure> {
        let Build { request, own, .. } = self.build;
        toolchain::ensure(bridge, request, own, &self.images(), round).await
    }
}
