//! The page that is compiled in. Its index names every file by an address that holds the page's
//! version, so that a browser keeps them for good and never mixes two versions. Its modules are
//! joined into two files.

use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use ring::digest;
use rust_embed::Embed;

use super::encoding::Encoding;
use super::joined::{self, Joined, MORE, PAGE};
use super::{File, INDEX, etag, hex};

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

/// What is made of all files together.
#[derive(Debug)]
struct Made {
    version: String,
    index: (Bytes, [u8; 32]),
    /// The joined modules; nothing where they can't be joined: each is then served by itself.
    page: Option<(Bytes, [u8; 32])>,
    more: Option<(Bytes, [u8; 32])>,
}

/// Once for a release build, whose files never change.
fn made() -> Arc<Made> {
    static COMPILED: LazyLock<Arc<Made>> = LazyLock::new(|| Arc::new(make()));
    match cfg!(debug_assertions) {
        true => Arc::new(make()),
        false => Arc::clone(&COMPILED),
    }
}

fn make() -> Made {
    let joined = joined::join(text)
        .inspect_err(|error| tracing::error!(%error, "the page's modules are served one by one"))
        .ok();
    let version = version_of(joined.as_ref());
    let index = text(INDEX).unwrap_or_default();
    let index = hashed(with_versions(&index, joined.is_some(), &version));
    let (page, more) = joined.map(|joined| (joined.page, joined.more)).unzip();
    Made {
        version,
        index,
        page: page.map(hashed),
        more: more.map(hashed),
    }
}

fn version_of(joined: Option<&Joined>) -> String {
    let mut all = digest::Context::new(&digest::SHA256);
    let mut names: Vec<_> = OurFiles::iter().collect();
    names.sort();
    for name in names {
        if let Some(file) = OurFiles::get(&name) {
            all.update(name.as_bytes());
            all.update(&file.metadata.sha256_hash());
        }
    }
    if let Some(joined) = joined {
        all.update(joined.page.as_bytes());
        all.update(joined.more.as_bytes());
    }
    hex(&all.finish().as_ref()[..8])
}

/// The version of all files together.
pub(super) fn version() -> String {
    made().version.clone()
}

/// A file, in that encoding where it gains by it.
pub(super) async fn read(path: &str, encoding: Option<Encoding>) -> Option<File> {
    let (bytes, hash) = match path {
        INDEX => made().index.clone(),
        PAGE => made().page.clone()?,
        MORE => made().more.clone()?,
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

fn hashed(text: String) -> (Bytes, [u8; 32]) {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let hash = hash.as_ref().try_into().unwrap_or_default();
    (Bytes::from(text), hash)
}

/// The index with versioned addresses, and the joined modules in the place of the first.
fn with_versions(index: &str, joined: bool, version: &str) -> String {
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
    index.replace("\"/static/", &format!("\"/static/@{version}/"))
}
