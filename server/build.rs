//! Builds the web page into the server.
//!
//! The page's modules are joined into two files ([`join`]) and its style sheets into one, white space
//! and comments are left out ([`shrink`]), every file is compressed, and the index names each by an
//! address that holds the page's version. The result is a table that
//! `src/http/page/embedded.rs` includes, so the running server has neither a bundler nor a
//! compressor. A module with a form that cannot be joined fails the build.

use std::error::Error;
use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use data_encoding::HEXLOWER;
use ring::digest::{Context, SHA256, digest};

#[path = "build/join.rs"]
mod join;
#[path = "build/shrink.rs"]
mod shrink;

use join::{MORE, PAGE};

const INDEX: &str = "index.html";
const STYLE: &str = "style.css";
const WORKER: &str = "sw.js";

/// The files beside the index that are served as they are.
const ASSETS: [&str; 5] = [
    "icon-192.png",
    "icon-512.png",
    "icon-maskable.png",
    "icon.svg",
    "manifest.webmanifest",
];

struct File {
    path: &'static str,
    bytes: Vec<u8>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let manifest = PathBuf::from(std::env::var("CARGO_MANIFEST_DIR")?);
    let web = manifest.join("../web").canonicalize()?;
    let out = PathBuf::from(std::env::var("OUT_DIR")?);
    let watched = [INDEX, WORKER, "css", "js"].into_iter().chain(ASSETS);
    for watched in watched.map(|name| web.join(name)) {
        println!("cargo::rerun-if-changed={}", watched.display());
    }
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=build/join.rs");
    println!("cargo::rerun-if-changed=build/shrink.rs");

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
    let index = String::from_utf8(read(INDEX)?)?;
    let mut style = String::new();
    for path in style_sheets(&index) {
        style.push_str(&shrink::style(std::str::from_utf8(&read(path)?)?));
    }
    let worker = shrink::script(std::str::from_utf8(&read(WORKER)?)?);
    let texts = [
        (PAGE, shrink::script(&joined.page)),
        (MORE, shrink::script(&joined.more)),
        (STYLE, style),
        (WORKER, worker),
        (INDEX, index),
    ];
    let mut files: Vec<_> = texts
        .into_iter()
        .map(|(path, text)| File {
            path,
            bytes: text.into_bytes(),
        })
        .collect();
    for path in ASSETS {
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
    HEXLOWER.encode(&all.finish().as_ref()[..8])
}

const SHEET_START: &str = "<link rel=\"stylesheet\" href=\"/static/";

/// The style sheets that the index names, in its order.
fn style_sheets(index: &str) -> impl Iterator<Item = &str> {
    index.lines().filter_map(|line| {
        line.trim_start()
            .strip_prefix(SHEET_START)?
            .split('"')
            .next()
    })
}

/// Rewrites the index: every address holds the version, the joined modules take the place of the
/// first module, and the joined style sheet that of all. The addresses of modules that are loaded later stand
/// beside them, for the service worker to keep.
fn with_versions(index: &str, version: &str) -> String {
    let sheet = format!("{SHEET_START}{STYLE}\" />");
    let mut lines: Vec<&str> = Vec::new();
    for line in index.lines().map(str::trim_start) {
        if !line.starts_with(SHEET_START) {
            lines.push(line);
        } else if !lines.contains(&sheet.as_str()) {
            lines.push(&sheet);
        }
    }
    let first = format!("\"/static/{PAGE}\" data-more=\"/static/{MORE}\"");
    lines
        .join("\n")
        .replace("\"/static/js/main.js\"", &first)
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
            HEXLOWER.encode(&digest(&SHA256, bytes).as_ref()[..6]),
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
