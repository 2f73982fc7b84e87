//! The page that is compiled into the server: the table that `build.rs` wrote.
//!
//! The index names every file by an address that holds [`VERSION`], so a browser may keep those
//! files for ever and never mixes two versions.

use super::encoding::Encoding;
use super::etag;

include!(concat!(env!("OUT_DIR"), "/page.rs"));

/// A file of the page, as it is and in the encodings that make it shorter.
pub(super) struct EmbeddedFile {
    /// Its path beside the index.
    path: &'static str,
    /// The first half of the SHA-256 of `plain`, in hexadecimal.
    sha256: &'static str,
    plain: &'static [u8],
    brotli: Option<&'static [u8]>,
    gzip: Option<&'static [u8]>,
}

impl EmbeddedFile {
    /// The bytes in `encoding` with the encoding they are in: none where the file has no such form.
    pub(super) fn encoded(&self, encoding: Option<Encoding>) -> (&'static [u8], Option<Encoding>) {
        let bytes = match encoding {
            Some(Encoding::Brotli) => self.brotli,
            Some(Encoding::Gzip) => self.gzip,
            None => None,
        };
        bytes.map_or((self.plain, None), |bytes| (bytes, encoding))
    }

    pub(super) fn etag(&self, encoding: Option<Encoding>) -> String {
        etag(self.sha256, encoding.map_or("", Encoding::name))
    }
}

/// Looks a file up by its path beside the index.
pub(super) fn find(path: &str) -> Option<&'static EmbeddedFile> {
    let at = FILES.binary_search_by(|file| file.path.cmp(path)).ok()?;
    Some(&FILES[at])
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn an_encoded_file_decodes_to_the_file() {
        for path in ["index.html", "more.js", "page.js", "style.css", "sw.js"] {
            let file = find(path).unwrap();
            let mut unpacked = Vec::new();
            let (brotli, encoding) = file.encoded(Some(Encoding::Brotli));
            assert_eq!(encoding, Some(Encoding::Brotli), "{path}");
            brotli::BrotliDecompress(&mut &*brotli, &mut unpacked).unwrap();
            assert_eq!(unpacked, file.plain, "{path}");
            let mut gunzipped = Vec::new();
            let (gzip, _) = file.encoded(Some(Encoding::Gzip));
            flate2::write::GzDecoder::new(&mut gunzipped)
                .write_all(gzip)
                .unwrap();
            assert_eq!(gunzipped, file.plain, "{path}");
            assert!(brotli.len() < gzip.len() && gzip.len() < file.plain.len());
        }
        let (_, encoding) = find("icon-192.png").unwrap().encoded(Some(Encoding::Gzip));
        assert_eq!(encoding, None, "a picture is compressed already");
        assert!(find("js/main.js").is_none(), "the modules are joined");
    }

    #[test]
    fn the_index_names_files_of_this_version_only() {
        let index = std::str::from_utf8(find("index.html").unwrap().plain).unwrap();
        let versioned = format!("/static/@{VERSION}/");
        let addresses: Vec<_> = index
            .split('"')
            .filter(|text| text.starts_with('/'))
            .collect();
        assert!(addresses.len() > 5, "{index}");
        for address in addresses {
            let path = address.strip_prefix(&versioned).expect(address);
            assert!(find(path).is_some(), "{address}");
        }
    }
}
