//! Two servers on one folder with SQLite's file: the second is refused, commands beside the first are not.

use super::server::{Server, company, refused, run};
use crate::app::{Database, on_postgres};

#[tokio::test(flavor = "multi_thread")]
async fn a_second_server_on_a_folder_is_refused_until_the_first_is_gone() {
    if on_postgres() {
        return;
    }
    let database = Database::fresh().await;
    company(&database);
    let server = Server::start(&database);
    for part in ["all", "worker", "web"] {
        let said = refused(&database, &["serve", "--listen", "127.0.0.1:0", "--role", part], &[]);
        assert!(said.contains("runs on it") && said.contains("--role"), "{part}: {said}");
    }
    run(&database, &["token", "create", "--user", "admin@acme.test", "--name", "beside"], "");
    let copy = tempfile::tempdir().unwrap();
    run(&database, &["backup", &copy.path().display().to_string()], "");
    server.kill();
    // Nothing is left of the lock after kill -9, and each with its part they are there together.
    Server::start(&database).kill();
    let web = Server::start_with(&database, &["--role", "web"]);
    let worker = Server::start_with(&database, &["--role", "worker"]);
    let said = refused(&database, &["serve", "--listen", "127.0.0.1:0"], &[]);
    assert!(said.contains("another server runs on it"), "{said}");
    web.kill();
    worker.kill();
}
