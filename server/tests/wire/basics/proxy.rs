//! Forwarded headers count only from a proxy that the operator trusts.

use serde_json::json;

use crate::support::{PASSWORD, Server, Ws, kind_of};

const TRUST: [&str; 6] = [
    "--rate-limit",
    "off",
    "--registration",
    "open",
    "--trusted-proxy",
    "127.0.0.1",
];

#[tokio::test]
async fn the_forwarded_host_decides_which_origin_is_ours() {
    for (flags, trusted) in [(&TRUST[..], true), (&TRUST[..4], false)] {
        let server = Server::start_with(flags).await;
        let ann = server.user("ann").await;
        let page = [
            ("Cookie", ann.cookie.as_str()),
            ("Origin", "https://chat.example"),
            ("X-Forwarded-Host", "chat.example"),
            ("X-Forwarded-Proto", "https"),
        ];
        match server.open("ann", &page).await {
            Ok(_) => assert!(trusted, "a stranger's X-Forwarded-Host counted"),
            Err(answer) => {
                assert!(
                    !trusted,
                    "the trusted proxy's host did not count: {answer:?}"
                );
                let said = answer.refused(&[403]);
                assert!(said.contains("--trusted-proxy 127.0.0.1"), "{said}");
                let warnings = server.log.lines();
                let warned = |line: &&String| line.contains("proxy=127.0.0.1");
                assert_eq!(warnings.iter().filter(warned).count(), 1);
            }
        }
    }
}

#[tokio::test]
async fn an_allowed_origin_is_ours() {
    let flags = [
        "--rate-limit",
        "off",
        "--allowed-origin",
        "https://chat.example",
    ];
    let server = Server::start_with(&flags).await;
    let ann = server.user("ann").await;
    let page = |origin: &'static str| {
        [
            ("Cookie", ann.cookie.clone()),
            ("Origin", origin.to_owned()),
        ]
    };
    for (origin, ours) in [
        ("https://chat.example", true),
        ("https://chat.example.evil", false),
    ] {
        let headers = page(origin);
        let headers: Vec<(&str, &str)> = headers.iter().map(|(n, v)| (*n, v.as_str())).collect();
        let opened = server.open("ann", &headers).await;
        assert_eq!(opened.is_ok(), ours, "{origin}");
    }
}

#[tokio::test]
async fn the_forwarded_protocol_makes_the_cookie_secure() {
    for (flags, trusted) in [(&TRUST[..], true), (&TRUST[..4], false)] {
        let server = Server::start_with(flags).await;
        server.register("ann", false).await;
        let body = json!({"username": "ann", "password": PASSWORD});
        let answer = server
            .post("/login", &[("X-Forwarded-Proto", "https")], &body)
            .await;
        answer.accepted(200);
        let cookie = answer.header("set-cookie").expect("a cookie");
        assert_eq!(cookie.contains("Secure"), trusted, "{cookie}");
        assert_eq!(cookie.starts_with("__Host-"), trusted, "{cookie}");
    }
}

#[tokio::test]
async fn the_forwarded_address_is_the_callers() {
    for (more, trusted) in [
        (
            &["--trusted-proxy", "127.0.0.0/8", "--registration", "open"][..],
            true,
        ),
        (&[], false),
    ] {
        let flags = [
            &["--rate-limit", "off", "--max-connections-per-address", "1"],
            more,
        ]
        .concat();
        let server = Server::start_with(&flags).await;
        let ann = server.user("ann").await;
        let bearer = ann.bearer();
        let from = |address: &'static str| {
            let headers = [
                ("Authorization", bearer.clone()),
                ("X-Forwarded-For", address.to_owned()),
            ];
            let site = server.clone();
            async move {
                let headers: Vec<(&str, &str)> = headers
                    .iter()
                    .map(|(name, value)| (*name, value.as_str()))
                    .collect();
                match site.open("ann", &headers).await {
                    Ok(ws) => welcomed(ws).await,
                    Err(answer) => {
                        answer.refused(&[429, 503]);
                        None
                    }
                }
            }
        };
        let first = from("203.0.113.1").await;
        assert!(first.is_some(), "the first one of an address comes in");
        let elsewhere = from("203.0.113.2").await;
        assert_eq!(
            elsewhere.is_some(),
            trusted,
            "another address, told by the proxy"
        );
        // Only the last hop comes from the trusted proxy; anyone can write those before it.
        let again = from("198.51.100.7, 203.0.113.1").await;
        assert!(
            again.is_none(),
            "the second one of an address does not come in"
        );
    }
}

/// The connection after its welcome, or `None` if it was closed as one too many.
async fn welcomed(mut ws: Ws) -> Option<Ws> {
    if ws
        .try_send(json!({"type": "hello", "version": 1}).to_string())
        .await
        .is_err()
    {
        return None;
    }
    match ws.receive().await {
        crate::support::Received::Frame(frame) if kind_of(&frame) == "welcome" => Some(ws),
        crate::support::Received::Frame(_) => {
            let (code, _) = ws.closed().await;
            ws.check(code == 4409, &format!("expected 4409, got {code}"));
            None
        }
        other => {
            let fits = other == crate::support::Received::Closed(4409);
            ws.check(fits, &format!("expected a close 4409, got {other:?}"));
            None
        }
    }
}
