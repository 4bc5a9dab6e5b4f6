//! What happens where destinations of one image overlap, as in werf's `pkg/config/export_base.go`.
//!
//! The outer mapping leaves the place of the inner one alone: it gets an exclude mask. Masks are compared as
//! text, as werf does it, so `dist` and `dist/*` are two places.

use super::mask::clean;

/// Where a git mapping or an import puts its files.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Destination {
    /// The absolute path `to`.
    pub to: String,
    /// The include masks, relative to `to`.
    pub include_paths: Vec<String>,
    /// The exclude masks, relative to `to`.
    pub exclude_paths: Vec<String>,
}

/// Two destinations claim the same place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conflict {
    /// The index of the one that would have to make room.
    pub outer: usize,
    /// The index of the one that lies at or below it.
    pub inner: usize,
}

/// Returns the exclude masks that each destination gets in addition.
///
/// The order is werf's: local mappings, then remote ones, then imports, each as they are listed.
///
/// # Errors
/// The first two that claim the same place.
pub fn auto_excludes(destinations: &[Destination]) -> Result<Vec<Vec<String>>, Conflict> {
    let places: Vec<Place> = destinations.iter().map(Place::new).collect();
    let mut extra = vec![Vec::new(); places.len()];
    for (outer_index, outer) in places.iter().enumerate() {
        let mut excluded = outer.excluded.clone();
        for (inner_index, inner) in places.iter().enumerate() {
            if outer_index == inner_index || !is_at_or_below(&inner.to, &outer.to) {
                continue;
            }
            let is_conflict = outer.covered.is_empty() && inner.covered.is_empty();
            if is_conflict
                || inner
                    .covered
                    .iter()
                    .any(|path| outer.covered.contains(path))
            {
                return Err(Conflict {
                    outer: outer_index,
                    inner: inner_index,
                });
            }
            for path in &inner.covered {
                let mut known = outer.covered.iter().chain(&excluded);
                if known.any(|known| is_at_or_below(known, path)) {
                    continue;
                }
                let mask = relative(&outer.to, path);
                excluded.push(join(&outer.to, &mask));
                extra[outer_index].push(mask);
            }
        }
    }
    Ok(extra)
}

/// A destination with its masks as paths from the root of the image, without a slash in front.
struct Place {
    to: String,
    /// What it writes: its includes, or `to`; nothing if that is the root.
    covered: Vec<String>,
    excluded: Vec<String>,
}

impl Place {
    fn new(destination: &Destination) -> Place {
        let to = clean(&destination.to);
        let paths = |masks: &[String]| masks.iter().map(|mask| join(&to, &clean(mask))).collect();
        let bare = to.trim_start_matches('/');
        let covered = if destination.include_paths.is_empty() && !bare.is_empty() {
            vec![bare.to_owned()]
        } else {
            paths(&destination.include_paths)
        };
        let excluded = paths(&destination.exclude_paths);
        Place {
            to,
            covered,
            excluded,
        }
    }
}

fn join(to: &str, mask: &str) -> String {
    match to.trim_start_matches('/') {
        "" => clean(mask),
        to => clean(&format!("{to}/{mask}")),
    }
}

fn is_at_or_below(path: &str, base: &str) -> bool {
    let below = path.strip_prefix(base.trim_end_matches('/'));
    path == base || below.is_some_and(|rest| rest.starts_with('/'))
}

