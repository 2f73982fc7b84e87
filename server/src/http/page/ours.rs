//! The page that is compiled in. Its index names every file by an address that holds the page's
//! version, so that a browser keeps them for good and never mixes two versions.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, MutexGuard, PoisonError};

use bytes::Bytes;
use ring::digest;
use rust_embed::Embed;

use super::encoding::Encoding;
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
    hex(&all.finish().as_ref()[..8])
}

/// A file, in that encoding where it gains by it.
pub(super) async fn read(path: &str, encoding: Option<Encoding>) -> Option<File> {
    let file = OurFiles::get(path)?;
    let (bytes, hash) = match path {
        INDEX => {
            let index = with_versions(&String::from_utf8_lossy(&file.data));
            let hash = digest::digest(&digest::SHA256, index.as_bytes());
            let hash = <[u8; 32]>::try_from(hash.as_ref()).ok()?;
            (Bytes::from(index), hash)
        }
        _ => (Bytes::from_owner(file.data), file.metadata.sha256_hash()),
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

/// The index with versioned addresses. A worker's own address must stay the same.
fn with_versions(index: &str) -> String {
    index.replace("\"/static/", &format!("\"/static/@{}/", version()))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
