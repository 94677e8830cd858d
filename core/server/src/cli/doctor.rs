//! `verstak doctor`: how the system and what its companies have joined to it are, for whoever runs the machine.

use clap::Args;
use kernel::seal::{self, Kept};
use kernel::{Ctx, Db, Locale};
use plugin_host::health::{Part, Standing};
use sea_orm::DbBackend;

use super::{Failure, Outcome, Place, plain, say};
use crate::secrets;

/// Say how database, disk, work, mail, gateways and plugins are; fails where something does not work.
#[derive(Debug, Args)]
pub struct Doctor {
    #[command(flatten)]
    place: Place,
}

impl Doctor {
    pub(super) async fn run(self) -> Outcome {
        let state = self.place.open().await?;
        say(&key(&state.db));
        let lost = unreadable(&state.db).await?;
        let companies = people::tenant::list(&state.db).await?;
        if companies.is_empty() {
            say("There is no company yet: run `verstak init` first.");
        }
        // Each company tells of it too; where there is none nobody else would.
        let locked = state.db.seals().locked().is_some();
        let mut failing = usize::from(if locked { companies.is_empty() } else { lost });
        for company in companies {
            say(&format!("{} ({})", plain(&company.name), company.slug));
            let ctx = Ctx { locale: Locale::En, ..company.system_ctx(&state.env) };
            let parts = state.plugins.health(&ctx).await?;
            parts.iter().for_each(|part| say(&line(part)));
            failing += parts.iter().filter(|part| part.standing == Standing::Failing).count();
        }
        match failing {
            0 => Ok(()),
            _ => Err(Failure(format!("not working: {failing}"))),
        }
    }
}

/// Names secrets that do not open, and those that were given up; whether there are any of the first ones.
async fn unreadable(db: &Db) -> Result<bool, Failure> {
    let all = secrets::all(db).await?;
    let lost = secrets::named(db, &seal::unreadable(db.seals(), &all)).await?;
    if !lost.is_empty() {
        let out = "put their key back, or give them anew";
        say(&format!("{} secrets cannot be opened; {out}:{}", lost.len(), secrets::lines(&lost)));
    }
    let gone: Vec<&Kept> = all.iter().filter(|kept| seal::is_forgotten(&kept.text)).collect();
    let gone = secrets::named(db, &gone).await?;
    if !gone.is_empty() {
        let why = "were given up when their key was lost, and are to be given anew";
        say(&format!("{} secrets {why}:{}", gone.len(), secrets::lines(&gone)));
    }
    Ok(!lost.is_empty())
}

/// Whether sealed secrets can be opened, and what must be kept for it.
fn key(db: &Db) -> String {
    if let Some(why) = db.seals().locked() {
        return format!("SECRETS ARE LOCKED: {why}.");
    }
    let (key, place) = db.seals().key().unwrap_or_default();
    let shared = match db.backend() {
        DbBackend::Postgres => " Every server on this database needs the same one.",
        _ => "",
    };
    format!(
        "Secrets are sealed with the key {key} of {place}. Keep it, apart from backups: without it they do not open.{shared}"
    )
}

fn line(part: &Part) -> String {
    let word = match part.standing {
        Standing::Ok => "ok     ",
        Standing::Failing => "FAILING",
        Standing::Off => "off    ",
    };
    let title = part.title.in_locale(Locale::En);
    let problem = part.problem.as_ref().map(|problem| format!(": {}", problem.in_locale(Locale::En)));
    format!("  {word}  {}", plain(&(title + &problem.unwrap_or_default())))
}

#[cfg(test)]
mod tests {
    use kernel::Message;

    use super::*;

    #[test]
    fn a_line_says_what_is_wrong_and_nothing_that_moves_the_cursor() {
        let mail = Part::good("mail", Message::key("health.mail"));
        assert_eq!(line(&mail), "  ok       Mail server");
        assert_eq!(line(&mail.clone().off()), "  off      Mail server");
        let wrong = mail.wrong(Message::key("health.way_waits"), None);
        assert_eq!(line(&wrong), "  FAILING  Mail server: Messages do not get through.");
        let forged = Part::good("plugin:x", Message::Words("a\u{1b}[2Jb".to_owned()));
        assert!(!line(&forged).contains('\u{1b}'));
    }
}
