//! The public API under `/api/v1`, one file per resource. Only these files know HTTP shapes; they turn requests into
//! typed inputs, call one service function, and turn its result into a view.

pub mod access;
pub mod audit;
mod automations;
pub mod batches;
mod bulk;
mod buttons;
pub mod configuration;
pub mod dashboards;
pub mod directories;
pub mod documents;
mod drawings;
pub mod entities;
mod entity_layout;
mod entity_stages;
pub mod events;
pub mod exports;
pub mod factor;
pub mod fields;
pub mod files;
pub mod frames;
mod guest_view;
mod guests;
pub mod hooks;
pub mod imports;
pub mod inbound;
mod invoice_payments;
pub mod jobs;
pub mod layouts;
pub mod me;
pub mod merge;
pub mod messages;
pub mod oidc;
pub mod own_templates;
pub mod people;
mod pipelines;
pub mod plugin_jobs;
pub mod plugins;
pub mod process_templates;
pub mod processes;
pub mod records;
pub mod reports;
pub mod rules;
pub mod sales;
pub mod saved_reports;
pub mod session;
pub mod sessions;
mod share;
pub mod sign_in_links;
mod sign_in_providers;
pub mod tasks;
pub mod test_clock;
pub mod timeline;
pub mod ui;
pub mod view;
pub mod view_as;
pub mod views;
mod webhooks;

use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::state::AppState;