/// Returns the way from the absolute path `base` to `path`.
fn relative(base: &str, path: &str) -> String {
    let target = clean(&format!("/{path}"));
    let parts = |path: &str| -> Vec<String> {
        let parts = path.split('/').filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect()
    };
    let (base, target) = (parts(base), parts(&target));
    let common = base.iter().zip(&target).take_while(|(a, b)| a == b).count();
    let up = base[common..].iter().map(|_| "..".to_owned());
    let steps: Vec<String> = up.chain(target[common..].iter().cloned()).collect();
    if steps.is_empty() {
        ".".to_owned()
    } else {
        steps.join("/")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(to: &str, include: &[&str], exclude: &[&str]) -> Destination {
        let owned = |masks: &[&str]| masks.iter().map(|&mask| mask.to_owned()).collect();
        Destination {
            to: to.to_owned(),
            include_paths: owned(include),
            exclude_paths: owned(exclude),
        }
    }

    /// The extra excludes of `a`, beside which only `b` exists; `b` must get none.
    fn excludes(a: Destination, b: Destination) -> Result<Vec<String>, Conflict> {
        auto_excludes(&[a, b]).map(|mut extra| {
            assert_eq!(extra[1], Vec::<String>::new());
            extra.swap_remove(0)
        })
    }

    const CONFLICT: Conflict = Conflict { outer: 0, inner: 1 };

    #[test]
    fn the_outer_destination_makes_room() {
        for (a, b, expected) in [
            (
                at("/app", &[], &[]),
                at("/app/assets", &[], &[]),
                &["assets"][..],
            ),
            (at("/", &[], &[]), at("/app", &[], &[]), &["app"]),
            (
                at("/app", &[], &[]),
                at("/app", &["vendor"], &[]),
                &["vendor"],
            ),
            (
                at("/app", &["src/main"], &[]),
                at("/app/src", &[], &[]),
                &[],
            ),
            (at("/app", &[], &[]), at("/other", &[], &[]), &[]),
            (at("/app", &[], &[]), at("/application", &[], &[]), &[]),
            (
                at("/app", &[], &["assets"]),
                at("/app/assets", &[], &[]),
                &[],
            ),
            (
                at("/app", &[], &["assets/x"]),
                at("/app/assets", &[], &[]),
                &[],
            ),
            (
                at("/app", &[], &["assets"]),
                at("/app/assets/x", &[], &[]),
                &["assets/x"],
            ),
            (
                at("/app", &["src"], &[]),
                at("/app/src/x", &[], &[]),
                &["src/x"],
            ),
            (at("/app", &["dist/*"], &[]), at("/app/dist", &[], &[]), &[]),
            (
                at("/app", &["dist"], &[]),
                at("/app", &["dist/*"], &[]),
                &["dist/*"],
            ),
            (
                at("/app/", &[], &[]),
                at("/app/a/", &["./b/", "c/../d"], &[]),
                &["a/b", "a/d"],
            ),
            (
                at("/app", &[], &[]),
                at("/app/a", &["../../etc"], &[]),
                &["../etc"],
            ),
        ] {
            assert_eq!(
                excludes(a.clone(), b.clone()).unwrap(),
                expected,
                "{a:?} {b:?}"
            );
        }
    }

    #[test]
    fn the_same_place_is_a_conflict() {
        for (a, b) in [
            (at("/app", &[], &[]), at("/app", &[], &[])),
            (at("/", &[], &[]), at("/", &[], &[])),
            (at("/app", &["src"], &[]), at("/app/src", &[], &[])),
            (at("/app", &["a", "b"], &[]), at("/app", &["c", "b/"], &[])),
            (at("/", &["app"], &[]), at("/app", &[], &[])),
        ] {
            assert_eq!(excludes(a.clone(), b.clone()), Err(CONFLICT), "{a:?} {b:?}");
        }
    }

    #[test]
    fn a_conflict_is_found_in_either_direction() {
        let destinations = [
            at("/app/src", &[], &[]),
            at("/x", &[], &[]),
            at("/app", &["src"], &[]),
        ];
        let conflict = Conflict { outer: 2, inner: 0 };
        assert_eq!(auto_excludes(&destinations), Err(conflict));
    }

    #[test]
    fn what_covers_an_excluded_place_is_not_excluded() {
        let outer = at("/app", &[], &[]);
        let wide = at("/app/a/b", &[], &[]);
        let narrow = at("/app/a/b", &["x"], &[]);
        let extra = auto_excludes(&[outer.clone(), wide.clone(), narrow.clone()]).unwrap();
        assert_eq!(extra[0], ["a/b", "a/b/x"]);
        assert_eq!(extra[1], ["x"]);
        // The other way round `a/b` covers `a/b/x`, which is excluded already, so werf leaves it out.
        let extra = auto_excludes(&[outer, narrow, wide]).unwrap();
        assert_eq!(extra[0], ["a/b/x"]);
    }

    #[test]
    fn the_root_without_includes_covers_no_path() {
        let destinations = [at("/", &["etc"], &[]), at("/", &[], &[])];
        let extra = auto_excludes(&destinations).unwrap();
        assert_eq!(extra, [vec![], vec!["etc".to_owned()]]);
    }
}
