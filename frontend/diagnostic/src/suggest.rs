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
        .map(|name| (distance(&lower, &name.to_lowercase()), name));
    let (distance, name) = distances.min_by_key(|&(distance, _)| distance)?;
    let allowed = (name.chars().count().max(lower.chars().count()) / 3).max(1);
    (distance <= allowed && (distance > 0 || name != typed)).then_some(name)
}

/// Returns how many letters must be changed, added, removed or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before_last: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i];
        for j in 1..=b.len() {
            let changed = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = changed.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before_last[j - 2] + 1);
            }
            row.push(least);
        }
        before_last = std::mem::replace(&mut last, row);
    }
    last[b.len()]
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
