//! "Did you mean …?"

/// Returns the name among `known` that `typed` is most likely a slip of, if one is close enough.
pub fn closest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // Nobody mistypes a whole paragraph, and the distance takes the product of the lengths.
    const LONGEST: usize = 64;
    if typed.chars().count() > LONGEST {
        return None;
    }
    let lower = typed.to_lowercase();
    let distances = known
        .into_iter()
        .map(|name| (strsim::osa_distance(&lower, &name.to_lowercase()), name));
    let (distance, name) = distances.min_by_key(|&(distance, _)| distance)?;
    let allowed = (name.chars().count().max(lower.chars().count()) / 3).max(1);
    (distance <= allowed && (distance > 0 || name != typed)).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn slips_are_recognised() {
        let known = ["stageDependencies", "includePaths", "add", "to", "ENV"];
        for (typed, meant) in [
            ("stageDependancies", Some("stageDependencies")),
            ("stagedependencies", Some("stageDependencies")),
            ("includePath", Some("includePaths")),
            ("dad", Some("add")),
            ("env", Some("ENV")),
            ("volumes", None),
            ("", None),
        ] {
            assert_eq!(closest(typed, known), meant, "{typed}");
        }
    }
}
