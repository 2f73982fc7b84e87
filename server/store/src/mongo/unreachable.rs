//! Words for the operator why no server can be used.
//!
//! The driver reports it in one long text with hosts, set names and replies. The store only looks
//! for known phrases in that text, and shows none of it.

const NO_PRIMARY: &str = "its replica set has no primary";

const ENDS_AT_ONCE: &str = "it ends the connection at once; tls=true in the URL is needed where \
                            it wants TLS, and wrong where it has none";

/// Phrases of the driver and of rustls, and what they mean. The first that occurs counts.
const REASONS: [(&str, &str); 14] = [
    (
        "UnknownIssuer",
        "its TLS certificate is not signed by an authority that this machine trusts; name the \
         authority's file with tlsCAFile in the URL",
    ),
    (
        "NotValidForName",
        "its TLS certificate is for another host name",
    ),
    (
        "certificate not valid for name",
        "its TLS certificate is for another host name",
    ),
    ("certificate expired", "its TLS certificate has expired"),
    ("Expired", "its TLS certificate has expired"),
    (
        "certificate required",
        "it wants a client certificate; name it with tlsCertificateKeyFile in the URL",
    ),
    (
        "InvalidContentType",
        "it does not speak TLS there, which the URL asks for",
    ),
    (
        "peer is incompatible",
        "it speaks no version of TLS that is still safe",
    ),
    (
        "invalid peer certificate",
        "its TLS certificate can't be used",
    ),
    (
        "Type: ReplicaSetNoPrimary, Set Name",
        "no member of the replica set that the URL names is its primary, or none has that name",
    ),
    ("Type: ReplicaSetNoPrimary", NO_PRIMARY),
    ("tls handshake eof", ENDS_AT_ONCE),
    ("unexpected end of file", ENDS_AT_ONCE),
    ("Connection reset by peer", ENDS_AT_ONCE),
];

/// The reason why no server can be used, as far as the driver's text says it.
pub(super) fn reason(text: &str) -> &'static str {
    let known = REASONS.iter().find(|(phrase, _)| text.contains(phrase));
    known.map_or("no server can be reached", |(_, reason)| reason)
}

/// Whether the URL does not fit the MongoDB there, so that waiting does not help.
pub(super) fn is_of_the_url(reason: &str) -> bool {
    ![NO_PRIMARY, ENDS_AT_ONCE].contains(&reason)
        && REASONS.iter().any(|(_, known)| *known == reason)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_phrases_are_translated_and_nothing_is_quoted() {
        let text = "Server selection timeout: No available servers. Topology: { Type: Unknown, \
                    Servers: [ { Address: hunter42:1, Type: Unknown, Error: Kind: I/O error: \
                    invalid peer certificate: UnknownIssuer, labels: {} } ] }";
        assert!(reason(text).contains("tlsCAFile"));
        let none = "{ Type: ReplicaSetNoPrimary, Set Name: hunter42, Servers: [  ] }";
        assert!(reason(none).contains("replica set that the URL names"));
        assert_eq!(reason("hunter42"), "no server can be reached");
    }
}
