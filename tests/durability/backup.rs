//! A backup is one moment of a running server, whole or not there; put back, it is that moment again.

use std::path::{Path, PathBuf};
use std::process::Command;

use reqwest::Method;
use serde_json::{Value, json};

use super::caller::{Caller, client};
use super::server::{Server, company, refused, run};
use crate::app::{Database, on_postgres};

/// Backups in a folder: whole ones, and those that were broken off.
fn saved_in(folder: &Path) -> (Vec<PathBuf>, usize) {
    let all: Vec<PathBuf> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    let (parts, whole): (Vec<PathBuf>, Vec<PathBuf>) =
        all.into_iter().partition(|path| path.extension().is_some_and(|end| end == "part"));
    (whole, parts.len())
}

async fn lead(caller: &Caller<'_>, title: &str) -> String {
    let made = caller.post("/records/lead", json!({"fields": {"title": title}}), 201).await.unwrap();
    made["id"].as_str().unwrap().to_owned()
}

async fn file(server: &Server, token: &str, lead: &str, bytes: Vec<u8>) -> String {
    let url = format!("{}/api/v1/records/lead/{lead}/files?name=a.bin", server.url);
    let sent = client().post(url).bearer_auth(token).body(bytes).send().await.unwrap();
    assert_eq!(sent.status(), 201);
    sent.json::<Value>().await.unwrap()["id"].as_str().unwrap().to_owned()
}

async fn content(server: &Server, token: &str, file: &str) -> (u16, Vec<u8>) {
    let url = format!("{}/api/v1/files/{file}/content", server.url);
    let answer = client().get(url).bearer_auth(token).send().await.unwrap();
    (answer.status().as_u16(), answer.bytes().await.unwrap().to_vec())
}

/// The folder of a PostgreSQL's programs, where the run says so: the backup calls them by name.
fn saves() -> bool {
    !on_postgres() || Command::new("pg_dump").arg("--version").output().is_ok()
}

#[tokio::test]
async fn a_backup_of_a_busy_server_is_put_back_whole() {
    let database = Database::bare().await;
    let place = tempfile::tempdir().unwrap();
    let to = place.path().display().to_string();
    if !saves() {
        let said = refused(&database, &["backup", &to], &[]);
        assert!(said.contains("`pg_dump` cannot be run"), "{said}");
        return;
    }
    let token = company(&database);
    let server = Server::start(&database);
    let caller = Caller { client: client(), url: &server.url, token: &token };
    let ann = lead(&caller, "Ann").await;
    let bytes: Vec<u8> = (0..600_000_u32).map(|n| u8::try_from(n % 251).unwrap()).collect();
    let kept = file(&server, &token, &ann, bytes.clone()).await;
    // Somebody goes on writing while it is saved: what comes after is in it or not, but never half.
    let writing = async {
        for n in 0..40 {
            let id = lead(&caller, &format!("Later {n}")).await;
            file(&server, &token, &id, vec![7; 1_000]).await;
        }
    };
    let saving = {
        let (folder, url, to) = (database.folder().to_owned(), database.url().to_owned(), to.clone());
        tokio::task::spawn_blocking(move || super::server::run_at(&folder, &url, &["backup", &to]))
    };
    let ((), said) = tokio::join!(writing, saving);
    assert!(said.unwrap().contains("The database and "));
    let (whole, parts) = saved_in(place.path());
    assert_eq!((whole.len(), parts), (1, 0));
    let backup = whole[0].display().to_string();
    let lost = lead(&caller, "Lost").await;
    // What a running server works on is not taken away under it.
    let said = refused(&database, &["restore", &backup, "--replace"], &[]);
    assert!(said.contains("a server runs on it"), "{said}");
    server.kill();

    let said = refused(&database, &["restore", &backup], &[]);
    assert!(said.contains("--replace"), "{said}");
    run(&database, &["restore", &backup, "--replace"], "");
    let server = Server::start(&database);
    let caller = Caller { client: client(), url: &server.url, token: &token };
    assert_eq!(caller.get(&format!("/records/lead/{ann}")).await.unwrap()["fields"]["title"], "Ann");
    assert_eq!(caller.send(Method::GET, &format!("/records/lead/{lost}"), None).await.unwrap().0, 404);
    assert_eq!(content(&server, &token, &kept).await, (200, bytes.clone()));
    // Every file that the database names has its bytes.
    let leads = caller.post("/records/lead/query", json!({"limit": 100}), 200).await.unwrap();
    for row in leads["items"].as_array().unwrap() {
        let list = caller.get(&format!("/records/lead/{}/files", row["id"].as_str().unwrap())).await.unwrap();
        for one in list["items"].as_array().unwrap() {
            assert_eq!(content(&server, &token, one["id"].as_str().unwrap()).await.0, 200, "{one}");
        }
    }
    server.kill();

    // Elsewhere, where there is nothing.
    let other = Database::bare().await;
    run(&other, &["restore", &backup], "");
    let server = Server::start(&other);
    let caller = Caller { client: client(), url: &server.url, token: &token };
    assert_eq!(caller.get(&format!("/records/lead/{ann}")).await.unwrap()["fields"]["title"], "Ann");
    assert_eq!(content(&server, &token, &kept).await, (200, bytes.clone()));
    server.kill();

    // Of a backup with a damaged file nothing is put back: what is there stays as it was.
    let broken = tempfile::tempdir().unwrap();
    copy_all(&whole[0], broken.path());
    damage_all(&broken.path().join("files"));
    let said = refused(&other, &["restore", &broken.path().display().to_string(), "--replace"], &[]);
    assert!(said.contains("digest differs"), "{said}");
    let server = Server::start(&other);
    assert_eq!(content(&server, &token, &kept).await, (200, bytes));
    server.kill();

    // What is not whole, or not what it was, is not put back.
    for (file, expected) in [("files.jsonl", "digest differs"), ("backup.json", "is no whole backup")] {
        let broken = tempfile::tempdir().unwrap();
        copy_all(&whole[0], broken.path());
        std::fs::write(broken.path().join(file), b"{").unwrap();
        let third = Database::bare().await;
        let said = refused(&third, &["restore", &broken.path().display().to_string()], &[]);
        assert!(said.contains(expected), "{file}: {said}");
    }
}

