//! Recognises dates and times.
//!
//! yaml.v2 tries four of Go's layouts. What it reads is never used, for an untyped date stays text and
//! no directive is one; but `!!timestamp` must fit, and errors name a date a date.

/// Whether `text` is `2001-2-3`, `2001-2-3 4:5:6.7`, `2001-2-3T4:5:6.7Z` or the like with `t` or with
/// an offset such as `+01:00`.
pub fn is_timestamp(text: &str) -> bool {
    let mut rest = Rest(text);
    let Some((year, month, day)) = rest.date() else {
        return false;
    };
    if !(1..=12).contains(&month) || day == 0 || day > days_in(year, month) {
        return false;
    }
    match rest.0.as_bytes().first() {
        None => true,
        Some(b' ') => rest.time() && rest.0.is_empty(),
        Some(b'T' | b't') => rest.time() && rest.zone() && rest.0.is_empty(),
        Some(_) => false,
    }
}

struct Rest<'a>(&'a str);

impl Rest<'_> {
    /// Reads a number of `least` to `most` digits.
    fn number(&mut self, least: usize, most: usize) -> Option<u32> {
        let length = self
            .0
            .bytes()
            .take(most)
            .take_while(u8::is_ascii_digit)
            .count();
        if length < least {
            return None;
        }
        let (digits, rest) = self.0.split_at(length);
        self.0 = rest;
        digits.parse().ok()
    }

    fn symbol(&mut self, symbols: &[char]) -> bool {
        match self.0.strip_prefix(symbols) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn date(&mut self) -> Option<(u32, u32, u32)> {
        let year = self.number(4, 4)?;
        let month = if self.symbol(&['-']) {
            self.number(1, 2)?
        } else {
            return None;
        };
        let day = if self.symbol(&['-']) {
            self.number(1, 2)?
        } else {
            return None;
        };
        Some((year, month, day))
    }

    /// Reads the letter or space before a time, and the time.
    fn time(&mut self) -> bool {
        self.symbol(&[' ', 'T', 't']);
        for (limit, colon) in [(24, true), (60, true), (60, false)] {
            if self.number(1, 2).is_none_or(|number| number >= limit)
                || (colon && !self.symbol(&[':']))
            {
                return false;
            }
        }
        let fraction = self.0.strip_prefix(['.', ',']).unwrap_or("");
        if fraction.starts_with(|c: char| c.is_ascii_digit()) {
            self.0 = fraction.trim_start_matches(|c: char| c.is_ascii_digit());
        }
        true
    }

    fn zone(&mut self) -> bool {
        if self.symbol(&['Z']) {
            return true;
        }
        self.symbol(&['+', '-'])
            && self.number(2, 2).is_some_and(|hours| hours <= 24)
            && self.symbol(&[':'])
            && self.number(2, 2).is_some_and(|minutes| minutes < 60)
    }
}

fn days_in(year: u32, month: u32) -> u32 {
    match month {
        2 if year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400)) => {
            29
        }
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::is_timestamp;

    #[test]
    fn dates_with_and_without_times() {
        for text in [
            "2001-12-14",
            "2001-2-3",
            "2000-02-29",
            "2001-12-14t21:59:43.10-05:00",
            "2001-12-14T1:2:3Z",
            "2001-12-14 21:59:43.10",
            "2001-12-14 1:2:3",
        ] {
            assert!(is_timestamp(text), "{text}");
        }
        for text in [
            "2001",
            "2001-12",
            "2001-13-14",
            "2001-02-29",
            "201-12-14",
            "2001-12-14 ",
            "2001-12-14T1:2:3",
            "2001-12-14 21:59:43.10 -5",
            "2001-12-14 24:00:00",
            "2001-12-14x",
        ] {
            assert!(!is_timestamp(text), "{text}");
        }
    }
}
