//! `/frames/{tenant}/{plugin}/{hash}/{path}`: files of a package that its frames load, on a path of their own. The answer
//! itself closes the frame in: an opaque origin whatever embeds it, its own files and nothing else, no connections.

use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, HeaderValue, header};
use axum::response::{IntoResponse, Response};
use kernel::{Error, TenantId};

use crate::http::body::bad_request;
use crate::http::{ApiResult, origin};
use crate::state::AppState;

/// `GET /frames/{tenant}/{plugin}/{hash}/{path}`: the hash is the package's, so what is there stays as it is.
pub async fn file(
    State(state): State<AppState>,
    Path((tenant, plugin, hash, path)): Path<(String, String, String, String)>,
    headers: HeaderMap,
) -> ApiResult<Response> {
    let company: TenantId = tenant.parse().map_err(|_| Error::NotFound("a frame".to_owned()))?;
    let found = state.plugins.frame_file(company, &plugin, &hash, &path).await?;
    let origins = origin::of(headers.get(header::HOST), &state.config.http.public_url);
    let origins = origins.ok_or_else(|| bad_request("host", "the name of this server"))?;
    let below = format!("{}{company}/{plugin}/{hash}/", origin::FRAMES);
    let policy = HeaderValue::try_from(policy(&origins, &below)).map_err(Error::internal)?;
    let told = [
        (header::CONTENT_TYPE, HeaderValue::from_static(found.media_type)),
        (header::CONTENT_SECURITY_POLICY, policy),
        (header::X_FRAME_OPTIONS, HeaderValue::from_static("SAMEORIGIN")),
        (header::REFERRER_POLICY, HeaderValue::from_static("no-referrer")),
        (header::CACHE_CONTROL, HeaderValue::from_static("private, max-age=31536000, immutable")),
        // Modules and fonts are asked for across origins: the frame's is none.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
        (HeaderName::from_static("cross-origin-resource-policy"), HeaderValue::from_static("cross-origin")),
        // Looking a name up tells somebody of it too.
        (HeaderName::from_static("x-dns-prefetch-control"), HeaderValue::from_static("off")),
    ];
    Ok((told, found.bytes).into_response())
}

/// Browsers differ on what `'self'` is where there is no origin, so it is spelled out.
fn policy(origins: &[String], below: &str) -> String {
    let own: Vec<String> = origins.iter().map(|origin| format!("{origin}{below}")).collect();
    let (own, above) = (own.join(" "), origins.join(" "));
    format!(
        "sandbox allow-scripts allow-forms; default-src 'none'; script-src {own}; style-src {own}; \
         style-src-attr 'unsafe-inline'; img-src {own} data: blob:; font-src {own}; media-src {own}; \
         connect-src 'none'; form-action 'none'; base-uri 'none'; frame-ancestors {above}"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_has_its_own_files_alone() {
        let origins = ["http://crm.test:8080".to_owned(), "https://crm.example".to_owned()];
        let made = policy(&origins, "/frames/t/p/h/");
        assert!(
            made.contains("script-src http://crm.test:8080/frames/t/p/h/ https://crm.example/frames/t/p/h/;"),
            "{made}"
        );
        assert!(made.contains("default-src 'none'") && made.contains("connect-src 'none'"), "{made}");
        assert!(made.starts_with("sandbox allow-scripts allow-forms;") && !made.contains("'self'"), "{made}");
    }
}
