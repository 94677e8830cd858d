//! Imports against a real database, job by job.

use std::sync::{Arc, Mutex};

use kernel::access::{AccessRow, RowKind};
use kernel::clock::{Env, TestClock, TestRandom};
use kernel::db::{ConnectionTrait, DbOptions};
use kernel::error::{FieldError, Refusal as HookRefusal};
use kernel::filter::Filter;
use kernel::jobs::Worker;
use kernel::jobs::long::LongJobs;
use kernel::{BatchId, Db, Locale, Message, Timestamp, Value};
use people::role::{self, RoleInput};
use people::tenant::{self, NewTenant};
use people::user::{self, NewUser};
use rust_xlsxwriter::Workbook;
use tempfile::TempDir;

use super::*;
use crate::read::Query;
use crate::stages::{FirstStage, Semantic};
use crate::undo::{UndoSteps, Undone};
use crate::{BeforeHooks, PendingChange};

struct World {
    dir: TempDir,
    db: Db,
    clock: Arc<TestClock>,
    records: Records,
    imports: Imports,
    worker: Worker,
    admin: Ctx,
    manager: Ctx,
}

async fn world() -> World {
    let dir = tempfile::tempdir().unwrap();
    let clock = Arc::new(TestClock::new(Timestamp::parse("2026-03-02T08:00:00Z").unwrap()));
    let env = Env::new(clock.clone(), Arc::new(TestRandom::new(7)));
    let url = database(&dir).await;
    let db = Db::open(&DbOptions { full_sync: false, ..DbOptions::new(&url) }).await.unwrap();
    migrations::upgrade(db.for_migrations()).await.unwrap();
    let (admin, manager) = people(&db, &env).await;
    let records = Records::new(&db, &env);
    let identities = Identities::new(&db, &env);
    let imports = Imports::new(&records, &identities, &dir.path().join("files"), 50 << 20);
    let worker = Worker::new(&db, &env, imports.handlers());
    let ctx = async |user| identities.of_user(admin.0, user).await.unwrap().ctx(&env);
    let (admin, manager) = (ctx(admin.1).await, ctx(manager).await);
    World { dir, db, clock, records, imports, worker, admin, manager }
}

/// A database of the test's own: SQLite, or PostgreSQL as the integration tests choose it.
pub(crate) async fn database(dir: &TempDir) -> String {
    if std::env::var("VERSTAK_TEST_DATABASE").is_ok_and(|chosen| chosen == "postgres") {
        let server = std::env::var("VERSTAK_TEST_POSTGRES_URL").unwrap();
        let name = format!("import_{}", kernel::id::fresh(&Env::system()).simple());
        let db = Db::open(&DbOptions::new(&server)).await.unwrap();
        db.for_migrations().execute_unprepared(&format!("CREATE DATABASE {name}")).await.unwrap();
        return format!("{}/{name}", server.rsplit_once('/').unwrap().0);
    }
    format!("sqlite:{}/test.db", dir.path().display())
}

/// A company with an administrator, and a manager who sees only their own leads.
async fn people(db: &Db, env: &Env) -> ((kernel::TenantId, kernel::UserId), kernel::UserId) {
    let tx = db.begin().await.unwrap();
    let tenant = tenant::create(&tx, env, &NewTenant { name: "Ромашка".into(), locale: Locale::Ru }).await.unwrap();
    let ctx = tenant.system_ctx(env);
    let stages = [("new", "Новый"), ("in_progress", "В работе")].map(|(key, name)| FirstStage {
        labels: None,
        key: key.into(),
        name: name.to_owned(),
        semantic: Semantic::Open,
        color: "#4c8dff".into(),
        convert_only: false,
    });
    crate::stages::create(&tx, &ctx, "lead", "Лиды", &stages).await.unwrap();
    let role =
        |key: &str, admin, rows| RoleInput { key: key.into(), name: key.into(), admin, rows, ..RoleInput::default() };
    let admins =
        role::create_in(&tx, &ctx, &role("admin", true, Vec::new()), &crate::rules::core_keys()).await.unwrap();
    let own: Filter = serde_json::from_value(json!({"field": "owner", "op": "eq", "value": {"me": true}})).unwrap();
    let row = |actions: &[Action], filter| AccessRow {
        kind: RowKind::Permission,
        entity: "lead".into(),
        actions: actions.iter().copied().collect(),
        filter,
        covers: None,
    };
    let rows = vec![row(&[Action::Create, Action::Read, Action::Update], Some(own))];
    let managers = role::create_in(&tx, &ctx, &role("manager", false, rows), &crate::rules::core_keys()).await.unwrap();
    let user = |name: &str, email: &str, role| NewUser {
        name: name.into(),
        email: email.into(),
        roles: vec![role],
        ..NewUser::default()
    };
    let admin = user::create_in(&tx, &ctx, &user("Анна Ильина", "anna@example.org", admins.id), None).await.unwrap();
    let manager =
        user::create_in(&tx, &ctx, &user("Петр Сидоров", "petr@example.org", managers.id), None).await.unwrap();
    tx.commit().await.unwrap();
    ((tenant.id, kernel::UserId(admin.id)), kernel::UserId(manager.id))
}

