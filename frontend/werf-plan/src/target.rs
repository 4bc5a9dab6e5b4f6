//! Which image of a plan is built.

use diagnostic::{Diagnostic, Located, Location};
use werf_config::ImageName;

use super::dockerfile::DockerfilePlan;
use super::file::{ImagePlan, Plan};

/// The image that is built.
#[derive(Clone, Copy, Debug)]
pub enum Target<'a> {
    /// One that is built by stages.
    Image(&'a ImagePlan),
    /// One that is built from a Dockerfile.
    Dockerfile(&'a DockerfilePlan),
}

impl<'a> Target<'a> {
    /// Returns its name.
    pub fn name(self) -> &'a ImageName {
        match self {
            Target::Image(image) => &image.name,
            Target::Dockerfile(image) => &image.name,
        }
    }

    /// Returns where it is defined.
    pub fn at(self) -> &'a Location {
        match self {
            Target::Image(image) => &image.at,
            Target::Dockerfile(image) => &image.at,
        }
    }

    /// Returns the platforms that it is for; none means whatever is asked for.
    pub fn platforms(self) -> &'a [Located<String>] {
        match self {
            Target::Image(image) => &image.platforms,
            Target::Dockerfile(image) => &image.platforms,
        }
    }

    /// Returns it if it is built by stages.
    pub fn image(self) -> Option<&'a ImagePlan> {
        match self {
            Target::Image(image) => Some(image),
            Target::Dockerfile(_) => None,
        }
    }

    /// Returns it if it is built from a Dockerfile.
    pub fn dockerfile(self) -> Option<&'a DockerfilePlan> {
        match self {
            Target::Image(_) => None,
            Target::Dockerfile(image) => Some(image),
        }
    }

    /// Whether it is built for its own sake.
    pub fn is_final(self) -> bool {
        match self {
            Target::Image(image) => image.is_final,
            Target::Dockerfile(image) => image.is_final,
        }
    }

    /// Whether it has a use for the named context `name` of the client. Of a Dockerfile nobody here knows.
    pub fn uses_context(self, name: &str) -> bool {
        match self {
            Target::Image(image) => image.uses_context(name),
            Target::Dockerfile(_) => true,
        }
    }
}

impl Plan {
    /// Returns all images, those from Dockerfiles first.
    pub fn targets(&self) -> impl Iterator<Item = Target<'_>> {
        let dockerfiles = self.dockerfiles.iter().map(Target::Dockerfile);
        dockerfiles.chain(self.images.iter().map(Target::Image))
    }

    /// Returns the image that `target` names, or the only final one.
    ///
    /// # Errors
    /// Why there is none, or several.
    pub fn choose(&self, target: Option<&str>) -> Result<Target<'_>, Diagnostic> {
        let names = |images: &[Target<'_>]| {
            images
                .iter()
                .map(|image| format!("`{}`", image.name()))
                .collect::<Vec<_>>()
                .join(", ")
        };
        let all: Vec<Target<'_>> = self.targets().collect();
        let finals: Vec<Target<'_>> = self.targets().filter(|image| image.is_final()).collect();
        match (target, finals.as_slice(), all.as_slice()) {
            (Some(target), ..) => self
                .targets()
                .find(|image| image.name().to_string() == target)
                .ok_or_else(|| {
                    Diagnostic::error(format!(
                        "`--target {target}` is no image of project `{}`",
                        self.project
                    ))
                    .hint(format!("its images are {}", names(&all)))
                }),
            (None, [one], _) | (None, [], [one]) => Ok(*one),
            (None, [], []) => Err(Diagnostic::error(format!(
                "project `{}` has no image to build",
                self.project
            ))
            .hint("add a section with `image:` and `from:`")),
            (None, ..) => Err(Diagnostic::error(format!(
                "project `{}` has several images",
                self.project
            ))
            .hint(format!(
                "choose one with `--target`: {}",
                names(if finals.is_empty() { &all } else { &finals })
            ))),
        }
    }
}
