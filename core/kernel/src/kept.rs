//! A short memory of what the database says, which a change makes void.
//!
//! Whoever reads takes the [`Moment`] first, and what was read is kept only if nothing was forgotten since: a reading that
//! began before a change and ended after it would else be remembered as the newest.

use std::borrow::Borrow;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

use crate::clock::Timestamp;

/// Values by key, with the time they were read.
#[derive(Debug)]
pub struct Kept<K, V> {
    all: RwLock<All<K, V>>,
    most: usize,
}

#[derive(Debug)]
struct All<K, V> {
    by_key: HashMap<K, (Timestamp, V)>,
    forgotten: u64,
}

/// A moment of such a memory: how often something was forgotten until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(u64);

impl<K: Hash + Eq, V: Clone> Kept<K, V> {
    /// An empty memory of at most so many values; when it is full it begins anew.
    pub fn of(most: usize) -> Self {
        Self { all: RwLock::new(All { by_key: HashMap::new(), forgotten: 0 }), most }
    }

    fn read(&self) -> RwLockReadGuard<'_, All<K, V>> {
        self.all.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, All<K, V>> {
        self.all.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// A value with the time it was read.
    pub fn get<Q: Hash + Eq + ?Sized>(&self, key: &Q) -> Option<(Timestamp, V)>
    where
        K: Borrow<Q>,
    {
        self.read().by_key.get(key).cloned()
    }

    /// The present moment: taken before something is read to be kept.
    pub fn moment(&self) -> Moment {
        Moment(self.read().forgotten)
    }

    /// Keeps what was read since a moment, unless something was forgotten meanwhile.
    pub fn put(&self, since: Moment, key: K, at: Timestamp, value: V) {
        let mut all = self.write();
        if all.forgotten != since.0 {
            return;
        }
        if all.by_key.len() >= self.most && !all.by_key.contains_key(&key) {
            all.by_key.clear();
        }
        all.by_key.insert(key, (at, value));
    }

    /// Forgets one value.
    pub fn forget<Q: Hash + Eq + ?Sized>(&self, key: &Q)
    where
        K: Borrow<Q>,
    {
        let mut all = self.write();
        all.by_key.remove(key);
        all.forgotten = all.forgotten.wrapping_add(1);
    }

    /// Forgets everything.
    pub fn forget_all(&self) {
        let mut all = self.write();
        all.by_key.clear();
        all.forgotten = all.forgotten.wrapping_add(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_read_before_a_change_is_not_kept_after_it() {
        let kept: Kept<&str, u8> = Kept::of(2);
        let (before, at) = (kept.moment(), Timestamp(0));
        kept.put(before, "a", at, 1);
        assert_eq!(kept.get("a"), Some((at, 1)));
        kept.forget("a");
        kept.put(before, "a", at, 1);
        assert_eq!(kept.get("a"), None);
        let after = kept.moment();
        kept.put(after, "a", at, 2);
        kept.forget_all();
        kept.put(after, "b", at, 3);
        assert_eq!((kept.get("a"), kept.get("b")), (None, None));
    }

    #[test]
    fn a_full_memory_begins_anew() {
        let kept: Kept<u8, u8> = Kept::of(2);
        for key in 0..3 {
            kept.put(kept.moment(), key, Timestamp(0), key);
        }
        assert_eq!((kept.get(&0), kept.get(&2)), (None, Some((Timestamp(0), 2))));
    }
}
