//! MongoDB's URL before the driver reads it: options that are left out, and the one that is wrong.
//!
//! The driver's own errors may quote the URL, and with it the password. So an option is shown by
//! its name in [`OPTIONS`] alone, never as it stands in the URL: what looks like an option may be a
//! part of a password that is not percent-encoded.

use mongodb::options::ClientOptions;

/// Options of MongoDB's URLs, of this driver's and of others'.
/// <https://www.mongodb.com/docs/manual/reference/connection-string-options/>
const OPTIONS: [&str; 45] = [
    "appName",
    "authMechanism",
    "authMechanismProperties",
    "authSource",
    "compressors",
    "connectTimeoutMS",
    "directConnection",
    "gssapiServiceName",
    "heartbeatFrequencyMS",
    "journal",
    "loadBalanced",
    "localThresholdMS",
    "maxConnecting",
    "maxIdleTimeMS",
    "maxPoolSize",
    "maxStalenessSeconds",
    "minPoolSize",
    "proxyHost",
    "proxyPassword",
    "proxyPort",
    "proxyUsername",
    "readConcernLevel",
    "readPreference",
    "readPreferenceTags",
    "replicaSet",
    "retryReads",
    "retryWrites",
    "serverMonitoringMode",
    "serverSelectionTimeoutMS",
    "serverSelectionTryOnce",
    "socketTimeoutMS",
    "srvMaxHosts",
    "srvServiceName",
    "ssl",
    "timeoutMS",
    "tls",
    "tlsAllowInvalidCertificates",
    "tlsAllowInvalidHostnames",
    "tlsCAFile",
    "tlsCertificateKeyFile",
    "tlsCertificateKeyFilePassword",
    "tlsInsecure",
    "uuidRepresentation",
    "w",
    "wtimeoutMS",
];

/// Options of other drivers that change nothing here: answers are not compressed, the store has
/// waits of its own, and it keeps no UUID.
const IGNORED: [&str; 7] = [
    "compressors",
    "serverSelectionTryOnce",
    "socketTimeoutMS",
    "timeoutMS",
    "uuidRepresentation",
    "waitQueueTimeoutMS",
    "zlibCompressionLevel",
];

/// Splits a URL before its options. A `?` that is followed by `@` is in a password.
fn split(url: &str) -> Option<(&str, &str)> {
    url.split_once('?')
        .filter(|(_, options)| !options.contains('@'))
}

fn known<'a>(names: &[&'a str], pair: &str) -> Option<&'a str> {
    let name = pair.split('=').next().unwrap_or(pair);
    names
        .iter()
        .find(|known| known.eq_ignore_ascii_case(name))
        .copied()
}

/// Splits a URL into one without the options that change nothing, and their names.
pub(super) fn without_ignored(url: &str) -> (String, Vec<&'static str>) {
    let Some((head, options)) = split(url) else {
        return (url.to_owned(), Vec::new());
    };
    let mut ignored = Vec::new();
    let kept = options.split('&').filter(|pair| {
        let name = known(&IGNORED, pair);
        ignored.extend(name);
        name.is_none()
    });
    let kept: Vec<&str> = kept.collect();
    (format!("{head}?{}", kept.join("&")), ignored)
}

/// Finds the option that the driver rejects, if it is one of MongoDB's.
pub(super) async fn wrong_option(url: &str) -> Option<&'static str> {
    let (_, options) = split(url)?;
    for pair in options.split('&') {
        let Some(name) = known(&OPTIONS, pair) else {
            continue;
        };
        // The host is made up, so that nothing but the option can be wrong.
        let alone = format!("mongodb://localhost/?{pair}");
        if ClientOptions::parse(alone).await.is_err() {
            return Some(name);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn options_of_other_drivers_are_left_out() {
        let url = "mongodb://ann:pw@h/db?compressors=zstd,zlib&tls=true&SocketTimeoutMS=5";
        let (kept, ignored) = without_ignored(url);
        assert_eq!(kept, "mongodb://ann:pw@h/db?tls=true");
        assert_eq!(ignored, ["compressors", "socketTimeoutMS"]);
        for url in ["mongodb://h/", "mongodb://ann:p?compressors=x@h/"] {
            assert_eq!(without_ignored(url), (url.to_owned(), Vec::new()));
        }
    }

    #[tokio::test]
    async fn the_wrong_option_is_named_and_its_value_is_not() {
        for (url, expected) in [
            (
                "mongodb://h/?tls=true&maxPoolSize=hunter42",
                Some("maxPoolSize"),
            ),
            ("mongodb://h/?proxyhost=hunter42", Some("proxyHost")),
            ("mongodb://h/?w=1&TLS=hunter42", Some("tls")),
            ("mongodb://h/?hunter42=1", None),
            ("mongodb://h/?tls=true", None),
            ("mongodb://ann:?tls=x@h/", None),
        ] {
            assert_eq!(wrong_option(url).await, expected, "{url}");
        }
    }
}
