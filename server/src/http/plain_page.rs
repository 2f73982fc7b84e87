//! Pages without script or style, for links that people open.

use axum::http::header::{ACCEPT, REFERRER_POLICY};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{Html, IntoResponse, Response};

use super::answer::Refusal;

/// A page. `content` is HTML of the server's own.
///
/// Browsers say the origin of a form only where the policy lets them say the referrer; the code in
/// the address stays on this server.
pub(super) fn page(status: StatusCode, title: &str, content: &str) -> Response {
    let page = format!(
        "<!doctype html><html lang=\"en\"><head><meta charset=\"utf-8\">\
         <meta name=\"viewport\" content=\"width=device-width\">\
         <meta name=\"color-scheme\" content=\"dark light\"><title>{title}</title></head>\
         <body><main>{content}</main></body></html>"
    );
    (status, [(REFERRER_POLICY, "same-origin")], Html(page)).into_response()
}

/// A link that does not work: a page for browsers, and the usual answer for programs.
///
/// The sentences are the server's own and hold nothing that anybody wrote.
pub(super) fn refused(headers: &HeaderMap, refusal: Refusal) -> Response {
    let accept = headers.get(ACCEPT).and_then(|value| value.to_str().ok());
    if !accept.is_some_and(|types| types.contains("text/html")) {
        return refusal.into_response();
    }
    let (status, sentence) = refusal.said();
    let content = format!("<h1>This link can't be used</h1><p>{sentence}</p>");
    page(status, "Link", &content)
}
