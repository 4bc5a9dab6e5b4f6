//! In which order the targets of a bake file are built where images are told of others that must be pushed before
//! (`dependencies`): what comes of one step is given to the next.

use std::collections::{BTreeMap, BTreeSet};

use werf_config::{
    Base, Config, Dependency, DependencyImport, ImageFact, ImageName, ImportFrom, order,
};

/// Something that an image is told of another one.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Of which image.
    pub of: &'a ImageName,
    /// What, and by which build argument.
    pub import: &'a DependencyImport,
}

/// The images of a configuration, and the steps they are built in.
pub struct Steps<'a> {
    images: BTreeMap<&'a ImageName, Step<'a>>,
}

struct Step<'a> {
    /// From 1 on.
    number: usize,
    /// Everything that this image and those that it is made of are told.
    wanted: Vec<Wanted<'a>>,
    /// This image and those that it is made of.
    parts: Vec<&'a ImageName>,
}

/// An image as it is written.
struct Written<'a> {
    name: &'a ImageName,
    made_of: Vec<&'a ImageName>,
    wanted: Vec<Wanted<'a>>,
}

impl<'a> Steps<'a> {
    /// Sorts the images of `config`.
    pub fn of(config: &'a Config) -> Steps<'a> {
        let images = written(config);
        let numbers: BTreeMap<&ImageName, usize> = images
            .iter()
            .enumerate()
            .map(|(number, image)| (image.name, number))
            .collect();
        let needs: Vec<Vec<usize>> = images
            .iter()
            .map(|image| {
                let told = image.wanted.iter().map(|wanted| wanted.of);
                let needs = image.made_of.iter().copied().chain(told);
                needs
                    .filter_map(|name| numbers.get(name).copied())
                    .collect()
            })
            .collect();
        // Without an order there is no configuration: whoever reads one refuses that.
        let order = order::order(&needs).unwrap_or_default();
        let mut made_of: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); images.len()];
        let mut steps = BTreeMap::new();
        for number in order {
            let image = &images[number];
            let mut all = BTreeSet::from([number]);
            for part in image.made_of.iter().filter_map(|name| numbers.get(name)) {
                all.extend(&made_of[*part]);
            }
            let wanted = all.iter().flat_map(|part| &images[*part].wanted).copied();
            let wanted: Vec<Wanted<'_>> = wanted.collect();
            let number_of =
                |it: &Wanted<'_>| steps.get(it.of).map_or(1, |step: &Step<'_>| step.number);
            let last = wanted.iter().map(number_of).max().unwrap_or(0);
            steps.insert(
                image.name,
                Step {
                    number: last + 1,
                    wanted,
                    parts: all.iter().map(|part| images[*part].name).collect(),
                },
            );
            made_of[number] = all;
        }
        Steps { images: steps }
    }

    /// Returns the step of an image, from 1 on.
    pub fn number(&self, image: &ImageName) -> usize {
        self.images.get(image).map_or(1, |step| step.number)
    }

    /// Returns everything that an image and those that it is made of are told.
    pub fn wanted(&self, image: &ImageName) -> &[Wanted<'a>] {
        self.images.get(image).map_or(&[], |step| &step.wanted)
    }

    /// Returns the image and those that it is made of.
    pub fn parts(&self, image: &ImageName) -> &[&'a ImageName] {
        self.images.get(image).map_or(&[], |step| &step.parts)
    }

    /// Returns the images that those in `targets` are told of, and in turn those that these are told of.
    pub fn told_of(
        &self,
        targets: impl IntoIterator<Item = &'a ImageName>,
    ) -> BTreeSet<&'a ImageName> {
        let mut open: Vec<&ImageName> = targets.into_iter().collect();
        let mut found = BTreeSet::new();
        while let Some(image) = open.pop() {
            for wanted in self.wanted(image) {
                if found.insert(wanted.of) {
                    open.push(wanted.of);
                }
            }
        }
        found
    }
}

fn written(config: &Config) -> Vec<Written<'_>> {
    let dockerfiles = config.dockerfiles.iter().map(|image| {
        // An image that a Dockerfile is only told the name of is built with it.
        let is_part = |import: &DependencyImport| import.fact == ImageFact::ImageName;
        let parts = image.dependencies.iter();
        let parts = parts.filter(|dependency| dependency.imports.iter().any(is_part));
        Written {
            name: &image.name,
            made_of: parts.map(|dependency| &dependency.image).collect(),
            wanted: wanted(&image.dependencies, |import| !is_part(import)),
        }
    });
    let images = config.images.iter().map(|image| {
        let mut made_of = Vec::new();
        if let Base::Sibling { image, .. } = &image.base {
            made_of.push(image);
        }
        for import in image.imports.values().flatten() {
            if let ImportFrom::Sibling { image, .. } = &import.from {
                made_of.push(image);
            }
        }
        Written {
            name: &image.name,
            made_of,
            wanted: wanted(image.dependencies.values().flatten(), |_| true),
        }
    });
    dockerfiles.chain(images).collect()
}

fn wanted<'a>(
    dependencies: impl IntoIterator<Item = &'a Dependency>,
    is_wanted: impl Fn(&DependencyImport) -> bool,
) -> Vec<Wanted<'a>> {
    let mut all = Vec::new();
    for dependency in dependencies {
        let imports = dependency.imports.iter().filter(|import| is_wanted(import));
        all.extend(imports.map(|import| Wanted {
            of: &dependency.image,
            import,
        }));
    }
    all
}
