//! Headers that every answer bears.

use axum::extract::{Request, State};
use axum::http::HeaderValue;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY,
    X_CONTENT_TYPE_OPTIONS,
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

/// Headers of every answer but an [`Asset`], for which they mean nothing.
const UNLESS_ASSET: [(HeaderName, &str); 1] = [(
    HeaderName::from_static("cross-origin-opener-policy"),
    "same-origin",
)];

/// Headers that are set unless the handler has set them.
const UNLESS_SET: [(HeaderName, &str); 3] = [
    (REFERRER_POLICY, "no-referrer"),
    (CONTENT_SECURITY_POLICY, CSP),
    (CACHE_CONTROL, "no-store"),
];

/// Marks an answer as a file of the page that is no document, so that it needs fewer headers.
#[derive(Debug, Clone, Copy)]
pub(super) struct Asset;

/// Half a year. It leaves out subdomains and preloading, which the operator decides.
const HSTS: HeaderValue = HeaderValue::from_static("max-age=15768000");

pub(super) async fn add(State(hsts): State<bool>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let is_asset = response.extensions().get::<Asset>().is_some();
    let headers = response.headers_mut();
    for (name, value) in ALWAYS {
        headers.insert(name, HeaderValue::from_static(value));
    }
    if hsts {
        headers.insert(STRICT_TRANSPORT_SECURITY, HSTS);
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
