//! JSON bodies, read within bounds, with errors that name what is wrong.

use std::time::Duration;

use axum::body::Body;
use axum::extract::{FromRequest, FromRequestParts, Request};
use axum::http::header::CONTENT_TYPE;
use axum::http::{HeaderMap, StatusCode};
use bytes::{Bytes, BytesMut};
use http_body_util::BodyExt;
use serde::de::DeserializeOwned;
use serde_json::error::Category;

use super::answer::Refusal;
use super::{Client, HttpState};

/// Bytes of a JSON body.
pub const BODY_BYTES_MAX: usize = 16 * 1024;

/// Bytes over the limit that are read all the same.
const DROPPED_BYTES_MAX: usize = 4 << 20;

/// In which a body must have come.
const BODY_TIMEOUT: Duration = Duration::from_secs(10);

/// A body of JSON.
#[derive(Debug, Clone)]
pub(super) struct JsonBody<T>(pub(super) T);

impl<T: DeserializeOwned> FromRequest<HttpState> for JsonBody<T> {
    type Rejection = Refusal;

    /// Takes a place before it reads anything, so that bodies that are never finished take no
    /// memory without a bound.
    async fn from_request(request: Request, state: &HttpState) -> Result<Self, Refusal> {
        if !is_json(request.headers()) {
            return Err(Refusal::new(
                StatusCode::UNSUPPORTED_MEDIA_TYPE,
                "The body must be JSON, with the header Content-Type: application/json.",
            ));
        }
        parse(&read_in_place(request, state).await?).map(Self)
    }
}

/// A body of JSON, or the fields of a form that a browser sends without a script.
#[derive(Debug, Clone)]
pub(super) struct FormOrJson<T> {
    pub(super) value: T,
    pub(super) is_form: bool,
}

impl<T: DeserializeOwned> FromRequest<HttpState> for FormOrJson<T> {
    type Rejection = Refusal;

    async fn from_request(request: Request, state: &HttpState) -> Result<Self, Refusal> {
        let is_form = is_kind(request.headers(), "application/x-www-form-urlencoded");
        if !is_form {
            let JsonBody(value) = JsonBody::from_request(request, state).await?;
            return Ok(Self { value, is_form });
        }
        let body = read_in_place(request, state).await?;
        let fields = url::form_urlencoded::parse(&body);
        let fields = fields.map(|(name, value)| (name.into_owned(), value.into_owned().into()));
        let fields = serde_json::Value::Object(fields.collect());
        match serde_json::from_value(fields) {
            Ok(value) => Ok(Self { value, is_form }),
            Err(error) => Err(wrong(explain(".", &error.to_string()))),
        }
    }
}

/// Reads a body in a place among those that are read.
async fn read_in_place(request: Request, state: &HttpState) -> Result<Bytes, Refusal> {
    let (mut parts, body) = request.into_parts();
    let Client(client) = Client::from_request_parts(&mut parts, state).await?;
    let mut place = state.limits.body(client).ok_or_else(Refusal::overloaded)?;
    let body = place.hold(read(body, BODY_BYTES_MAX)).await;
    body.ok_or_else(Refusal::overloaded)?
}

fn is_json(headers: &HeaderMap) -> bool {
    is_kind(headers, "application/json")
}

fn is_kind(headers: &HeaderMap, wanted: &str) -> bool {
    let Some(kind) = headers
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
    else {
        return false;
    };
    let essence = kind.split(';').next().unwrap_or_default().trim();
    essence.eq_ignore_ascii_case(wanted)
}

/// A body of at most `bytes_max`. Of a larger one the rest is read and dropped, within a bound: who
/// is still sending would else meet a broken connection and never read the refusal.
pub(super) async fn read(mut body: Body, bytes_max: usize) -> Result<Bytes, Refusal> {
    let whole = async {
        let (mut kept, mut bytes) = (BytesMut::new(), 0);
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else {
                continue;
            };
            bytes += data.len();
            if bytes > bytes_max + DROPPED_BYTES_MAX {
                break;
            }
            if bytes <= bytes_max {
                kept.extend_from_slice(&data);
            }
        }
        Ok::<_, axum::Error>((kept, bytes))
    };
    match tokio::time::timeout(BODY_TIMEOUT, whole).await {
        Ok(Ok((body, bytes))) if bytes <= bytes_max => Ok(body.freeze()),
        Ok(Ok(_)) => Err(Refusal::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!("The body is too large: {bytes_max} bytes at most."),
        )),
        Ok(Err(_)) => Err(Refusal::new(
            StatusCode::BAD_REQUEST,
            "The body did not come whole.",
        )),
        Err(_) => Err(Refusal::new(
            StatusCode::REQUEST_TIMEOUT,
            format!("The body did not come within {} s.", BODY_TIMEOUT.as_secs()),
        )),
    }
}