impl World {
    /// Undoes a batch as the administrator.
    async fn undo(&self, batch: BatchId) -> Undone {
        let jobs = LongJobs::new(&self.db, self.records.env());
        let identities = Identities::new(&self.db, self.records.env());
        jobs.set_steps(vec![Arc::new(UndoSteps::new(&self.records, &identities))]);
        let (job, _) = self.records.begin_undo(&self.admin, batch).await.unwrap();
        serde_json::from_value(jobs.run_now(job).await.result).unwrap()
    }

    async fn upload(&self, entity: &str, text: &str) -> Import {
        self.upload_as(&self.admin, entity, text).await
    }

    async fn upload_as(&self, ctx: &Ctx, entity: &str, text: &str) -> Import {
        self.imports.upload(ctx, entity, "leads.csv", Source::Bytes(text.as_bytes().to_vec())).await.unwrap()
    }

    async fn run(&self, import: &Import, options: Option<Options>) -> Import {
        self.run_as(&self.admin, import, options).await
    }

    async fn run_as(&self, ctx: &Ctx, import: &Import, options: Option<Options>) -> Import {
        self.imports.start(ctx, import.id, None, options).await.unwrap();
        self.worker.run_due().await.unwrap();
        self.imports.get(ctx, import.id).await.unwrap()
    }

    async fn check(&self, import: &Import, options: Option<Options>) -> Import {
        self.imports.check(&self.admin, import.id, None, options).await.unwrap();
        self.worker.run_due().await.unwrap();
        self.imports.get(&self.admin, import.id).await.unwrap()
    }

    async fn all(&self, entity: &str) -> Vec<crate::Record> {
        let query = Query { limit: Some(500), ..Query::default() };
        let mut all = self.records.query(&self.admin, entity, &query).await.unwrap().items;
        all.sort_by_key(|record| record.id);
        all
    }

    async fn titles(&self, entity: &str) -> Vec<String> {
        self.all(entity).await.iter().map(|r| r.fields["title"].as_text().unwrap().to_owned()).collect()
    }

    async fn report(&self, import: &Import) -> String {
        String::from_utf8(self.imports.report(&self.admin, import.id, false).await.unwrap().all().await.unwrap())
            .unwrap()
    }
}

const fn how(duplicates: Duplicates) -> Option<Options> {
    Some(Options { duplicates, run_rules: false, strict: false })
}

/// One bad cell refuses its row.
const STRICT: Option<Options> = Some(Options { duplicates: Duplicates::Skip, run_rules: false, strict: true });

fn mapped(column: usize, field: &str) -> Mapped {
    Mapped { column, field: Some(field.into()), values: Vec::new() }
}

fn counts(import: &Import) -> (u64, u64, u64, u64) {
    (import.total, import.accepted, import.refused, import.skipped)
}

fn codes(import: &Import) -> Vec<(u64, &str, &str)> {
    import
        .errors
        .iter()
        .map(|e| (e.row, e.problem.field.as_deref().unwrap_or_default(), e.problem.code.as_str()))
        .collect()
}

const LEADS: &str = "Название лида;Фамилия;Имя;Рабочий телефон;Мобильный телефон;E-mail;Сумма;Валюта;Стадия;Источник;Ответственный;Дата рождения
Шкафы;Иванова;Анна;+7 495 123-45-67;8 916 111-22-33;anna@example.net;1 234,50;;В работе;Сайт;anna@example.org;01.02.1990
Столы;Коваль;Ольга;;+380 67 111 22 33;olga@example.net;99 грн;;Новий;Реклама;Сидоров Петр;
";

#[tokio::test]
async fn a_table_becomes_leads() {
    let world = world().await;
    let import = world.upload("lead", LEADS).await;
    assert_eq!((import.state, import.total), (State::Uploaded, 2));
    assert!(import.mapping.iter().all(|m| m.field.is_some()), "{:?}", import.mapping);
    let checked = world.check(&import, None).await;
    assert_eq!((checked.state, counts(&checked)), (State::Checked, (2, 2, 0, 0)), "{:?}", checked.errors);
    assert_eq!(world.all("lead").await.len(), 0);
    let done = world.run(&import, None).await;
    assert_eq!((done.state, counts(&done)), (State::Done, (2, 2, 0, 0)), "{:?}", done.errors);
    let leads = world.all("lead").await;
    let json = |index: usize, key: &str| leads[index].fields[key].to_json();
    assert_eq!(json(0, "title"), "Шкафы");
    assert_eq!(json(0, "amount"), 1234.5);
    assert_eq!(json(0, "currency"), "RUB");
    assert_eq!(json(0, "stage"), "in_progress");
    assert_eq!(json(0, "birthdate"), "1990-02-01");
    assert_eq!(json(0, "owner"), json!(world.admin.user()));
    assert_eq!(
        json(0, "phones"),
        json!([{"value": "+7 495 123-45-67", "kind": "work"}, {"value": "8 916 111-22-33", "kind": "mobile"}])
    );
    assert_eq!(
        (json(1, "stage"), json(1, "currency"), json(1, "source")),
        (json!("new"), json!("UAH"), json!("advertising"))
    );
    assert_eq!(json(1, "owner"), json!(world.manager.user()));
    let undone = world.undo(done.batch.unwrap()).await;
    assert_eq!((undone.restored, undone.kept.len()), (2, 0));
    assert_eq!(world.all("lead").await.len(), 0);
}

