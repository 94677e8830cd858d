//! kill -9 while letters go out, many times, at every point of the dialogue with the mail server and at any other: no
//! letter is taken by the mail server twice, none is lost, and one of which nobody knows whether it went out waits for a
//! person's word.
//!
//! `VERSTAK_KILLS` says how many times; 12 by default.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use kernel::clock::Env;
use kernel::{Db, Timestamp};
use serde_json::{Value, json};
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use uuid::Uuid;

use super::caller::{Caller, client, deploy, dice, kills, left_behind, number, rows};
use super::server::{Server, company};
use crate::app::Database;
use crate::process::smtp::{MailServer, Point};

const KILLS: usize = 12;
const CLIENTS: usize = 6;
/// How long a job is locked by whoever took it.
const LOCK_SECONDS: i64 = 120;
/// In turn with as many rounds less `POINTS` at any time.
const TURN: usize = 12;
const POINTS: [Point; 7] =
    [Point::Dot, Point::Goodbye, Point::Text, Point::Data, Point::Recipient, Point::Mail, Point::Greeting];
/// What every instance leaves behind it, in order.
const WAY: &str = "start write send end";

/// A letter by somebody's hand, then one by the process itself.
const PROCESS: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:v="urn:verstak:bpmn:1" targetNamespace="t">
<process id="letters" isExecutable="true">
  <startEvent id="start"/><sequenceFlow id="f1" sourceRef="start" targetRef="write"/>
  <userTask id="write" name="Write" v:executors="owner" v:mainAction="email" v:requireMainAction="true"><extensionElements>
    <v:param name="to">client@example.com</v:param><v:param name="subject">="task " + vars.name</v:param><v:param name="text">Hello</v:param>
  </extensionElements></userTask><sequenceFlow id="f2" sourceRef="write" targetRef="send"/>
  <serviceTask id="send" v:service="email"><extensionElements>
    <v:param name="to">client@example.com</v:param><v:param name="subject">="service " + vars.name</v:param><v:param name="text">Hello</v:param>
  </extensionElements></serviceTask><sequenceFlow id="f3" sourceRef="send" targetRef="end"/><endEvent id="end"/>
</process></definitions>"#;

/// What a client was told is done: names of instances.
#[derive(Default)]
struct Told {
    started: BTreeSet<String>,
    /// The task's letter is asked for.
    asked: BTreeSet<String>,
    completed: BTreeSet<String>,
}

impl Told {
    fn add(&mut self, more: Self) {
        self.started.extend(more.started);
        self.asked.extend(more.asked);
        self.completed.extend(more.completed);
    }

    fn figures(&self) -> String {
        let (starts, asked, done) = (self.started.len(), self.asked.len(), self.completed.len());
        format!("{starts} starts, {asked} letters of tasks and {done} completions acknowledged")
    }
}

/// Starts instances, asks for their letters and completes most of their tasks until the server is gone.
async fn work(caller: &Caller<'_>, name: &str, told: &mut Told, acts: &AtomicUsize) -> Option<()> {
    for n in 0.. {
        let name = format!("{name}-{n}");
        let body = json!({"definition": "letters", "variables": {"name": name}});
        let started = caller.post("/process-instances", body, 201).await?;
        told.started.insert(name.clone());
        acts.fetch_add(1, Ordering::SeqCst);
        let open = caller.get(&format!("/tasks?state=open&instance={}", started["id"].as_str().unwrap())).await?;
        let task = open["items"][0]["id"].as_str().unwrap().to_owned();
        caller.post(&format!("/tasks/{task}/action"), json!({"kind": "email"}), 200).await?;
        told.asked.insert(name.clone());
        acts.fetch_add(1, Ordering::SeqCst);
        if n % 4 == 3 {
            continue;
        }
        while caller.get(&format!("/tasks/{task}")).await?["main_action"]["done"] == false {
            tokio::task::yield_now().await;
        }
        caller.post(&format!("/tasks/{task}/complete"), json!({}), 200).await?;
        told.completed.insert(name);
        acts.fetch_add(1, Ordering::SeqCst);
    }
    None
}

