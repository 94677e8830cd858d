//! `verstak serve`.

use std::sync::Arc;

use clap::Args;
use kernel::clock::{Env, OffsetClock, SystemRandom};
use tracing_subscriber::EnvFilter;

use super::{Failure, Outcome, Place};
use crate::app::{self, Role};
use crate::config::Log;
use crate::state::AppState;

/// Run the server and its workers.
#[derive(Debug, Args)]
pub struct Serve {
    #[command(flatten)]
    place: Place,
    /// Address to listen on.
    #[arg(long, value_name = "ADDRESS")]
    listen: Option<String>,
    /// Which halves run in this process.
    #[arg(long, value_enum, default_value = "all")]
    role: Role,
    /// Let `POST /api/v1/test/clock` move the clock: for tests of a whole server, never for a company's own.
    #[arg(long)]
    test_clock: bool,
}

impl Serve {
    pub(super) async fn run(self) -> Outcome {
        let config = self.place.settings(self.listen)?;
        begin_log(&config.log)?;
        crate::private::mask();
        crate::http::health::collect();
        let listen = config.http.listen.clone();
        let env = match self.test_clock {
            true => Env::new(Arc::new(OffsetClock::default()), Arc::new(SystemRandom)),
            false => Env::system(),
        };
        // Held while it runs: nobody may put a backup in the place of what it works on.
        let (_held, only) = crate::alone::serving(&config, self.role == Role::All)?;
        let state = AppState::open(config, env).await?;
        if let Some(only) = only {
            kernel::jobs::let_go(&state.db, &state.env).await?;
            // Commands may come beside a server.
            drop(only);
        }
        let listener = tokio::net::TcpListener::bind(&listen)
            .await
            .map_err(|e| Failure(format!("cannot listen on {listen}: {e}")))?;
        let address = listener.local_addr()?;
        tracing::info!(%address, "ready");
        // Compiling may take seconds: nobody waits for it.
        let packages = tokio::spawn(look_for_packages(state.clone()));
        app::serve(state, listener, self.role, stopped()).await?;
        packages.abort();
        tracing::info!("stopped");
        Ok(())
    }
}

async fn look_for_packages(state: AppState) {
    if let Err(error) = crate::packages::install_found(&state).await {
        tracing::error!(%error, "packages beside the program could not be looked for");
    }
}

fn begin_log(log: &Log) -> Outcome {
    let filter = EnvFilter::try_new(&log.level).map_err(|e| Failure(format!("configuration: log.level: {e}")))?;
    let builder = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    match log.format.as_str() {
        "json" => builder.json().init(),
        "text" => builder.init(),
        other => return Err(Failure(format!("configuration: log.format: `{other}` is neither text nor json"))),
    }
    Ok(())
}

/// Ctrl-C or SIGTERM.
async fn stopped() {
    let terminate = async {
        match tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
            Ok(mut signal) => drop(signal.recv().await),
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = tokio::signal::ctrl_c() => {}
        () = terminate => {}
    }
}
