//! How the system and what a company has joined to it are: what plugins hear of it through `health`.

use std::sync::Arc;

use async_trait::async_trait;
use kernel::db::ConnectionTrait;
use kernel::{Ctx, Db, Message, Result, jobs};
use messaging::Messages;
use messaging::messages::{Trouble, Way};
use plugin_host::health::{Health, Part};

use crate::config::Config;
use crate::http::health::free_bytes;

/// Seconds after which work that is due is late.
const LATE: i64 = 10 * 60;

/// What knows of the database, the disk, the work behind and the ways out of the house.
pub struct System {
    /// Settings.
    pub config: Arc<Config>,
    /// The database.
    pub db: Db,
    /// Messages out of the house.
    pub messages: Messages,
}

#[async_trait]
impl Health for System {
    async fn parts(&self, ctx: &Ctx) -> Result<Vec<Part>> {
        let mut parts = vec![self.database().await, self.disk(), self.work(ctx).await?];
        parts.extend(self.secrets());
        parts.extend(self.messages.standing(ctx).await?.into_iter().map(way));
        Ok(parts)
    }
}

impl System {
    async fn database(&self) -> Part {
        let part = Part::good("database", Message::key("health.database"));
        match self.db.read().execute_unprepared("SELECT 1").await {
            Ok(_) => part,
            Err(_) => part.wrong(Message::key("health.database_silent"), None),
        }
    }

    /// Nobody needs to hear that the key is there.
    fn secrets(&self) -> Option<Part> {
        self.db.seals().locked()?;
        Some(Part::good("secrets", Message::key("health.secrets")).wrong(Message::key("health.secrets_locked"), None))
    }

    fn disk(&self) -> Part {
        let part = Part::good("disk", Message::key("health.disk"));
        match free_bytes(&self.config.data.dir) {
            Ok(free) if free < self.config.data.min_free => part.wrong(Message::key("health.disk_full"), None),
            Ok(_) => part,
            Err(_) => part.wrong(Message::key("health.disk_unread"), None),
        }
    }

    /// Work that failed for good is the company's own; a queue that stands still stands still for all.
    async fn work(&self, ctx: &Ctx) -> Result<Part> {
        let part = Part::good("work", Message::key("health.work"));
        let conn = self.db.read();
        if let Some(since) = jobs::waits_since(conn, ctx.now().plus_seconds(-LATE)).await? {
            return Ok(part.wrong(Message::key("health.work_waits"), Some(since)));
        }
        let dead = jobs::dead(conn, Some(ctx.tenant)).await?.len();
        Ok(match dead {
            0 => part,
            _ => part.wrong(Message::key("health.work_dead").with("count", dead), None),
        })
    }
}

fn way(way: Way) -> Part {
    let part = match way.gateway {
        None => Part::good("mail", Message::key("health.mail")),
        Some((key, title)) => Part::good(format!("sms:{key}"), Message::key("health.sms").with("title", title)),
    };
    match way.trouble {
        _ if !way.there => part.off(),
        None => part,
        Some(Trouble::Refused(since)) => part.wrong(Message::key("health.way_refused"), Some(since)),
        Some(Trouble::Waiting(since)) => part.wrong(Message::key("health.way_waits"), Some(since)),
    }
}