/// Kills the server: at a point of the next dialogue, or at any time.
async fn kill(round: usize, server: Server, mail: &MailServer, acts: &AtomicUsize) {
    tokio::time::sleep(Duration::from_millis(dice(round, 250))).await;
    let enough = usize::try_from(dice(round + 1_000_000, 60)).unwrap();
    while acts.load(Ordering::SeqCst) < enough {
        tokio::task::yield_now().await;
    }
    if let Some(point) = POINTS.get(round % TURN) {
        let (send, there) = oneshot::channel();
        let kill = server.killer();
        mail.at(*point, move || {
            kill();
            send.send(()).unwrap();
        });
        timeout(Duration::from_secs(60), there).await.expect("nobody sends letters").unwrap();
    }
    server.kill();
}

/// Waits until this server, begun then, has nothing in hand and nothing to take.
async fn rest(caller: &Caller<'_>, db: &Db, begun: Timestamp) -> Option<()> {
    // Jobs of the dead are locked until then at the latest, those in hand for longer.
    let dead = begun.plus_seconds(LOCK_SECONDS).0;
    let count = format!(
        "SELECT count(*) FROM job WHERE kind IN ('mail.send', 'process.service') AND (state = 'ready' OR locked_until > {dead})"
    );
    loop {
        caller.post("/test/clock", json!({"advance_seconds": 0}), 200).await?;
        if number(db, &count).await == 0 {
            return Some(());
        }
    }
}

/// Does what is left, lets all times come, and gives the number of tasks whose letter is in doubt.
async fn finish(caller: &Caller<'_>, db: &Db, begun: Timestamp) -> Option<usize> {
    loop {
        // The clock is moved only at rest: those at work would be taken for dead.
        rest(caller, db, begun).await?;
        caller.post("/test/clock", json!({"advance_seconds": LOCK_SECONDS + 30}), 200).await?;
        rest(caller, db, begun).await?;
        let (mut acted, mut doubtful) = (false, 0);
        for task in open_tasks(caller).await? {
            let path = format!("/tasks/{}", task["id"].as_str().unwrap());
            let action = &task["main_action"];
            match (action["done"].as_bool().unwrap(), action["state"].as_str()) {
                (true, _) => drop(caller.post(&(path + "/complete"), json!({}), 200).await?),
                (false, None) => drop(caller.post(&(path + "/action"), json!({"kind": "email"}), 200).await?),
                (false, Some("unsure")) => {
                    let refused = caller.post(&(path.clone() + "/complete"), json!({}), 409).await?;
                    assert_eq!(refused["code"], "task.main_action_missing", "{refused}");
                    let refused = caller.post(&(path + "/action"), json!({"kind": "email"}), 409).await?;
                    assert_eq!(refused["code"], "task.letter_unsure", "{refused}");
                    doubtful += 1;
                    continue;
                }
                other => panic!("{other:?} after all its time: {task:#}"),
            }
            acted = true;
        }
        if !acted {
            return Some(doubtful);
        }
    }
}

async fn open_tasks(caller: &Caller<'_>) -> Option<Vec<Value>> {
    let mut tasks = Vec::new();
    let mut path = "/tasks?state=open&limit=200".to_owned();
    loop {
        let mut page = caller.get(&path).await?;
        tasks.append(page["items"].as_array_mut().unwrap());
        let Some(cursor) = page["next_cursor"].as_str() else { return Some(tasks) };
        path = format!("/tasks?state=open&limit=200&cursor={cursor}");
    }
}

/// A letter of the outbox, and how often the mail server took it.
struct Letter {
    id: Uuid,
    state: String,
    taken: usize,
}

