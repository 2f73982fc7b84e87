//! Tokens that must be refused, as a bearer and in hello.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde_json::{Value, json};

use super::row::{Attack, Frame, HttpCall, Row};
use crate::support::{Site, User};

pub(super) async fn rows(site: &Site, mal: &User) -> Vec<Row> {
    let gone = site.user("gone").await;
    let left = site
        .post("/logout", &[("Authorization", &gone.bearer())], &json!({}))
        .await;
    left.accepted(200);

    let mut rows = Vec::new();
    for (about, token) in bad_tokens(&mal.token)
        .into_iter()
        .chain([("revoked", gone.token)])
    {
        rows.extend(opens_nothing(about, &token));
    }
    rows
}

/// Checks that the token is refused everywhere.
pub(super) fn opens_nothing(about: &'static str, token: &str) -> Vec<Row> {
    let bearer = || vec![("Authorization", format!("Bearer {token}"))];
    vec![
        Row::new(
            about,
            Attack::Http {
                call: HttpCall {
                    method: "GET",
                    path: "/me",
                    headers: bearer(),
                    body: vec![],
                },
                statuses: &[401],
                msg: None,
            },
        ),
        Row::new(
            about,
            Attack::Upgrade {
                headers: bearer(),
                statuses: &[401],
            },
        ),
        Row::new(
            about,
            Attack::First {
                headers: vec![],
                frame: Frame::Json(json!({"type": "hello", "version": 1, "token": token})),
                close: 4401,
            },
        ),
    ]
}

fn bad_tokens(good: &str) -> Vec<(&'static str, String)> {
    let parts: Vec<&str> = good.split('.').collect();
    let [header, payload, signature] = parts[..] else {
        panic!("a token is a JWT: three parts")
    };
    let claims: Value = serde_json::from_slice(&decoded(payload)).expect("claims are JSON");
    let none = encoded(&json!({"alg": "none", "typ": "JWT"}));
    let shouted_none = encoded(&json!({"alg": "nOnE", "typ": "JWT"}));
    let mut other_header: Value = serde_json::from_slice(&decoded(header)).expect("a header");
    other_header["alg"] = json!("HS512");
    let forged = {
        let key = ring::hmac::Key::new(ring::hmac::HMAC_SHA256, b"secret");
        let signature = ring::hmac::sign(&key, format!("{header}.{payload}").as_bytes());
        URL_SAFE_NO_PAD.encode(signature.as_ref())
    };
    vec![
        ("a token that is none", "nonsense".to_owned()),
        ("an empty token", String::new()),
        ("a token of dots", "..".to_owned()),
        ("a token of 4,000 characters", "a".repeat(4_000)),
        (
            "a token without its signature",
            format!("{header}.{payload}."),
        ),
        (
            "a token with another signature",
            format!("{header}.{payload}.{}", flipped(signature)),
        ),
        (
            "a token with other claims",
            format!("{header}.{}.{signature}", as_ann(claims.clone())),
        ),
        ("alg none", format!("{none}.{payload}.")),
        (
            "alg none with a signature",
            format!("{none}.{payload}.{signature}"),
        ),
        ("alg nOnE", format!("{shouted_none}.{payload}.")),
        (
            "another alg",
            format!("{}.{payload}.{signature}", encoded(&other_header)),
        ),
        (
            "a token signed with a guess",
            format!("{header}.{payload}.{forged}"),
        ),
    ]
}

fn decoded(part: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD
        .decode(part)
        .expect("a JWT's parts are base64url")
}

fn encoded(value: &Value) -> String {
    URL_SAFE_NO_PAD.encode(value.to_string())
}

/// The same claims with every string `mal` replaced by `ann`.
fn as_ann(mut claims: Value) -> String {
    for (_, value) in claims.as_object_mut().expect("claims are an object") {
        if value == "mal" {
            *value = json!("ann");
        }
    }
    claims["admin"] = json!(true);
    encoded(&claims)
}

fn flipped(signature: &str) -> String {
    let first = if signature.starts_with('A') { 'B' } else { 'A' };
    format!("{first}{}", &signature[1..])
}
