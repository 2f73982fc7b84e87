//! The page: ours, compiled in, or the operator's.

use std::borrow::Cow;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use axum::extract::State;
use axum::http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, CONTENT_TYPE, ETAG, IF_NONE_MATCH,
};
use axum::http::{HeaderMap, HeaderValue, StatusCode, Uri};
use axum::response::{IntoResponse, Response};
use percent_encoding::percent_decode_str;
use ring::digest;
use rust_embed::Embed;

use super::answer::Refusal;
use super::headers::{CSP, CSP_INLINE_STYLE};
use super::{HttpState, not_found};

const INDEX: &str = "index.html";

/// Bytes of a file of the operator's page.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// In a debug build it is read from the source tree at each request.
#[derive(Embed)]
#[folder = "../web"]
#[allow_missing = true]
#[include = "index.html"]
#[include = "style.css"]
#[include = "manifest.webmanifest"]
#[include = "icon*"]
#[include = "js/*"]
struct OurFiles;

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

struct File {
    bytes: Cow<'static, [u8]>,
    etag: String,
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

    /// The file at a path that [`is_plain`].
    async fn read(&self, path: &str) -> Option<File> {
        match self {
            Self::Ours => OurFiles::get(path).map(|file| File {
                etag: etag(&file.metadata.sha256_hash()),
                bytes: file.data,
            }),
            Self::Directory(root) => {
                let (root, path) = (Arc::clone(root), path.to_owned());
                let read = move || read_inside(&root, &path);
                tokio::task::spawn_blocking(read).await.ok().flatten()
            }
        }
    }

    fn csp(&self) -> HeaderValue {
        HeaderValue::from_static(match self {
            Self::Ours => CSP,
            Self::Directory(_) => CSP_INLINE_STYLE,
        })
    }

    async fn answer(&self, path: &str, headers: &HeaderMap) -> Response {
        let Some(file) = self.read(path).await else {
            return not_found().await.into_response();
        };
        let common = [
            (CACHE_CONTROL, HeaderValue::from_static("no-cache")),
            (CONTENT_SECURITY_POLICY, self.csp()),
        ];
        let Ok(etag) = HeaderValue::from_str(&file.etag) else {
            return not_found().await.into_response();
        };
        if is_known(headers, &file.etag) {
            return (StatusCode::NOT_MODIFIED, common, [(ETAG, etag)]).into_response();
        }
        let kind = content_type(path);
        (common, [(ETAG, etag), (CONTENT_TYPE, kind)], file.bytes).into_response()
    }
}

pub(super) async fn index(State(state): State<HttpState>, headers: HeaderMap) -> Response {
    state.page.answer(INDEX, &headers).await
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
    Ok(state.page.answer(&path, &headers).await)
}

/// Whether a path is a list of names and nothing else on any system: no `..`, no hidden file, no
/// drive, no root.
fn is_plain(path: &str) -> bool {
    let odd = |c: char| c.is_control() || matches!(c, '\\' | ':');
    path.split('/')
        .all(|name| !name.is_empty() && !name.starts_with('.') && !name.contains(odd))
}

/// The file, unless a link leads out of `root` or to a hidden file.
fn read_inside(root: &Path, path: &str) -> Option<File> {
    let real = root.join(path).canonicalize().ok()?;
    let inside = real.strip_prefix(root).ok()?;
    let hidden = |part: Component| part.as_os_str().as_encoded_bytes().starts_with(b".");
    if inside.components().any(hidden) {
        return None;
    }
    let meta = real.metadata().ok()?;
    if !meta.is_file() {
        return None;
    }
    if meta.len() > FILE_BYTES_MAX {
        tracing::warn!(
            path,
            bytes = meta.len(),
            "a file of the page is too large to serve"
        );
        return None;
    }
    let bytes = std::fs::read(real).ok()?;
    let etag = etag(digest::digest(&digest::SHA256, &bytes).as_ref());
    Some(File {
        bytes: bytes.into(),
        etag,
    })
}

/// From the content alone, so that every server of the same page says the same.
fn etag(sha256: &[u8]) -> String {
    let hex: String = sha256
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("\"{hex}\"")
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

    #[test]
    fn nothing_outside_the_directory_is_read() {
        let dir = tempfile::tempdir().unwrap();
        let (web, out) = (dir.path().join("web"), dir.path().join("out"));
        std::fs::create_dir_all(web.join("js")).unwrap();
        std::fs::create_dir_all(web.join(".git")).unwrap();
        std::fs::create_dir_all(&out).unwrap();
        assert!(matches!(
            Page::in_directory(&web),
            Err(PageError::NoIndex { .. })
        ));
        assert!(matches!(
            Page::in_directory(&web.join("x")),
            Err(PageError::Directory { .. })
        ));
        for path in [
            web.join("index.html"),
            web.join("js/a.js"),
            web.join(".git/x"),
            out.join("s"),
        ] {
            std::fs::write(path, "text").unwrap();
        }
        let Page::Directory(root) = Page::in_directory(&web).unwrap() else {
            panic!("ours")
        };
        assert!(read_inside(&root, "js/a.js").is_some());
        assert!(read_inside(&root, "js").is_none());
        assert!(read_inside(&root, "../out/s").is_none());
        assert!(read_inside(&root, ".git/x").is_none());
        #[cfg(unix)]
        {
            use std::os::unix::fs::symlink;
            symlink(out.join("s"), web.join("escape")).unwrap();
            symlink(&out, web.join("dir")).unwrap();
            symlink(web.join(".git/x"), web.join("hidden")).unwrap();
            symlink(web.join("js/a.js"), web.join("inside")).unwrap();
            assert!(read_inside(&root, "escape").is_none());
            assert!(read_inside(&root, "dir/s").is_none());
            assert!(read_inside(&root, "hidden").is_none());
            assert!(read_inside(&root, "inside").is_some());
        }
        let large = std::fs::File::create(web.join("large")).unwrap();
        large.set_len(FILE_BYTES_MAX + 1).unwrap();
        assert!(read_inside(&root, "large").is_none());
    }
}
