//! Which image of a plan is built, and what else that takes.

use std::collections::{BTreeMap, BTreeSet};

use werf_config::{Base, ImageName, ImportFrom, order};

use super::file::{ImagePlan, Plan};

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

impl Plan {
    /// Returns the image `name`.
    pub fn image(&self, name: &ImageName) -> Option<&ImagePlan> {
        self.images.iter().find(|image| image.name == *name)
    }

    /// Returns what must be built for the image `target`, which comes last, in an order in which it can be built; each
    /// image once.
    pub fn needed(&self, target: &ImageName) -> Vec<&ImagePlan> {
        let numbers: BTreeMap<&ImageName, usize> = self
            .images
            .iter()
            .enumerate()
            .map(|(number, image)| (&image.name, number))
            .collect();
        let needs: Vec<Vec<usize>> = self
            .images
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
            if wanted.insert(number) {
                open.extend(&needs[number]);
            }
        }
        // A plan is made of a configuration in which nothing needs itself.
        let order = order::order(&needs).unwrap_or_default();
        let order = order.into_iter().filter(|number| wanted.contains(number));
        order.map(|number| &self.images[number]).collect()
    }
}
