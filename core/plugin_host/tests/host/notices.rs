//! A plugin that tells people without end is told to stop, in its company alone and for an hour.

use kernel::db::ConnectionTrait;
use kernel::{Ctx, Locale};
use people::user::{self, NewUser};
use plugin_host::dev::scene::{Scene, company};
use plugin_host::{Grants, HostConfig};

use crate::foreign::{PLUGIN, ask};
use crate::support::{database, guest, package};

/// As if it had told so many more of the same.
async fn fill(scene: &Scene, count: usize) {
    let postgres = scene.db.backend() == sea_orm::DbBackend::Postgres;
    let id = if postgres { "gen_random_uuid()" } else { "randomblob(16)" };
    let same = "tenant_id, user_id, kind, params, at, plugin, confirm";
    let fill = format!(
        "INSERT INTO notification (id, notice_key, {same}) SELECT {id}, 'fill/' || i, {same} FROM notification \
         CROSS JOIN (WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {count}) \
         SELECT i FROM n) AS numbers"
    );
    scene.db.for_migrations().execute_unprepared(&fill).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn so_many_are_told_in_an_hour_and_no_more() {
    let (db, _folder) = database().await;
    let scene = Scene::new(db, Locale::En, HostConfig::default()).await.unwrap();
    let other = company(&scene.db, &scene.env, "Other", Locale::En).await.unwrap();
    let (own, theirs) = (scene.system(), other.system_ctx(&scene.env));
    scene.host.install(&own, &package(&guest("nosy"))).await.unwrap();
    for ctx in [&own, &theirs] {
        scene.host.enable(ctx, PLUGIN, &Grants::Requested, None).await.unwrap();
    }
    let person = async |ctx: &Ctx, name: &str| {
        let input = NewUser { name: name.into(), email: format!("{name}@example.test"), ..Default::default() };
        user::create(&scene.db, ctx, &input).await.unwrap().id.to_string()
    };
    let tell = async |person: &str| ask(&scene, &own, "people/notify", person, None).await;
    let (ann, bob, eve) = (person(&own, "ann").await, person(&own, "bob").await, person(&own, "eve").await);
    assert_eq!(tell(&ann).await, "1");
    fill(&scene, 19_998).await;
    assert_eq!(tell(&bob).await, "1");
    let full = "limit: this plugin has told as many people as it may in an hour";
    assert_eq!(tell(&eve).await, full);
    // The same person under the same key is no new notice, and counts all the same: whoever loops is stopped.
    assert_eq!(tell(&ann).await, full);
    let there = person(&theirs, "ivan").await;
    assert_eq!(ask(&scene, &theirs, "people/notify", &there, None).await, "1", "another company's are not counted");
    scene.clock.advance_seconds(3_601);
    assert_eq!(tell(&eve).await, "1");
}
