//! Time tracking: workdays, timers, timesheets, corrections, closed months. On the public SDK alone.
//!
//! | part | owns |
//! |---|---|
//! | `day` | the working day, what it breaks, corrections, what happens without anybody |
//! | `entry` | booked time: the timer, by hand, by grid; cut at midnight; what tasks have taken |
//! | `staff`, `notice`, `digest` | who is above whom, who decides, who is told |
//! | `sheet`, `period` | weeks handed in, months closed |
//! | `rate`, `recost` | rates and costs |
//! | `page`, `routes`, `process`, `export` | how people, programs, processes and spreadsheets reach it |
//! | `zone`, `span`, `round` | local time, stretches of time, rounding: pure |

pub mod day;
pub mod demo;
pub mod digest;
pub mod entry;
pub mod events;
pub mod export;
pub mod notice;
pub mod page;
pub mod period;
pub mod plan;
pub mod process;
pub mod rate;
pub mod recost;
pub mod refusal;
pub mod round;
pub mod routes;
pub mod sheet;
pub mod span;
pub mod staff;
pub mod store;
pub mod zone;

verstak_plugin::plugin! {
    hooks {
        "entry" => batch entry::hook::check,
        "day" => each day::guard::check,
        "correction" => each day::correction::check,
        "sheet" => each sheet::check,
        "period" => each period::check,
    }
    events {
        "chains" => entry::chain::after,
        "totals" => entry::totals::after,
        "estimates" => entry::totals::estimated,
        "corrections" => day::correction::after,
        "sheets" => sheet::after,
        "periods" => period::after,
        "rates" => recost::after,
        "absences" => day::watch::recount,
        "blocked" => entry::timer::blocked,
    }
    http {
        GET "/state" => routes::state,
        GET "/export/{file}" => export::file,
        POST "/timer/start" => routes::timer_start,
        POST "/timer/stop" => routes::timer_stop,
        POST "/day/start" => routes::day_start,
        POST "/day/pause" => routes::day_pause,
        POST "/day/resume" => routes::day_resume,
        POST "/day/finish" => routes::day_finish,
        POST "/sheets/{week}/submit" => routes::submit,
    }
    actions {
        "log_time" => process::log_time,
        "start_timer" => process::start_timer,
    }
    conditions {
        "day_open" => process::day_open,
        "sheet_approved" => process::sheet_approved,
    }
    jobs {
        "watch" => day::watch::watch,
        "lack" => day::watch::lack,
        "remind" => sheet::remind,
        "recost" => recost::run,
        "gone" => entry::chain::gone,
        "demo" => demo::run,
    }
    data {
        "now" => page::now::now,
        "recent" => page::now::recent,
        "week" => page::week::week_row,
        "lines" => page::week::week_lines,
        "cells" => page::week::week_cells,
        "week_days" => page::week::week_days,
        "subject" => page::task::subject,
        "by_person" => page::task::by_person,
        "people" => page::team::people,
        "departments" => page::team::departments,
        "waiting" => page::team::waiting,
        "handed_in" => page::team::handed_in,
        "days_off" => page::team::days_off,
        "period" => page::report::period_row,
        "report" => page::report::report,
        "plan_fact" => page::report::plan_fact,
        "plan_by" => page::planned::plan_by,
        "months" => page::money::months,
        "unfinished" => page::money::unfinished,
        "changed" => page::money::changed,
        "cost" => page::money::cost,
        "left" => page::team::left,
    }
    act {
        "day_start" => page::acts::day_start,
        "day_pause" => page::acts::day_pause,
        "day_resume" => page::acts::day_resume,
        "day_finish" => page::acts::day_finish,
        "timer_start" => page::acts::timer_start,
        "timer_stop" => page::acts::timer_stop,
        "confirm" => page::acts::confirm,
        "remove" => page::acts::remove,
        "grid" => page::acts::grid,
        "submit" => page::acts::submit,
        "submit_for" => page::acts::submit_for,
        "confirm_for" => page::acts::confirm_for,
        "approve_correction" => page::acts::approve_correction,
        "reject_correction" => page::acts::reject_correction,
        "approve_sheet" => page::acts::approve_sheet,
        "return_sheet" => page::acts::return_sheet,
        "close_month" => page::acts::close_month,
        "open_month" => page::acts::open_month,
    }
    disabling => entry::timer::stop_all,
}