/// All letters by subject: one for each, and the mail server has no others.
async fn letters(db: &Db, mail: &MailServer) -> BTreeMap<String, Letter> {
    let (mut by_id, mut by_subject) = (BTreeMap::<String, usize>::new(), BTreeMap::<String, usize>::new());
    for letter in mail.letters() {
        *by_id.entry(letter.header("Message-ID")).or_default() += 1;
        *by_subject.entry(letter.header("Subject")).or_default() += 1;
    }
    let mut letters = BTreeMap::new();
    for row in rows(db, "SELECT id, state, subject, message_id FROM mail_outbox").await {
        let subject: String = row.try_get_by_index(2).unwrap();
        let taken = by_id.remove(&row.try_get_by_index::<String>(3).unwrap()).unwrap_or(0);
        assert_eq!(taken, by_subject.remove(&subject).unwrap_or(0), "{subject}");
        let letter = Letter { id: row.try_get_by_index(0).unwrap(), state: row.try_get_by_index(1).unwrap(), taken };
        assert!(letters.insert(subject.clone(), letter).is_none(), "`{subject}` is in the outbox twice");
    }
    assert!(by_id.is_empty() && by_subject.is_empty(), "letters of nobody: {by_id:?} {by_subject:?}");
    letters
}

/// What became of the letters.
#[derive(Debug, Default, PartialEq, Eq)]
struct Figures {
    sent: usize,
    taken: usize,
    doubled: usize,
    lost: usize,
    /// In doubt, though the mail server has them.
    unsure_taken: usize,
    /// In doubt, and the mail server does not have them.
    unsure: usize,
}

fn count(letters: &BTreeMap<String, Letter>) -> Figures {
    let mut figures = Figures::default();
    for (subject, letter) in letters {
        figures.taken += letter.taken;
        figures.doubled += usize::from(letter.taken > 1);
        match (letter.state.as_str(), letter.taken) {
            ("sent", 0) => figures.lost += 1,
            ("sent", _) => figures.sent += 1,
            ("unsure", 0) => figures.unsure += 1,
            ("unsure", _) => figures.unsure_taken += 1,
            other => panic!("`{subject}`: {other:?} after all its time"),
        }
    }
    figures
}

/// A company whose letters go to a mail server.
struct Office {
    database: Database,
    token: String,
    mail: MailServer,
    client: reqwest::Client,
}

impl Office {
    fn server(&self, words: &[&str]) -> Server {
        Server::start_in(&self.database, words, &self.mail.environment())
    }

    fn caller<'a>(&'a self, url: &'a str) -> Caller<'a> {
        Caller { client: self.client.clone(), url, token: &self.token }
    }

    /// Clients at work until their server is killed.
    async fn round(&self, round: usize, told: &mut Told) {
        let server = self.server(&[]);
        let url = server.url.clone();
        let caller = self.caller(&url);
        let acts = AtomicUsize::new(0);
        let clients = futures::future::join_all((0..CLIENTS).map(|n| {
            let (caller, acts) = (&caller, &acts);
            async move {
                let mut told = Told::default();
                work(caller, &format!("{round}-{n}"), &mut told, acts).await;
                told
            }
        }));
        let (all, ()) = futures::join!(clients, kill(round, server, &self.mail, &acts));
        all.into_iter().for_each(|one| told.add(one));
    }

    /// Everything that can be done after somebody settled these letters by a look into the mail server.
    async fn finish(&self, letters: impl Iterator<Item = &Letter>) -> usize {
        let begun = Env::system().now();
        let server = self.server(&["--test-clock"]);
        let caller = self.caller(&server.url);
        for letter in letters {
            let decision = json!({"decision": if letter.taken == 1 { "sent" } else { "resend" }});
            caller.post(&format!("/letters/{}/settle", letter.id), decision, 204).await.unwrap();
        }
        let db = left_behind(&self.database).await;
        let doubtful = finish(&caller, &db, begun).await.expect("the last server is alive");
        server.kill();
        db.close().await.unwrap();
        doubtful
    }
}

