//! Text that looks like source code to a compressor: words of a vocabulary in indented lines.

use std::io::Write as _;

/// A seeded generator of numbers: the same repository on every machine (xorshift64*).
pub struct Random(u64);

impl Random {
    /// Begins a sequence; every seed has one of its own.
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    /// Returns the next number.
    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d)
    }

    /// Returns a number below `end`.
    pub fn below(&mut self, end: u64) -> u64 {
        (self.next() >> 11) % end.max(1)
    }

    /// Returns a number of the standard normal distribution, nearly: the sum of twelve even ones.
    pub fn normal(&mut self) -> f64 {
        let sum: f64 = (0..12).map(|_| self.next() as f64 / u64::MAX as f64).sum();
        sum - 6.0
    }
}

/// Largest file.
pub const LARGEST: usize = 200_000;

/// Returns the size of a source file: log-normal, half of them below 2.5 kB, two thirds below 4 kB, few large.
pub fn size(random: &mut Random) -> usize {
    let size = 2500.0 * (1.1 * random.normal()).exp();
    (size as usize).clamp(40, LARGEST)
}

const KEYWORDS: [&str; 16] = [
    "const",
    "return",
    "await",
    "import",
    "export",
    "function",
    "if",
    "else",
    "for",
    "throw",
    "new",
    "async",
    "interface",
    "type",
    "let",
    "this",
];

const SYLLABLES: [&str; 24] = [
    "con", "fig", "re", "quest", "han", "dler", "ser", "vice", "mo", "del", "us", "er", "ac",
    "count", "ren", "der", "sta", "te", "pro", "vi", "der", "in", "dex", "list",
];

/// Appends about `size` bytes of lines: keywords, names that come again, numbers and punctuation.
pub fn source(out: &mut Vec<u8>, size: usize, random: &mut Random) {
    let end = out.len() + size;
    let names: Vec<String> = (0..12).map(|_| name(random)).collect();
    let mut depth = 0usize;
    while out.len() < end {
        out.extend(std::iter::repeat_n(b' ', depth * 2));
        for _ in 0..=random.below(5) {
            let pick = random.next();
            let word = match pick % 10 {
                0..=3 => KEYWORDS[(pick >> 8) as usize % KEYWORDS.len()],
                _ => &names[(pick >> 8) as usize % names.len()],
            };
            out.extend_from_slice(word.as_bytes());
            out.extend_from_slice(
                [" ", ".", "(", ", ", ": ", " = "][(pick >> 40) as usize % 6].as_bytes(),
            );
            if pick.is_multiple_of(17) {
                let _ = write!(out, "{}", pick >> 50);
            }
        }
        match random.below(6) {
            0 => {
                out.extend_from_slice(b"{\n");
                depth = (depth + 1).min(6);
            }
            1 if depth > 0 => {
                out.extend_from_slice(b"}\n");
                depth -= 1;
            }
            _ => out.extend_from_slice(b";\n"),
        }
    }
    out.truncate(end);
    out.push(b'\n');
}

fn name(random: &mut Random) -> String {
    let parts = 2 + random.below(3);
    (0..parts)
        .map(|_| SYLLABLES[random.below(SYLLABLES.len() as u64) as usize])
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_those_of_source_files() {
        let mut random = Random::new(1);
        let sizes: Vec<usize> = (0..20_000).map(|_| size(&mut random)).collect();
        let below = |limit| sizes.iter().filter(|size| **size < limit).count() as f64 / 20_000.0;
        assert!((0.60..0.72).contains(&below(4_000)), "{}", below(4_000));
        assert!(below(50_000) < 1.0, "some are large");
        let mean = sizes.iter().sum::<usize>() / sizes.len();
        assert!((4_000..5_500).contains(&mean), "{mean}");
    }

    #[test]
    fn the_same_seed_makes_the_same_text_of_the_size_asked_for() {
        let make = |seed| {
            let mut out = Vec::new();
            source(&mut out, 3000, &mut Random::new(seed));
            out
        };
        assert_eq!(make(1), make(1));
        assert_ne!(make(1), make(2));
        assert_eq!(make(1).len(), 3001);
    }
}
