//! The web page and how it is served: the one compiled into the server, or the operator's own.
//!
//! [`embedded`] is the table that `build.rs` made of the page, [`directory`] streams the files of
//! `--web-dir`. Neither knows a room or an account.

mod directory;
mod embedded;
mod encoding;
/// The build script's parts, included here so that their tests run.
#[cfg(test)]
#[path = "../../../build/join.rs"]
mod join;
#[cfg(test)]
#[path = "../../../build/shrink.rs"]
mod shrink;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG,
    HeaderName, IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;

use super::answer::Refusal;
use super::headers::{Asset, CSP, CSP_INLINE_STYLE};
use super::{HttpState, not_found};
use encoding::{Encoding, accepted};

const INDEX: &str = "index.html";

/// Where the page's files are.
#[derive(Debug, Clone)]
pub enum Page {
    /// Compiled into this binary.
    Embedded,
    /// In a directory of the operator's, named by its canonical path.
    Directory(Arc<Path>),
}

/// Why the operator's page can't be served.
#[derive(Debug, thiserror::Error)]
pub enum PageError {
    #[error("The page's directory {} can't be read: {error}. Check --web-dir.", .dir.display())]
    Directory { dir: PathBuf, error: std::io::Error },
    #[error("The page's directory {} has no {INDEX}. Check --web-dir.", .dir.display())]
    NoIndex { dir: PathBuf },
}

/// The page's service worker, which may handle requests for every address of the server.
const WORKER: &str = "sw.js";

const WORKER_SCOPE: HeaderName = HeaderName::from_static("service-worker-allowed");

/// The browser keeps the file and asks each time whether it has changed.
const REVALIDATE: &str = "no-cache";

/// For an address that holds the version of the file, which therefore never changes.
const IMMUTABLE: &str = "max-age=31536000, immutable";

/// A file that was found, ready to be sent.
struct Found {
    etag: String,
    /// The encoding of the content, where it has one.
    encoding: Option<Encoding>,
    content: Content,
}

enum Content {
    Embedded(&'static [u8]),
    Plain(directory::PlainFile),
}

impl Content {
    async fn into_body(self) -> Option<(u64, Body)> {
        match self {
            Self::Embedded(bytes) => Some((bytes.len() as u64, Body::from(bytes))),
            Self::Plain(file) => {
                let body = file.stream().await?;
                Some((file.bytes, body))
            }
        }
    }
}

impl Page {
    /// The page in `dir`.
    ///
    /// # Errors
    /// [`PageError`] where there is none.
    pub fn in_directory(dir: &Path) -> Result<Self, PageError> {
        let root = dir.canonicalize().map_err(|error| PageError::Directory {
            dir: dir.into(),
            error,
        })?;
        if root.join(INDEX).is_file() {
            Ok(Self::Directory(root.into()))
        } else {
            Err(PageError::NoIndex { dir: dir.into() })
        }
    }

    /// Finds the file at a path that [`is_plain`], in an encoding that is `accepted`.
    async fn find(&self, path: &str, accepted: Option<Encoding>) -> Option<Found> {
        match self {
            Self::Embedded => {
                let file = embedded::find(path)?;
                let (bytes, encoding) = file.encoded(accepted);
                Some(Found {
                    etag: file.etag(encoding),
                    encoding,
                    content: Content::Embedded(bytes),
                })
            }
            Self::Directory(root) => {
                let (root, path) = (Arc::clone(root), path.to_owned());
                let find = move || directory::find_inside(&root, &path);
                let file = tokio::task::spawn_blocking(find).await.ok().flatten()?;
                Some(Found {
                    etag: file.etag.clone(),
                    encoding: None,
                    content: Content::Plain(file),
                })
            }
        }
    }

    fn csp(&self) -> &'static str {
        match self {
            Self::Embedded => CSP,
            Self::Directory(_) => CSP_INLINE_STYLE,
        }
    }

    /// Whether a file is no document by itself, so that headers about documents do not apply.
    fn is_asset(&self, path: &str) -> bool {
        let inert = [".js", ".css", ".png", ".webmanifest"];
        matches!(self, Self::Embedded)
            && path != WORKER
            && inert.iter().any(|end| path.ends_with(end))
    }

