//! A person's own display name, picture, password and sessions.

use serde_json::json;

use crate::support::{PASSWORD, Server, call};

/// A PNG of one pixel.
const PIXEL: &[u8] = b"\x89PNG\r\n\x1a\n\0\0\0\rIHDR\0\0\0\x01\0\0\0\x01\x08\x02\0\0\0\x90wS\xde\0\0\0\x0cIDATx\x9cc\xf8\xcf\xc0\0\0\x03\x01\x01\0\xc9\xfe\x92\xef\0\0\0\0IEND\xaeB`\x82";

#[tokio::test]
async fn others_see_the_new_name_and_picture() {
    let server = Server::start().await;
    let (ann_user, mut ann) = server.newcomer("ann").await;
    let (_, mut bob) = server.newcomer("bob").await;
    ann.done(json!({"type": "profile", "display_name": " Ann Å. "}), "ok")
        .await;
    let told = bob.expect("profile").await;
    assert_eq!(
        (&told["username"], &told["display_name"]),
        (&json!("ann"), &json!("Ann Å."))
    );
    let drawn = told["avatar"].as_str().unwrap().to_owned();
    for name in ["", "x\u{7}y", &"x".repeat(33)] {
        ann.refused(
            json!({"type": "profile", "display_name": name}),
            &["bad_field"],
        )
        .await;
    }

    let address = server.address;
    let bearer = ann_user.bearer();
    let put = async |body: &[u8], headers: &[(&str, &str)]| {
        call(address, "PUT", "/avatar", headers, body.to_vec()).await
    };
    let authorized = [("Authorization", bearer.as_str())];
    put(PIXEL, &[]).await.refused(&[401]);
    put(b"<svg/>", &authorized).await.refused(&[415]);
    put(&PIXEL[..50], &authorized).await.refused(&[415]);
    put(&vec![0; (2 << 20) + 1], &authorized)
        .await
        .refused(&[413]);
    let foreign = [
        ("Authorization", bearer.as_str()),
        ("Origin", "https://evil.example"),
    ];
    put(PIXEL, &foreign).await.refused(&[403]);
    let avatar = put(PIXEL, &authorized).await.accepted(200)["avatar"]
        .as_str()
        .unwrap()
        .to_owned();
    assert_ne!(avatar, drawn);
    assert_eq!(bob.expect("profile").await["avatar"], avatar);
    for path in [
        &avatar,
        &drawn,
        "/avatars/nobody",
        "/avatars/~none",
        "/avatars/%2e%2e%2fx",
    ] {
        let picture = server.get(path, &[]).await;
        assert_eq!(
            (picture.status, picture.header("content-type")),
            (200, Some("image/png")),
            "{path}"
        );
        assert_eq!(
            picture.header("x-content-type-options"),
            Some("nosniff"),
            "{path}"
        );
    }
    let me = server.get("/me", &authorized).await.accepted(200);
    assert_eq!(
        (&me["display_name"], &me["avatar"]),
        (&json!("Ann Å."), &json!(avatar))
    );
    let members = bob
        .done(json!({"type": "members", "room": "lobby"}), "members")
        .await;
    assert_eq!(members["members"][0]["avatar"], avatar);
}

#[tokio::test]
async fn a_new_password_ends_all_other_sessions() {
    let server = Server::start().await;
    let here = server.user("ann").await;
    let there = server.sign_in("ann").await;
    let mut open_here = server.enter(&here).await;
    let mut open_there = server.enter(&there).await;
    let change = async |old: &str, new: &str| {
        let bearer = here.bearer();
        let body = json!({"old": old, "new": new});
        server
            .post("/password", &[("Authorization", &bearer)], &body)
            .await
    };
    change("not it at all", "a new password")
        .await
        .refused(&[403]);
    change(PASSWORD, "short").await.refused(&[422]);
    change(PASSWORD, "a new password").await.accepted(200);
    assert_eq!(open_there.closed().await.0, 4401);
    open_here.say("lobby", "still here").await;
    server
        .get("/me", &[("Authorization", &there.bearer())])
        .await
        .refused(&[401]);
    let sign_in = async |password: &str| {
        server
            .post(
                "/login",
                &[],
                &json!({"username": "ann", "password": password}),
            )
            .await
    };
    sign_in(PASSWORD).await.refused(&[401]);
    sign_in("a new password").await.accepted(200);
}

#[tokio::test]
async fn people_list_and_end_their_own_sessions() {
    let server = Server::start().await;
    let here = server.user("ann").await;
    let there = server.sign_in("ann").await;
    let bob = server.user("bob").await;
    let mut open_there = server.enter(&there).await;
    let bearer = here.bearer();
    let authorized = [("Authorization", bearer.as_str())];
    let listed = server.get("/sessions", &authorized).await.accepted(200);
    let sessions = listed["sessions"].as_array().unwrap();
    assert_eq!(sessions.len(), 2, "{listed}");
    assert_eq!(
        sessions
            .iter()
            .filter(|session| session["current"] == true)
            .count(),
        1
    );
    let other = open_there.welcome["session"].as_str().unwrap().to_owned();
    let path = format!("/sessions/{other}");
    let delete = async |path: &str, bearer: &str| {
        call(
            server.address,
            "DELETE",
            path,
            &[("Authorization", bearer)],
            "",
        )
        .await
    };
    delete(&path, &bob.bearer()).await.refused(&[404]);
    delete("/sessions/none", &bearer).await.refused(&[404]);
    delete(&path, &bearer).await.accepted(200);
    assert_eq!(open_there.closed().await.0, 4401);
    delete(&path, &bearer).await.refused(&[404]);
}

#[tokio::test]
async fn a_display_name_that_misleads_is_rejected() {
    let server = Server::start().await;
    let (_, mut ann) = server.newcomer("ann").await;
    server.register("root", false).await;
    let misleading = [
        "root",
        "ROOT",
        "r\u{43E}\u{43E}t",
        "r00t",
        "\u{200B}",
        "\u{202E}toor",
        "\u{2800}",
    ];
    for name in misleading {
        let profile = json!({"type": "profile", "display_name": name});
        ann.refused(profile, &["bad_field"]).await;
    }
    for own in ["Ann", "ann", "Root cause"] {
        ann.done(json!({"type": "profile", "display_name": own}), "ok")
            .await;
    }
}
