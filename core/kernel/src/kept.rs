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
    /// Each with its weight.
    by_key: HashMap<K, (Timestamp, V, usize)>,
    weight: usize,
    forgotten: u64,
}

impl<K: Hash + Eq, V> All<K, V> {
    fn remove<Q: Hash + Eq + ?Sized>(&mut self, key: &Q)
    where
        K: Borrow<Q>,
    {
        if let Some((_, _, weight)) = self.by_key.remove(key) {
            self.weight = self.weight.saturating_sub(weight);
        }
    }

    fn clear(&mut self) {
        self.by_key.clear();
        self.weight = 0;
    }
}

/// A moment of such a memory: how often something was forgotten until then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment(u64);

impl<K: Hash + Eq, V: Clone> Kept<K, V> {
    /// An empty memory of at most so many values, heavy ones by their weight; when it is full it begins anew.
    pub fn of(most: usize) -> Self {
        Self { all: RwLock::new(All { by_key: HashMap::new(), weight: 0, forgotten: 0 }), most }
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
        self.read().by_key.get(key).map(|(at, value, _)| (*at, value.clone()))
    }

    /// The present moment: taken before something is read to be kept.
    pub fn moment(&self) -> Moment {
        Moment(self.read().forgotten)
    }

    /// Keeps what was read since a moment, unless something was forgotten meanwhile.
    pub fn put(&self, since: Moment, key: K, at: Timestamp, value: V) {
        self.put_heavy(since, key, at, value, 1);
    }

    /// The same of a value that counts as so many. One that is more than all together is not kept.
    pub fn put_heavy(&self, since: Moment, key: K, at: Timestamp, value: V, weight: usize) {
        let mut all = self.write();
        if all.forgotten != since.0 || weight > self.most {
            return;
        }
        all.remove(&key);
        if all.weight.saturating_add(weight) > self.most {
            all.clear();
        }
        all.weight += weight;
        all.by_key.insert(key, (at, value, weight));
    }

    /// Forgets one value.
    pub fn forget<Q: Hash + Eq + ?Sized>(&self, key: &Q)
    where
        K: Borrow<Q>,
    {
        let mut all = self.write();
        all.remove(key);
        all.forgotten = all.forgotten.wrapping_add(1);
    }

    /// Forgets everything.
    pub fn forget_all(&self) {
        let mut all = self.write();
        all.clear();
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

    #[test]
    fn what_is_heavy_counts_as_many() {
        let kept: Kept<u8, u8> = Kept::of(10);
        let put = |key: u8, weight: usize| kept.put_heavy(kept.moment(), key, Timestamp(0), key, weight);
        let there = || (0_u8..5).filter(|key| kept.get(key).is_some()).collect::<Vec<u8>>();
        put(0, 6);
        put(1, 4);
        put(0, 5);
        assert_eq!(there(), [0, 1], "its weight is the newest one");
        put(2, 11);
        assert_eq!(there(), [0, 1], "too heavy by itself");
        put(3, 2);
        assert_eq!(there(), [3]);
        kept.forget(&3);
        put(4, 10);
        assert_eq!(there(), [4], "what was forgotten weighs nothing");
    }
}
