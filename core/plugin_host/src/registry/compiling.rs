//! Versions that are being compiled: once each, however many wait for it, and without a lock that others need.

use std::sync::Arc;

use futures::future::{BoxFuture, FutureExt, Shared};

use super::{Registry, Version, store};

/// A compilation that several may wait for; what is wrong with the package, in English. It goes on while one of them waits.
pub(super) type Compiling = Shared<BoxFuture<'static, Result<Arc<Version>, String>>>;

enum Found {
    Known(Arc<Version>),
    UnderWay(Compiling),
}

impl Registry {
    /// A version by the hash of its package, compiled now unless it was before.
    ///
    /// # Errors
    /// What keeps this node from loading it.
    pub(super) async fn compiled(&self, plugin: &str, version: &str, hash: &str) -> Result<Arc<Version>, String> {
        let found = self.with(|known| match known.versions.get(hash) {
            Some(version) => Found::Known(Arc::clone(version)),
            None => {
                let begin = || self.begin(plugin.to_owned(), version.to_owned(), hash.to_owned());
                Found::UnderWay(known.compiling.entry(hash.to_owned()).or_insert_with(begin).clone())
            }
        });
        match found {
            Found::Known(version) => Ok(version),
            Found::UnderWay(compiling) => compiling.await,
        }
    }

    fn begin(&self, plugin: String, version: String, hash: String) -> Compiling {
        let registry = self.clone();
        let compiling = async move {
            let compiled = registry.compile(&plugin, &version, &hash).await;
            registry.with(|known| {
                known.compiling.remove(&hash);
                if let Ok(version) = &compiled {
                    known.versions.insert(hash, Arc::clone(version));
                }
            });
            compiled
        };
        compiling.boxed().shared()
    }

    async fn compile(&self, plugin: &str, version: &str, hash: &str) -> Result<Arc<Version>, String> {
        let bytes = store::package(self.db.read(), plugin, version).await.map_err(|error| error.to_string())?;
        let loaded = Version::load(&self.engine, &bytes, &self.trusted).await.map_err(|error| error.to_string())?;
        match loaded.hash == hash {
            true => Ok(Arc::new(loaded)),
            false => Err("the stored package is not the one that was installed".to_owned()),
        }
    }
}
