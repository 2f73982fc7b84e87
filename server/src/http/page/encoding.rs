//! How a file is sent shorter: by what the browser says that it takes (RFC 9110, section 12.5.3).

use std::io::Write;

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_ENCODING;
use bytes::Bytes;
use flate2::Compression;
use flate2::write::GzEncoder;

/// The better one first: browsers take it over TLS and on their own machine only.
const OFFERED: [Encoding; 2] = [Encoding::Brotli, Encoding::Gzip];

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Encoding {
    Brotli,
    Gzip,
}

impl Encoding {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Brotli => "br",
            Self::Gzip => "gzip",
        }
    }

    /// Takes its time: what it makes is kept.
    pub(super) fn encode(self, bytes: &[u8]) -> Bytes {
        let mut encoded = Vec::new();
        let written = match self {
            Self::Brotli => {
                let parameters = brotli::enc::BrotliEncoderParams {
                    quality: 11,
                    lgwin: 22,
                    ..Default::default()
                };
                brotli::BrotliCompress(&mut &*bytes, &mut encoded, &parameters).map(|_| ())
            }
            Self::Gzip => {
                let mut gzip = GzEncoder::new(&mut encoded, Compression::best());
                gzip.write_all(bytes).and_then(|()| gzip.try_finish())
            }
        };
        // Writing to memory does not fail.
        debug_assert!(written.is_ok(), "{written:?}");
        encoded.into()
    }
}

/// The best that the browser takes; `None` is the file as it is.
pub(super) fn accepted(headers: &HeaderMap) -> Option<Encoding> {
    let offers: Vec<(&str, f32)> = headers
        .get_all(ACCEPT_ENCODING)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(weighed)
        .collect();
    let weight = |name: &str| {
        let find = |wanted: &str| {
            offers
                .iter()
                .find(|(name, _)| name.eq_ignore_ascii_case(wanted))
        };
        find(name).or_else(|| find("*")).map_or(0.0, |(_, q)| *q)
    };
    OFFERED
        .into_iter()
        .find(|encoding| weight(encoding.name()) > 0.0)
}

/// `br;q=0.5` as its name and its weight; a weight that is none counts as 0.
fn weighed(offer: &str) -> (&str, f32) {
    let (name, parameters) = offer.split_once(';').unwrap_or((offer, ""));
    let weight = match parameters.trim().strip_prefix("q=") {
        Some(q) => q.trim().parse().unwrap_or(0.0),
        None => 1.0,
    };
    (name.trim(), weight)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_encoded_is_the_file() {
        let file = b"export const chat = 1;\n".repeat(400);
        let mut gunzipped = Vec::new();
        flate2::write::GzDecoder::new(&mut gunzipped)
            .write_all(&Encoding::Gzip.encode(&file))
            .unwrap();
        assert_eq!(gunzipped, file);
        let mut unpacked = Vec::new();
        let packed = Encoding::Brotli.encode(&file);
        brotli::BrotliDecompress(&mut &*packed, &mut unpacked).unwrap();
        assert_eq!(unpacked, file);
        assert!(packed.len() < 100, "{}", packed.len());
    }

    #[test]
    fn what_a_browser_takes() {
        let check = |value: &str, expect: Option<Encoding>| {
            let mut headers = HeaderMap::new();
            headers.insert(ACCEPT_ENCODING, value.parse().unwrap());
            assert_eq!(accepted(&headers), expect, "{value}");
        };
        check("gzip, deflate, br, zstd", Some(Encoding::Brotli));
        check("gzip, deflate", Some(Encoding::Gzip));
        check("GZIP", Some(Encoding::Gzip));
        check("br;q=0, gzip;q=0.5", Some(Encoding::Gzip));
        check("*", Some(Encoding::Brotli));
        check("*, br;q=0", Some(Encoding::Gzip));
        check("*;q=0", None);
        check("identity", None);
        check("br;q=nonsense", None);
        check("", None);
        assert_eq!(accepted(&HeaderMap::new()), None);
    }
}
