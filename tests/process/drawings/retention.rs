//! Which revisions stay.

use super::{Board, id};
use crate::app::TestApp;
use crate::process::one_task;
use serde_json::json;

#[tokio::test]
async fn the_first_and_named_stay_others_a_day_then_one_an_hour_for_a_month() {
    let app = TestApp::start().await;
    let board = Board::by(app.admin());
    let text = one_task("p");
    let drawing = id(&board.draw(text.clone()).await);
    // 09:00: 1; every twenty minutes one more until 11:40: 2 to 9.
    for revision in 1..9 {
        app.clock.advance_seconds(1_200);
        board.save(&drawing, revision, format!("{text}<!-- {revision} -->")).await.ok(200);
    }
    board
        .client
        .patch(&format!("/process-drawings/{drawing}/revisions/4"), json!({"name": "Shown to the boss"}))
        .await
        .ok(200);
    let forget = async || app.state.processes.forget_revisions().await.unwrap();
    forget().await;
    assert_eq!(board.revisions(&drawing).await.len(), 9, "nothing is a day old");
    app.clock.advance_seconds(86_401);
    forget().await;
    // 10:00, 10:20, 10:40 are 4, 5, 6; 11:00, 11:20, 11:40 are 7, 8, 9; 09:20 and 09:40 are 2, 3.
    assert_eq!(board.revisions(&drawing).await, [9, 8, 6, 4, 3, 1]);
    app.clock.advance_seconds(31 * 86_400);
    forget().await;
    assert_eq!(board.revisions(&drawing).await, [9, 4, 1]);
    assert_eq!(board.xml(&drawing).await.text(), format!("{text}<!-- 8 -->"));
    app.finish().await;
}
