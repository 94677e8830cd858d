//! Code generated from `sdk/wit`: the types and imports once, and one module per thing a plugin may export.
//! Plugin code uses the wrappers in the sibling modules; these names are for the `plugin!` macro.

/// Everything a plugin may import, and the shared types.
pub mod imports {
    wit_bindgen::generate!({
        path: "../wit",
        world: "verstak:plugin/imports",
        generate_all,
        generate_unused_types: true,
        additional_derives: [PartialEq, Clone],
    });
}

macro_rules! exported {
    ($module:ident, $world:literal, $macro:literal, $bindings:literal) => {
        #[doc = concat!("Exports of the world `", $world, "`.")]
        pub mod $module {
            wit_bindgen::generate!({
                path: "../wit",
                world: $world,
                with: {
                    "verstak:types/types@1.0.0": crate::bindings::imports::verstak::types::types,
                    "verstak:runtime/context@1.1.0": crate::bindings::imports::verstak::runtime::context,
                    "verstak:runtime/clock@1.1.0": crate::bindings::imports::verstak::runtime::clock,
                    "verstak:runtime/limits@1.1.0": crate::bindings::imports::verstak::runtime::limits,
                    "verstak:runtime/log@1.1.0": crate::bindings::imports::verstak::runtime::log,
                    "verstak:runtime/settings@1.1.0": crate::bindings::imports::verstak::runtime::settings,
                    "verstak:runtime/parcel@1.1.0": crate::bindings::imports::verstak::runtime::parcel,
                    "verstak:storage/kv@1.0.0": crate::bindings::imports::verstak::storage::kv,
                    "verstak:people/people@1.3.0": crate::bindings::imports::verstak::people::people,
                    "verstak:people/calendars@1.3.0": crate::bindings::imports::verstak::people::calendars,
                    "verstak:people/gates@1.3.0": crate::bindings::imports::verstak::people::gates,
                    "verstak:address/address@1.0.0": crate::bindings::imports::verstak::address::address,
                    "verstak:records/records@1.1.0": crate::bindings::imports::verstak::records::records,
                    "verstak:records/timeline@1.1.0": crate::bindings::imports::verstak::records::timeline,
                    "verstak:reports/reports@1.0.0": crate::bindings::imports::verstak::reports::reports,
                    "verstak:work/subjects@1.2.0": crate::bindings::imports::verstak::work::subjects,
                    "verstak:work/steps@1.2.0": crate::bindings::imports::verstak::work::steps,
                    "verstak:work/processes@1.2.0": crate::bindings::imports::verstak::work::processes,
                    "verstak:work/tasks@1.2.0": crate::bindings::imports::verstak::work::tasks,
                    "verstak:pages/views@1.0.0": crate::bindings::imports::verstak::pages::views,
                    "verstak:jobs/runs@1.0.0": crate::bindings::imports::verstak::jobs::runs,
                    "verstak:jobs/jobs@1.0.0": crate::bindings::imports::verstak::jobs::jobs,
                    "verstak:events/events@1.0.0": crate::bindings::imports::verstak::events::events,
                    "verstak:http/http@1.0.0": crate::bindings::imports::verstak::http::http,
                    "verstak:files/files@1.0.0": crate::bindings::imports::verstak::files::files,
                    "verstak:public/uploads@1.0.0": crate::bindings::imports::verstak::public::uploads,
                    "verstak:public/links@1.0.0": crate::bindings::imports::verstak::public::links,
                    "verstak:public/pages@1.0.0": crate::bindings::imports::verstak::public::pages,
                    "verstak:messaging/messaging@1.0.0": crate::bindings::imports::verstak::messaging::messaging,
                    "verstak:notify/notify@1.0.0": crate::bindings::imports::verstak::notify::notify,
                    "verstak:health/health@1.0.0": crate::bindings::imports::verstak::health::health,
                    "verstak:documents/documents@1.0.0": crate::bindings::imports::verstak::documents::documents,
                },
                generate_unused_types: true,
                additional_derives: [PartialEq, Clone],
                pub_export_macro: true,
                export_macro_name: $macro,
                default_bindings_module: $bindings,
            });
        }
    };
}

exported!(hooks, "verstak:plugin/with-hooks", "export_hooks", "verstak_plugin::bindings::hooks");
exported!(events, "verstak:plugin/with-events", "export_events", "verstak_plugin::bindings::events");
exported!(http, "verstak:plugin/with-http", "export_http", "verstak_plugin::bindings::http");
exported!(actions, "verstak:plugin/with-actions", "export_actions", "verstak_plugin::bindings::actions");
exported!(conditions, "verstak:plugin/with-conditions", "export_conditions", "verstak_plugin::bindings::conditions");
exported!(jobs, "verstak:plugin/with-jobs", "export_jobs", "verstak_plugin::bindings::jobs");
exported!(ui_data, "verstak:plugin/with-ui-data", "export_ui_data", "verstak_plugin::bindings::ui_data");
exported!(ui_act, "verstak:plugin/with-ui-act", "export_ui_act", "verstak_plugin::bindings::ui_act");
exported!(ui_render, "verstak:plugin/with-ui-render", "export_ui_render", "verstak_plugin::bindings::ui_render");
exported!(lifecycle, "verstak:plugin/with-lifecycle", "export_lifecycle", "verstak_plugin::bindings::lifecycle");
exported!(moments, "verstak:plugin/with-moments", "export_moments", "verstak_plugin::bindings::moments");
