//! Builds the web page into the server.
//!
//! The page's modules are joined into two files ([`join`]), every file is compressed, and the index
//! names each by an address that holds the page's version. The result is a table that
//! `src/http/page/embedded.rs` includes, so the running server has neither a bundler nor a
//! compressor. A module with a form that cannot be joined fails the build.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use ring::digest::{Context, SHA256, digest};

#[path = "build/join.rs"]
mod join;

use join::{MORE, PAGE};

const INDEX: &str = "index.html";

/// What is served besides the index and the joined modules: files beside the index.
const ASSETS: [&str; 7] = [
    "icon-192.png",
    "icon-512.png",
    "icon-maskable.png",
    "icon.svg",
    "manifest.webmanifest",
    "style.css",
    "sw.js",
];

struct File {
    path: &'static str,
    bytes: Vec<u8>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let manifest = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let web = manifest.join("../web").canonicalize()?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let watched = [INDEX, "js"].into_iter().chain(ASSETS);
    for watched in watched.map(|name| web.join(name)) {
        println!("cargo::rerun-if-changed={}", watched.display());
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build/join.rs");

    let mut files = read_page(&web)?;
    let version = version_of(&files);
    for file in &mut files {
        if file.path == INDEX {
            let index = with_versions(std::str::from_utf8(&file.bytes)?, &version);
            file.bytes = index.into_bytes();
        }
    }
    files.sort_by_key(|file| file.path);
    write_table(&out, &version, &files)
}

fn read_page(web: &Path) -> Result<Vec<File>, Box<dyn Error>> {
    let read = |name: &str| {
        let path = web.join(name);
        fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let joined = join::join(|path| fs::read_to_string(web.join(path)).ok())?;
    let mut files = vec![
        File {
            path: PAGE,
            bytes: joined.page.into_bytes(),
        },
        File {
            path: MORE,
            bytes: joined.more.into_bytes(),
        },
    ];
    for path in [INDEX].into_iter().chain(ASSETS) {
        let bytes = read(path)?;
        files.push(File { path, bytes });
    }
    Ok(files)
}

/// The version of all files together, so that a browser never mixes the files of two versions.
fn version_of(files: &[File]) -> String {
    let mut all = Context::new(&SHA256);
    for file in files {
        all.update(file.path.as_bytes());
        all.update(digest(&SHA256, &file.bytes).as_ref());
    }
    hex(&all.finish().as_ref()[..8])
}

/// Rewrites the index: every address holds the version, and the joined modules take the place of
/// the first module.
fn with_versions(index: &str, version: &str) -> String {
    let prefetch = format!("  <link rel=\"prefetch\" href=\"/static/{MORE}\" as=\"script\" />\n");
    index
        .replace("\"/static/js/main.js\"", &format!("\"/static/{PAGE}\""))
        .replace("</head>", &format!("{prefetch}</head>"))
        .replace("\"/static/", &format!("\"/static/@{version}/"))
}

/// Writes the files, their encoded forms, and the Rust table that names them.
fn write_table(out: &Path, version: &str, files: &[File]) -> Result<(), Box<dyn Error>> {
    let folder = out.join("page");
    fs::create_dir_all(&folder)?;
    let mut table = format!(
        "pub(super) const VERSION: &str = {version:?};\n\
         pub(super) static FILES: &[EmbeddedFile] = &[\n"
    );
    for File { path, bytes } in files {
        let include = |ending: &str, bytes: &[u8]| -> std::io::Result<String> {
            let name = format!("{path}{ending}");
            fs::write(folder.join(&name), bytes)?;
            Ok(format!(
                "include_bytes!(concat!(env!(\"OUT_DIR\"), {:?}))",
                format!("/page/{name}")
            ))
        };
        let (brotli, gzip) = if path.ends_with(".png") {
            ("None".to_owned(), "None".to_owned())
        } else {
            (
                format!("Some({})", include(".br", &brotli(bytes)?)?),
                format!("Some({})", include(".gz", &gzip(bytes)?)?),
            )
        };
        writeln!(
            table,
            "    EmbeddedFile {{ path: {path:?}, sha256: {:?}, plain: {}, brotli: {brotli}, gzip: {gzip} }},",
            hex(&digest(&SHA256, bytes).as_ref()[..16]),
            include("", bytes)?,
        )?;
    }
    table.push_str("];\n");
    fs::write(out.join("page.rs"), table)?;
    Ok(())
}

fn brotli(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let parameters = brotli::enc::BrotliEncoderParams {
        quality: 11,
        lgwin: 22,
        ..Default::default()
    };
    let mut encoded = Vec::new();
    brotli::BrotliCompress(&mut &*bytes, &mut encoded, &parameters)?;
    Ok(encoded)
}

fn gzip(bytes: &[u8]) -> std::io::Result<Vec<u8>> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    encoder.write_all(bytes)?;
    encoder.finish()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
