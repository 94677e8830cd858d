//! Lines in which work stands, by what it is for: so much of it goes on at the same time, the rest waits in its order.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::Semaphore;

/// Lines of this process by key. Those in which nothing stands are forgotten.
pub(crate) struct Lines<K> {
    /// What goes on at the same time in one line.
    most: usize,
    known: Mutex<HashMap<K, Arc<Semaphore>>>,
}

impl<K: Eq + Hash> Lines<K> {
    pub(crate) fn new(most: usize) -> Self {
        Self { most, known: Mutex::default() }
    }

    /// The line of this key.
    pub(crate) fn of(&self, key: K) -> Arc<Semaphore> {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.retain(|_, line| Arc::strong_count(line) > 1);
        Arc::clone(known.entry(key).or_insert_with(|| Arc::new(Semaphore::new(self.most))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_are_known_while_somebody_stands_in_them() {
        let lines = Lines::new(1);
        let held = lines.of("a").acquire_owned().await.unwrap();
        assert!(lines.of("a").try_acquire_owned().is_err(), "it is the same line");
        drop(lines.of("b").acquire_owned().await.unwrap());
        drop(lines.of("c"));
        assert_eq!(lines.known.lock().unwrap().len(), 2, "the one that is held and the last");
        drop(held);
        assert!(lines.of("a").try_acquire_owned().is_ok());
    }
}
