//! Compiled patterns kept for the next call: templates use few, in loops.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use goregexp::{Regexp, SyntaxError};
use gotemplate::Str;

/// Patterns kept at a time.
const CAPACITY: usize = 64;

#[derive(Clone, Default)]
pub(super) struct Cache(Arc<Mutex<HashMap<Str, Arc<Regexp>>>>);

impl Cache {
    pub(super) fn get(&self, pattern: &Str) -> Result<Arc<Regexp>, SyntaxError> {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(regexp) = known.get(pattern) {
            return Ok(regexp.clone());
        }
        let regexp = Arc::new(Regexp::new(pattern)?);
        if known.len() >= CAPACITY {
            known.clear();
        }
        known.insert(pattern.clone(), regexp.clone());
        Ok(regexp)
    }
}