#[tokio::test]
async fn what_does_not_fit_is_refused_reported_and_imports_again_when_mended() {
    let world = world().await;
    let text = "Название;Телефон;Сумма;Стадия;Источник;Ответственный;Дата рождения;E-mail
Хорошая;+7 916 111 22 33;10;Новый;;;;
=cmd|' /C calc'!A0;+7 916 222 33 44;сто;Нигде;Марс;Никто;31.02.2026;без собаки
;#N/A;;;;;;
Длинная;;;;;;;;лишнее
Тёзка;;1234567890123456;;;;;
";
    let done = world.run(&world.upload("lead", text).await, STRICT).await;
    assert_eq!(counts(&done), (5, 1, 4, 0));
    let reasons: Vec<_> =
        done.reasons.iter().map(|reason| (reason.code.as_str(), reason.rows, reason.left_out)).collect();
    assert_eq!((reasons.len(), reasons[0]), (9, ("number", 1, false)), "{reasons:?}");
    assert_eq!(
        codes(&done),
        [
            (3, "amount", "number"),
            (3, "stage", "stage"),
            (3, "source", "choice"),
            (3, "owner", "unknown_user"),
            (3, "birthdate", "date"),
            (3, "emails", "email"),
            (4, "phones", "excel_error"),
            (5, "", "columns"),
            (6, "amount", "precision"),
        ]
    );
    assert_eq!(done.errors[0].problem.message, "«сто» — не число.");
    let report = world.report(&done).await;
    let lines: Vec<&str> = report.lines().collect();
    assert_eq!(lines[0], "\u{feff}Название;Телефон;Сумма;Стадия;Источник;Ответственный;Дата рождения;E-mail;error");
    assert!(lines[1].starts_with("'=cmd|' /C calc'!A0;'+7 916 222 33 44;сто;"), "{}", lines[1]);
    assert!(lines[1].contains("Сумма: «сто» — не число. Стадия: Нет стадии «Нигде»."), "{}", lines[1]);
    let mended = report.replace("сто;Нигде;Марс;Никто;31.02.2026;без собаки", "100;Новый;;;;a@example.net");
    let again = world.run(&world.upload("lead", &mended).await, STRICT).await;
    assert_eq!(counts(&again), (4, 1, 3, 0), "{:?}", again.errors);
    assert_eq!(world.titles("lead").await, ["Хорошая", "=cmd|' /C calc'!A0"]);
    assert_eq!(again.mapping.last().unwrap().field, None);
    assert!(world.report(&again).await.lines().next().unwrap().ends_with("E-mail;error"));
}

#[tokio::test]
async fn one_bad_cell_does_not_lose_its_row() {
    let world = world().await;
    let text = "Название;Сумма;Источник;Дата рождения;Стадия;Валюта
А;сто;Марс;01.02.1990;Новый;
Б;5;Марс;вчера;Новый;
В;;;;Нигде;
Г;1234567890123456;Сайт;;;
Д;7;;;;тугрики
";
    let import = world.upload("lead", text).await;
    let checked = world.check(&import, None).await;
    assert_eq!((counts(&checked), checked.partial), ((5, 3, 2, 0), 3), "{:?}", checked.errors);
    let done = world.run(&import, None).await;
    assert_eq!((counts(&done), done.partial), ((5, 3, 2, 0), 3), "{:?}", done.errors);
    let reasons: Vec<_> =
        done.reasons.iter().map(|one| (one.code.as_str(), one.rows, one.left_out, one.first.clone())).collect();
    assert_eq!(
        reasons,
        [
            ("stage", 1, false, vec![4]),
            ("choice", 1, false, vec![6]),
            ("choice", 2, true, vec![2, 3]),
            ("number", 1, true, vec![2]),
            ("date", 1, true, vec![3]),
            ("precision", 1, true, vec![5]),
        ]
    );
    assert_eq!(done.reasons[2].values, ["Марс"]);
    let leads = world.all("lead").await;
    assert_eq!(leads[0].fields["birthdate"].to_json(), "1990-02-01");
    let empty = |key: &str| leads[0].fields.get(key).is_none_or(Value::is_empty);
    assert!(empty("amount") && empty("source"));
    assert_eq!(leads[1].fields["amount"].to_json().as_f64(), Some(5.0));
    assert_eq!(leads[2].fields["title"].to_json(), "Г");
    // What was refused is in one report, what was taken without cells in another.
    assert_eq!(world.report(&done).await.lines().count(), 3);
    let left = world.imports.report(&world.admin, done.id, true).await.unwrap().all().await.unwrap();
    let left = String::from_utf8(left).unwrap();
    assert_eq!(left.lines().count(), 4, "{left}");
    assert!(left.contains("Сумма: «сто» — не число."), "{left}");
}

