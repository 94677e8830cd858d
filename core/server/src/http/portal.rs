//! The portal inside the binary: its files, with the page itself for every address that is no file.

use axum::http::{StatusCode, Uri, header};
use axum::response::{IntoResponse, Response};
use rust_embed::RustEmbed;

#[derive(RustEmbed)]
#[folder = "../../portal/dist"]
#[allow_missing = true]
struct Files;

const PAGE: &str = "index.html";

/// Serves a file of the portal.
pub async fn serve(uri: Uri) -> Response {
    let path = uri.path().trim_start_matches('/');
    if ["api/", "hooks/", "frames/"].iter().any(|own| path.starts_with(own)) {
        return StatusCode::NOT_FOUND.into_response();
    }
    let (name, file) = match Files::get(path) {
        Some(file) if !path.is_empty() => (path, file),
        _ if path.starts_with("assets/") => return StatusCode::NOT_FOUND.into_response(),
        _ => match Files::get(PAGE) {
            Some(file) => (PAGE, file),
            None => return (StatusCode::NOT_FOUND, "The portal is not built into this binary.").into_response(),
        },
    };
    // Names of assets carry a hash of their content.
    let cache = if name.starts_with("assets/") { "public, max-age=31536000, immutable" } else { "no-cache" };
    let kind = mime_guess::from_path(name).first_or_octet_stream();
    let headers = [(header::CONTENT_TYPE, kind.as_ref().to_owned()), (header::CACHE_CONTROL, cache.to_owned())];
    (headers, file.data).into_response()
}
