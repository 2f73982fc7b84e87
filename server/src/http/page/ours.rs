//! The page that is compiled in. Its index names every file by an address that holds the page's
//! version, so that a browser keeps them for good and never mixes two versions. Its modules are
//! joined into two files.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use ring::digest;
use rust_embed::Embed;

use super::encoding::Encoding;
use super::joined::{self, Joined, MORE, PAGE};
use super::{File, INDEX, etag};

/// In a debug build it is read from the source tree at each request.
#[derive(Embed)]
#[folder = "../web"]
#[allow_missing = true]
#[include = "index.html"]
#[include = "style.css"]
#[include = "sw.js"]
#[include = "manifest.webmanifest"]
#[include = "icon*"]
#[include = "js/*"]
struct OurFiles;

/// Encoded files kept. A debug build makes new ones when a file is changed.
const ENCODED_MAX: usize = 512;

/// What was encoded, by its content's hash.
static ENCODED: LazyLock<Mutex<Encoded>> = LazyLock::new(Mutex::default);

type Encoded = HashMap<([u8; 32], Encoding), Bytes>;

/// The version of all files together.
pub(super) fn version() -> String {
    static COMPILED: LazyLock<String> = LazyLock::new(compute);
    match cfg!(debug_assertions) {
        true => compute(),
        false => COMPILED.clone(),
    }
}

fn compute() -> String {
    let mut all = digest::Context::new(&digest::SHA256);
    let mut names: Vec<_> = OurFiles::iter().collect();
    names.sort();
    for name in names {
        if let Some(file) = OurFiles::get(&name) {
            all.update(name.as_bytes());
            all.update(&file.metadata.sha256_hash());
        }
    }
    if let Some(joined) = joined() {
        all.update(joined.page.as_bytes());
        all.update(joined.more.as_bytes());
    }
    hex(&all.finish().as_ref()[..8])
}

/// A file, in that encoding where it gains by it.
pub(super) async fn read(path: &str, encoding: Option<Encoding>) -> Option<File> {
    let (bytes, hash) = match (path, joined()) {
        (INDEX, joined) => made(with_versions(&text(INDEX)?, joined.is_some()))?,
        (PAGE, joined) => made(joined?.page)?,
        (MORE, joined) => made(joined?.more)?,
        _ => {
            let file = OurFiles::get(path)?;
            let hash = file.metadata.sha256_hash();
            (Bytes::from_owner(file.data), hash)
        }
    };
    let encoding = encoding.filter(|_| !path.ends_with(".png"));
    let Some(encoding) = encoding else {
        let etag = etag(&hash, "");
        return Some(File {
            bytes,
            etag,
            encoding,
        });
    };
    let kept = lock().get(&(hash, encoding)).cloned();
    let bytes = match kept {
        Some(bytes) => bytes,
        None => {
            let encode = move || encoding.encode(&bytes);
            let encoded = tokio::task::spawn_blocking(encode).await.ok()?;
            let mut all = lock();
            if all.len() >= ENCODED_MAX {
                all.clear();
            }
            all.insert((hash, encoding), encoded.clone());
            encoded
        }
    };
    Some(File {
        bytes,
        etag: etag(&hash, encoding.name()),
        encoding: Some(encoding),
    })
}

fn lock() -> MutexGuard<'static, Encoded> {
    ENCODED.lock().unwrap_or_else(PoisonError::into_inner)
}

fn text(path: &str) -> Option<String> {
    let file = OurFiles::get(path)?;
    Some(String::from_utf8_lossy(&file.data).into_owned())
}

fn made(text: String) -> Option<(Bytes, [u8; 32])> {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let hash = hash.as_ref().try_into().ok()?;
    Some((Bytes::from(text), hash))
}

/// Nothing where the modules can't be joined: the page then works with each by itself.
fn joined() -> Option<Joined> {
    static COMPILED: LazyLock<Option<Joined>> = LazyLock::new(join);
    match cfg!(debug_assertions) {
        true => join(),
        false => COMPILED.clone(),
    }
}

fn join() -> Option<Joined> {
    joined::join(text)
        .inspect_err(|error| tracing::error!(%error, "the page's modules are served one by one"))
        .ok()
}

/// The index with versioned addresses, and the joined modules in the place of the first.
fn with_versions(index: &str, joined: bool) -> String {
    let index = match joined {
        false => index.to_owned(),
        true => index
            .replace("\"/static/js/main.js\"", &format!("\"/static/{PAGE}\""))
            .replace(
                "</head>",
                &format!(
                    "  <link rel=\"prefetch\" href=\"/static/{MORE}\" as=\"script\">\n</head>"
                ),
            ),
    };
    index.replace("\"/static/", &format!("\"/static/@{}/", version()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
