//! Files in a bucket of an S3-compatible service: a small one that keeps its objects in memory (the operations of the S3 API that
//! are needed, in path style).

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, Method, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use serde_json::json;

use super::{id_of, put};
use crate::app::TestApp;

#[derive(Default)]
struct Bucket {
    objects: BTreeMap<String, Vec<u8>>,
    parts: BTreeMap<String, BTreeMap<u32, Vec<u8>>>,
    unsigned: usize,
}

type Shared = Arc<Mutex<Bucket>>;

async fn serve(
    State(bucket): State<Shared>,
    method: Method,
    uri: Uri,
    Query(query): Query<BTreeMap<String, String>>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let mut bucket = bucket.lock().unwrap();
    let signed =
        headers.get("authorization").is_some_and(|value| value.to_str().unwrap().contains("Credential=key-id/"));
    bucket.unsigned += usize::from(!signed);
    let key = uri.path().to_owned();
    let tag = [("etag", "\"t\""), ("last-modified", "Mon, 16 Mar 2026 09:00:00 GMT")];
    match (method.as_str(), query.get("partNumber"), query.get("uploadId")) {
        ("POST", _, None) => {
            format!("<InitiateMultipartUploadResult><UploadId>{key}</UploadId></InitiateMultipartUploadResult>")
                .into_response()
        }
        ("PUT", Some(number), Some(upload)) => {
            let parts = bucket.parts.entry(upload.clone()).or_default();
            parts.insert(number.parse().unwrap(), body.to_vec());
            tag.into_response()
        }
        ("POST", _, Some(upload)) => {
            let whole = bucket.parts.remove(upload).unwrap().into_values().collect::<Vec<_>>().concat();
            bucket.objects.insert(key, whole);
            "<CompleteMultipartUploadResult><ETag>\"t\"</ETag></CompleteMultipartUploadResult>".into_response()
        }
        ("PUT", ..) => {
            bucket.objects.insert(key, body.to_vec());
            tag.into_response()
        }
        ("DELETE", _, Some(upload)) => {
            bucket.parts.remove(upload);
            StatusCode::NO_CONTENT.into_response()
        }
        ("DELETE", ..) => {
            bucket.objects.remove(&key);
            StatusCode::NO_CONTENT.into_response()
        }
        ("GET", ..) => match bucket.objects.get(&key) {
            Some(object) => part(object, &headers, tag),
            None => StatusCode::NOT_FOUND.into_response(),
        },
        _ => StatusCode::METHOD_NOT_ALLOWED.into_response(),
    }
}

fn part(object: &[u8], headers: &HeaderMap, tag: [(&'static str, &'static str); 2]) -> Response {
    let Some(range) = headers.get("range") else { return (tag, object.to_vec()).into_response() };
    let (from, last) = range.to_str().unwrap().trim_start_matches("bytes=").split_once('-').unwrap();
    let (from, last): (usize, usize) = (from.parse().unwrap(), last.parse().unwrap());
    let told = format!("bytes {from}-{last}/{}", object.len());
    (StatusCode::PARTIAL_CONTENT, tag, [("content-range", told)], object[from..=last].to_vec()).into_response()
}

#[tokio::test(flavor = "multi_thread")]
async fn files_are_kept_in_a_bucket_and_read_from_it() {
    let bucket = Shared::default();
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}", listener.local_addr().unwrap());
    let router = Router::new().fallback(serve).with_state(Arc::clone(&bucket));
    tokio::spawn(async move { axum::serve(listener, router.layer(axum::extract::DefaultBodyLimit::disable())).await });
    let app = TestApp::build()
        .config(move |config| {
            let files = &mut config.files;
            (files.bucket, files.endpoint, files.allow_http) = ("acme".into(), endpoint.clone(), true);
            (files.access_key, files.secret_key) = ("key-id".into(), "secret".into());
            files.max_bytes = 13_000_000;
        })
        .start()
        .await;
    let admin = app.admin();
    let record = format!("lead/{}", app.record("lead", json!({"title": "Ann"})).await);
    // More than two parts of 5 MiB.
    let bytes: Vec<u8> = (0..12_000_000_u32).map(|n| n.to_le_bytes()[1]).collect();
    let made = put(&admin, &record, "large.bin", bytes.clone()).await.ok(201);
    let path = format!("/api/v1/files/{}/content", id_of(&made));
    let whole = admin.send("GET", &path, None, Vec::new()).await;
    assert!(whole.status == 200 && whole.body == bytes, "{} bytes", whole.body.len());
    let part = admin.header("range", "bytes=5242870-5242889").send("GET", &path, None, Vec::new()).await;
    assert_eq!((part.status.as_u16(), part.body), (206, bytes[5_242_870..5_242_890].to_vec()));
    put(&admin, &record, "larger.bin", vec![0; 13_000_001]).await.problem(413, "too_large");
    {
        let bucket = bucket.lock().unwrap();
        assert_eq!((bucket.objects.len(), bucket.parts.len(), bucket.unsigned), (1, 0, 0));
        assert!(bucket.objects.keys().all(|key| key.starts_with("/acme/") && !key.contains("large")));
    }
    admin.delete(&format!("/files/{}", id_of(&made))).await.ok(204);
    app.clock.advance_seconds(31 * 86_400);
    assert_eq!(app.state.files.sweep().await.unwrap(), 1);
    assert!(bucket.lock().unwrap().objects.is_empty());
    app.finish().await;
}
