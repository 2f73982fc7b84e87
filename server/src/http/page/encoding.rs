//! The encodings in which a file is sent shorter, and which of them a browser accepts (RFC 9110,
//! section 12.5.3).

use axum::http::HeaderMap;
use axum::http::header::ACCEPT_ENCODING;

/// The better encoding first. Browsers accept it only over TLS and from their own machine.
const OFFERED: [Encoding; 2] = [Encoding::Brotli, Encoding::Gzip];

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
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
}

/// The best encoding that the browser accepts; `None` means the file as it is.
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

/// Splits `br;q=0.5` into its name and its weight. A weight that can't be read counts as 0.
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
    fn the_best_accepted_encoding_is_chosen() {
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
