//! Levels that need the machine's stack.

use std::panic::resume_unwind;
use std::thread;

use super::Exec;
use crate::error::{Error, ErrorKind};
use crate::limits::{Limit, LimitError};

/// Levels that the caller's thread is trusted with.
const ON_CALLERS_STACK: u64 = 8;

/// What one level may use. An unoptimised build needs almost half of it.
const BYTES_PER_LEVEL: u64 = 24 << 10;

/// What a function at the last level may use for itself.
const RESERVE: u64 = 4 << 20;

impl Exec<'_> {
    /// Runs `work` one level deeper, on a new stack when the first levels are used up.
    pub(super) fn nested<T: Send>(
        &mut self,
        work: impl FnOnce(&mut Self) -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        let max = self.budget.limits().nesting;
        if self.nesting >= max {
            return Err(Error::limit_reached(LimitError {
                limit: Limit::Nesting,
                max,
            }));
        }
        self.nesting += 1;
        let result = if self.nesting == ON_CALLERS_STACK {
            self.on_new_stack(
                (max - self.nesting + 1).saturating_mul(BYTES_PER_LEVEL),
                work,
            )
        } else {
            work(self)
        };
        self.nesting -= 1;
        result
    }

    fn on_new_stack<T: Send>(
        &mut self,
        size: u64,
        work: impl FnOnce(&mut Self) -> Result<T, Error> + Send,
    ) -> Result<T, Error> {
        let size = usize::try_from(size.saturating_add(RESERVE)).unwrap_or(usize::MAX);
        thread::scope(|scope| {
            let thread = thread::Builder::new()
                .name("template".to_owned())
                .stack_size(size)
                .spawn_scoped(scope, || work(self))
                .map_err(|error| {
                    let message = format!("start a thread for nested templates: {error}");
                    Error::new(ErrorKind::Exec, message)
                })?;
            thread.join().unwrap_or_else(|panic| resume_unwind(panic))
        })
    }
}
