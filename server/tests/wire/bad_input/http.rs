//! HTTP calls that must be refused with a status and a sentence.

use serde_json::{Value, json};

use super::row::{Attack, HttpCall, Row};
use crate::support::{PASSWORD, Site, User};

const JSON: &str = "application/json";

pub(super) fn rows(site: &Site, mal: &User) -> Vec<Row> {
    let mut rows = bodies();
    rows.extend(accounts());
    rows.extend(origins(site, mal));
    rows.extend(paths());
    rows
}

fn http(
    about: &'static str,
    (method, path): (&'static str, &'static str),
    headers: Vec<(&'static str, String)>,
    body: impl Into<Vec<u8>>,
    statuses: &'static [u16],
) -> Row {
    let call = HttpCall {
        method,
        path,
        headers,
        body: body.into(),
    };
    Row::new(
        about,
        Attack::Http {
            call,
            statuses,
            msg: None,
        },
    )
}

fn post(
    about: &'static str,
    path: &'static str,
    body: impl Into<Vec<u8>>,
    statuses: &'static [u16],
) -> Row {
    http(
        about,
        ("POST", path),
        vec![("Content-Type", JSON.to_owned())],
        body,
        statuses,
    )
}

fn saying(mut row: Row, sentence: &'static str) -> Row {
    if let Attack::Http { msg, .. } = &mut row.attack {
        *msg = Some(sentence);
    }
    row
}

fn credentials(username: impl Into<Value>, password: impl Into<Value>) -> String {
    json!({"username": username.into(), "password": password.into()}).to_string()
}

fn deep_field(levels: usize) -> String {
    format!(
        r#"{{"username":{}1{}}}"#,
        "[".repeat(levels),
        "]".repeat(levels)
    )
}

fn bodies() -> Vec<Row> {
    let query = json!({"$ne": null});
    let mut rows = Vec::new();
    for path in ["/login", "/register"] {
        rows.extend([
            post("a body that is not JSON", path, "username=ann", &[400]),
            post("no body", path, "", &[400]),
            post("half a body", path, r#"{"username":"ann","#, &[400]),
            post(
                "a body that is not UTF-8",
                path,
                b"{\"username\":\"\xff\"}".to_vec(),
                &[400],
            ),
            post("a body that is an array", path, "[]", &[422]),
            post("a body that is null", path, "null", &[422]),
            post(
                "queries for values",
                path,
                credentials(query.clone(), query.clone()),
                &[422],
            ),
            post(
                "a query for a password",
                path,
                credentials("ann", query.clone()),
                &[422],
            ),
            post("numbers for values", path, credentials(1, 2), &[422]),
            post("no password", path, r#"{"username":"ann"}"#, &[422]),
            post("a body 30,000 deep", path, "[".repeat(30_000), &[400, 413]),
            post("a body 16,000 deep", path, "[".repeat(16_000), &[400, 422]),
            post("a field 8,000 deep", path, deep_field(8_000), &[400, 422]),
            post("a field 30,000 deep", path, deep_field(30_000), &[400, 413]),
            post("a body over the limit", path, " ".repeat(20_000), &[413]),
            post(
                "a body far over the limit",
                path,
                vec![b' '; 3 << 20],
                &[413],
            ),
            http(
                "a form",
                ("POST", path),
                vec![(
                    "Content-Type",
                    "application/x-www-form-urlencoded".to_owned(),
                )],
                format!("username=ann&password={PASSWORD}"),
                &[415],
            ),
            http(
                "JSON that says it is text",
                ("POST", path),
                vec![("Content-Type", "text/plain".to_owned())],
                credentials("ann", PASSWORD),
                &[415],
            ),
            http(
                "JSON that says nothing",
                ("POST", path),
                vec![],
                credentials("ann", PASSWORD),
                &[415],
            ),
        ]);
    }
    rows
}

fn accounts() -> Vec<Row> {
    let taken = |name: &str| {
        let row = post(
            "a name that is taken",
            "/register",
            credentials(name, PASSWORD),
            &[409],
        );
        saying(row, "Username already exists")
    };
    let wrong = |name: &str, password: &str| {
        let row = post(
            "a wrong sign-in",
            "/login",
            credentials(name, password),
            &[401],
        );
        saying(row, "Invalid username or password")
    };
    let mut rows = vec![
        taken("ann"),
        taken("ANN"),
        taken("aNn"),
        wrong("ann", "not-her-password"),
        wrong("nobody-at-all", PASSWORD),
        wrong("ann", ""),
        wrong("", ""),
        wrong("ann' OR '1'='1", "x' OR '1'='1"),
        wrong("ann\u{0}", PASSWORD),
        wrong("ann", &"x".repeat(1_000)),
        post(
            "a password of 7",
            "/register",
            credentials("short-1", "1234567"),
            &[422],
        ),
        post(
            "a password of 257",
            "/register",
            credentials("long-1", "p".repeat(257)),
            &[422],
        ),
    ];
    let long = "n".repeat(33);
    for name in [
        "",
        " ",
        "a b",
        "ann ",
        "\u{fc}ber",
        "a@b",
        "a/b",
        "<b>",
        "\u{430}nn",
        "a\u{0}",
        "a\nb",
        "$ne",
        &long,
    ] {
        rows.push(post(
            "a bad name",
            "/register",
            credentials(name, PASSWORD),
            &[422],
        ));
    }
    rows
}

fn origins(site: &Site, mal: &User) -> Vec<Row> {
    let json_from =
        |name: &'static str, value: String| vec![("Content-Type", JSON.to_owned()), (name, value)];
    let good = || credentials("mal", PASSWORD);
    let login = ("POST", "/login");
    vec![
        http(
            "a foreign origin",
            login,
            json_from("Origin", "https://evil.example".into()),
            good(),
            &[403],
        ),
        http(
            "a sandbox's origin",
            login,
            json_from("Origin", "null".into()),
            good(),
            &[403],
        ),
        http(
            "our name, another port",
            login,
            json_from("Origin", "http://127.0.0.1:1".into()),
            good(),
            &[403],
        ),
        http(
            "a foreign site",
            login,
            json_from("Sec-Fetch-Site", "cross-site".into()),
            good(),
            &[403],
        ),
        http(
            "a log-out from a foreign page",
            ("POST", "/logout"),
            vec![
                ("Content-Type", JSON.to_owned()),
                ("Cookie", mal.cookie.clone()),
                ("Origin", format!("{}.evil.example", site.origin())),
            ],
            "{}",
            &[403],
        ),
        http(
            "me, without credentials",
            ("GET", "/me"),
            vec![],
            "",
            &[401],
        ),
        http(
            "me, with credentials of another kind",
            ("GET", "/me"),
            vec![("Authorization", "Basic bWFsOm1hbA==".into())],
            "",
            &[401],
        ),
        http(
            "me, with a cookie that is none",
            ("GET", "/me"),
            vec![("Cookie", format!("{}x", mal.cookie))],
            "",
            &[401],
        ),
    ]
}

fn paths() -> Vec<Row> {
    let bare = |about, call, statuses| http(about, call, vec![], "", statuses);
    vec![
        bare("a sign-in by GET", ("GET", "/login"), &[405]),
        bare("a registration by DELETE", ("DELETE", "/register"), &[405]),
        bare("a method that isn't", ("BREW", "/login"), &[405]),
        bare("me by POST", ("POST", "/me"), &[405]),
        bare("an unknown path", ("GET", "/nowhere"), &[404]),
        bare(
            "an unknown path by POST",
            ("POST", "/nowhere/at/all"),
            &[404],
        ),
        bare(
            "a path that climbs",
            ("GET", "/static/../../etc/passwd"),
            &[400, 404],
        ),
        bare(
            "a path that climbs in disguise",
            ("GET", "/static/%2e%2e%2f%2e%2e%2fetc%2fpasswd"),
            &[400, 404],
        ),
        bare("the socket without an upgrade", ("GET", "/ws"), &[400, 426]),
        bare("the socket by POST", ("POST", "/ws"), &[405]),
    ]
}
