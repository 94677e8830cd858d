//! The part `[[jobs]]`: work that the plugin does by itself, on a schedule or when it was enqueued. Pure.

use chrono_tz::Tz;
use kernel::{Timestamp, jobs};
use serde::{Deserialize, Serialize};

use super::check::{Checked, each, fail, name, words};
use super::{Manifest, RunAs, Text};
use crate::capabilities::jobs as capability;

/// Seconds a run may be put off so that companies do not all begin at once.
const MAX_JITTER: u32 = 3_600;
/// When expressions are tried out.
const SOME_DAY: Timestamp = Timestamp(1_767_225_600_000_000);

/// What becomes of a tick while the run of an earlier one is not over.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Overlap {
    /// It is left out.
    #[default]
    Skip,
    /// It waits for its turn.
    Queue,
}

/// A job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Job {
    /// Unique in the plugin.
    pub id: String,
    /// Shown to admins.
    pub title: Text,
    /// In more words.
    #[serde(default)]
    pub description: Text,
    /// Minute, hour, day of month, month, day of week, in the company's time zone; none: only when enqueued or begun by an
    /// admin.
    pub cron: Option<String>,
    /// A run begins up to so many seconds after its tick, each company at a moment of its own. 0 to 3,600.
    #[serde(default)]
    pub jitter_seconds: u32,
    /// What becomes of a tick while the run before is not over.
    #[serde(default)]
    pub overlap: Overlap,
    /// Whose rights count: the plugin's own, or those of whoever's act enqueued it.
    #[serde(default = "itself")]
    pub run_as: RunAs,
}

const fn itself() -> RunAs {
    RunAs::Plugin
}

/// The part `[[jobs]]`.
pub(crate) fn check(manifest: &Manifest) -> Checked {
    if !manifest.jobs.is_empty() && !manifest.permissions.asks(capability::PART.name) {
        return fail("jobs", "add [permissions.jobs] with the reason why it works by itself");
    }
    each("jobs", &manifest.jobs, |one| one.id.clone(), check_job)
}

fn check_job(place: &str, job: &Job) -> Checked {
    name(place, "id", &job.id)?;
    words(place, &job.title, &job.description)?;
    if job.jitter_seconds > MAX_JITTER {
        return fail(format!("{place}.jitter_seconds"), format!("at most {MAX_JITTER}"));
    }
    match &job.cron {
        Some(cron) => {
            check_cron(&format!("{place}.cron"), cron)?;
            if job.run_as == RunAs::Actor {
                return fail(format!("{place}.run_as"), "there is nobody who acts when a schedule begins it");
            }
            Ok(())
        }
        None if job.jitter_seconds > 0 || job.overlap != Overlap::default() => {
            fail(place, "`jitter_seconds` and `overlap` belong to jobs with `cron`")
        }
        None => Ok(()),
    }
}

fn check_cron(place: &str, cron: &str) -> Checked {
    if cron.split_whitespace().count() != 5 || cron.len() > 100 {
        return fail(place, "must be five fields: minute, hour, day of month, month, day of week");
    }
    match jobs::next_after(cron, Tz::UTC, SOME_DAY) {
        Ok(_) => Ok(()),
        Err(problem) => fail(place, problem),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
id = "acme.leads"
version = "1.2.3"
api = "1"
title.en = "Leads"
[permissions.jobs]
reason.en = "To tidy up at night."
[[jobs]]
id = "nightly"
title.en = "Tidy up"
cron = "0 3 * * *"
jitter_seconds = 600
overlap = "queue"
[[jobs]]
id = "later"
title.en = "Look again"
run_as = "actor"
"#;

    fn check_manifest(from: &str, to: &str, expected: &str) {
        assert!(GOOD.contains(from), "{from}");
        let error = Manifest::parse(&GOOD.replacen(from, to, 1)).expect_err(to).to_string();
        assert!(error.contains(expected), "{to}: {error}");
    }

    #[test]
    fn jobs_are_checked() {
        let good = Manifest::parse(GOOD).unwrap();
        assert_eq!((good.jobs[0].overlap, good.jobs[1].overlap), (Overlap::Queue, Overlap::Skip));
        assert_eq!((good.jobs[0].run_as, good.jobs[1].run_as), (RunAs::Plugin, RunAs::Actor));
        check_manifest("[permissions.jobs]\nreason.en = \"To tidy up at night.\"", "", "add [permissions.jobs]");
        check_manifest("reason.en = \"To tidy up at night.\"", "", "permissions.jobs.reason.en: English words");
        check_manifest("0 3 * * *", "0 3 * *", "jobs[0].cron: must be five fields");
        check_manifest("0 3 * * *", "* 0 3 * * *", "jobs[0].cron: must be five fields");
        check_manifest("0 3 * * *", "0 25 * * *", "not a cron expression");
        check_manifest("0 3 * * *", "0 0 31 2 *", "never happens");
        check_manifest("600", "3601", "jobs[0].jitter_seconds: at most 3600");
        check_manifest("\"queue\"", "\"wait\"", "unknown variant `wait`");
        check_manifest("id = \"later\"", "id = \"nightly\"", "`nightly` is declared twice");
        check_manifest("run_as = \"actor\"", "overlap = \"queue\"", "belong to jobs with `cron`");
        check_manifest("overlap = \"queue\"", "run_as = \"actor\"", "there is nobody who acts");
    }
}
