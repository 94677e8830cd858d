//! SQLite alone: on PostgreSQL a `Tx` is the driver's own.

use std::future::Future;
use std::sync::{Arc, Mutex};

use sea_orm::DbErr;
use sea_orm::sea_query::{Expr, ExprTrait, Query};

use super::sqlite::Wanted;
use super::{ConnectionTrait, Db, DbOptions, Read, Tx, Write};

/// A database of one table in a folder of its own.
struct Place {
    db: Db,
    folder: std::path::PathBuf,
}

impl Drop for Place {
    fn drop(&mut self) {
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

async fn place() -> Place {
    let folder = std::env::temp_dir().join(format!("verstak-db-{}", crate::id::fresh(&crate::clock::Env::system())));
    std::fs::create_dir_all(&folder).unwrap();
    let url = format!("sqlite:{}", folder.join("test.db").display());
    let db = Db::open(&DbOptions { full_sync: false, ..DbOptions::new(&url) }).await.unwrap();
    db.for_migrations().execute_unprepared("CREATE TABLE word (word TEXT PRIMARY KEY, weight INTEGER)").await.unwrap();
    Place { db, folder }
}

fn word(word: &str) -> sea_orm::sea_query::InsertStatement {
    let values = [word.into(), i64::try_from(word.len()).unwrap().into()];
    Query::insert().into_table("word").columns(["word", "weight"]).values_panic(values).to_owned()
}

fn heavy(weight: i64) -> sea_orm::sea_query::SelectStatement {
    Query::select()
        .column("word")
        .from("word")
        .and_where(Expr::col("weight").gte(weight))
        .order_by("word", sea_orm::Order::Asc)
        .take()
}

async fn words(conn: &impl ConnectionTrait) -> Vec<String> {
    let rows = conn.query_all(&heavy(0)).await.unwrap();
    rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
}

#[tokio::test]
async fn what_needs_no_answer_is_there_for_the_next_question_with_its_own_values() {
    let place = place().await;
    let tx = place.db.begin().await.unwrap();
    tx.later(&word("a")).await.unwrap();
    tx.later(&word("bb")).await.unwrap();
    tx.later(&word("ccc")).await.unwrap();
    let rows = tx.query_all(&heavy(2)).await.unwrap();
    assert_eq!(rows.len(), 2, "the select had its own value, not one of the inserts'");
    tx.later(&word("dddd")).await.unwrap();
    let update = Query::update().table("word").value("weight", 9).and_where(Expr::col("weight").gte(3)).to_owned();
    assert_eq!(tx.execute(&update).await.unwrap().rows_affected(), 2, "of the last statement, not of all");
    tx.commit().await.unwrap();
    assert_eq!(words(place.db.read()).await, ["a", "bb", "ccc", "dddd"]);
}

#[tokio::test]
async fn very_many_changes_that_need_no_answer_are_all_there() {
    let place = place().await;
    let tx = place.db.begin().await.unwrap();
    for number in 0..1_000 {
        tx.later(&word(&format!("{number:04}"))).await.unwrap();
    }
    tx.commit().await.unwrap();
    assert_eq!(words(place.db.read()).await.len(), 1_000);
}

#[tokio::test]
async fn an_error_of_what_needed_no_answer_undoes_all() {
    let place = place().await;
    let tx = place.db.begin().await.unwrap();
    tx.later(&word("a")).await.unwrap();
    let error = tx.later(&word("a")).await.unwrap_err();
    assert!(super::taken(&error).is_some(), "{error}");
    drop(tx);
    assert!(words(place.db.read()).await.is_empty());
    let tx = place.db.begin().await.unwrap();
    tx.later(&word("b")).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(words(place.db.read()).await, ["b"]);
}

#[tokio::test]
async fn a_transaction_that_is_given_up_leaves_nothing_and_stops_nobody() {
    let place = place().await;
    for flushed in [false, true] {
        let tx = place.db.begin().await.unwrap();
        tx.later(&word("a")).await.unwrap();
        if flushed {
            assert_eq!(words(&tx).await, ["a"]);
        }
        drop(tx);
        let tx = place.db.begin().await.unwrap();
        assert!(words(&tx).await.is_empty(), "flushed: {flushed}");
        tx.rollback().await.unwrap();
    }
    place.db.begin().await.unwrap().commit().await.unwrap();
}

#[tokio::test]
async fn a_savepoint_is_undone_alone() {
    let place = place().await;
    let tx = place.db.begin().await.unwrap();
    tx.later(&word("before")).await.unwrap();
    let kept = tx.savepoint().await.unwrap();
    kept.later(&word("kept")).await.unwrap();
    let inner = kept.savepoint().await.unwrap();
    inner.later(&word("inner")).await.unwrap();
    assert_eq!(words(&inner).await, ["before", "inner", "kept"]);
    drop(inner);
    kept.commit().await.unwrap();
    let twice = tx.savepoint().await.unwrap();
    twice.later(&word("unsent")).await.unwrap();
    twice.rollback().await.unwrap();
    let wrong = tx.savepoint().await.unwrap();
    assert!(wrong.later(&word("kept")).await.is_err());
    drop(wrong);
    tx.later(&word("after")).await.unwrap();
    tx.commit().await.unwrap();
    assert_eq!(words(place.db.read()).await, ["after", "before", "kept"]);
}

/// Runs something in a transaction of its own, once it has its turn.
fn queue<F>(db: &Db, what: impl FnOnce(Tx) -> F + Send + 'static) -> tokio::task::JoinHandle<Result<(), DbErr>>
where
    F: Future<Output = Result<(), DbErr>> + Send,
{
    let db = db.clone();
    tokio::spawn(async move { what(db.begin().await?).await })
}

/// Until so many wait for the writing connection.
async fn wait_for(db: &Db, waiting: usize) {
    let Write::Sqlite(writer, _) = &db.write else { panic!("not SQLite") };
    while writer.waiting() != waiting {
        tokio::task::yield_now().await;
    }
}

async fn put(tx: Tx, text: &str) -> Result<(), DbErr> {
    tx.later(&word(text)).await?;
    tx.commit().await
}

#[tokio::test]
async fn those_who_wait_are_committed_together_and_a_failed_one_is_undone_alone() {
    let place = place().await;
    let db = &place.db;
    let first = db.begin().await.unwrap();
    let (pass, gate) = tokio::sync::oneshot::channel::<()>();
    let mut others = vec![queue(db, |tx| async move {
        tx.later(&word("second")).await?;
        drop(gate.await);
        tx.commit().await
    })];
    wait_for(db, 1).await;
    others.push(queue(db, |tx| async move {
        assert_eq!(words(&tx).await, ["first", "second"]);
        tx.later(&word("given up")).await?;
        words(&tx).await;
        Ok(())
    }));
    wait_for(db, 2).await;
    others.push(queue(db, |tx| put(tx, "first")));
    wait_for(db, 3).await;
    others.push(queue(db, |tx| put(tx, "last")));
    wait_for(db, 4).await;
    let first = tokio::spawn(put(first, "first"));
    wait_for(db, 3).await;
    assert!(!first.is_finished() && words(db.read()).await.is_empty(), "nothing is told before it is durable");
    pass.send(()).unwrap();
    first.await.unwrap().unwrap();
    let mut results = Vec::new();
    for other in others {
        results.push(other.await.unwrap().is_ok());
    }
    assert_eq!(results, [true, true, false, true], "the third wrote a word that was there");
    assert_eq!(words(db.read()).await, ["first", "last", "second"]);
}

#[tokio::test]
async fn who_gives_up_over_the_work_of_others_is_told_when_that_is_durable() {
    let place = place().await;
    let db = &place.db;
    let first = db.begin().await.unwrap();
    let (pass, gate) = tokio::sync::oneshot::channel::<()>();
    let reader = db.clone();
    let second = queue(db, |tx| async move {
        assert_eq!(words(&tx).await, ["first"]);
        drop(gate.await);
        tx.rollback().await?;
        assert!(words(reader.read()).await.contains(&"first".to_owned()), "it gave up because of it");
        Ok(())
    });
    wait_for(db, 1).await;
    let third = queue(db, |tx| put(tx, "third"));
    wait_for(db, 2).await;
    let first = tokio::spawn(put(first, "first"));
    wait_for(db, 1).await;
    pass.send(()).unwrap();
    for member in [first, second, third] {
        member.await.unwrap().unwrap();
    }
}

#[tokio::test]
async fn a_caller_who_goes_away_takes_nobody_with_them() {
    let place = place().await;
    let db = &place.db;
    let first = db.begin().await.unwrap();
    let gone = queue(db, |tx| put(tx, "gone"));
    wait_for(db, 1).await;
    let first = tokio::spawn(put(first, "first"));
    wait_for(db, 0).await;
    gone.abort();
    drop(gone.await);
    first.await.unwrap().unwrap();
    assert!(words(db.read()).await.contains(&"first".to_owned()));
    put(db.begin().await.unwrap(), "later").await.unwrap();
    assert!(words(db.read()).await.contains(&"later".to_owned()));
}

#[tokio::test]
async fn many_at_once_are_each_durable_when_they_are_told_so() {
    let place = place().await;
    let one = |number: usize| {
        let db = place.db.clone();
        async move {
            for round in 0..20 {
                let text = format!("{number}-{round}");
                let tx = db.begin().await.unwrap();
                tx.later(&word(&text)).await.unwrap();
                if (number + round).is_multiple_of(5) {
                    drop(tx);
                    continue;
                }
                tx.commit().await.unwrap();
                assert!(words(db.read()).await.contains(&text));
            }
        }
    };
    futures::future::join_all((0..8).map(one)).await;
    assert_eq!(words(place.db.read()).await.len(), 128);
}

#[tokio::test]
async fn a_watched_database_tells_of_callers_statements_and_not_of_its_own() {
    let place = place().await;
    let seen: Arc<Mutex<Vec<String>>> = Arc::default();
    let told = Arc::clone(&seen);
    let db = place.db.clone().watched(move |statement| told.lock().unwrap().push(statement.sql.clone()));
    put(db.begin().await.unwrap(), "a").await.unwrap();
    words(db.read()).await;
    let seen = seen.lock().unwrap();
    assert_eq!(seen.len(), 2, "{seen:?}");
    assert!(seen[0].starts_with("INSERT") && seen[1].starts_with("SELECT"), "{seen:?}");
}

/// Every kind of cell, bound as a value and read in place and fetched, is the same.
#[tokio::test]
async fn lines_are_what_rows_are() {
    use crate::value::FieldType;
    use sea_orm::Value as Cell;
    let place = place().await;
    let id = uuid::Uuid::from_u128(7);
    let cells: [(FieldType, Cell); 9] = [
        (FieldType::Integer, 7_i64.into()),
        (FieldType::Integer, Cell::BigInt(None)),
        (FieldType::Money, 12_345_i64.into()),
        (FieldType::Boolean, true.into()),
        (FieldType::Date, "2026-11-29".into()),
        (FieldType::Link, id.into()),
        (FieldType::Text, "Ёлка 'a'".into()),
        (FieldType::Phones, serde_json::json!([{ "value": "+1", "kind": "work" }]).into()),
        (FieldType::Json, serde_json::json!({ "b": [1, null] }).into()),
    ];
    for (kind, cell) in cells {
        let mut select = Query::select();
        select.expr(Expr::val(cell.clone()));
        let near = place.db.read().lines(&select, |line| Ok(crate::Value::from_cell(kind, line, 0)?)).await.unwrap();
        let fetched = place.db.read().query_one(&select).await.unwrap().unwrap();
        assert_eq!(near, [crate::Value::from_cell(kind, &fetched, 0).unwrap()], "{kind:?} {cell:?}");
    }
    let mut select = Query::select();
    select.expr(Expr::val("text"));
    assert!(place.db.read().lines(&select, |line| Ok(line.id(0)?)).await.is_err(), "a cell of another type");
}

/// The collation and the function that filters use are there as on every other connection, empty cells included.
#[tokio::test]
async fn lines_compare_as_rows_do() {
    let place = place().await;
    let tx = place.db.begin().await.unwrap();
    for text in ["Ёлка", "Єва", "ель", "яма"] {
        tx.later(&word(text)).await.unwrap();
    }
    tx.commit().await.unwrap();
    let mut select = heavy(0);
    select
        .clear_order_by()
        .order_by_expr(crate::words::in_order(Expr::col("word"), place.db.backend()), sea_orm::Order::Asc);
    select.and_where(Expr::cust_with_exprs("? REGEXP ?", [Expr::col("word"), Expr::val("^[ЁЄе]")]));
    let near = place.db.read().lines(&select, |line| Ok(line.text(0)?.unwrap_or_default().into_owned())).await.unwrap();
    let fetched: Vec<String> = {
        let rows = place.db.read().query_all(&select).await.unwrap();
        rows.iter().map(|row| row.try_get_by_index(0).unwrap()).collect()
    };
    assert_eq!((near.len(), near), (3, fetched));
    let mut select = Query::select();
    select.expr(Expr::cust("NULL REGEXP 'a'"));
    assert_eq!(place.db.read().lines(&select, |line| Ok(line.int(0)?)).await.unwrap(), [None]);
}

/// A statement beyond its moment is begun again where it holds nobody up, on runtimes of one thread too.
#[test]
fn long_statements_are_read_to_their_end_and_endless_ones_are_given_up() {
    let counted = |most: i64| {
        let sql = format!(
            "(WITH RECURSIVE n(k) AS (SELECT 1 UNION ALL SELECT k + 1 FROM n WHERE k < {most}) SELECT count(*) FROM n)"
        );
        Query::select().expr(Expr::cust(sql)).take()
    };
    let work = async {
        let place = place().await;
        let long = place.db.read().lines(&counted(300_000), |line| Ok(line.int(0)?)).await.unwrap();
        assert_eq!(long, [Some(300_000)]);
        let Read::Sqlite(connections) = &place.db.read().0 else { unreachable!("SQLite alone") };
        let endless = sea_orm::DbBackend::Sqlite.build(&counted(i64::MAX));
        let given_up = connections.read(&endless, Wanted::All, 30, |_| Ok::<_, crate::Error>(())).await.unwrap_err();
        assert!(matches!(given_up, crate::Error::Unavailable(_)), "{given_up:?}");
        let next = place.db.read().lines(&counted(10), |line| Ok(line.int(0)?)).await.unwrap();
        assert_eq!(next, [Some(10)], "the connection is as good as before");
        place.db.clone().close().await.unwrap();
        assert!(place.db.read().lines(&counted(10), |line| Ok(line.int(0)?)).await.is_err(), "closed");
    };
    tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(work);
}
