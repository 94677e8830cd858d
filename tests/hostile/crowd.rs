//! A crowd of which half are slow or half-sent: the others are answered. The large one is a part of the benchmarks.

#[path = "../bench/crowd.rs"]
mod clients;

use std::time::Duration;

use self::clients::Crowd;
use super::bombs::Scene;

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn while_half_of_a_crowd_is_slow_or_half_sent_the_other_half_is_answered() {
    let scene = Scene::start().await;
    let address = scene.server.url.strip_prefix("http://").unwrap().parse().unwrap();
    let crowd = Crowd { address, token: scene.token.clone(), clients: 100, length: Duration::from_secs(5) };
    let met = crowd.run().await;
    let (words, bad) = scene.seen.take("a crowd");
    assert!(!bad, "{words}");
    assert_eq!(met.broken, 0, "{:?}", met.statuses);
    assert_eq!(met.answered(|status| ![200, 201, 429, 503].contains(&status)), 0, "{:?}", met.statuses);
    assert!(
        met.times.len() > 50 && met.within(500) < Duration::from_secs(2),
        "{:?} {:?}",
        met.statuses,
        met.within(500)
    );
    assert!(met.ended > 0, "half-sent bodies were held for ever");
    tokio::time::sleep(Duration::from_secs(2)).await;
    let after = crowd.alone(20).await;
    assert_eq!(after.times.len(), 20, "{:?}", after.statuses);
    assert!(after.within(1000) < Duration::from_secs(1), "{:?}", after.within(1000));
}
