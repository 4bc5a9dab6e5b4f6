//! The search for simple keys: places where a key may have begun without `?`.

use super::cursor::Mark;
use super::scanner::{Scanned, Scanner};
use super::token::SyntaxError;

/// How far the `:` of a simple key may be from its beginning, in characters.
const SIMPLE_KEY_LENGTH: usize = 1024;

/// A place where a simple key may begin.
#[derive(Clone, Copy, Debug)]
pub(super) struct SimpleKey {
    /// The number of its first token, counted from the beginning of the text.
    pub token: usize,
    pub mark: Mark,
    /// A block line that stands where keys stand must turn out to be one.
    pub required: bool,
    /// Its first token waits for the colon.
    pub holds: bool,
}

/// One level of flow brackets; the first is the block level.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Level {
    pub key: Option<SimpleKey>,
    /// The number of the last token here that could begin a key, or else of the opening bracket.
    pub last: usize,
}

impl Scanner<'_> {
    pub(super) fn head_may_be_key(&mut self) -> Scanned<bool> {
        let holder = |level: &Level| {
            level
                .key
                .is_some_and(|key| key.holds && key.token == self.taken)
        };
        match self.levels.iter().position(holder) {
            Some(level) => Ok(self.live_key(level)?.is_some()),
            None => Ok(false),
        }
    }

    /// Returns the possible key of `level`, if the cursor has not left its reach.
    pub(super) fn live_key(&mut self, level: usize) -> Scanned<Option<SimpleKey>> {
        let Some(key) = self.levels[level].key else {
            return Ok(None);
        };
        let here = self.cursor.mark();
        if key.mark.line == here.line && here.column <= key.mark.column + SIMPLE_KEY_LENGTH {
            return Ok(Some(key));
        }
        self.drop_key(level)?;
        Ok(None)
    }

    /// Gives up the possible key of `level`.
    fn drop_key(&mut self, level: usize) -> Scanned<()> {
        match self.levels[level].key.take() {
            Some(key) if key.required => {
                let error = SyntaxError::scanner("could not find expected ':'", self.cursor.mark());
                Err(error.within("while scanning a simple key", key.mark))
            }
            _ => Ok(()),
        }
    }

    pub(super) fn drop_current_key(&mut self) -> Scanned<()> {
        self.drop_key(self.levels.len() - 1)
    }

    /// Remembers that a key may begin here.
    pub(super) fn save_key(&mut self) -> Scanned<()> {
        if !self.key_allowed {
            return Ok(());
        }
        let mark = self.cursor.mark();
        let required = !self.in_flow() && self.indent == mark.column as isize;
        self.drop_current_key()?;
        let token = self.next_number();
        if let Some(level) = self.levels.last_mut() {
            *level = Level {
                key: Some(SimpleKey {
                    token,
                    mark,
                    required,
                    holds: true,
                }),
                last: token,
            };
        }
        Ok(())
    }
}
