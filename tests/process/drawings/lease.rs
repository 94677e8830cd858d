//! One edits at a time.

use serde_json::json;

use super::{Board, id};
use crate::app::TestApp;
use crate::process::one_task;

#[tokio::test]
async fn a_stale_save_is_refused_and_a_lease_ends_by_itself() {
    let app = TestApp::build().person("olga", "admin").start().await;
    let (ada, olga) = (Board::by(app.admin()), Board::by(app.by("olga")));
    let text = one_task("p");
    let drawing = id(&ada.draw(text.clone()).await);
    let lease = ada.lease(&drawing, "take").await.ok(200);
    assert_eq!((&lease["user"]["name"], &lease["until"]), (&json!("Ada Admin"), &json!("2026-03-16T09:01:30Z")));
    assert_eq!(ada.save(&drawing, 1, text.clone() + " ").await.ok(200)["revision"], 2);
    let refused = ada.save(&drawing, 1, text.clone() + "  ").await.problem(409, "drawing.changed");
    assert_eq!(refused["current"], json!({"revision": 2}));

    // Another sees who edits, and may not.
    assert_eq!(olga.get(&drawing).await["editing"], lease);
    let refused = olga.lease(&drawing, "take").await.problem(409, "drawing.leased");
    assert_eq!(refused["current"], lease);
    olga.save(&drawing, 2, text.clone() + "\n").await.problem(409, "drawing.leased");
    olga.client.delete(&format!("/process-drawings/{drawing}")).await.problem(409, "drawing.leased");
    app.clock.advance_seconds(60);
    ada.lease(&drawing, "take").await.ok(200);
    app.clock.advance_seconds(89);
    olga.lease(&drawing, "take").await.problem(409, "drawing.leased");
    app.clock.advance_seconds(2);
    // 91 seconds after the last word of the first.
    assert_eq!(olga.get(&drawing).await.get("editing"), None);
    assert_eq!(olga.lease(&drawing, "take").await.ok(200)["user"]["name"], "olga");
    ada.save(&drawing, 2, text.clone() + "\n").await.problem(409, "drawing.leased");

    // Taking over; what was not saved becomes a revision beside, in its author's name.
    assert_eq!(ada.lease(&drawing, "take_over").await.ok(200)["user"]["name"], "Ada Admin");
    assert_eq!(ada.save(&drawing, 2, text.clone() + "\n\n").await.ok(200)["revision"], 3);
    let path = format!("/api/v1/process-drawings/{drawing}/xml?aside=true");
    let mine = text.clone() + "\n\n\n";
    let aside = olga.client.send("PUT", &path, Some("application/xml"), mine.clone().into_bytes()).await.ok(200);
    assert_eq!(aside["revision"], 4);
    assert_eq!(
        (&ada.get(&drawing).await["revision"], ada.xml(&drawing).await.text()),
        (&json!(3), text.clone() + "\n\n")
    );
    let page = ada.client.get(&format!("/process-drawings/{drawing}/revisions?limit=1")).await.ok(200);
    assert_eq!((&page["items"][0]["aside"], &page["items"][0]["author"]["name"]), (&json!(true), &json!("olga")));
    assert_eq!(ada.revisions(&drawing).await, [4, 3, 2, 1]);
    assert_eq!(ada.client.get(&format!("/process-drawings/{drawing}/revisions/4/xml")).await.text(), mine);
    // The next number is one that nobody has.
    assert_eq!(ada.save(&drawing, 3, text.clone()).await.ok(200)["revision"], 5);
    // A lease of another cannot be given back by anybody else.
    olga.lease(&drawing, "release").await.ok(200);
    olga.save(&drawing, 5, text.clone() + "\t").await.problem(409, "drawing.leased");
    assert_eq!(ada.lease(&drawing, "release").await.ok(200), json!({}));
    assert_eq!(olga.save(&drawing, 5, text + "\t").await.ok(200)["revision"], 6);
    app.finish().await;
}

#[tokio::test]
async fn of_writers_in_parallel_one_wins_and_the_others_know() {
    let app = TestApp::build().person("olga", "admin").person("petr", "admin").start().await;
    let clients = [app.admin(), app.by("olga"), app.by("petr")];
    let boards: Vec<Board<'_>> = clients.into_iter().map(Board::by).collect();
    let text = one_task("p");
    let drawing = id(&boards[0].draw(text.clone()).await);
    for round in 1..=8 {
        let texts: Vec<String> = (0..3).map(|n| format!("{text}<!-- {round} {n} -->")).collect();
        let saves = (0..3).map(|n| boards[n].save(&drawing, round, texts[n].clone()));
        let answers = futures::future::join_all(saves).await;
        let won: Vec<usize> = (0..3).filter(|n| answers[*n].status == 200).collect();
        assert_eq!(won.len(), 1, "{answers:?}");
        for (n, answer) in answers.iter().enumerate().filter(|(n, _)| *n != won[0]) {
            let refused = answer.problem(409, "drawing.changed");
            assert_eq!(refused["current"]["revision"], round + 1, "{n}");
        }
        assert_eq!(boards[0].xml(&drawing).await.text(), texts[won[0]]);
    }
    assert_eq!(boards[0].revisions(&drawing).await, (1..=9).rev().collect::<Vec<i64>>());
    for _ in 0..8 {
        let leases = futures::future::join_all(boards.iter().map(|board| board.lease(&drawing, "take"))).await;
        let won: Vec<&crate::app::Answer> = leases.iter().filter(|answer| answer.status == 200).collect();
        assert_eq!(won.len(), 1);
        let who = &won[0].json()["user"];
        for refused in leases.iter().filter(|answer| answer.status != 200) {
            assert_eq!(&refused.problem(409, "drawing.leased")["current"]["user"], who);
        }
        app.clock.advance_seconds(90);
    }
    app.finish().await;
}
