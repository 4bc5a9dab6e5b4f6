//! In which order images can be built, and what is wrong where there is none.

use std::collections::HashMap;

use diagnostic::{Diagnostic, Location};

use super::dockerfile::DockerfileImage;
use super::image::Image;
use super::image_name::ImageName;

/// That one image needs another, and the text that says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Need {
    /// The other image.
    pub image: ImageName,
    /// What is done with it, in the words of a message: `is based on`.
    pub verb: &'static str,
    /// Where that is written.
    pub at: Location,
}

/// Returns the numbers from 0, each once and behind all that it needs; nothing depends on how deep that goes.
///
/// # Errors
/// Numbers that need each other: each needs the next one, and the last one is the first one again.
pub fn order(needs: &[Vec<usize>]) -> Result<Vec<usize>, Vec<usize>> {
    #[derive(Clone, Copy, PartialEq)]
    enum State {
        New,
        Open,
        Done,
    }
    let mut states = vec![State::New; needs.len()];
    let mut sorted = Vec::with_capacity(needs.len());
    for start in 0..needs.len() {
        // The way from `start` to here, and how many needs of each have been looked at.
        let mut way: Vec<(usize, usize)> = Vec::new();
        if states[start] == State::New {
            states[start] = State::Open;
            way.push((start, 0));
        }
        while let Some((at, seen)) = way.last_mut() {
            let Some(&next) = needs[*at].get(*seen) else {
                states[*at] = State::Done;
                sorted.push(*at);
                way.pop();
                continue;
            };
            *seen += 1;
            match states[next] {
                State::Done => {}
                State::New => {
                    states[next] = State::Open;
                    way.push((next, 0));
                }
                State::Open => {
                    let begin = way.iter().position(|(at, _)| *at == next).unwrap_or(0);
                    let mut cycle: Vec<usize> = way[begin..].iter().map(|(at, _)| *at).collect();
                    cycle.push(next);
                    return Err(cycle);
                }
            }
        }
    }
    Ok(sorted)
}

/// Returns the numbers of `images` in an order in which they can be built.
///
/// # Errors
/// The chain of images that need each other, with all lines that make it.
pub fn build_order(images: &[Image]) -> Result<Vec<usize>, Box<Diagnostic>> {
    let images: Vec<Needing<'_>> = images.iter().map(Needing::image).collect();
    order_of(&images)
}

/// Checks that all images of a file can be built in some order.
///
/// # Errors
/// As for [`build_order`].
pub(crate) fn check(
    dockerfiles: &[DockerfileImage],
    images: &[Image],
) -> Result<(), Box<Diagnostic>> {
    let dockerfiles = dockerfiles.iter().map(|image| Needing {
        name: &image.name,
        needs: image.needs(),
    });
    let images: Vec<Needing<'_>> = dockerfiles
        .chain(images.iter().map(Needing::image))
        .collect();
    order_of(&images).map(drop)
}

/// An image of any kind, and what it needs.
struct Needing<'a> {
    name: &'a ImageName,
    needs: Vec<Need>,
}

impl Needing<'_> {
    fn image(image: &Image) -> Needing<'_> {
        Needing {
            name: &image.name,
            needs: image.needs(),
        }
    }
}

fn order_of(images: &[Needing<'_>]) -> Result<Vec<usize>, Box<Diagnostic>> {
    let numbers: HashMap<&ImageName, usize> = images
        .iter()
        .enumerate()
        .map(|(number, image)| (image.name, number))
        .collect();
    // A name that nobody has is another mistake.
    let needs: Vec<Vec<usize>> = images
        .iter()
        .map(|image| {
            let needs = image.needs.iter();
            let known = needs.filter_map(|need| numbers.get(&need.image));
            known.copied().collect()
        })
        .collect();
    order(&needs).map_err(|cycle| Box::new(chain(&cycle, images)))
}

/// The longest chain that is shown in full.
const SHOWN: usize = 20;

fn chain(cycle: &[usize], images: &[Needing<'_>]) -> Diagnostic {
    let mut names: Vec<String> = cycle
        .iter()
        .map(|&number| format!("`{}`", images[number].name))
        .collect();
    if names.len() > SHOWN {
        names.drain(SHOWN - 1..names.len() - 1);
        names.insert(SHOWN - 1, "…".to_owned());
    }
    let mut diagnostic =
        Diagnostic::error(format!("images need each other: {}", names.join(" → ")))
            .hint("an image can only be made of images that are built before it");
    for pair in cycle.windows(2).take(SHOWN) {
        let (image, other) = (&images[pair[0]], images[pair[1]].name);
        let Some(need) = image.needs.iter().find(|need| need.image == *other) else {
            continue;
        };
        let line = need.at.start.line;
        if diagnostic.at.is_none() {
            diagnostic = diagnostic.at(need.at.clone());
        }
        diagnostic = diagnostic.note(format!(
            "`{}` {} `{other}` in line {line}",
            image.name, need.verb
        ));
    }
    diagnostic
}

#[cfg(test)]
mod tests {
    use super::order;

    #[test]
    fn what_is_needed_comes_first() {
        assert_eq!(
            order(&[vec![2, 1], vec![2], vec![], vec![]]),
            Ok(vec![2, 1, 0, 3])
        );
        assert_eq!(order(&[]), Ok(vec![]));
    }

    #[test]
    fn a_cycle_is_given_without_the_way_to_it() {
        assert_eq!(
            order(&[vec![1], vec![2], vec![3], vec![1]]),
            Err(vec![1, 2, 3, 1])
        );
        assert_eq!(order(&[vec![0]]), Err(vec![0, 0]));
    }

    #[test]
    fn a_chain_of_any_length_is_followed() {
        let count = 200_000;
        let needs: Vec<Vec<usize>> = (0..count)
            .map(|number| {
                (number + 1 < count)
                    .then_some(number + 1)
                    .into_iter()
                    .collect()
            })
            .collect();
        assert_eq!(order(&needs).expect("no cycle")[0], count - 1);
    }
}
