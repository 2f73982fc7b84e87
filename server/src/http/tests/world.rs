//! A server without a socket, asked through its router, over a real store.

use axum::body::Body;
use axum::http::header::{CONTENT_TYPE, SET_COOKIE};
use axum::http::request::Builder;
use axum::http::{HeaderMap, Request, StatusCode};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use tower::ServiceExt;

use super::super::*;
use crate::accounts::tests::recorded;
use crate::accounts::{AccountEvent, Options, change_reports};
use chat_server_store::sqlite::SqliteStore;

pub(super) struct World {
    pub(super) router: Router,
    pub(super) store: Arc<SqliteStore>,
    pub(super) ended: mpsc::UnboundedReceiver<AccountEvent>,
    pub(super) dir: tempfile::TempDir,
}

pub(super) struct Got {
    pub(super) status: StatusCode,
    pub(super) headers: HeaderMap,
    pub(super) body: String,
}

pub(super) async fn world() -> World {
    world_with(Page::Embedded, false).await
}

pub(super) async fn world_with(page: Page, tls: bool) -> World {
    let dir = tempfile::tempdir().unwrap();
    let store = Arc::new(SqliteStore::open(dir.path()).unwrap());
    let (reporter, changes) = change_reports();
    let shared = Arc::clone(&store) as chat_server_store::SharedStore;
    let router = router(
        HttpState {
            accounts: Accounts::open(shared, Options::default(), reporter)
                .await
                .unwrap(),
            origins: Arc::new(OriginPolicy {
                allowed: Vec::new(),
                proxies: TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()], tls),
                ..OriginPolicy::default()
            }),
            limits: Arc::new(HttpLimits::new()),
            disk: DiskSpace::default(),
            hub: None,
            page,
            hosts: HostPolicy::default(),
            hsts: tls,
            metrics: Some(crate::telemetry::metrics()),
        },
        None,
    );
    World {
        router,
        store,
        ended: recorded(changes),
        dir,
    }
}

impl World {
    pub(super) async fn ask_from(
        &self,
        peer: &str,
        request: Builder,
        body: impl Into<Body>,
    ) -> Got {
        let mut request = request
            .header("host", "chat.example")
            .body(body.into())
            .unwrap();
        request.extensions_mut().insert(Peer(peer.parse().unwrap()));
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (status, headers) = (response.status(), response.headers().clone());
        let body = response.into_body().collect().await.unwrap().to_bytes();
        let got = Got {
            status,
            headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        };
        got.check_headers();
        got
    }

    pub(super) async fn ask(&self, request: Builder, body: impl Into<Body>) -> Got {
        self.ask_from("192.0.2.1:9", request, body).await
    }

    pub(super) async fn get(&self, path: &str) -> Got {
        self.ask(Request::get(path), "").await
    }

    pub(super) async fn post(&self, path: &str, body: &Value) -> Got {
        self.ask(json_post(path), body.to_string()).await
    }

    pub(super) async fn post_raw(&self, path: &str, body: impl Into<Body>) -> Got {
        self.ask(json_post(path), body).await
    }

    pub(super) async fn sign_in(&self) -> Got {
        let ann = json!({"username": "Ann", "password": "long enough"});
        self.post("/register", &ann)
            .await
            .check(201, "Account created");
        self.post("/login", &ann)
            .await
            .check(200, "Login successful")
    }
}

pub(super) fn json_post(path: &str) -> Builder {
    Request::post(path).header(CONTENT_TYPE, "application/json")
}

impl Got {
    pub(super) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(super) fn header(&self, name: impl axum::http::header::AsHeaderName) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(super) fn cookie(&self) -> String {
        self.header(SET_COOKIE)
            .split(';')
            .next()
            .unwrap_or_default()
            .to_owned()
    }

    #[track_caller]
    pub(super) fn check(self, status: u16, mention: &str) -> Self {
        let Self {
            status: got, body, ..
        } = &self;
        assert_eq!(got.as_u16(), status, "{body}");
        let json = self.json();
        assert_eq!(json["ok"], got.is_success(), "{body}");
        assert!(
            json["msg"]
                .as_str()
                .is_some_and(|msg| msg.contains(mention)),
            "{body}"
        );
        self
    }

    #[track_caller]
    fn check_headers(&self) {
        assert_eq!(self.header("x-content-type-options"), "nosniff");
        assert_eq!(self.header("cross-origin-resource-policy"), "same-origin");
        assert!(!self.header("cache-control").is_empty());
        let csp = self.header("content-security-policy");
        if csp.is_empty() && (self.status == StatusCode::NOT_MODIFIED || self.is_inert()) {
            return;
        }
        assert_eq!(self.header("referrer-policy"), "no-referrer");
        assert_eq!(self.header("cross-origin-opener-policy"), "same-origin");
        assert!(
            csp.starts_with("default-src 'none'; script-src 'self'; style-src 'self'"),
            "{csp}"
        );
        assert!(
            !csp.split("style-src").next().unwrap().contains("unsafe"),
            "{csp}"
        );
    }

    /// Whether it is a file that is no document and starts nothing.
    fn is_inert(&self) -> bool {
        let kind = self.header(CONTENT_TYPE);
        let kinds = [
            "text/javascript",
            "text/css",
            "image/png",
            "application/manifest+json",
        ];
        kinds.iter().any(|inert| kind.starts_with(inert))
    }
}