/// Reads a body that came whole.
pub(crate) fn parse<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    serde_json::from_slice::<serde::de::IgnoredAny>(body).map_err(|error| {
        Refusal::new(
            StatusCode::BAD_REQUEST,
            format!("The body is not JSON: {error}."),
        )
    })?;
    // A struct would be read from an array too.
    if body.trim_ascii_start().first() != Some(&b'{') {
        return Err(wrong("The body must be a JSON object.".to_owned()));
    }
    let mut json = serde_json::Deserializer::from_slice(body);
    serde_path_to_error::deserialize(&mut json).map_err(|error| {
        let path = error.path().to_string();
        let why = error.inner();
        if why.classify() != Category::Data {
            let message = format!("The body is not JSON: {why}.");
            return Refusal::new(StatusCode::BAD_REQUEST, message);
        }
        wrong(explain(&path, &why.to_string()))
    })
}

fn wrong(msg: String) -> Refusal {
    Refusal::new(StatusCode::UNPROCESSABLE_ENTITY, msg)
}

/// Says what is wrong with which field, without quoting the value: it may be a password.
fn explain(path: &str, why: &str) -> String {
    let why = why.split(" at line ").next().unwrap_or(why);
    match why.split_once("expected ") {
        Some((_, expected)) if path != "." => format!("The field `{path}` must be {expected}."),
        _ => match why.split('`').nth(1) {
            Some(field) if why.starts_with("missing field") => {
                format!("The field `{field}` is missing.")
            }
            Some(field) if why.starts_with("duplicate field") => {
                format!("The field `{field}` is there twice.")
            }
            _ => "The body has a field that is wrong.".to_owned(),
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_shared::protocol::http::Credentials;

    fn check(body: &[u8], status: u16, mention: &str) {
        let refusal = parse::<Credentials>(body).unwrap_err();
        let text = format!("{refusal:?}");
        assert!(
            text.contains(mention) && text.contains(&status.to_string()),
            "{text}"
        );
        assert!(!text.contains("hunter2"), "{text}");
    }

    #[test]
    fn refusals_name_what_is_wrong() {
        check(b"", 400, "not JSON");
        check(b"username=ann&password=hunter2", 400, "not JSON");
        check(b"{\"username\":\"ann\"", 400, "not JSON");
        check(
            b"{\"username\":\"ann\",\"password\":\"hunter2\"} x",
            400,
            "not JSON",
        );
        check(
            b"{\"username\":\"\xff\",\"password\":\"hunter2\"}",
            400,
            "not JSON",
        );
        check(&b"[".repeat(9_999), 400, "not JSON");
        check(b"[\"ann\",\"hunter2\"]", 422, "JSON object");
        check(b"\"hunter2\"", 422, "JSON object");
        check(b"{}", 422, "`username` is missing");
        check(b"{\"username\":\"ann\"}", 422, "`password` is missing");
        check(
            b"{\"username\":{\"$ne\":null},\"password\":\"hunter2\"}",
            422,
            "`username` must be a string",
        );
        check(
            b"{\"username\":\"ann\",\"password\":null}",
            422,
            "`password` must be a string",
        );
        check(
            b"{\"username\":\"ann\",\"password\":[\"hunter2\"]}",
            422,
            "`password` must be a string",
        );
        check(
            b"{\"username\":\"a\",\"password\":\"b\",\"bot\":\"hunter2\"}",
            422,
            "`bot` must be a boolean",
        );
        check(
            b"{\"username\":\"a\",\"username\":\"b\",\"password\":\"c\"}",
            422,
            "`username` is there twice",
        );
    }

    #[test]
    fn unknown_fields_are_ignored() {
        let body = br#" {"username":"ann","password":"x","remember":{"me":[1]}} "#;
        assert_eq!(parse::<Credentials>(body).unwrap().username, "ann");
    }

    #[test]
    fn content_types() {
        let check = |kind: &str, expect| {
            let mut headers = HeaderMap::new();
            headers.insert(CONTENT_TYPE, kind.parse().unwrap());
            assert_eq!(is_json(&headers), expect, "{kind}");
        };
        check("application/json", true);
        check("Application/JSON; charset=utf-8", true);
        check("text/plain", false);
        check("application/x-www-form-urlencoded", false);
        check("application/json-patch+json", false);
        check("", false);
        assert!(!is_json(&HeaderMap::new()));
    }
}
