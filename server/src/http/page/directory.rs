//! The operator's page: plain files of a directory, streamed at each request.
//!
//! A file is never read into memory as a whole, so many slow readers of a large file cost a small
//! buffer each.

use std::fs::Metadata;
use std::path::{Component, Path, PathBuf};
use std::time::UNIX_EPOCH;

use axum::body::Body;
use tokio::io::AsyncReadExt as _;
use tokio_util::io::ReaderStream;

/// The largest file of the operator's page that is served, in bytes.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// Bytes that are read from a file at a time; each request in progress holds one such buffer.
const CHUNK_BYTES: usize = 16 * 1024;

/// A file that may be served.
#[derive(Debug)]
pub(super) struct PlainFile {
    path: PathBuf,
    pub(super) bytes: u64,
    pub(super) etag: String,
}

impl PlainFile {
    /// Opens the file and streams it, `bytes` long. Where it has become shorter meanwhile, the
    /// answer is cut off, which a browser notices.
    pub(super) async fn stream(&self) -> Option<Body> {
        let file = tokio::fs::File::open(&self.path).await.ok()?;
        let stream = ReaderStream::with_capacity(file.take(self.bytes), CHUNK_BYTES);
        Some(Body::from_stream(stream))
    }
}

/// Finds the file, unless a link leads out of `root` or to a hidden file.
pub(super) fn find_inside(root: &Path, path: &str) -> Option<PlainFile> {
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
    Some(PlainFile {
        path: real,
        bytes: meta.len(),
        etag: etag_of(&meta),
    })
}

/// A tag of the size and the time of the last change, so that no request reads a file to tag it.
fn etag_of(meta: &Metadata) -> String {
    let changed = meta.modified().ok();
    let since = changed.and_then(|time| time.duration_since(UNIX_EPOCH).ok());
    let nanoseconds = since.map_or(0, |since| since.as_nanos());
    format!("\"{:x}-{nanoseconds:x}\"", meta.len())
}

#[cfg(test)]
mod tests {
    use futures::StreamExt as _;

    use super::super::{Page, PageError};
    use super::*;

    #[tokio::test]
    async fn a_large_file_is_streamed_in_small_pieces() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        let bytes = 12 * 1024 * 1024;
        let large = std::fs::File::create(root.join("large")).unwrap();
        large.set_len(bytes).unwrap();
        let found = find_inside(&root, "large").unwrap();
        let mut stream = found.stream().await.unwrap().into_data_stream();
        let mut received = 0;
        while let Some(piece) = stream.next().await {
            let piece = piece.unwrap();
            assert!(piece.len() <= CHUNK_BYTES, "{}", piece.len());
            received += piece.len() as u64;
        }
        assert_eq!(received, bytes);
    }

    #[test]
    fn no_file_outside_the_directory_is_found() {
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
            panic!("embedded")
        };
        assert!(find_inside(&root, "js/a.js").is_some());
        assert!(find_inside(&root, "js").is_none());
        assert!(find_inside(&root, "../out/s").is_none());
        assert!(find_inside(&root, ".git/x").is_none());
        #[cfg(unix)]
        {
            use std::os::unix::fs::symlink;
            symlink(out.join("s"), web.join("escape")).unwrap();
            symlink(&out, web.join("dir")).unwrap();
            symlink(web.join(".git/x"), web.join("hidden")).unwrap();
            symlink(web.join("js/a.js"), web.join("inside")).unwrap();
            assert!(find_inside(&root, "escape").is_none());
            assert!(find_inside(&root, "dir/s").is_none());
            assert!(find_inside(&root, "hidden").is_none());
            assert!(find_inside(&root, "inside").is_some());
        }
        let large = std::fs::File::create(web.join("large")).unwrap();
        large.set_len(FILE_BYTES_MAX + 1).unwrap();
        assert!(find_inside(&root, "large").is_none());
    }
}
