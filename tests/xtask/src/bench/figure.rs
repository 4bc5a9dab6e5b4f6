//! Figures with their targets: what was measured, what was promised, and whether it holds.

use std::time::Duration;

use super::stats::Summary;

/// What a figure is held to.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Target {
    /// At least this many times as fast as the Dockerfile.
    TimesFaster(f64),
    /// Slower than the Dockerfile by this much at most.
    AtMostSlower(Duration),
    /// This much time at most.
    Within(Duration),
    /// This many bytes at most.
    Bytes(u64),
}

/// What was measured.
#[derive(Clone, Debug)]
pub enum Measured {
    /// Two ways of doing the same thing by turns, ours first.
    Pair([Summary; 2]),
    /// Something that a Dockerfile has no like of.
    Time(Summary),
    /// The most bytes of several runs.
    Bytes(u64),
}

/// One line of the report.
#[derive(Clone, Debug)]
pub struct Figure {
    /// What was done.
    pub what: &'static str,
    /// How often.
    pub runs: u32,
    /// What came out.
    pub measured: Measured,
    /// What should have.
    pub target: Target,
}

impl Figure {
    /// Says whether the target is met; the medians count.
    pub fn is_met(&self) -> bool {
        match (&self.measured, self.target) {
            (Measured::Pair([ours, theirs]), Target::TimesFaster(factor)) => {
                ours.median.as_secs_f64() * factor <= theirs.median.as_secs_f64()
            }
            (Measured::Pair([ours, theirs]), Target::AtMostSlower(by)) => {
                ours.median <= theirs.median + by
            }
            (Measured::Time(time), Target::Within(limit)) => time.median <= limit,
            (Measured::Bytes(bytes), Target::Bytes(limit)) => *bytes <= limit,
            _ => false,
        }
    }

    fn cells(&self) -> [String; 6] {
        let (ours, theirs, difference) = match &self.measured {
            Measured::Pair([ours, theirs]) => {
                let (fast, slow) = (ours.median.as_secs_f64(), theirs.median.as_secs_f64());
                let difference = match self.target {
                    Target::TimesFaster(_) => format!("{:.1} times faster", slow / fast),
                    _ => format!("{:+.3} s", fast - slow),
                };
                (shown(ours), shown(theirs), difference)
            }
            Measured::Time(time) => (shown(time), "–".to_owned(), "–".to_owned()),
            Measured::Bytes(bytes) => (megabytes(*bytes), "–".to_owned(), "–".to_owned()),
        };
        let target = match self.target {
            Target::TimesFaster(factor) => format!("at least {factor} times faster"),
            Target::AtMostSlower(Duration::ZERO) => "not slower".to_owned(),
            Target::AtMostSlower(by) => format!("at most {} s slower", by.as_secs_f64()),
            Target::Within(limit) => format!("at most {} s", limit.as_secs_f64()),
            Target::Bytes(limit) => format!("at most {}", megabytes(limit)),
        };
        let verdict = if self.is_met() { "met" } else { "NOT MET" };
        let what = match self.runs {
            1 => self.what.to_owned(),
            runs => format!("{} ({runs} runs)", self.what),
        };
        [what, ours, theirs, difference, target, verdict.to_owned()]
    }
}

fn shown(times: &Summary) -> String {
    let [median, min, max] = [times.median, times.min, times.max].map(|time| time.as_secs_f64());
    format!("{median:.3} s ({min:.3} to {max:.3})")
}

fn megabytes(bytes: u64) -> String {
    let digits = if bytes < 1_000_000 { 2 } else { 0 };
    format!("{:.digits$} MB", bytes as f64 / 1e6)
}

/// Returns the figures as a table of Markdown, which is how `docs/performance.md` has them.
pub fn table(figures: &[Figure]) -> String {
    let head = [
        "build",
        "werf.yaml, median (min to max)",
        "Dockerfile, median (min to max)",
        "difference",
        "target",
        "verdict",
    ];
    let mut rows = vec![head.map(str::to_owned), head.map(|_| "---".to_owned())];
    rows.extend(figures.iter().map(Figure::cells));
    let rows: Vec<String> = rows
        .iter()
        .map(|cells| format!("| {} |", cells.join(" | ")))
        .collect();
    rows.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(millis: u64) -> Summary {
        Summary::of(&[Duration::from_millis(millis)])
    }

    fn figure(measured: Measured, target: Target) -> Figure {
        Figure {
            what: "a build",
            runs: 3,
            measured,
            target,
        }
    }

    #[test]
    fn a_target_is_met_up_to_its_limit_and_not_beyond() {
        let pair = |ours, theirs| Measured::Pair([summary(ours), summary(theirs)]);
        let slower = Target::AtMostSlower(Duration::from_millis(400));
        let half = Target::Within(Duration::from_millis(500));
        for (measured, target, met) in [
            (pair(100, 1000), Target::TimesFaster(10.0), true),
            (pair(101, 1000), Target::TimesFaster(10.0), false),
            (pair(900, 500), slower, true),
            (pair(901, 500), slower, false),
            (pair(500, 500), Target::AtMostSlower(Duration::ZERO), true),
            (pair(501, 500), Target::AtMostSlower(Duration::ZERO), false),
            (Measured::Time(summary(500)), half, true),
            (Measured::Time(summary(501)), half, false),
            (Measured::Bytes(5), Target::Bytes(5), true),
            (Measured::Bytes(6), Target::Bytes(5), false),
            (Measured::Bytes(6), half, false),
        ] {
            assert_eq!(
                figure(measured.clone(), target).is_met(),
                met,
                "{measured:?}"
            );
        }
    }

    #[test]
    fn the_table_says_what_was_promised_and_what_came() {
        let pair = Measured::Pair([summary(500), summary(6000)]);
        let figures = [
            figure(pair, Target::TimesFaster(10.0)),
            figure(Measured::Bytes(260_000_000), Target::Bytes(250_000_000)),
        ];
        let rows: Vec<String> = table(&figures).lines().skip(2).map(str::to_owned).collect();
        assert_eq!(
            rows,
            [
                "| a build (3 runs) | 0.500 s (0.500 to 0.500) | 6.000 s (6.000 to 6.000) | 12.0 times faster \
                 | at least 10 times faster | met |",
                "| a build (3 runs) | 260 MB | – | – | at most 250 MB | NOT MET |",
            ]
        );
    }
}
