//! Who else is connected to the database: asked before something for which everybody else must stand still.

use std::str::FromStr;

use sea_orm::DbErr;
use sqlx::Connection;
use sqlx::postgres::{PgConnectOptions, PgConnection};

use super::DbOptions;

/// What servers and commands are called in PostgreSQL.
pub(super) const NAME: &str = "verstak";
/// What is called otherwise does not find itself.
const LOOKING: &str = "verstak looking for others";

const OTHERS: &str = "SELECT pid, host(client_addr) FROM pg_stat_activity \
                      WHERE datname = current_database() AND application_name = 'verstak' ORDER BY pid";

/// Connections of other servers and commands, each in words; to be asked before this process has its own. Of SQLite nothing is
/// known here: whoever works on its file holds a lock beside it.
///
/// # Errors
/// When the database cannot be reached.
pub async fn connected(options: &DbOptions) -> Result<Vec<String>, DbErr> {
    if options.url.starts_with("sqlite:") {
        return Ok(Vec::new());
    }
    let failed = |error: sqlx::Error| DbErr::Custom(format!("cannot reach PostgreSQL: {error}"));
    let connect = PgConnectOptions::from_str(&options.url).map_err(failed)?.application_name(LOOKING);
    let mut connection = PgConnection::connect_with(&connect).await.map_err(failed)?;
    let others: Vec<(i32, Option<String>)> = sqlx::query_as(OTHERS).fetch_all(&mut connection).await.map_err(failed)?;
    connection.close().await.map_err(failed)?;
    let words = |(process, host): (i32, Option<String>)| match host {
        Some(host) => format!("connection {process} from {host}"),
        None => format!("connection {process} from this machine"),
    };
    Ok(others.into_iter().map(words).collect())
}
