//! Medians and spreads, and the table that shows them.

use std::iter::once;
use std::time::Duration;

/// What is told of many runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Summary {
    /// The middle run, or the mean of the two middle ones.
    pub median: Duration,
    /// The fastest.
    pub min: Duration,
    /// The slowest.
    pub max: Duration,
}

impl Summary {
    /// Summarizes some runs; no runs are all zero.
    pub fn of(times: &[Duration]) -> Summary {
        let mut times = times.to_vec();
        times.sort();
        let at = |index: usize| times.get(index).copied().unwrap_or_default();
        let last = times.len().saturating_sub(1);
        Summary {
            median: (at(last / 2) + at(last.div_ceil(2))) / 2,
            min: at(0),
            max: at(last),
        }
    }
}

/// Returns a table of two ways and what the first costs more.
pub fn table(title: &str, names: [&str; 2], ways: [Summary; 2]) -> String {
    let width = names.iter().map(|name| name.len()).max().unwrap_or(0);
    let head = format!(
        "{title}\n{:width$}  {:>8}  {:>8}  {:>8}",
        "", "median", "min", "max"
    );
    let rows = names.iter().zip(&ways).map(|(name, way)| {
        let [median, min, max] = [way.median, way.min, way.max].map(|time| time.as_secs_f64());
        format!("{name:width$}  {median:>7.3}s  {min:>7.3}s  {max:>7.3}s")
    });
    let difference = ways[0].median.as_secs_f64() - ways[1].median.as_secs_f64();
    let last = format!("{} takes {difference:+.3}s against {}", names[0], names[1]);
    once(head)
        .chain(rows)
        .chain(once(last))
        .collect::<Vec<_>>()
        .join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn millis(times: &[u64]) -> Vec<Duration> {
        times.iter().copied().map(Duration::from_millis).collect()
    }

    #[test]
    fn the_median_of_an_even_number_of_runs_lies_between_the_middle_two() {
        for (times, median) in [
            (&[3, 1, 2][..], 2),
            (&[4, 1, 2, 100], 3),
            (&[5], 5),
            (&[], 0),
        ] {
            assert_eq!(
                Summary::of(&millis(times)).median,
                Duration::from_millis(median),
                "{times:?}"
            );
        }
    }

    #[test]
    fn the_table_shows_the_difference_of_the_medians() {
        let ways = [
            Summary::of(&millis(&[900, 1000, 1300])),
            Summary::of(&millis(&[700, 750, 760])),
        ];
        let expected = "a build
            median       min       max
frontend    1.000s    0.900s    1.300s
peer        0.750s    0.700s    0.760s
frontend takes +0.250s against peer";
        assert_eq!(table("a build", ["frontend", "peer"], ways), expected);
    }
}