#[tokio::test]
async fn no_letter_is_sent_twice_or_lost_by_kill_9() {
    let kills = kills(KILLS);
    let database = Database::bare().await;
    let token = company(&database);
    deploy(&database, &token, PROCESS).await;
    let office = Office { database, token, mail: MailServer::start(), client: client() };
    let begun = Instant::now();
    let mut told = Told::default();
    for round in 0..kills {
        office.round(round, &mut told).await;
    }
    let elapsed = begun.elapsed();

    // What can be done without anybody's word.
    let doubtful = office.finish([].iter()).await;
    let db = left_behind(&office.database).await;
    let found = letters(&db, &office.mail).await;
    let figures = count(&found);
    println!("{kills} kills in {elapsed:?}: {}; {} letters: {figures:?}", told.figures(), found.len());
    assert_eq!((figures.doubled, figures.lost), (0, 0), "{figures:?}");
    assert!(figures.sent > kills && told.completed.len() > kills / 2, "too little was done to say anything");
    // Killed at the final dot and before the client's farewell, the server has it and we do not know.
    assert!(figures.unsure_taken >= (0..kills).filter(|round| round % TURN < 2).count(), "{figures:?}");
    standing(&db, &told, &found, doubtful).await;
    db.close().await.unwrap();

    // Somebody says of each what became of it.
    assert_eq!(office.finish(found.values().filter(|letter| letter.state == "unsure")).await, 0);
    let db = left_behind(&office.database).await;
    let found = letters(&db, &office.mail).await;
    assert_eq!(count(&found), Figures { sent: found.len(), taken: found.len(), ..Figures::default() });
    standing(&db, &told, &found, 0).await;
    assert_eq!(number(&db, "SELECT count(*) FROM process_instance WHERE status <> 'completed'").await, 0);
    assert_eq!(number(&db, "SELECT count(*) FROM process_wait").await, 0);
    db.close().await.unwrap();
}

/// What every instance left, in order.
async fn ways(db: &Db) -> BTreeMap<Uuid, String> {
    let mut ways: BTreeMap<Uuid, Vec<String>> = BTreeMap::new();
    let visits =
        "SELECT instance_id, element FROM process_visit WHERE outcome = 'completed' ORDER BY instance_id, number";
    for row in rows(db, visits).await {
        ways.entry(row.try_get_by_index(0).unwrap()).or_default().push(row.try_get_by_index(1).unwrap());
    }
    ways.into_iter().map(|(id, way)| (id, way.join(" "))).collect()
}

/// Everything that was acknowledged is there, and every instance stands where its letters let it stand.
async fn standing(db: &Db, told: &Told, letters: &BTreeMap<String, Letter>, doubtful: usize) {
    let ways = ways(db).await;
    let (mut names, mut at_task) = (BTreeSet::new(), 0);
    for row in rows(db, "SELECT id, status, incidents, state FROM process_instance").await {
        let id: Uuid = row.try_get_by_index(0).unwrap();
        let (status, incidents) = (row.try_get_by_index::<String>(1).unwrap(), row.try_get_by_index::<i64>(2).unwrap());
        let state: Value = serde_json::from_str(&row.try_get_by_index::<String>(3).unwrap()).unwrap();
        let name = state["scopes"]["0"]["variables"]["name"].as_str().unwrap().to_owned();
        let letter = |of: &str| letters.get(&format!("{of} {name}")).map(|letter| letter.state.as_str());
        let stands = (ways[&id].as_str(), status.as_str(), incidents);
        match (letter("task"), letter("service")) {
            (Some("sent"), Some("sent")) => {
                assert_eq!(stands, (WAY, "completed", 0), "{name}");
            }
            (Some("sent"), Some("unsure")) => {
                assert_eq!(stands, ("start write", "active", 1), "{name}");
            }
            (Some("unsure"), None) => {
                assert_eq!(stands, ("start", "active", 0), "{name}");
                at_task += 1;
            }
            other => panic!("{name}: {other:?}"),
        }
        assert!(!told.completed.contains(&name) || letter("service").is_some(), "{name}: its completion is lost");
        assert!(names.insert(name.clone()), "{name} was started twice");
    }
    assert_eq!(at_task, doubtful);
    assert!(told.started.is_subset(&names), "starts are lost");
    assert!(told.asked.iter().all(|name| letters.contains_key(&format!("task {name}"))), "letters are lost");
    assert_eq!(number(db, "SELECT count(*) FROM job WHERE state = 'dead'").await, 0);
}