    async fn answer(&self, path: &str, headers: &HeaderMap, cache: &'static str) -> Response {
        let Some(file) = self.find(path, accepted(headers)).await else {
            return not_found().await.into_response();
        };
        let Ok(etag) = HeaderValue::from_str(&file.etag) else {
            return not_found().await.into_response();
        };
        let known = is_known(headers, &file.etag);
        let mut answer = if known {
            StatusCode::NOT_MODIFIED.into_response()
        } else {
            let Some((bytes, body)) = file.content.into_body().await else {
                return not_found().await.into_response();
            };
            let about = [
                (CONTENT_TYPE, content_type(path)),
                (CONTENT_LENGTH, HeaderValue::from(bytes)),
            ];
            (about, body).into_response()
        };
        let bare = answer.headers_mut();
        bare.insert(ETAG, etag);
        bare.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
        if matches!(self, Self::Embedded) {
            bare.insert(VARY, HeaderValue::from_static("accept-encoding"));
        }
        if let (false, Some(encoding)) = (known, file.encoding) {
            let name = HeaderValue::from_static(encoding.name());
            bare.insert(CONTENT_ENCODING, name);
        }
        if path == WORKER {
            bare.insert(WORKER_SCOPE, HeaderValue::from_static("/"));
        }
        if self.is_asset(path) {
            answer.extensions_mut().insert(Asset);
        } else {
            let csp = HeaderValue::from_static(self.csp());
            answer.headers_mut().insert(CONTENT_SECURITY_POLICY, csp);
        }
        answer
    }
}

pub(super) async fn index(State(state): State<HttpState>, headers: HeaderMap) -> Response {
    state.page.answer(INDEX, &headers, REVALIDATE).await
}

pub(super) async fn file(
    State(state): State<HttpState>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Refusal> {
    let encoded = uri.path().strip_prefix("/static/").unwrap_or_default();
    let Ok(path) = percent_decode_str(encoded).decode_utf8() else {
        return Err(not_found().await);
    };
    if !is_plain(&path) {
        return Err(not_found().await);
    }
    let Some(versioned) = path.strip_prefix('@') else {
        return Ok(state.page.answer(&path, &headers, REVALIDATE).await);
    };
    // A file of another version would not fit the page that asks for it, so it is not found.
    match (&state.page, versioned.split_once('/')) {
        (Page::Embedded, Some((version, path))) if version == embedded::VERSION => {
            Ok(state.page.answer(path, &headers, IMMUTABLE).await)
        }
        _ => Err(not_found().await),
    }
}

/// Whether a path is only a list of names on every system: no `..`, no hidden file, no drive and no
/// root.
fn is_plain(path: &str) -> bool {
    let odd = |c: char| c.is_control() || matches!(c, '\\' | ':');
    path.split('/')
        .all(|name| !name.is_empty() && !name.starts_with('.') && !name.contains(odd))
}

/// The tag of an embedded file in an encoding, made from the content alone so that every server of
/// the same page gives the same tag.
fn etag(sha256: &str, encoding: &str) -> String {
    let dash = if encoding.is_empty() { "" } else { "-" };
    format!("\"{sha256}{dash}{encoding}\"")
}

fn is_known(headers: &HeaderMap, etag: &str) -> bool {
    headers
        .get_all(IF_NONE_MATCH)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim())
        .any(|tag| tag == "*" || tag.strip_prefix("W/").unwrap_or(tag) == etag)
}

fn content_type(path: &str) -> HeaderValue {
    let mime = mime_guess::from_path(path).first_or_octet_stream();
    let text = mime.type_() == mime_guess::mime::TEXT;
    let value = if text {
        format!("{mime}; charset=utf-8")
    } else {
        mime.to_string()
    };
    HeaderValue::from_str(&value)
        .unwrap_or_else(|_| HeaderValue::from_static("application/octet-stream"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_paths() {
        for good in ["style.css", "js/view/chat.js", "a b", "ü"] {
            assert!(is_plain(good), "{good}");
        }
        for bad in [
            "",
            "/",
            "/etc/passwd",
            "..",
            "../x",
            "a/../x",
            "a//b",
            "a/",
            ".git/config",
            "a/.env",
            "a\\..\\b",
            "c:x",
            "a\0",
            ".",
        ] {
            assert!(!is_plain(bad), "{bad}");
        }
    }

    #[test]
    fn content_types() {
        let check = |path: &str, expect: &str| assert_eq!(content_type(path), expect, "{path}");
        check("index.html", "text/html; charset=utf-8");
        check("style.css", "text/css; charset=utf-8");
        check("js/main.js", "text/javascript; charset=utf-8");
        check("icon.svg", "image/svg+xml");
        check("icon.png", "image/png");
        check("manifest.webmanifest", "application/manifest+json");
        check("README", "application/octet-stream");
    }

    #[test]
    fn known_tags() {
        let check = |value: &str, expect: bool| {
            let mut headers = HeaderMap::new();
            headers.insert(IF_NONE_MATCH, value.parse().unwrap());
            assert_eq!(is_known(&headers, "\"ab\""), expect, "{value}");
        };
        check("\"ab\"", true);
        check("\"x\", W/\"ab\"", true);
        check("*", true);
        check("\"abc\"", false);
        check("ab", false);
    }
}
