//! Random numbers that a seed repeats.

/// A source of random numbers (splitmix64).
pub struct Random(u64);

impl Random {
    /// Starts from a number.
    pub fn new(seed: u64) -> Random {
        Random(seed)
    }

    /// Starts from the variable `WERF_TEST_SEED`, or from `default`, and prints which it was, for a failure to be
    /// repeated.
    ///
    /// # Panics
    /// If the variable is no number.
    #[expect(clippy::print_stderr, reason = "the log of a test is the place")]
    pub fn seeded(default: u64) -> Random {
        let seed = match std::env::var("WERF_TEST_SEED") {
            Ok(text) => text.parse().expect("WERF_TEST_SEED is a number"),
            Err(_) => default,
        };
        eprintln!("the seed is {seed}; WERF_TEST_SEED={seed} repeats this run");
        Random(seed)
    }

    /// Returns any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below `limit`.
    ///
    /// # Panics
    /// If there is none.
    pub fn below(&mut self, limit: usize) -> usize {
        let limit = u64::try_from(limit).expect("a usize fits");
        usize::try_from(self.number() % limit).expect("it is below a usize")
    }

    /// Returns whether something happens that does so once in `times`.
    pub fn one_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    /// Returns one of `choices`.
    pub fn pick<'a, T>(&mut self, choices: &'a [T]) -> &'a T {
        &choices[self.below(choices.len())]
    }

    /// Returns some of `choices`, in their order; each with one chance in `times`.
    pub fn some<T: Copy>(&mut self, choices: &[T], times: usize) -> Vec<T> {
        let chosen = choices.iter().filter(|_| self.one_in(times));
        chosen.copied().collect()
    }
}
