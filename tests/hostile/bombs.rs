//! Bombs against the real server: its own memory stays under a gigabyte, and its health and another company are answered
//! within a second, all along. A guard ends the server at two gigabytes.

use std::io::Write;
use std::process::Command;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use futures::future::{BoxFuture, join_all};
use plugin_host::dev::project;
use reqwest::{Client, RequestBuilder, StatusCode};
use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::Instant;

use crate::app::{Database, PASSWORD, root};
use crate::durability::server::{Server, company, run};
use crate::process::budget::{first, looping};

const MIB: u64 = 1024 * 1024;
/// Memory of its own that the server may come to.
const MOST: u64 = 1024 * MIB;
/// Where the guard ends it.
const END: u64 = 2048 * MIB;
/// How long others may wait.
const PATIENCE: Duration = Duration::from_secs(if cfg!(debug_assertions) { 3 } else { 1 });
/// How long a bomb may take to be put out.
const OUT: Duration = Duration::from_secs(90);

/// What is seen of the server from outside.
#[derive(Default)]
pub struct Seen {
    /// Most memory of its own, bytes.
    memory: AtomicU64,
    /// Longest wait of the others, microseconds.
    waited: AtomicU64,
    /// Answers to the others that were none.
    wrong: Mutex<Vec<String>>,
    over: AtomicBool,
}

impl Seen {
    /// What was seen since the last time, in words, and whether it was too much.
    pub fn take(&self, bomb: &str) -> (String, bool) {
        let (memory, waited) = (self.memory.swap(0, Ordering::SeqCst), self.waited.swap(0, Ordering::SeqCst));
        let wrong = std::mem::take(&mut *self.wrong.lock().unwrap());
        let waited = Duration::from_micros(waited);
        let words = format!("{bomb}: {} MiB, others waited {waited:?} {wrong:?}", memory / MIB);
        (words, memory == 0 || memory > MOST || waited > PATIENCE || !wrong.is_empty())
    }