/// All routes, relative to `/api/v1`, with their OpenAPI.
pub fn routes() -> OpenApiRouter<AppState> {
    OpenApiRouter::new()
        .routes(routes!(session::get, session::sign_in, session::sign_out))
        .routes(routes!(me::get, me::update))
        .routes(routes!(me::password))
        .routes(routes!(me::notifications, me::set_notifications))
        .routes(routes!(factor::get, factor::begin, factor::confirm))
        .routes(routes!(factor::remove))
        .routes(routes!(factor::remove_of))
        .routes(routes!(sign_in_links::forgotten))
        .routes(routes!(sign_in_links::find))
        .routes(routes!(sign_in_links::password))
        .routes(routes!(sign_in_links::invite))
        .routes(routes!(oidc::offered))
        .routes(routes!(oidc::begin))
        .routes(routes!(oidc::code))
        .routes(routes!(sign_in_providers::list, sign_in_providers::create))
        .routes(routes!(sign_in_providers::change, sign_in_providers::remove))
        .routes(routes!(sign_in_providers::test))
        .routes(routes!(sign_in_providers::unlink))
        .routes(routes!(sessions::list, sessions::end_others))
        .routes(routes!(sessions::end))
        .routes(routes!(view_as::start, view_as::stop))
        .routes(routes!(entities::list, entities::create))
        .routes(routes!(entities::get, entities::change, entities::remove))
        .routes(routes!(entities::removed))
        .routes(routes!(entities::restore))
        .routes(routes!(fields::retype))
        .routes(routes!(entities::create_field))
        .routes(routes!(entities::change_field, entities::remove_field))
        .routes(routes!(entities::restore_field))
        .routes(routes!(layouts::list, layouts::put))
        .routes(routes!(layouts::history))
        .routes(routes!(layouts::restore))
        .routes(routes!(configuration::export))
        .routes(routes!(configuration::areas))
        .routes(routes!(configuration::import))
        .routes(routes!(configuration::changes))
        .routes(routes!(configuration::restore))
        .routes(routes!(directories::list, directories::create))
        .routes(routes!(directories::get, directories::change, directories::remove))
        .routes(routes!(directories::merge))
        .routes(routes!(pipelines::list, pipelines::create))
        .routes(routes!(pipelines::change, pipelines::remove))
        .routes(routes!(pipelines::stages))
        .routes(routes!(entities::set_conditions))
        .routes(routes!(rules::check_expression))
        .routes(routes!(rules::violations))
        .routes(routes!(rules::list, rules::create))
        .routes(routes!(rules::change, rules::remove))
        .routes(routes!(rules::evaluate))
        .routes(routes!(automations::list, automations::create))
        .routes(routes!(automations::change, automations::remove))
        .routes(routes!(automations::dry_run))
        .routes(routes!(automations::runs))
        .routes(routes!(automations::retry))
        .routes(routes!(automations::apply))
        .routes(routes!(automations::drawing))
        .routes(routes!(hooks::view, hooks::open, hooks::close))
        .routes(routes!(automations::looking))
        .routes(routes!(buttons::list))
        .routes(routes!(buttons::press))
        .routes(routes!(records::list, records::create))
        .routes(routes!(records::query))
        .routes(routes!(records::aggregate))
        .routes(routes!(bulk::bulk))
        .routes(routes!(records::get, records::update, records::remove))
        .routes(routes!(records::restore))
        .routes(routes!(records::stage))
        .routes(routes!(access::of_record))
        .routes(routes!(access::preview))
        .routes(routes!(merge::merge))
        .routes(routes!(merge::duplicates))
        .routes(routes!(merge::set_duplicates))
        .routes(routes!(timeline::get, timeline::add))
        .routes(routes!(timeline::stages))
        .routes(routes!(share::list, share::make))
        .routes(routes!(share::revoke))
        .routes(routes!(share::reply))
        .routes(routes!(guests::look))
        .routes(routes!(guests::comment))
        .routes(routes!(guests::answer))
        .routes(routes!(guests::paper))
        .routes(routes!(files::list, files::upload))
        .routes(routes!(files::get, files::rename, files::remove))
        .routes(routes!(files::restore))
        .routes(routes!(files::content))
        .routes(routes!(files::thumbnail))
        .routes(routes!(batches::get))
        .routes(routes!(batches::undo))
        .routes(routes!(jobs::list))
        .routes(routes!(jobs::get, jobs::cancel))
        .routes(routes!(exports::create))
        .routes(routes!(exports::content))
        .routes(routes!(views::list, views::create))
        .routes(routes!(views::update, views::remove))
        .routes(routes!(imports::list, imports::upload))
        .routes(routes!(imports::link))
        .routes(routes!(imports::get))
        .routes(routes!(imports::header))
        .routes(routes!(imports::values))
        .routes(routes!(imports::check))
        .routes(routes!(imports::start))
        .routes(routes!(imports::cancel))
        .routes(routes!(imports::resume))
        .routes(routes!(imports::report))
        .routes(routes!(plugins::list, plugins::install))
        .routes(routes!(plugins::get, plugins::uninstall))
        .routes(routes!(plugins::enable))
        .routes(routes!(plugins::disable))
        .routes(routes!(plugins::purge))
        .routes(routes!(plugins::export))
        .routes(routes!(plugins::settings))
        .routes(routes!(plugins::gate))
        .routes(routes!(plugins::rotate_secret))
        .routes(routes!(plugins::logs))
        .routes(routes!(plugins::cost))
        .routes(routes!(plugin_jobs::list))
        .routes(routes!(plugin_jobs::run))
        .routes(routes!(plugin_jobs::runs))
        .routes(routes!(plugin_jobs::again))
        .routes(routes!(plugin_jobs::cancel))
        .routes(routes!(people::users, people::create_user))
        .routes(routes!(people::update_user))
        .routes(routes!(people::departments, people::create_department))
        .routes(routes!(people::update_department, people::remove_department))
        .routes(routes!(people::roles, people::create_role))
        .routes(routes!(people::update_role, people::remove_role))
        .routes(routes!(people::tokens, people::create_token))
        .routes(routes!(people::revoke_token))
        .routes(routes!(people::update_tenant))
        .routes(routes!(audit::list))
        .routes(routes!(process_templates::list))
        .routes(routes!(process_templates::deploy))
        .routes(routes!(drawings::list, drawings::create))
        .routes(routes!(drawings::from_steps))
        .routes(routes!(drawings::compare))
        .routes(routes!(drawings::get, drawings::change, drawings::put, drawings::remove))
        .routes(routes!(drawings::xml, drawings::save))
        .routes(routes!(drawings::fix))
        .routes(routes!(drawings::revisions))
        .routes(routes!(drawings::revision_xml))
        .routes(routes!(drawings::name_revision))
        .routes(routes!(drawings::lease))
        .routes(routes!(drawings::publish))
        .routes(routes!(drawings::dry_run))
        .routes(routes!(drawings::notes, drawings::add_note))
        .routes(routes!(drawings::remove_note))
        .routes(routes!(processes::definitions, processes::deploy))
        .routes(routes!(processes::definition))
        .routes(routes!(processes::versions))
        .routes(routes!(processes::xml))
        .routes(routes!(processes::publish))
        .routes(routes!(processes::dry_run))
        .routes(routes!(processes::migrate_all))
        .routes(routes!(processes::undo_migrations))
        .routes(routes!(processes::definition_map))
        .routes(routes!(processes::instances, processes::start))
        .routes(routes!(processes::instance, processes::set_variables))
        .routes(routes!(processes::history))
        .routes(routes!(processes::retry))
        .routes(routes!(processes::skip))
        .routes(routes!(processes::cancel))
        .routes(routes!(processes::start_from))
        .routes(routes!(processes::move_token))
        .routes(routes!(processes::instance_map))
        .routes(routes!(processes::migrate))
        .routes(routes!(processes::undo_migration))
        .routes(routes!(processes::next))
        .routes(routes!(processes::message))
        .routes(routes!(processes::signal))
        .routes(routes!(reports::funnel))
        .routes(routes!(reports::process))
        .routes(routes!(reports::task))
        .routes(routes!(reports::measures))
        .routes(routes!(reports::query))
        .routes(routes!(reports::rates, reports::set_rates))
        .routes(routes!(reports::forecast))
        .routes(routes!(reports::managers))
        .routes(routes!(reports::hints))
        .routes(routes!(reports::probabilities, reports::set_probabilities))
        .routes(routes!(reports::plans, reports::set_plans))
        .routes(routes!(sales::calculate))
        .routes(routes!(sales::put_rows))
        .routes(routes!(sales::derive))
        .routes(routes!(sales::convert))
        .routes(routes!(documents::templates))
        .routes(routes!(documents::put_template))
        .routes(routes!(own_templates::preview_settings))
        .routes(routes!(own_templates::source))
        .routes(routes!(own_templates::list, own_templates::add))
        .routes(routes!(own_templates::edit, own_templates::remove))
        .routes(routes!(own_templates::replace))
        .routes(routes!(own_templates::versions))
        .routes(routes!(own_templates::file))
        .routes(routes!(own_templates::restore))
        .routes(routes!(own_templates::preview))
        .routes(routes!(documents::list, documents::make))
        .routes(routes!(documents::preview))
        .routes(routes!(documents::letter))
        .routes(routes!(documents::send))
        .routes(routes!(sales::accept))
        .routes(routes!(sales::decline))
        .routes(routes!(sales::revise))
        .routes(routes!(sales::issue))
        .routes(routes!(sales::void))
        .routes(routes!(sales::credit))
        .routes(routes!(sales::proposals))
        .routes(routes!(sales::allocate))
        .routes(routes!(invoice_payments::list, invoice_payments::create))
        .routes(routes!(saved_reports::list, saved_reports::create))
        .routes(routes!(saved_reports::get, saved_reports::change, saved_reports::remove))
        .routes(routes!(saved_reports::run))
        .routes(routes!(saved_reports::schedules, saved_reports::create_schedule))
        .routes(routes!(saved_reports::change_schedule, saved_reports::remove_schedule))
        .routes(routes!(saved_reports::send))
        .routes(routes!(saved_reports::sent))
        .routes(routes!(saved_reports::export))
        .routes(routes!(saved_reports::content))
        .routes(routes!(dashboards::list, dashboards::create))
        .routes(routes!(dashboards::get, dashboards::put, dashboards::remove))
        .routes(routes!(dashboards::read))
        .routes(routes!(dashboards::home))
        .routes(routes!(dashboards::read_home))
        .routes(routes!(dashboards::homes))
        .routes(routes!(dashboards::put_home, dashboards::restore_home))
        .routes(routes!(tasks::list, tasks::create))
        .routes(routes!(tasks::parse))
        .routes(routes!(tasks::counters))
        .routes(routes!(tasks::get, tasks::update))
        .routes(routes!(tasks::complete))
        .routes(routes!(tasks::claim))
        .routes(routes!(tasks::seen))
        .routes(routes!(tasks::release))
        .routes(routes!(tasks::delegate))
        .routes(routes!(tasks::accept))
        .routes(routes!(tasks::give_back))
        .routes(routes!(tasks::action))
        .routes(routes!(tasks::checklist))
        .routes(routes!(tasks::cancel))
        .routes(routes!(tasks::history))
        .routes(routes!(tasks::comment))
        .routes(routes!(tasks::notifications))
        .routes(routes!(tasks::read))
        .routes(routes!(tasks::confirm))
        .routes(routes!(tasks::calendar, tasks::set_calendar))
        .routes(routes!(tasks::preview_calendar))
        .routes(routes!(tasks::holiday_packs, tasks::find_holidays))
        .routes(routes!(tasks::letters))
        .routes(routes!(tasks::settle))
        .routes(routes!(messages::list))
        .routes(routes!(messages::settle))
        .routes(routes!(messages::gateways))
        .routes(routes!(messages::set_gateway, messages::remove_gateway))
        .routes(routes!(inbound::inboxes))
        .routes(routes!(inbound::open, inbound::close))
        .routes(routes!(webhooks::list, webhooks::create))
        .routes(routes!(webhooks::change, webhooks::remove))
        .routes(routes!(webhooks::rotate))
        .routes(routes!(webhooks::test))
        .routes(routes!(webhooks::deliveries))
        .routes(routes!(webhooks::replay_all))
        .routes(routes!(webhooks::replay))
        .routes(routes!(ui::get))
        .routes(routes!(ui::counts))
        .routes(routes!(ui::read))
        .routes(routes!(ui::read_file))
        .routes(routes!(ui::act))
        .routes(routes!(ui::render))
        .routes(routes!(ui::public_list))
        .routes(routes!(ui::public_set))
        .routes(routes!(ui::public_links))
        .routes(routes!(ui::public_revoke))
        .routes(routes!(ui::public_open))
        .routes(routes!(ui::public_read))
        .routes(routes!(ui::public_act))
        .routes(routes!(ui::public_file))
        .routes(routes!(events::list))
        .routes(routes!(events::stream))
}
