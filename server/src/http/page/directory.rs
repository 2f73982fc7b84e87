//! The operator's page: plain files, read at each request.

use std::path::{Component, Path};

use ring::digest;

use super::{File, etag};

/// Bytes of a file of the operator's page.
const FILE_BYTES_MAX: u64 = 16 * 1024 * 1024;

/// The file, unless a link leads out of `root` or to a hidden file.
pub(super) fn read_inside(root: &Path, path: &str) -> Option<File> {
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
    let etag = etag(digest::digest(&digest::SHA256, &bytes).as_ref(), "");
    Some(File {
        bytes: bytes.into(),
        etag,
        encoding: None,
    })
}

#[cfg(test)]
mod tests {
    use super::super::{Page, PageError};
    use super::*;

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
