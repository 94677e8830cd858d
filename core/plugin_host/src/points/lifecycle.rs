//! `lifecycle`: moments in a plugin's own life.

use wasmtime::Store;
use wasmtime::component::Instance;

use super::PointKind;
use crate::bindings::lifecycle as wit;
use crate::capabilities::State;
use crate::engine::{Budget, Code, Effect, Invoke};

/// The check at installation.
pub(crate) static KIND: PointKind = PointKind {
    name: "lifecycle",
    export: "lifecycle",
    budget: Budget::HEALTH,
    declared: |manifest| if manifest.lifecycle { vec!["health".to_owned()] } else { Vec::new() },
    check: |_| Ok(()),
    probe: |pre| Some(Box::new(wit::GuestIndices::new(pre).ok()?)),
};

/// Whether the plugin thinks that it works.
pub(crate) struct Health;

impl Invoke for Health {
    type Answer = ();
    const EFFECT: Effect = Effect::Reads;

    async fn invoke(
        self,
        code: &Code,
        store: &mut Store<State>,
        instance: &Instance,
    ) -> wasmtime::Result<Result<(), String>> {
        let guest = code.indices::<wit::GuestIndices>(KIND.export)?.load(&mut *store, instance)?;
        guest.call_health(store).await
    }
}
