//! `plugin!` ties functions to the exports, and the log macros.

/// Declares what the plugin handles. Each part is optional and must match the manifest:
///
/// ```ignore
/// plugin! {
///     hooks { "phones" => each tidy_phones, "turn" => batch assign_owner }
///     events { "created" => on_created }
///     http { POST "/web-form" => web_form }
///     actions { "discount" => discount }
///     conditions { "large" => is_large }
///     jobs { "nightly" => nightly }
///     data { "balance" => balance }
///     act { "approve" => approve }
///     render { "survey" => survey }
///     health => check
/// }
/// ```
/// `each` handlers are `fn(&mut Change) -> Outcome`, `batch` handlers `fn(&mut [Change]) -> Outcome`,
/// event handlers `fn(&[Event]) -> Outcome`, routes `fn(&Request) -> Outcome<Response>`, actions
/// `fn(&Call) -> Done<String>` (the answer as JSON in text), conditions `fn(&Call) -> Done<bool>`, jobs
/// `fn(&Run) -> Ran`, sources of pages `fn(&Ask) -> Outcome<Figures>`, presses `fn(&Deed) -> Acted`, trees
/// `fn(&View) -> Outcome<String>` (JSON in text), `health` is `fn() -> Outcome`.
#[macro_export]
macro_rules! plugin {
    (
        $(hooks { $($hook:literal => $form:ident $before:path),* $(,)? })?
        $(events { $($subscription:literal => $after:path),* $(,)? })?
        $(http { $($method:ident $route:literal => $serve:path),* $(,)? })?
        $(actions { $($action:literal => $run:path),* $(,)? })?
        $(conditions { $($condition:literal => $test:path),* $(,)? })?
        $(jobs { $($job:literal => $work:path),* $(,)? })?
        $(data { $($source:literal => $figures:path),* $(,)? })?
        $(act { $($act:literal => $press:path),* $(,)? })?
        $(render { $($surface:literal => $draw:path),* $(,)? })?
        $(health => $health:path)?
    ) => {
        struct VerstakPlugin;
        $($crate::__hooks! { $($hook => $form $before),* })?
        $($crate::__events! { $($subscription => $after),* })?
        $($crate::__http! { $($method $route => $serve),* })?
        $($crate::__actions! { $($action => $run),* })?
        $($crate::__conditions! { $($condition => $test),* })?
        $($crate::__jobs! { $($job => $work),* })?
        $($crate::__data! { $($source => $figures),* })?
        $($crate::__act! { $($act => $press),* })?
        $($crate::__render! { $($surface => $draw),* })?
        $($crate::__health! { $health })?
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __hooks {
    ($($hook:literal => $form:ident $before:path),*) => {
        impl $crate::bindings::hooks::exports::verstak::plugin::hooks::Guest for VerstakPlugin {
            fn before(
                hook: String,
                changes: Vec<$crate::bindings::hooks::exports::verstak::plugin::hooks::Change>,
            ) -> Result<Vec<$crate::bindings::hooks::exports::verstak::plugin::hooks::Verdict>, String> {
                let mut changes: Vec<$crate::hooks::Change> = changes.into_iter().map($crate::hooks::Change::new).collect();
                let outcome: $crate::Outcome = match hook.as_str() {
                    $($hook => $crate::__run!($form $before, changes),)*
                    other => Err($crate::Failure(format!("the plugin has no hook {other}; it has: {}", [$($hook),*].join(", ")))),
                };
                outcome.map_err(|failure| failure.0)?;
                Ok(changes.into_iter().map($crate::hooks::Change::into_verdict).collect())
            }
        }
        #[cfg(target_family = "wasm")]
        $crate::bindings::hooks::export_hooks!(VerstakPlugin with_types_in $crate::bindings::hooks);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __run {
    (each $before:path, $changes:ident) => {
        $changes.iter_mut().try_for_each($before)
    };
    (batch $before:path, $changes:ident) => {
        $before(&mut $changes)
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __events {
    ($($subscription:literal => $after:path),*) => {
        impl $crate::bindings::events::exports::verstak::plugin::events::Guest for VerstakPlugin {
            fn handle(subscription: String, events: Vec<$crate::events::Event>) -> Result<(), String> {
                let outcome: $crate::Outcome = match subscription.as_str() {
                    $($subscription => $after(&events),)*
                    other => Err($crate::Failure(format!("the plugin has no subscription {other}; it has: {}", [$($subscription),*].join(", ")))),
                };
                outcome.map_err(|failure| failure.0)
            }
        }
        #[cfg(target_family = "wasm")]
        $crate::bindings::events::export_events!(VerstakPlugin with_types_in $crate::bindings::events);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __http {
    ($($method:ident $route:literal => $serve:path),*) => {
        impl $crate::bindings::http::exports::verstak::plugin::http::Guest for VerstakPlugin {
            fn handle(request: $crate::http::Request) -> Result<$crate::http::Response, String> {
                let outcome: $crate::Outcome<$crate::http::Response> = match (request.method.as_str(), request.path.as_str()) {
                    $((stringify!($method), $route) => $serve(&request),)*
                    _ => Ok($crate::http::Response::empty(404)),
                };
                outcome.map_err(|failure| failure.0)
            }
        }
        #[cfg(target_family = "wasm")]
        $crate::bindings::http::export_http!(VerstakPlugin with_types_in $crate::bindings::http);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __actions {
    ($($action:literal => $run:path),*) => {
        impl $crate::bindings::actions::exports::verstak::plugin::actions::Guest for VerstakPlugin {
            fn run(action: String, call: $crate::steps::Call) -> Result<String, $crate::steps::NotDone> {
                match action.as_str() {
                    $($action => $run(&call),)*
                    other => Err($crate::steps::NotDone::Never(format!("the plugin has no action {other}; it has: {}", [$($action),*].join(", ")))),
                }
            }
        }
        #[cfg(target_family = "wasm")]
        $crate::bindings::actions::export_actions!(VerstakPlugin with_types_in $crate::bindings::actions);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __conditions {
    ($($condition:literal => $test:path),*) => {
        impl $crate::bindings::conditions::exports::verstak::plugin::conditions::Guest for VerstakPlugin {
            fn test(condition: String, call: $crate::steps::Call) -> Result<bool, $crate::steps::NotDone> {
                match condition.as_str() {
                    $($condition => $test(&call),)*
                    other => Err($crate::steps::NotDone::Never(format!("the plugin has no condition {other}; it has: {}", [$($condition),*].join(", ")))),
                }
            }
        }
        #[cfg(target_family = "wasm")]
        $crate::bindings::conditions::export_conditions!(VerstakPlugin with_types_in $crate::bindings::conditions);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __data {
    ($($source:literal => $figures:path),*) => {
        impl $crate::bindings::ui_data::exports::verstak::plugin::ui_data::Guest for VerstakPlugin {
            fn data(
                source: String,
                view: $crate::pages::View,
                input: Vec<$crate::Field>,
                cursor: Option<String>,
            ) -> Result<$crate::pages::Figures, String> {
                let ask = $crate::pages::Ask { view, input, cursor };
                let outcome: $crate::Outcome<$crate::pages::Figures> = match source.as_str() {
                    $($source => $figures(&ask),)*
                    other => Err($crate::Failure(format!("the plugin has no source {other}; it has: {}", [$($source),*].join(", ")))),
                };
                outcome.map_err(|failure| failure.0)
            }
        }
        #[cfg(target_family = "wasm")]
        $crate::bindings::ui_data::export_ui_data!(VerstakPlugin with_types_in $crate::bindings::ui_data);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __act {
    ($($act:literal => $press:path),*) => {
        impl $crate::bindings::ui_act::exports::verstak::plugin::ui_act::Guest for VerstakPlugin {
            fn act(
                act: String,
                call: $crate::bindings::ui_act::exports::verstak::plugin::ui_act::Call,
            ) -> Result<$crate::bindings::ui_act::exports::verstak::plugin::ui_act::Answer, $crate::pages::NotActed> {
                let deed = $crate::pages::Deed(call);
                let acted: $crate::pages::Acted = match act.as_str() {
                    $($act => $press(&deed),)*
                    other => Err($crate::pages::NotActed::Failed(format!("the plugin has no act {other}; it has: {}", [$($act),*].join(", ")))),
                };
                acted.map(|answer| answer.0)
            }
        }
        #[cfg(target_family = "wasm")]
        $crate::bindings::ui_act::export_ui_act!(VerstakPlugin with_types_in $crate::bindings::ui_act);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __render {
    ($($surface:literal => $draw:path),*) => {
        impl $crate::bindings::ui_render::exports::verstak::plugin::ui_render::Guest for VerstakPlugin {
            fn render(view: $crate::pages::View, _input: Vec<$crate::Field>) -> Result<String, String> {
                let outcome: $crate::Outcome<String> = match view.surface.as_str() {
                    $($surface => $draw(&view),)*
                    other => Err($crate::Failure(format!("the plugin has no surface {other}; it has: {}", [$($surface),*].join(", ")))),
                };
                outcome.map_err(|failure| failure.0)
            }
        }
        #[cfg(target_family = "wasm")]
        $crate::bindings::ui_render::export_ui_render!(VerstakPlugin with_types_in $crate::bindings::ui_render);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __jobs {
    ($($job:literal => $work:path),*) => {
        impl $crate::bindings::jobs::exports::verstak::plugin::jobs::Guest for VerstakPlugin {
            fn run(job: String, call: $crate::jobs::Run) -> $crate::jobs::Ran {
                match job.as_str() {
                    $($job => $work(&call),)*
                    other => Err($crate::jobs::NotDone::Never(format!("the plugin has no job {other}; it has: {}", [$($job),*].join(", ")))),
                }
            }
        }
        #[cfg(target_family = "wasm")]
        $crate::bindings::jobs::export_jobs!(VerstakPlugin with_types_in $crate::bindings::jobs);
    };
}

#[doc(hidden)]
#[macro_export]
macro_rules! __health {
    ($health:path) => {
        impl $crate::bindings::lifecycle::exports::verstak::plugin::lifecycle::Guest for VerstakPlugin {
            fn health() -> Result<(), String> {
                let outcome: $crate::Outcome = $health();
                outcome.map_err(|failure| failure.0)
            }
        }
        #[cfg(target_family = "wasm")]
        $crate::bindings::lifecycle::export_lifecycle!(VerstakPlugin with_types_in $crate::bindings::lifecycle);
    };
}

/// A line for developers.
#[macro_export]
macro_rules! debug {
    ($($text:tt)*) => { $crate::runtime::log($crate::runtime::Level::Debug, &format!($($text)*)) };
}

/// A line worth reading.
#[macro_export]
macro_rules! info {
    ($($text:tt)*) => { $crate::runtime::log($crate::runtime::Level::Info, &format!($($text)*)) };
}

/// Something the admin may want to look at.
#[macro_export]
macro_rules! warning {
    ($($text:tt)*) => { $crate::runtime::log($crate::runtime::Level::Warning, &format!($($text)*)) };
}

/// Something that did not work.
#[macro_export]
macro_rules! error {
    ($($text:tt)*) => { $crate::runtime::log($crate::runtime::Level::Error, &format!($($text)*)) };
}
