//! How long each step of a build took, from its progress in plain form.

use std::collections::BTreeMap;

/// Returns the steps that took some time, in the order in which they were first named.
pub fn of_progress(log: &str) -> Vec<(String, f64)> {
    let mut names: Vec<(&str, &str)> = Vec::new();
    let mut times: BTreeMap<&str, f64> = BTreeMap::new();
    for line in log.lines() {
        let Some((number, rest)) = line.strip_prefix('#').and_then(|it| it.split_once(' ')) else {
            continue;
        };
        if let Some(time) = rest
            .strip_prefix("DONE ")
            .and_then(|it| it.strip_suffix('s'))
        {
            *times.entry(number).or_default() += time.parse().unwrap_or(0.0);
        } else if !names.iter().any(|(known, _)| *known == number) {
            names.push((number, rest));
        }
    }
    let timed = names.into_iter().filter_map(|(number, name)| {
        let time = times.get(number).copied()?;
        (time > 0.0).then(|| (name.to_owned(), time))
    });
    timed.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_have_the_time_that_progress_gives_them() {
        let log = "#0 building with \"default\" instance using docker driver\n\n#1 [internal] load build definition\n#1 transferring 4B\n\
             #1 DONE 0.1s\n\n#2 [app seal]\n#2 CACHED\n\n#3 exporting cache\n#3 preparing build cache for export 0.2s done\n#3 DONE 0.3s\n\
             #1 [internal] load build definition\n#1 DONE 0.2s\n#4 [x]\n#4 DONE 0.0s\n";
        let steps = of_progress(log);
        let shown: Vec<String> = steps
            .iter()
            .map(|(name, time)| format!("{name} {time:.1}"))
            .collect();
        assert_eq!(
            shown,
            [
                "[internal] load build definition 0.3",
                "exporting cache 0.3"
            ]
        );
    }
}
