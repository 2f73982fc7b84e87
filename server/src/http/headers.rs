//! Headers that every answer bears.

use axum::extract::Request;
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
};
use axum::middleware::Next;
use axum::response::Response;

/// No script, style or frame but our own files, so that nothing a user wrote can run.
pub(super) const CSP: &str = "default-src 'none'; script-src 'self'; style-src 'self'; \
    img-src 'self' data: blob:; connect-src 'self'; worker-src 'self'; \
    font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'";

/// For an operator's own page, which may have styles in its markup, as the FastAPI demo's has.
pub(super) const CSP_INLINE_STYLE: &str = "default-src 'none'; script-src 'self'; \
    style-src 'self' 'unsafe-inline'; img-src 'self' data: blob:; connect-src 'self'; \
    font-src 'self'; manifest-src 'self'; form-action 'self'; base-uri 'none'; \
    frame-ancestors 'none'";

const ALWAYS: [(HeaderName, &str); 2] = [
    (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    (
        HeaderName::from_static("cross-origin-resource-policy"),
        "same-origin",
    ),
];

/// What has a meaning for all but an [`Asset`].
const UNLESS_ASSET: [(HeaderName, &str); 2] = [
    (REFERRER_POLICY, "no-referrer"),
    (
        HeaderName::from_static("cross-origin-opener-policy"),
        "same-origin",
    ),
];

/// What a handler may have set for itself.
const UNLESS_SET: [(HeaderName, &str); 2] =
    [(CONTENT_SECURITY_POLICY, CSP), (CACHE_CONTROL, "no-store")];

/// Marks an answer as a file of ours that is no document, so that it needs fewer headers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asset;

pub(super) async fn add(request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let is_asset = response.extensions().get::<Asset>().is_some();
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if is_asset {
        return response;
    }
    for (name, value) in UNLESS_ASSET {
        headers.insert(name, HeaderValue::from_static(value));
    }
    for (name, value) in UNLESS_SET {
        headers
            .entry(name)
            .or_insert(HeaderValue::from_static(value));
    }
    response
}