    /// Samples the memory of a process until it is over, and ends the process at its end.
    fn guard(&self, process: u32) {
        while !self.over.load(Ordering::SeqCst) {
            let status = std::fs::read_to_string(format!("/proc/{process}/status")).unwrap_or_default();
            let line = status.lines().find_map(|line| line.strip_prefix("RssAnon:")).unwrap_or("0 kB");
            let bytes = line.trim().trim_end_matches(" kB").parse::<u64>().unwrap_or_default() * 1024;
            self.memory.fetch_max(bytes, Ordering::SeqCst);
            if bytes > END {
                drop(Command::new("kill").args(["-9", &process.to_string()]).status());
            }
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    /// Asks as the others do until it is over.
    async fn ask(&self, url: &str, token: &str) {
        let client = Client::new();
        while !self.over.load(Ordering::SeqCst) {
            for path in ["/health/live", "/api/v1/records/lead?limit=20"] {
                let begun = Instant::now();
                let answer = client.get(format!("{url}{path}")).bearer_auth(token).timeout(OUT).send().await;
                let waited = u64::try_from(begun.elapsed().as_micros()).unwrap();
                self.waited.fetch_max(waited, Ordering::SeqCst);
                match answer {
                    Ok(answer) if answer.status() == StatusCode::OK => {}
                    other => self.wrong.lock().unwrap().push(format!("{path}: {other:?}")),
                }
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

/// The server, a company with bad manners, and one beside it.
pub struct Scene {
    pub server: Server,
    pub token: String,
    client: Client,
    pub seen: Arc<Seen>,
    _database: Database,
}

impl Scene {
    pub async fn start() -> Self {
        let database = Database::bare().await;
        let token = company(&database);
        let init = ["init", "--tenant", "Other", "--admin", "admin@other.test", "--password-stdin"];
        run(&database, &init, PASSWORD);
        let other = run(&database, &["token", "create", "--user", "admin@other.test", "--name", "test"], "");
        let settings =
            [("VERSTAK__HTTP__BODY_SECONDS", "3".to_owned()), ("VERSTAK__HTTP__UPLOAD_LIMIT", (16 * MIB).to_string())];
        let server = Server::start_in(&database, &[], &settings);
        let seen = Arc::new(Seen::default());
        let (guard, process) = (Arc::clone(&seen), server.id());
        std::thread::spawn(move || guard.guard(process));
        let (asks, url) = (Arc::clone(&seen), server.url.clone());
        tokio::spawn(async move { asks.ask(&url, &other).await });
        Self { server, token, client: Client::new(), seen, _database: database }
    }

    fn request(&self, method: &str, path: &str) -> RequestBuilder {
        let method = method.parse().unwrap();
        let request = self.client.request(method, format!("{}/api/v1{path}", self.server.url));
        request.bearer_auth(&self.token).timeout(OUT)
    }

    async fn post(&self, path: &str, body: Value) -> (u16, Value) {
        said(self.request("POST", path).json(&body)).await
    }

    /// Starts this process several times and waits until every instance has an incident.
    async fn processes(&self, key: &str, script: &str, condition: &str) {
        let file = looping(key, script, condition);
        let deploy = self.request("POST", "/process-definitions?publish=true");
        let (status, told) = said(deploy.header("content-type", "application/xml").body(file)).await;
        assert_eq!(status, 201, "{told}");
        let starts = (0..2).map(|_| self.post("/process-instances", json!({"definition": key, "variables": first()})));
        let begun = Instant::now();
        for (status, started) in join_all(starts).await {
            assert_eq!(status, 201, "{started}");
            let path = format!("/process-instances/{}", started["id"].as_str().unwrap());
            while said(self.request("GET", &path)).await.1["incidents"][0].is_null() {
                assert!(begun.elapsed() < OUT, "{key} goes on for ever");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        self.seen.over.store(true, Ordering::SeqCst);
    }
}

async fn said(request: RequestBuilder) -> (u16, Value) {
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap_or_default())
}

/// A plugin that hoards memory, runs for ever, calls itself, answers with megabytes.
async fn plugin(scene: &Scene) {
    let folder = root().join("core/plugin_host/tests/guests/hostile");
    let package = tokio::task::spawn_blocking(move || {
        let component = project::build(&folder, Some(&root().join("target/guests"))).unwrap();
        project::package(&folder, &component, None).unwrap()
    });
    let install = scene.request("POST", "/plugins").header("content-type", "application/octet-stream");
    let (status, told) = said(install.body(package.await.unwrap())).await;
    assert_eq!(status, 201, "{told}");
    for order in ["memory", "loop", "recursion", "huge patch", "huge log", "log"] {
        // What one order broke is whole again for the next.
        let (status, told) = scene.post("/plugins/test.hostile/enable", json!({"grants": "requested"})).await;
        assert_eq!(status, 200, "{told}");
        let leads = (0..6).map(|_| scene.post("/records/lead", json!({"fields": {"title": "x", "comments": order}})));
        for (status, told) in join_all(leads).await {
            assert!(status < 500, "{order}: {status} {told}");
        }
        let (status, told) = scene.post("/plugins/test.hostile/disable", json!({})).await;
        assert_eq!(status, 200, "{told}");
    }
}

async fn doubling(scene: &Scene) {
    scene.processes("doubling", "vars.list + vars.list", "vars.n &lt; 60").await;
}

async fn growing(scene: &Scene) {
    scene.processes("growing", "vars.list + [vars.n]", "true").await;
}

async fn dry_runs(scene: &Scene) {
    let runs = (0..12).map(|_| scene.post("/process-definitions/growing/dry-run", json!({"variables": first()})));
    for (status, told) in join_all(runs).await {
        assert!([200, 429].contains(&status), "{status} {told}");
    }
}

/// A workbook of so many rows that all hold the same text.
fn workbook(rows: usize, text: &str) -> Vec<u8> {
    const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
    const LINKS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
    const PACKAGE: &str = "http://schemas.openxmlformats.org/package/2006";
    let cells = (1..=rows).map(|n| format!(r#"<row r="{n}"><c r="A{n}" t="s"><v>0</v></c></row>"#));
    let files = [
        (
            "[Content_Types].xml",
            format!(
                r#"<Types xmlns="{PACKAGE}/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/><Override PartName="/xl/workbook.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/><Override PartName="/xl/worksheets/sheet1.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/><Override PartName="/xl/sharedStrings.xml" ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sharedStrings+xml"/></Types>"#
            ),
        ),
        (
            "_rels/.rels",
            format!(
                r#"<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type="{LINKS}/officeDocument" Target="xl/workbook.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/workbook.xml",
            format!(
                r#"<workbook xmlns="{MAIN}" xmlns:r="{LINKS}"><sheets><sheet name="S" sheetId="1" r:id="r1"/></sheets></workbook>"#
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            format!(
                r#"<Relationships xmlns="{PACKAGE}/relationships"><Relationship Id="r1" Type="{LINKS}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="r2" Type="{LINKS}/sharedStrings" Target="sharedStrings.xml"/></Relationships>"#
            ),
        ),
        (
            "xl/sharedStrings.xml",
            format!(r#"<sst xmlns="{MAIN}" count="{rows}" uniqueCount="1"><si><t>{text}</t></si></sst>"#),
        ),
        (
            "xl/worksheets/sheet1.xml",
            format!(r#"<worksheet xmlns="{MAIN}"><sheetData>{}</sheetData></worksheet>"#, cells.collect::<String>()),
        ),
    ];
    let mut archive = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, text) in files {
        archive.start_file(name, zip::write::SimpleFileOptions::default()).unwrap();
        archive.write_all(text.as_bytes()).unwrap();
    }
    archive.finish().unwrap().into_inner()
}

async fn spreadsheet(scene: &Scene) {
    let book = tokio::task::spawn_blocking(|| workbook(300_000, &"щ".repeat(9_000))).await.unwrap();
    let head = "--B\r\nContent-Disposition: form-data; name=\"entity\"\r\n\r\nlead\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; filename=\"b.xlsx\"\r\n\r\n";
    let form = [head.as_bytes(), &book, b"\r\n--B--\r\n"].concat();
    let uploads = (0..4).map(|_| {
        let upload = scene.request("POST", "/imports").header("content-type", "multipart/form-data; boundary=B");
        said(upload.body(form.clone()))
    });
    for (status, told) in join_all(uploads).await {
        assert!(status == 422 && told.to_string().contains("too_large"), "{status} {told}");
    }
}

async fn groups(scene: &Scene) {
    for of in 0..5 {
        let rows: Vec<Value> =
            (0..1_000).map(|n| json!({"fields": {"title": format!("{of} {n} {}", "x".repeat(150))}})).collect();
        let (status, told) = scene.post("/records/lead/bulk", json!({"create": rows})).await;
        assert_eq!(status, 200, "{told}");
    }
    let sums = (0..12).map(|_| scene.post("/records/lead/aggregate", json!({"group_by": ["title"]})));
    for (status, told) in join_all(sums).await {
        assert!(status == 200 && told.to_string().len() > 500_000, "{status} {told}");
    }
}

/// Nobody we know sends the beginning of large bodies.
async fn half_sent(scene: &Scene) {
    let address = scene.server.url.strip_prefix("http://").unwrap().to_owned();
    let one = async |n: usize| {
        let path = if n.is_multiple_of(2) { "/api/v1/session" } else { "/api/v1/records/lead" };
        let head = format!(
            "POST {path} HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: 4000000\r\n\r\n"
        );
        let mut stream = TcpStream::connect(&address).await.unwrap();
        drop(stream.write_all(head.as_bytes()).await);
        // A server that has heard enough hangs up while more comes.
        drop(tokio::time::timeout(Duration::from_millis(200), stream.write_all(&vec![b' '; 3_000_000])).await);
        let mut told = String::new();
        drop(tokio::time::timeout(OUT, stream.read_to_string(&mut told)).await.expect("held for ever"));
        told
    };
    for told in join_all((0..560).map(one)).await {
        assert!(told.is_empty() || told.starts_with("HTTP/1.1 4") || told.starts_with("HTTP/1.1 503"), "{told}");
    }
}

type Bomb = fn(&Scene) -> BoxFuture<'_, ()>;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn no_bomb_takes_the_memory_or_the_time_of_others() {
    const BOMBS: [(&str, Bomb); 7] = [
        ("a plugin", |scene| Box::pin(plugin(scene))),
        ("a script that doubles a list", |scene| Box::pin(doubling(scene))),
        ("a loop that grows", |scene| Box::pin(growing(scene))),
        ("dry runs of it", |scene| Box::pin(dry_runs(scene))),
        ("a workbook of one text", |scene| Box::pin(spreadsheet(scene))),
        ("groups of as many as there are leads", |scene| Box::pin(groups(scene))),
        ("half-sent bodies", |scene| Box::pin(half_sent(scene))),
    ];
    let scene = Scene::start().await;
    let mut seen = Vec::new();
    for (name, bomb) in BOMBS {
        let begun = Instant::now();
        bomb(&scene).await;
        let (words, bad) = scene.seen.take(name);
        seen.push((format!("{words} in {:?}", begun.elapsed()), bad));
    }
    tokio::time::sleep(Duration::from_secs(2)).await;
    let begun = Instant::now();
    assert_eq!(said(scene.request("GET", "/records/lead?limit=20")).await.0, 200);
    assert!(begun.elapsed() < PATIENCE, "two seconds after all is as it was");
    let words: Vec<&String> = seen.iter().map(|(words, _)| words).collect();
    println!("{words:#?}");
    assert!(!seen.iter().any(|(_, bad)| *bad), "{words:#?}");
}
