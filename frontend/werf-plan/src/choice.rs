//! Which image of a plan is built, and what else that takes.

use std::collections::{BTreeMap, BTreeSet};

use diagnostic::Diagnostic;
use werf_config::{Base, ImageName, ImportFrom, order};

use super::dependency::{self, MissingValue};
use super::dockerfile::DockerfilePlan;
use super::file::{ImagePlan, Plan};
use super::target::Target;

impl ImagePlan {
    /// Returns the images of the configuration that this one is made of.
    pub fn needs(&self) -> Vec<&ImageName> {
        let mut needs = Vec::new();
        if let Base::Sibling { image, .. } = &self.base {
            needs.push(image);
        }
        for import in self.stages.iter().flat_map(|stage| &stage.imports) {
            if let ImportFrom::Sibling { image, .. } = &import.from {
                needs.push(image);
            }
        }
        needs
    }
}

impl DockerfilePlan {
    /// Returns the images of the configuration that this one can be made of.
    pub fn needs(&self) -> Vec<&ImageName> {
        self.images.values().collect()
    }
}

impl<'a> Target<'a> {
    /// Returns the images of the configuration that this one is made of.
    pub fn needs(self) -> Vec<&'a ImageName> {
        match self {
            Target::Image(image) => image.needs(),
            Target::Dockerfile(image) => image.needs(),
        }
    }

    /// Returns what the client has not given for it.
    pub fn missing(self) -> &'a [MissingValue] {
        match self {
            Target::Image(image) => &image.missing,
            Target::Dockerfile(image) => &image.missing,
        }
    }
}

impl Plan {
    /// Returns the image `name`.
    pub fn image(&self, name: &ImageName) -> Option<&ImagePlan> {
        self.images.iter().find(|image| image.name == *name)
    }

    /// Returns what must be built for the image `target`, which comes last, in an order in which it can be built; each
    /// image once.
    pub fn needed(&self, target: &ImageName) -> Vec<Target<'_>> {
        self.needed_without(target, &BTreeSet::new())
    }

    /// Returns the same where the images `given` are at hand, and what they are made of is not looked at.
    pub fn needed_without(
        &self,
        target: &ImageName,
        given: &BTreeSet<&ImageName>,
    ) -> Vec<Target<'_>> {
        let images: Vec<Target<'_>> = self.targets().collect();
        let numbers: BTreeMap<&ImageName, usize> = images
            .iter()
            .enumerate()
            .map(|(number, image)| (image.name(), number))
            .collect();
        let needs: Vec<Vec<usize>> = images
            .iter()
            .map(|image| {
                let needs = image.needs().into_iter();
                needs
                    .filter_map(|name| numbers.get(name).copied())
                    .collect()
            })
            .collect();
        let mut wanted = BTreeSet::new();
        let mut open: Vec<usize> = numbers.get(target).copied().into_iter().collect();
        while let Some(number) = open.pop() {
            if !given.contains(images[number].name()) && wanted.insert(number) {
                open.extend(&needs[number]);
            }
        }
        // A plan is made of a configuration in which nothing needs itself.
        let order = order::order(&needs).unwrap_or_default();
        let order = order.into_iter().filter(|number| wanted.contains(number));
        order.map(|number| images[number]).collect()
    }

    /// Returns the mistake of building `needed` without what its images are told of others, if something of that is not given.
    pub fn lacks(&self, needed: &[Target<'_>]) -> Option<Diagnostic> {
        let missing: Vec<(&ImageName, &MissingValue)> = needed
            .iter()
            .flat_map(|image| image.missing().iter().map(|value| (image.name(), value)))
            .collect();
        let mistake = dependency::explain(&missing)?;
        let lacks_too = |name: &ImageName| {
            let mut made_of = self.needed(name).into_iter();
            made_of.any(|image| !image.missing().is_empty())
        };
        let source = missing.iter().find(|(_, value)| lacks_too(&value.of));
        Some(match source {
            Some((_, value)) => mistake.note(format!(
                "image `{}` is told of others itself, so it is in a later group than `step-1`",
                value.of
            )),
            None => mistake,
        })
    }
}
