//! [`Map`]: Go's maps.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::{free, is_collection};
use crate::key::Key;
use crate::str::Str;
use crate::types::Type;
use crate::value::Value;

/// A map, shared by all clones and changed in place: what one holder sets, all holders see.
///
/// Entries come out sorted by key, as Go's `range`, `fmt` and JSON present them.
#[derive(Clone)]
pub struct Map(Arc<MapBody>);

struct MapBody {
    key: Type,
    elem: Type,
    nil: bool,
    entries: Mutex<BTreeMap<Key, Value>>,
}

/// Why a map refused an entry, in Go's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum MapError {
    /// The map is nil.
    Nil,
    /// Values of this type cannot be keys.
    Unhashable(Type),
}

impl fmt::Display for MapError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MapError::Nil => f.write_str("assignment to entry in nil map"),
            MapError::Unhashable(key) => {
                write!(f, "runtime error: hash of unhashable type {key}")
            }
        }
    }
}

impl std::error::Error for MapError {}

impl Map {
    /// Returns an empty `map[string]interface {}`.
    pub fn new() -> Map {
        Map::of(Type::String, Type::Any)
    }

    /// Returns an empty map of the given types.
    pub fn of(key: Type, elem: Type) -> Map {
        Map(Arc::new(MapBody {
            key,
            elem,
            nil: false,
            entries: Mutex::default(),
        }))
    }

    /// Returns the nil map of the given types, which reads as empty and refuses entries.
    pub fn nil(key: Type, elem: Type) -> Map {
        Map(Arc::new(MapBody {
            key,
            elem,
            nil: true,
            entries: Mutex::default(),
        }))
    }

    /// Returns a `map[string]interface {}` with these entries; a later one wins.
    pub fn dict<K: Into<Str>, V: Into<Value>>(entries: impl IntoIterator<Item = (K, V)>) -> Map {
        let map = Map::new();
        for (key, value) in entries {
            map.set(key, value);
        }
        map
    }

    /// Returns a `map[string]string` with these entries.
    pub fn strings<K: Into<Str>, V: Into<Str>>(entries: impl IntoIterator<Item = (K, V)>) -> Map {
        let map = Map::of(Type::String, Type::String);
        for (key, value) in entries {
            map.set(key, Value::String(value.into()));
        }
        map
    }

    /// Returns how many bytes a map of so many entries takes, without what keys and elements point to.
    pub fn memory(entries: u64) -> u64 {
        let header = size_of::<MapBody>() as u64 + 16;
        // The first entry makes a node with room for eleven; in a large map nodes are at least half full.
        let first = if entries == 0 { 0 } else { 11 };
        let places = entries.saturating_mul(2).max(first);
        header.saturating_add(places.saturating_mul(Map::ENTRY_BYTES))
    }

    /// What one key and one element take in a node.
    const ENTRY_BYTES: u64 = (size_of::<Key>() + size_of::<Value>()) as u64;

    /// Reports whether this is the only holder of the map.
    pub(crate) fn is_new(&self) -> bool {
        Arc::strong_count(&self.0) == 1
    }

    /// Returns the type of the keys.
    pub fn key(&self) -> &Type {
        &self.0.key
    }

    /// Returns the type of the elements.
    pub fn elem(&self) -> &Type {
        &self.0.elem
    }

    /// Returns the type of the map itself.
    pub fn type_of(&self) -> Type {
        Type::map(self.0.key.clone(), self.0.elem.clone())
    }

    /// Reports whether this is a nil map rather than an empty one.
    pub fn is_nil(&self) -> bool {
        self.0.nil
    }

    /// Returns the number of entries.
    pub fn len(&self) -> usize {
        self.entries_lock().len()
    }

    /// Reports whether there are no entries.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns the element under a string key.
    pub fn get(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        self.get_value(&Value::String(Str::from(key.as_ref())))
    }

    /// Returns the element under any key.
    pub fn get_value(&self, key: &Value) -> Option<Value> {
        self.entries_lock().get(&Key::new(key)?).cloned()
    }

    /// Reports whether there is an entry under a string key.
    pub fn contains(&self, key: impl AsRef<[u8]>) -> bool {
        self.get(key).is_some()
    }

    /// Sets the element under a string key. A nil map stays empty; where that has to be an error,
    /// use [`Map::insert`].
    pub fn set(&self, key: impl Into<Str>, value: impl Into<Value>) {
        let _ = self.insert(&Value::String(key.into()), value.into());
    }

    /// Sets the element under any key. The types are the caller's business: neither the key nor
    /// the element is converted.
    pub fn insert(&self, key: &Value, value: Value) -> Result<(), MapError> {
        if self.0.nil {
            return Err(MapError::Nil);
        }
        let Some(key) = Key::new(key) else {
            return Err(MapError::Unhashable(key.type_of().unwrap_or(Type::Any)));
        };
        let value = if value.is_nil() { Value::Nil } else { value };
        // The old element is freed after the lock is gone: it may hold this very map.
        let old = self.entries_lock().insert(key, value);
        drop(old);
        Ok(())
    }

    /// Removes the entry under a string key and returns its element.
    pub fn remove(&self, key: impl AsRef<[u8]>) -> Option<Value> {
        let key = Key::String(Str::from(key.as_ref()));
        self.entries_lock().remove(&key)
    }

    /// Returns the entries as they are now, sorted by key.
    pub fn entries(&self) -> Vec<(Value, Value)> {
        let entries = self.entries_lock();
        entries
            .iter()
            .map(|(key, value)| (key.value(), value.clone()))
            .collect()
    }

    /// Returns the keys as they are now, sorted.
    pub fn keys(&self) -> Vec<Value> {
        self.entries_lock().keys().map(Key::value).collect()
    }

    /// Returns the elements as they are now, sorted by their keys.
    pub fn values(&self) -> Vec<Value> {
        self.entries_lock().values().cloned().collect()
    }

    /// Returns a new map with the same entries; the elements themselves are shared.
    pub fn copy(&self) -> Map {
        let entries = self.entries_lock().clone();
        Map(Arc::new(MapBody {
            key: self.0.key.clone(),
            elem: self.0.elem.clone(),
            nil: self.0.nil,
            entries: Mutex::new(entries),
        }))
    }

    /// Reports whether both are the same map, not merely equal ones.
    pub fn same(&self, other: &Map) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }

    pub(crate) fn address(&self) -> usize {
        Arc::as_ptr(&self.0).addr()
    }

    /// Moves the elements to `out`, if this is the only holder of the map.
    pub(super) fn empty_into(self, out: &mut Vec<Value>) {
        if let Some(mut body) = Arc::into_inner(self.0) {
            let entries = body
                .entries
                .get_mut()
                .unwrap_or_else(PoisonError::into_inner);
            out.extend(std::mem::take(entries).into_values());
        }
    }

    /// The lock is held for one look-up or one change only, never while other code runs.
    fn entries_lock(&self) -> MutexGuard<'_, BTreeMap<Key, Value>> {
        self.0
            .entries
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

impl Default for Map {
    fn default() -> Self {
        Map::new()
    }
}

impl fmt::Debug for Map {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&Value::Map(self.clone()), f)
    }
}

impl Drop for MapBody {
    fn drop(&mut self) {
        let entries = self
            .entries
            .get_mut()
            .unwrap_or_else(PoisonError::into_inner);
        if entries.values().any(is_collection) {
            free(&mut std::mem::take(entries).into_values().collect());
        }
    }
}
