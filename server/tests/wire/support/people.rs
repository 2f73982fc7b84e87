//! Accounts, sessions and the ways to sign in.

use serde_json::{Value, json};

use super::{Answer, Site, Ws, call, kind_of};

/// The password of every account.
pub(crate) const PASSWORD: &str = "correct-horse-battery";

/// A person who has signed up and signed in.
#[derive(Debug, Clone)]
pub(crate) struct User {
    pub(crate) name: String,
    pub(crate) token: String,
    /// `name=value`, as set at sign-in.
    pub(crate) cookie: String,
}

impl User {
    /// The value of an `Authorization` header.
    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }
}

impl Site {
    pub(crate) async fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        call(self.address, "GET", path, headers, "").await
    }

    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: &Value) -> Answer {
        let mut headers = headers.to_vec();
        headers.push(("Content-Type", "application/json"));
        call(self.address, "POST", path, &headers, body.to_string()).await
    }

    pub(crate) async fn register(&self, name: &str, bot: bool) {
        let mut body = json!({"username": name, "password": PASSWORD});
        if bot {
            body["bot"] = json!(true);
        }
        let answer = self.post("/register", &[], &body).await.accepted(201);
        assert_eq!(answer["msg"], "Account created", "{answer}");
    }

    /// Whether somebody is an admin.
    pub(crate) async fn is_admin(&self, user: &User) -> bool {
        let me = self.get("/me", &[("Authorization", &user.bearer())]).await;
        me.accepted(200)["admin"] == true
    }

    /// Makes an invite link with the `wanted` fields. Returns the answer and the link's code, which no
    /// log may hold.
    pub(crate) async fn invite_link(&self, admin: &mut Ws, wanted: &Value) -> (Value, String) {
        let mut command = json!({"type": "invite_link"});
        for (field, value) in wanted.as_object().expect("fields") {
            command[field] = value.clone();
        }
        let link = admin.done(command, "invite_link").await;
        let path = link["path"].as_str().expect("a path");
        let code = path
            .strip_prefix("/join/")
            .expect("a link to join")
            .to_owned();
        self.log.keep_secret(&code);
        (link, code)
    }

    pub(crate) async fn sign_in(&self, name: &str) -> User {
        let body = json!({"username": name, "password": PASSWORD});
        let answer = self.post("/login", &[], &body).await;
        let said = answer.accepted(200);
        assert_eq!(said["msg"], "Login successful", "{said}");
        assert!(
            said["expires"].is_u64() || said["expires"].is_null(),
            "{said}"
        );
        let token = said["token"].as_str().expect("a token").to_owned();
        let cookie = answer.cookie().to_owned();
        self.log.keep_secret(PASSWORD);
        self.log.keep_secret(&token);
        User {
            name: said["username"].as_str().expect("a name").to_owned(),
            token,
            cookie,
        }
    }

    /// Signs up and signs in.
    pub(crate) async fn user(&self, name: &str) -> User {
        self.register(name, false).await;
        self.sign_in(name).await
    }

    /// The `Origin` of the server's own page.
    pub(crate) fn origin(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Connects with a bearer token, says hello and waits for the welcome.
    pub(crate) async fn enter(&self, user: &User) -> Ws {
        self.enter_with(user, json!({})).await
    }

    /// Like `enter`, with more fields in `hello`.
    pub(crate) async fn enter_with(&self, user: &User, more: Value) -> Ws {
        let mut ws = self.upgrade(user).await;
        let mut hello = json!({"type": "hello", "version": 1, "client": "stranger/1"});
        for (key, value) in more.as_object().expect("fields of hello") {
            hello[key] = value.clone();
        }
        ws.send(&hello).await;
        let welcome = ws.next_any().await;
        ws.check(
            kind_of(&welcome) == "welcome",
            &format!("first comes the welcome, not {welcome}"),
        );
        ws.welcome = welcome;
        ws
    }

    /// Connects with a bearer token and sends nothing yet.
    pub(crate) async fn upgrade(&self, user: &User) -> Ws {
        let opened = self
            .open(&user.name, &[("Authorization", &user.bearer())])
            .await;
        opened.unwrap_or_else(|answer| panic!("{}'s upgrade was refused: {answer:?}", user.name))
    }

    /// Signs up, signs in and connects.
    pub(crate) async fn newcomer(&self, name: &str) -> (User, Ws) {
        let user = self.user(name).await;
        let ws = self.enter(&user).await;
        (user, ws)
    }
}