#[tokio::test]
async fn a_backup_that_is_killed_is_never_taken_for_whole() {
    let database = Database::bare().await;
    if !saves() {
        return assert!(on_postgres());
    }
    let token = company(&database);
    let server = Server::start(&database);
    let caller = Caller { client: client(), url: &server.url, token: &token };
    let ann = lead(&caller, "Ann").await;
    for _ in 0..8 {
        file(&server, &token, &ann, vec![3; 2_000_000]).await;
    }
    let place = tempfile::tempdir().unwrap();
    let to = place.path().display().to_string();
    for _ in 0..3 {
        let mut child = super::server::spawn_at(database.folder(), database.url(), &["backup", &to]);
        while saved_in(place.path()).1 == 0 && child.try_wait().unwrap().is_none() {
            tokio::task::yield_now().await;
        }
        child.kill().unwrap();
        child.wait().unwrap();
        let (whole, parts) = saved_in(place.path());
        for part in std::fs::read_dir(place.path()).unwrap().map(|entry| entry.unwrap().path()) {
            if part.extension().is_some_and(|end| end == "part") {
                let other = Database::bare().await;
                let said = refused(&other, &["restore", &part.display().to_string()], &[]);
                assert!(said.contains("is no whole backup"), "{said}");
                std::fs::remove_dir_all(&part).unwrap();
            }
        }
        for whole in whole {
            std::fs::remove_dir_all(whole).unwrap();
        }
        assert!(parts <= 1);
    }
    // Several of one second stand beside each other.
    for _ in 0..2 {
        run(&database, &["backup", &to], "");
    }
    assert_eq!(saved_in(place.path()).0.len(), 2);
    // The server has noticed nothing.
    assert_eq!(caller.get(&format!("/records/lead/{ann}")).await.unwrap()["fields"]["title"], "Ann");
    server.kill();
}

fn damage_all(folder: &Path) {
    for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
        match path.is_dir() {
            true => damage_all(&path),
            false => std::fs::write(&path, vec![0; std::fs::read(&path).unwrap().len()]).unwrap(),
        }
    }
}

fn copy_all(from: &Path, to: &Path) {
    for entry in std::fs::read_dir(from).unwrap().map(Result::unwrap) {
        let target = to.join(entry.file_name());
        if entry.path().is_dir() {
            std::fs::create_dir_all(&target).unwrap();
            copy_all(&entry.path(), &target);
        } else {
            std::fs::copy(entry.path(), target).unwrap();
        }
    }
}
