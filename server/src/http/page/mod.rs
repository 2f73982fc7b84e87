//! The page: ours, compiled in, or the operator's.

mod directory;
mod encoding;
mod joined;
mod ours;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_ENCODING, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, HeaderName,
    IF_NONE_MATCH, VARY,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
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
    Ours,
    /// In a directory of the operator's, by its canonical path.
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

/// The file that a worker of the page is made from: it may see to every address of the server.
const WORKER: &str = "sw.js";

const WORKER_SCOPE: HeaderName = HeaderName::from_static("service-worker-allowed");

const ASK_EACH_TIME: &str = "no-cache";

/// For an address that holds the version of what it names.
const FOR_GOOD: &str = "public, max-age=31536000, immutable";

struct File {
    bytes: Bytes,
    etag: String,
    /// How `bytes` are encoded, where they are.
    encoding: Option<Encoding>,
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

    /// The file at a path that [`is_plain`], in an encoding that is `accepted`.
    async fn read(&self, path: &str, accepted: Option<Encoding>) -> Option<File> {
        match self {
            Self::Ours => ours::read(path, accepted).await,
            Self::Directory(root) => {
                let (root, path) = (Arc::clone(root), path.to_owned());
                let read = move || directory::read_inside(&root, &path);
                tokio::task::spawn_blocking(read).await.ok().flatten()
            }
        }
    }

    fn csp(&self) -> &'static str {
        match self {
            Self::Ours => CSP,
            Self::Directory(_) => CSP_INLINE_STYLE,
        }
    }

    /// Whether a file can run or hold nothing by itself, so that headers about that say nothing.
    fn is_asset(&self, path: &str) -> bool {
        let inert = [".js", ".css", ".png", ".webmanifest"];
        matches!(self, Self::Ours) && path != WORKER && inert.iter().any(|end| path.ends_with(end))
    }

    async fn answer(&self, path: &str, headers: &HeaderMap, cache: &'static str) -> Response {
        let Some(file) = self.read(path, accepted(headers)).await else {
            return not_found().await.into_response();
        };
        let Ok(etag) = HeaderValue::from_str(&file.etag) else {
            return not_found().await.into_response();
        };
        let known = is_known(headers, &file.etag);
        let mut answer = match known {
            true => StatusCode::NOT_MODIFIED.into_response(),
            false => ([(CONTENT_TYPE, content_type(path))], file.bytes).into_response(),
        };
        let bare = answer.headers_mut();
        bare.insert(ETAG, etag);
        bare.insert(CACHE_CONTROL, HeaderValue::from_static(cache));
        if matches!(self, Self::Ours) {
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
    state.page.answer(INDEX, &headers, ASK_EACH_TIME).await
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
        return Ok(state.page.answer(&path, &headers, ASK_EACH_TIME).await);
    };
    // A module of another version would not fit the page that asks for it, which then says so.
    match (&state.page, versioned.split_once('/')) {
        (Page::Ours, Some((version, path))) if version == ours::version() => {
            Ok(state.page.answer(path, &headers, FOR_GOOD).await)
        }
        _ => Err(not_found().await),
    }
}

/// Whether a path is a list of names and nothing else on any system: no `..`, no hidden file, no
/// drive, no root.
fn is_plain(path: &str) -> bool {
    let odd = |c: char| c.is_control() || matches!(c, '\\' | ':');
    path.split('/')
        .all(|name| !name.is_empty() && !name.starts_with('.') && !name.contains(odd))
}

/// From the content alone, so that every server of the same page says the same.
fn etag(sha256: &[u8], encoding: &str) -> String {
    let dash = if encoding.is_empty() { "" } else { "-" };
    format!("\"{}{dash}{encoding}\"", hex(&sha256[..16]))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
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