#[tokio::test]
async fn values_are_given_a_meaning() {
    let world = world().await;
    let text = "Название;Стадия;Источник;Ответственный\nА;Горячий;инста;Пётр\nБ;горячий;Сайт;\nВ;Холодный;инста;\n";
    let import = world.upload("lead", text).await;
    let values = world.imports.values(&world.admin, import.id, 1, None).await.unwrap();
    let told: Vec<_> = values.items.iter().map(|item| (item.value.as_str(), item.rows, item.to.as_deref())).collect();
    assert_eq!(told, [("Горячий", 1, None), ("Холодный", 1, None), ("горячий", 1, None)]);
    assert!(values.choices.iter().any(|choice| choice.key == "in_progress" && choice.label == "В работе"));
    let sources = world.imports.values(&world.admin, import.id, 2, Some("source")).await.unwrap();
    assert_eq!((sources.items[0].value.as_str(), sources.items[0].rows), ("инста", 2));
    assert_eq!(sources.items[1].to.as_deref(), Some("web"));
    let meaning = |from: &str, to: Option<&str>| ValueMeaning { from: from.into(), to: to.map(str::to_owned) };
    let mut mapping = import.mapping.clone();
    mapping[1].values = vec![meaning("Горячий", Some("in_progress")), meaning("холодный", None)];
    mapping[2].values = vec![meaning("инста", Some("advertising"))];
    mapping[3].values = vec![meaning("Пётр", Some("petr@example.org"))];
    world.imports.start(&world.admin, import.id, Some(mapping.clone()), STRICT).await.unwrap();
    world.worker.run_due().await.unwrap();
    let done = world.imports.get(&world.admin, import.id).await.unwrap();
    assert_eq!(counts(&done), (3, 3, 0, 0), "{:?}", done.errors);
    assert_eq!(done.mapping, mapping);
    let leads = world.all("lead").await;
    let of = |index: usize, key: &str| leads[index].fields[key].to_json();
    assert_eq!(
        (of(0, "stage"), of(1, "stage"), of(2, "stage")),
        (json!("in_progress"), json!("in_progress"), json!("new"))
    );
    assert_eq!((of(0, "source"), of(2, "source")), (json!("advertising"), json!("advertising")));
    assert_eq!(of(0, "owner"), json!(world.manager.user()));
    // Too much is refused.
    let import = world.upload("lead", text).await;
    let refused = async |values: Vec<ValueMeaning>| {
        let mapping = vec![Mapped { values, ..mapped(0, "title") }];
        match world.imports.check(&world.admin, import.id, Some(mapping), None).await {
            Err(Error::Invalid { fields, .. }) => fields["mapping"].code.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(vec![meaning("x", None); 501]).await, "values_many");
    assert_eq!(refused(vec![meaning(&"я".repeat(301), None)]).await, "value_long");
    for (column, field, code) in [(9, None, "column"), (0, Some("nonsense"), "field")] {
        let refused = world.imports.values(&world.admin, import.id, column, field).await;
        assert!(matches!(refused, Err(Error::Invalid { fields, .. }) if fields.contains_key(code)));
    }
    assert!(matches!(world.imports.values(&world.manager, import.id, 0, None).await, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn the_header_is_chosen_again() {
    let world = world().await;
    let text = "Выгрузка;от;3 марта;\nКонтакт;;Сделка;\nИмя;Телефон;Сумма;Название лида\nАнна;+7 916 111 22 33;5;Шкаф\nБорис;;6;Стол\n";
    let import = world.upload("lead", text).await;
    assert_eq!((import.total, import.header), (4, Some(Header { first: 1, last: 1 })));
    assert_eq!((import.top.len(), import.top[2].row, import.top[2].cells[1].as_str()), (5, 3, "Телефон"));
    let import = world.imports.set_header(&world.admin, import.id, Header { first: 2, last: 3 }).await.unwrap();
    assert_eq!((import.state, import.total, import.processed), (State::Uploaded, 2, 0));
    let names: Vec<&str> = import.columns.iter().map(|column| column.name.as_str()).collect();
    assert_eq!(names, ["Контакт / Имя", "Контакт / Телефон", "Сделка / Сумма", "Сделка / Название лида"]);
    let fields: Vec<_> = import.mapping.iter().map(|one| one.field.as_deref().unwrap_or_default()).collect();
    assert_eq!(fields, ["first_name", "phones", "amount", "title"]);
    assert_eq!(import.columns[0].samples, ["Анна", "Борис"]);
    let done = world.run(&import, STRICT).await;
    assert_eq!((counts(&done), world.titles("lead").await), ((2, 2, 0, 0), vec!["Шкаф".into(), "Стол".into()]));
    let again = world.imports.set_header(&world.admin, import.id, Header { first: 1, last: 1 }).await;
    assert!(matches!(again, Err(Error::Conflict { code: "import.state", .. })), "{again:?}");
    let import = world.upload("lead", text).await;
    for (first, last) in [(0, 1), (3, 2), (1, 4), (99, 99), (5, 5)] {
        let refused = world.imports.set_header(&world.admin, import.id, Header { first, last }).await;
        assert!(
            matches!(refused, Err(Error::Invalid { fields, .. }) if fields.contains_key("header")),
            "{first} {last}"
        );
    }
    let theirs = world.imports.set_header(&world.manager, import.id, Header { first: 2, last: 2 }).await;
    assert!(matches!(theirs, Err(Error::NotFound(_))));
}

#[tokio::test]
async fn known_clients_are_left_out_updated_or_made_again() {
    let world = world().await;
    let first = "Название;Телефон;E-mail;ID;Комментарий\nА;+7 916 111-22-33;;1;\nБ;;B@example.net;2;старый\n";
    world.run(&world.upload("lead", first).await, None).await;
    let second = "Название;Телефон;E-mail;ID;Комментарий
А2;8 (916) 111 22 33;a@example.net;;новый
Б2;;b@EXAMPLE.net;;
В;+7 916 999 00 11;;3;
В снова;89169990011;;;
";
    let import = world.upload("lead", second).await;
    let checked = world.check(&import, how(Duplicates::Skip)).await;
    assert_eq!(counts(&checked), (4, 1, 0, 3));
    let done = world.run(&import, how(Duplicates::Skip)).await;
    assert_eq!(counts(&done), (4, 1, 0, 3));
    assert_eq!(world.titles("lead").await, ["А", "Б", "В"]);

    let import = world.upload("lead", second).await;
    let checked = world.check(&import, how(Duplicates::Update)).await;
    assert_eq!(counts(&checked), (4, 4, 0, 0));
    let done = world.run(&import, how(Duplicates::Update)).await;
    assert_eq!(counts(&done), (4, 4, 0, 0), "{:?}", done.errors);
    assert_eq!(world.titles("lead").await, ["А2", "Б2", "В снова"]);
    let leads = world.all("lead").await;
    assert_eq!(leads[0].fields["phones"].to_json(), json!([{"value": "+7 916 111-22-33", "kind": "other"}]));
    assert_eq!(leads[0].fields["emails"].to_json(), json!([{"value": "a@example.net", "kind": "other"}]));
    assert_eq!(leads[1].fields["comments"].to_json(), "старый");

    let done = world.run(&world.upload("lead", second).await, how(Duplicates::Create)).await;
    assert_eq!(counts(&done), (4, 4, 0, 0));
    assert_eq!(world.all("lead").await.len(), 7);
    let done =
        world.run(&world.upload("lead", "Название;Телефон\nА3;89161112233\n").await, how(Duplicates::Update)).await;
    assert_eq!(codes(&done), [(2, "", "duplicate_ambiguous")]);
    let done = world.run(&world.upload("lead", "Название;ID\nВ3;3\n").await, how(Duplicates::Skip)).await;
    assert_eq!(counts(&done), (1, 0, 0, 1));
}

#[tokio::test]
async fn records_are_linked_by_title_number_or_id() {
    let world = world().await;
    world
        .run(
            &world
                .upload(
                    "company",
                    "Название;Телефон\nООО «Ромашка, и Ко»;+7 495 1\nДубль;\nДубль;\nЛютик;\n"
                        .replace("+7 495 1", "+7 495 123")
                        .as_str(),
                )
                .await,
            how(Duplicates::Create),
        )
        .await;
    let companies = world.all("company").await;
    let id = |index: usize| companies[index].id.0;
    let text = format!("ФИО;Компания\nИванов Иван Иванович;ООО «Ромашка, и Ко»; Лютик\nПо номеру;4\nПо ид;{}\nНеясно;Дубль\nНет такой;Нет такой\n", id(3)).replace("Ко»; Лютик", "Ко»\" \"Лютик").replace("ООО «Ромашка, и Ко»\" \"Лютик", "\"ООО «Ромашка, и Ко»; Лютик\"");
    let done = world.run(&world.upload("contact", &text).await, None).await;
    assert_eq!(codes(&done), [(5, "companies", "ambiguous"), (6, "companies", "unknown_record")]);
    let contacts = world.all("contact").await;
    assert_eq!(contacts[0].fields["companies"], Value::Ids(vec![id(0), id(3)]));
    assert_eq!(contacts[1].fields["companies"], Value::Ids(vec![id(3)]));
    assert_eq!(contacts[2].fields["companies"], Value::Ids(vec![id(3)]));
    assert_eq!(contacts[0].fields["last_name"].to_json(), "Иванов");
    assert_eq!(contacts[0].fields["middle_name"].to_json(), "Иванович");
}

#[tokio::test]
async fn a_manager_imports_within_their_rights() {
    let world = world().await;
    world.run(&world.upload("lead", "Название;Телефон\nЧужой;+7 916 111 22 33\n").await, None).await;
    let text = "Название;Телефон;Ответственный\nМой;+7 916 111 22 33;\nОтдать;;anna@example.org\n";
    let import = world.upload_as(&world.manager, "lead", text).await;
    let done = world.run_as(&world.manager, &import, how(Duplicates::Skip)).await;
    // The other's lead with the same phone is not theirs to know of.
    assert_eq!(counts(&done), (2, 1, 1, 0));
    assert_eq!(codes(&done), [(3, "", "denied")]);
    assert!(matches!(
        world.imports.upload(&world.manager, "deal", "x.csv", Source::Bytes(b"a\n1\n".to_vec())).await,
        Err(Error::Denied(_))
    ));
    let others = world.upload("lead", text).await;
    assert!(matches!(world.imports.get(&world.manager, others.id).await, Err(Error::NotFound(_))));
    assert_eq!(world.imports.list(&world.manager).await.unwrap().len(), 1);
    assert_eq!(world.imports.list(&world.admin).await.unwrap().len(), 3);
}

#[tokio::test]
async fn mappings_are_checked() {
    let world = world().await;
    let import = world.upload("lead", "Название;Телефон;ФИО\nА;12345;Б\n").await;
    let refused = async |mapping: &[(usize, &str)]| {
        let mapping = mapping.iter().map(|(column, field)| mapped(*column, field)).collect();
        match world.imports.check(&world.admin, import.id, Some(mapping), None).await {
            Err(Error::Invalid { fields, .. }) => fields["mapping"].code.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(refused(&[]).await, "mapping_empty");
    assert_eq!(refused(&[(3, "title")]).await, "column_unknown");
    assert_eq!(refused(&[(0, "created_at")]).await, "field_unknown");
    assert_eq!(refused(&[(0, "nonsense")]).await, "field_unknown");
    assert_eq!(refused(&[(0, "title"), (1, "title")]).await, "column_twice");
    assert_eq!(refused(&[(0, "title"), (0, "phones")]).await, "column_twice");
    assert_eq!(refused(&[(0, "last_name"), (2, "full_name")]).await, "column_twice");
}

/// Refuses leads without a phone, stops the database's work after so many batches, and counts what it saw.
#[derive(Default)]
struct Hooks {
    fail_after: Mutex<Option<usize>>,
    seen: Mutex<usize>,
}

#[async_trait::async_trait]
impl BeforeHooks for Hooks {
    async fn watches(&self, _: &Ctx, _: &str) -> Result<bool, Error> {
        Ok(true)
    }

    async fn before(&self, _ctx: &Ctx, changes: &mut [PendingChange]) -> Result<(), Error> {
        let mut left = self.fail_after.lock().unwrap();
        if *left == Some(0) {
            return Err(Error::Unavailable("the plugin is away".into()));
        }
        *left = left.map(|n| n - 1);
        *self.seen.lock().unwrap() += changes.len();
        for change in changes.iter_mut().filter(|c| c.after.get("phones").is_none_or(Value::is_empty)) {
            let fields = [(
                "phones".to_owned(),
                FieldError { code: "contact".into(), message: Message::Words("Укажите телефон".into()) },
            )]
            .into();
            change.refusal = Some(HookRefusal {
                code: "hook.rejected".into(),
                plugin: Some("lead-desk".into()),
                message: Message::Words("Нет связи".into()),
                fields,
                other: None,
                rule: None,
                status: None,
                conditions: Vec::new(),
            });
        }
        Ok(())
    }
}

fn many(rows: usize) -> String {
    let rows: Vec<String> = (0..rows).map(|n| format!("Лид {n};+7 916 {:07}\n", n % 900)).collect();
    format!("Название;Телефон\n{}", rows.concat())
}

#[tokio::test]
async fn a_plugins_refusal_is_in_the_report_with_its_own_words() {
    let world = world().await;
    world.records.set_hooks(Arc::new(Hooks::default()));
    let done = world
        .run(
            &world.upload("lead", "Название;Телефон\nА;\nБ;+7 916 1\n".replace("916 1", "916 111").as_str()).await,
            None,
        )
        .await;
    assert_eq!(counts(&done), (2, 1, 1, 0));
    let words: Vec<&str> = done.errors.iter().map(|e| e.problem.message.as_str()).collect();
    assert_eq!(words, ["Нет связи", "Укажите телефон"]);
    assert!(world.report(&done).await.contains("А;;Нет связи Телефоны: Укажите телефон"));
}

#[tokio::test]
async fn after_a_crash_no_row_is_lost_and_none_is_doubled() {
    let world = world().await;
    let hooks = Arc::new(Hooks::default());
    world.records.set_hooks(hooks.clone());
    let import = world.upload("lead", &many(900)).await;
    *hooks.fail_after.lock().unwrap() = Some(2);
    let broken = world.run(&import, how(Duplicates::Create)).await;
    assert_eq!((broken.state, broken.processed), (State::Running, 400));
    // A process that died between the rows' commit and the progress's: the count is one chunk behind.
    let tx = world.db.begin().await.unwrap();
    let mut stored = store::find_locked(&tx, &world.admin, import.id).await.unwrap();
    (stored.processed, stored.accepted) = (200, 200);
    store::update(&tx, &stored).await.unwrap();
    tx.commit().await.unwrap();
    *hooks.fail_after.lock().unwrap() = None;
    world.clock.advance_seconds(60);
    world.worker.run_due().await.unwrap();
    let done = world.imports.get(&world.admin, import.id).await.unwrap();
    assert_eq!((done.state, counts(&done)), (State::Done, (900, 900, 0, 0)));
    let mut titles: Vec<String> = Vec::new();
    let mut query = Query { limit: Some(500), ..Query::default() };
    loop {
        let page = world.records.query(&world.admin, "lead", &query).await.unwrap();
        titles.extend(page.items.iter().map(|r| r.fields["title"].as_text().unwrap().to_owned()));
        match page.next_cursor {
            Some(cursor) => query.cursor = Some(cursor),
            None => break,
        }
    }
    assert_eq!(titles.len(), 900);
    titles.sort();
    titles.dedup();
    assert_eq!(titles.len(), 900);
    let undone = world.undo(done.batch.unwrap()).await;
    assert_eq!(undone.restored, 900);
    assert!(matches!(world.imports.resume(&world.admin, import.id).await, Err(Error::Conflict { .. })));
}

#[tokio::test]
async fn after_a_stop_inside_a_record_that_is_too_long_its_rest_is_no_other_record() {
    let world = world().await;
    let rows = "А;Стул\n".repeat(1_500);
    let import = world.upload("lead", &format!("Название;Товар\n{rows}Б;Стол\n")).await;
    let to = |(column, field): (usize, &str)| Mapped { column, field: Some(field.into()), values: Vec::new() };
    let mapping = [(0, "title"), (1, "rows.title")].map(to).to_vec();
    world.imports.start(&world.admin, import.id, Some(mapping), None).await.unwrap();
    // A process that died when the first thousand rows were dealt with.
    let tx = world.db.begin().await.unwrap();
    let mut stored = store::find_locked(&tx, &world.admin, import.id).await.unwrap();
    (stored.processed, stored.refused) = (1_000, 1_000);
    store::update(&tx, &stored).await.unwrap();
    tx.commit().await.unwrap();
    world.worker.run_due().await.unwrap();
    let done = world.imports.get(&world.admin, import.id).await.unwrap();
    assert_eq!((done.state, counts(&done)), (State::Done, (1_501, 1, 1_500, 0)), "{:?}", done.reasons);
    assert_eq!(world.all("lead").await.len(), 1);
}

#[tokio::test]
async fn an_import_that_keeps_failing_says_why_and_can_be_resumed() {
    let world = world().await;
    let hooks = Arc::new(Hooks::default());
    world.records.set_hooks(hooks.clone());
    let import = world.upload("lead", &many(500)).await;
    *hooks.fail_after.lock().unwrap() = Some(1);
    world.run(&import, how(Duplicates::Create)).await;
    for _ in 0..8 {
        world.clock.advance_seconds(4_000);
        world.worker.run_due().await.unwrap();
    }
    let failed = world.imports.get(&world.admin, import.id).await.unwrap();
    assert_eq!((failed.state, failed.accepted), (State::Failed, 200));
    assert!(failed.problem.unwrap().contains("остановился"));
    *hooks.fail_after.lock().unwrap() = None;
    world.imports.resume(&world.admin, import.id).await.unwrap();
    world.worker.run_due().await.unwrap();
    let done = world.imports.get(&world.admin, import.id).await.unwrap();
    assert_eq!((done.state, done.problem.clone(), counts(&done)), (State::Done, None, (500, 500, 0, 0)));
}

#[tokio::test]
async fn cancelled_imports_stop_and_go_on() {
    let world = world().await;
    let import = world.upload("lead", &many(500)).await;
    world.imports.start(&world.admin, import.id, None, None).await.unwrap();
    let cancelled = world.imports.cancel(&world.admin, import.id).await.unwrap();
    assert_eq!(cancelled.state, State::Cancelled);
    world.worker.run_due().await.unwrap();
    assert_eq!(world.all("lead").await.len(), 0);
    world.imports.resume(&world.admin, import.id).await.unwrap();
    assert!(matches!(world.imports.resume(&world.admin, import.id).await, Err(Error::Conflict { .. })));
    world.worker.run_due().await.unwrap();
    assert_eq!(world.imports.get(&world.admin, import.id).await.unwrap().state, State::Done);
    for refused in [
        world.imports.cancel(&world.admin, import.id).await,
        world.imports.start(&world.admin, import.id, None, None).await,
        world.imports.check(&world.admin, import.id, None, None).await,
        world.imports.resume(&world.admin, import.id).await,
    ] {
        assert!(matches!(refused, Err(Error::Conflict { code: "import.state", .. })));
    }
    let other = world.upload("lead", &many(3)).await;
    world.imports.check(&world.admin, other.id, None, None).await.unwrap();
    assert_eq!(world.imports.cancel(&world.admin, other.id).await.unwrap().state, State::Uploaded);
    world.worker.run_due().await.unwrap();
    assert_eq!(world.check(&other, None).await.state, State::Checked);
}

#[tokio::test]
async fn a_person_who_left_imports_no_more_and_old_files_go() {
    let world = world().await;
    let import = world.upload_as(&world.manager, "lead", "Название\nА\n").await;
    world.imports.start(&world.manager, import.id, None, None).await.unwrap();
    let gone = people::user::UserPatch { active: Some(false), ..Default::default() };
    people::user::update(&world.db, &world.admin, world.manager.user().unwrap(), &gone).await.unwrap();
    world.worker.run_due().await.unwrap();
    let failed = world.imports.get(&world.admin, import.id).await.unwrap();
    assert_eq!(failed.state, State::Failed);
    assert!(failed.problem.is_some());
    assert_eq!(world.imports.clean_up().await.unwrap(), 0);
    world.clock.advance_seconds(31 * 86_400);
    assert_eq!(world.imports.clean_up().await.unwrap(), 1);
    assert_eq!(world.imports.clean_up().await.unwrap(), 0);
    world.imports.resume(&world.admin, import.id).await.unwrap();
    let patch = people::user::UserPatch { active: Some(true), ..Default::default() };
    people::user::update(&world.db, &world.admin, world.manager.user().unwrap(), &patch).await.unwrap();
    world.worker.run_due().await.unwrap();
    let failed = world.imports.get(&world.admin, import.id).await.unwrap();
    assert_eq!(failed.state, State::Failed);
    assert!(failed.problem.unwrap().contains("Файла больше нет"));
}

#[tokio::test]
async fn a_workbook_is_imported_like_a_table() {
    let world = world().await;
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in (0..).zip(["Название лида", "Телефон", "Сумма"]) {
        sheet.write(0, column, name).unwrap();
    }
    sheet.write(1, 0, "👩‍💻 שלום").unwrap().write(1, 1, 79_161_112_233_i64).unwrap().write(1, 2, 1_234.5).unwrap();
    let bytes = book.save_to_buffer().unwrap();
    let import = world.imports.upload(&world.admin, "lead", "книга.xlsx", Source::Bytes(bytes)).await.unwrap();
    let done = world.run(&import, None).await;
    assert_eq!((done.format.as_str(), counts(&done)), ("xlsx", (1, 1, 0, 0)), "{:?}", done.errors);
    let lead = world.all("lead").await.remove(0);
    assert_eq!(lead.fields["title"].to_json(), "👩‍💻 שלום");
    assert_eq!(lead.fields["phones"].to_json(), json!([{"value": "79161112233", "kind": "other"}]));
    assert_eq!(lead.fields["amount"].to_json(), 1234.5);
}

#[tokio::test]
async fn a_refused_file_leaves_nothing_behind() {
    let world = world().await;
    let refused = world.imports.upload(&world.admin, "lead", "x.csv", Source::Bytes(b"\0\0\0\0".to_vec())).await;
    let Err(Error::Invalid { code: "import.invalid", fields }) = refused else { panic!("{refused:?}") };
    assert_eq!(fields["file"].message.in_locale(Locale::En), "Это не текстовый файл CSV.");
    assert_eq!(std::fs::read_dir(world.dir.path().join("files")).unwrap().count(), 0);
    assert!(world.imports.list(&world.admin).await.unwrap().is_empty());
    for (entity, bytes) in [("nonsense", "a\n1\n"), ("lead", "")] {
        let path = world.imports.temporary(&world.admin).await.unwrap();
        std::fs::write(&path, bytes).unwrap();
        world.imports.upload(&world.admin, entity, "x.csv", Source::File(path.clone())).await.unwrap_err();
        assert!(!path.exists());
    }
    let left = world.imports.temporary(&world.admin).await.unwrap();
    std::fs::write(&left, "half").unwrap();
    world.clock.advance_seconds(100 * 365 * 86_400);
    world.imports.clean_up().await.unwrap();
    assert!(!left.exists());
}
