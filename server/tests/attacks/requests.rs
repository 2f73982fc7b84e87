//! Requests and upgrades that no client of the project makes.

use crate::ground::{Attack, held_if, person, raw, status_of};

/// The answers that are allowed.
const REFUSED: &[u16] = &[
    0, 400, 401, 403, 404, 405, 411, 413, 414, 415, 417, 421, 426, 431, 501, 505,
];

/// An upgrade line by line, as RFC 6455 section 4.1 wants it, with one thing changed.
fn upgrade(first: &str, changed: &[(&str, &str)], body: &str) -> String {
    let standard = [
        ("Host", "HOST"),
        ("Connection", "Upgrade"),
        ("Upgrade", "websocket"),
        ("Sec-WebSocket-Version", "13"),
        ("Sec-WebSocket-Key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    let mut lines = vec![first.to_owned()];
    for (name, value) in standard {
        let value = changed
            .iter()
            .find(|(other, _)| *other == name)
            .map_or(value, |(_, v)| *v);
        if !value.is_empty() {
            lines.push(format!("{name}: {value}"));
        }
    }
    for (name, value) in changed.iter().filter(|(name, _)| name.starts_with('+')) {
        lines.push(format!("{}: {value}", &name[1..]));
    }
    format!("{}\r\n\r\n{body}", lines.join("\r\n"))
}

/// A name, the request line, the headers that are changed (`+` adds one), a body.
type Upgrade = (
    &'static str,
    &'static str,
    &'static [(&'static str, &'static str)],
    &'static str,
);

/// Upgrades that must be refused.
#[rustfmt::skip]
const UPGRADES: &[Upgrade] = &[
    ("upgrade by HEAD", "HEAD /ws HTTP/1.1", &[], ""),
    ("upgrade by POST", "POST /ws HTTP/1.1", &[], ""),
    ("upgrade in HTTP/1.0", "GET /ws HTTP/1.0", &[], ""),
    ("upgrade with the key `x`", "GET /ws HTTP/1.1", &[("Sec-WebSocket-Key", "x")], ""),
    ("upgrade with an empty key", "GET /ws HTTP/1.1", &[("Sec-WebSocket-Key", " ")], ""),
    ("upgrade without a key", "GET /ws HTTP/1.1", &[("Sec-WebSocket-Key", "")], ""),
    ("upgrade with two keys", "GET /ws HTTP/1.1", &[("+Sec-WebSocket-Key", "AAAAAAAAAAAAAAAAAAAAAA==")], ""),
    ("upgrade of version 12", "GET /ws HTTP/1.1", &[("Sec-WebSocket-Version", "12")], ""),
    ("upgrade without `Connection: Upgrade`", "GET /ws HTTP/1.1", &[("Connection", "keep-alive")], ""),
    ("upgrade to h2c", "GET /ws HTTP/1.1", &[("Upgrade", "h2c")], ""),
    ("upgrade with a body", "GET /ws HTTP/1.1", &[("+Content-Length", "5")], "hello"),
    ("upgrade with a chunked body", "GET /ws HTTP/1.1", &[("+Transfer-Encoding", "chunked")], "0\r\n\r\n"),
    ("upgrade with a bad bearer token", "GET /ws HTTP/1.1", &[("+Authorization", "Bearer nonsense")], ""),
    ("upgrade with two Hosts", "GET /ws HTTP/1.1", &[("+Host", "evil.example")], ""),
    ("upgrade without a Host", "GET /ws HTTP/1.1", &[("Host", "")], ""),
];

/// Requests that a proxy and a server could read differently.
#[rustfmt::skip]
const SMUGGLED: &[(&str, &str)] = &[
    ("both lengths", "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /metrics HTTP/1.1\r\n\r\n"),
    ("two lengths", "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: 4\r\nContent-Length: 5\r\n\r\nabcde"),
    ("a negative length", "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: -1\r\n\r\n"),
    ("a length of 2^64", "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: 18446744073709551616\r\n\r\n"),
    ("a length with a plus", "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Length: +4\r\n\r\nabcd"),
    ("an unknown coding", "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: xchunked\r\n\r\n0\r\n\r\n"),
    ("chunked that is not last", "POST /login HTTP/1.1\r\nHost: HOST\r\nTransfer-Encoding: chunked, gzip\r\n\r\n0\r\n\r\n"),
    ("a bad chunk size", "POST /login HTTP/1.1\r\nHost: HOST\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nfffffffffffffffff\r\n"),
    ("a space before the colon", "GET /healthz HTTP/1.1\r\nHost : HOST\r\n\r\n"),
    ("a folded header", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nX: a\r\n b\r\n\r\n"),
    ("a NUL in a header", "GET /healthz HTTP/1.1\r\nHost: HOST\r\nX: a\0b\r\n\r\n"),
    ("a bare CR", "GET /healthz HTTP/1.1\r\nHost: HOST\rX: a\r\n\r\n"),
    ("no version", "GET /me\r\n\r\n"),
    ("HTTP/2 prior knowledge", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    ("CONNECT", "CONNECT evil.example:443 HTTP/1.1\r\nHost: evil.example:443\r\n\r\n"),
    ("TRACE", "TRACE / HTTP/1.1\r\nHost: HOST\r\n\r\n"),
];

/// How the files begin that the paths below try to reach.
const FILES: &[&str] = &["root:x", "[workspace]", "SQLite format"];

/// Paths that must not lead out of the page's files.
const PATHS: &[&str] = &[
    "/static/../../Cargo.toml",
    "/static/%2e%2e/%2e%2e/etc/passwd",
    "/static/..%2f..%2fetc%2fpasswd",
    "/static/%c0%ae%c0%ae/etc/passwd",
    "/static//etc/passwd",
    "/static/..\\..\\etc\\passwd",
    "/static/a%00.js",
    "/avatars/../../etc/passwd",
    "/avatars/%2e%2e%2fchat.sqlite",
];

pub(crate) fn attacks() -> Vec<Attack> {
    let upgrades = UPGRADES.iter().map(|(name, first, changed, body)| {
        let request = upgrade(first, changed, body);
        Attack::new(*name, move |site| async move {
            let request = request.replace("HOST", &site.address.to_string());
            let answer = raw(&site, request.as_bytes()).await;
            held_if(REFUSED.contains(&status_of(&answer)), first_line(&answer))
        })
    });
    let smuggled = SMUGGLED.iter().map(|(name, request)| {
        Attack::new(format!("request with {name}"), move |site| async move {
            let request = request.replace("HOST", &site.address.to_string());
            let answer = raw(&site, request.as_bytes()).await;
            let secret = answer.contains("chat_connections") || answer.contains("\"username\"");
            held_if(
                !secret && REFUSED.contains(&status_of(&answer)),
                first_line(&answer),
            )
        })
    });
    let paths = PATHS.iter().map(|path| {
        Attack::new(format!("path {path}"), move |site| async move {
            let request = format!("GET {path} HTTP/1.1\r\nHost: {}\r\n\r\n", site.address);
            let answer = raw(&site, request.as_bytes()).await;
            held_if(
                !FILES.iter().any(|file| answer.contains(file)),
                first_line(&answer),
            )
        })
    });
    upgrades
        .chain(smuggled)
        .chain(paths)
        .chain(origins())
        .collect()
}

/// A page of another origin uses the cookie.
fn origins() -> Vec<Attack> {
    let foreign = [
        "https://evil.example",
        "null",
        "http://127.0.0.1.evil.example",
        "",
    ];
    let socket = foreign.map(|origin| {
        Attack::new(
            format!("upgrade by cookie from the origin {origin:?}"),
            move |site| async move {
                let user = person(&site, "origin").await;
                let headers = [("Cookie", user.cookie.as_str()), ("Origin", origin)];
                let wanted = if origin.is_empty() {
                    &headers[..1]
                } else {
                    &headers[..]
                };
                match site.open("mallory", wanted).await {
                    Ok(_) => Err("the upgrade was accepted".to_owned()),
                    Err(answer) => held_if(answer.status == 403, answer.status.to_string()),
                }
            },
        )
    });
    let post = Attack::new("sign out by a foreign page", |site| async move {
        let user = person(&site, "origin").await;
        let headers = [
            ("Cookie", user.cookie.as_str()),
            ("Origin", "https://evil.example"),
        ];
        let answer = site.post("/logout", &headers, &serde_json::json!({})).await;
        let me = site.get("/me", &[("Cookie", &user.cookie)]).await;
        held_if(
            answer.status == 403 && me.status == 200,
            format!("{}, then /me {}", answer.status, me.status),
        )
    });
    socket.into_iter().chain([post]).collect()
}

fn first_line(answer: &str) -> String {
    let line = answer.lines().next().unwrap_or_default();
    if line.is_empty() {
        "closed".to_owned()
    } else {
        line.chars().take(60).collect()
    }
}
