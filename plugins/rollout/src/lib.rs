//! Rollout: the implementation tracker. A plan whose stages are accepted one after another, modules switched on by department,
//! figures before and after, a closing report.
//!
//! | module | what |
//! |---|---|
//! | [`days`], [`plan`], [`figures`] | dates, the plan's arithmetic, every figure; pure |
//! | [`template`], [`replan`], [`versions`] | a project's plan: made, moved, agreed |
//! | [`acceptance`], [`checks`] | when a stage may begin, be accepted, be passed over; what is warned of |
//! | [`guards`], [`launching`], [`after`] | before and after every change, from whichever side |
//! | [`pages`], [`deeds`], [`doors`], [`work`] | figures and presses of pages, routes and steps of processes, jobs |
//! | [`goals`], [`measuring`], [`money`], [`gating`] | before and after, figures of the system, budget, modules by department |
//! | [`signals`], [`presence`], [`training`] | adoption by department, who works in the system, who is excused |
//! | [`guests`] | polls answered without an account |
//! | [`closing`], [`specification`], [`export`], [`office`], [`zip`] | reports, the specification and other files |
//! | [`store`], [`who`], [`tell`], [`words`], [`demo`] | records and settings, whose press it is, words, a project to look at |

use verstak_plugin::plugin;

pub mod acceptance;
pub mod after;
pub mod checks;
pub mod closing;
pub mod days;
pub mod deeds;
pub mod demo;
pub mod doors;
pub mod export;
pub mod figures;
pub mod gating;
pub mod goals;
pub mod guards;
pub mod guests;
pub mod launching;
pub mod measuring;
pub mod money;
pub mod office;
pub mod pages;
pub mod plan;
pub mod presence;
pub mod replan;
pub mod signals;
pub mod specification;
pub mod store;
pub mod tell;
pub mod template;
pub mod training;
pub mod versions;
pub mod who;
pub mod words;
pub mod work;
pub mod zip;

plugin! {
    hooks {
        "task" => each guards::task,
        "project" => each guards::project,
        "stage" => each guards::stage,
        "item" => each guards::item,
        "goal" => each guards::goal,
        "measure" => each guards::measure,
        "process" => each guards::process,
        "requirement" => each guards::requirement,
        "risk" => each guards::risk,
        "bill" => each guards::bill,
        "version" => each guards::version,
        "case" => each launching::case,
        "test_run" => each launching::test_run,
        "poll" => each launching::poll,
        "guest" => each launching::guest,
        "defect" => each launching::defect,
        "tool" => each guards::tool,
        "answer" => each launching::answer,
        "notice" => each launching::notice,
        "kpi" => each guards::kpi,
        "interview" => each launching::interview,
        "attendance" => each launching::attendance,
        "duty" => each guards::duty,
        "gate" => each launching::gate,
    }
    events {
        "project" => after::project,
        "stage" => after::stage,
        "task" => after::task,
        "requirement" => after::requirement,
        "version" => after::version,
        "gate" => after::gate,
        "notice" => after::notice,
        "bill" => after::bill,
        "calendar" => after::calendar,
        "people" => after::people,
        "absence" => after::absence,
        "asked" => after::asked,
        "worked" => presence::note,
    }
    http {
        POST "/projects" => doors::projects,
        POST "/projects/{id}/close" => doors::close,
        POST "/stages/{id}/accept" => doors::accept,
        POST "/stages/{id}/override" => doors::pass_over,
        POST "/measures" => doors::measures,
        GET "/plan.ics" => doors::calendar,
    }
    actions {
        "set_gate" => doors::set_gate,
        "measure" => doors::measure,
        "ask_confirmation" => doors::ask_confirmation,
    }
    conditions {
        "stage_accepted" => doors::stage_accepted,
        "gate_on" => doors::gate_on,
    }
    jobs {
        "lateness" => work::lateness,
        "gates" => work::gates,
        "measures" => work::measures,
        "adoption" => work::adoption,
        "health" => work::health,
        "fill" => work::fill,
        "demo" => work::demonstration,
    }
    data {
        "now" => pages::now,
        "here" => pages::here,
        "standing" => pages::standing,
        "plan" => pages::plan,
        "lacks" => pages::lacks,
        "warnings" => pages::warnings,
        "comparison" => pages::comparison,
        "results" => pages::results,
        "adoption" => pages::adoption,
        "budget" => pages::budget,
        "risks" => pages::risks,
        "scale" => pages::scale,
        "polls" => pages::polls,
        "answers" => pages::answers,
        "guests" => pages::guests,
        "survey" => guests::survey,
        "hypercare" => pages::hypercare,
        "modules" => pages::modules,
        "mine" => presence::mine,
    }
    act {
        "create_project" => deeds::create_project,
        "accept" => deeds::accept,
        "pass_over" => deeds::pass_over,
        "submit" => deeds::submit,
        "give_back" => deeds::give_back,
        "pull" => deeds::pull,
        "send_version" => deeds::send_version,
        "agree_version" => deeds::agree_version,
        "close" => deeds::close,
        "confirm" => deeds::confirm,
        "measure" => deeds::measure,
        "export" => deeds::export,
        "approve_goal" => deeds::approve_goal,
        "report" => deeds::report,
        "specification" => deeds::specification,
        "plan_gate" => deeds::plan_gate,
        "answer_poll" => guests::answer_poll,
    }
}
