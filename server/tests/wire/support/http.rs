//! Plain HTTP: a new connection for each call, no redirects, no cookies.

use std::net::SocketAddr;

use bytes::Bytes;
use http_body_util::{BodyExt, Full};
use hyper::{HeaderMap, Request};
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;

use super::PATIENCE;

/// An HTTP response, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .get(name)
            .map(|value| value.to_str().expect("headers are text"))
    }

    /// The cookie that it sets, as `name=value`.
    #[track_caller]
    pub(crate) fn cookie(&self) -> &str {
        let cookie = self.header("set-cookie").expect("the answer sets a cookie");
        cookie.split(';').next().unwrap_or_default()
    }

    /// The body as JSON.
    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body)
            .unwrap_or_else(|error| panic!("the body must be JSON ({error}): {self:?}"))
    }

    /// The body of a call that must have this status.
    #[track_caller]
    pub(crate) fn accepted(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "expected {status}, got {self:?}");
        let body = self.json();
        assert_eq!(body["ok"], true, "a good answer says ok: {self:?}");
        body
    }

    /// The sentence of a call that must have been refused with one of `statuses`.
    #[track_caller]
    pub(crate) fn refused(&self, statuses: &[u16]) -> String {
        assert!(
            statuses.contains(&self.status),
            "expected one of {statuses:?}, got {self:?}"
        );
        let body = self.json();
        assert_eq!(body["ok"], false, "every error says ok:false: {self:?}");
        let msg = body["msg"].as_str().unwrap_or_default();
        assert!(msg.len() > 3, "every error has a sentence in msg: {self:?}");
        assert!(!msg.contains('\n'), "msg is one line: {self:?}");
        msg.to_owned()
    }
}

/// One HTTP call. `Host` is the address, unless `headers` has one.
pub(crate) async fn call(
    address: SocketAddr,
    method: &str,
    path: &str,
    headers: &[(&str, &str)],
    body: impl Into<Bytes>,
) -> Answer {
    let mut request = Request::builder().method(method).uri(path);
    if !headers
        .iter()
        .any(|(name, _)| name.eq_ignore_ascii_case("host"))
    {
        request = request.header("Host", address.to_string());
    }
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    let request = request
        .body(Full::new(body.into()))
        .expect("a well-formed request");
    let exchange = async {
        let stream = TcpStream::connect(address)
            .await
            .expect("the server listens");
        let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
            .await
            .expect("HTTP/1.1");
        let connection = tokio::spawn(connection);
        let response = sender
            .send_request(request)
            .await
            .expect("the server answers");
        let (head, body) = response.into_parts();
        let body = body.collect().await.expect("a whole body").to_bytes();
        connection.abort();
        Answer {
            status: head.status.as_u16(),
            headers: head.headers,
            body: String::from_utf8_lossy(&body).into_owned(),
        }
    };
    let answer = timeout(PATIENCE, exchange).await;
    answer.unwrap_or_else(|_| panic!("{method} {path} was not answered within {PATIENCE:?}"))
}
