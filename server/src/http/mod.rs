//! Everything that is asked over HTTP, the page and the upgrade to WebSocket among it.
//!
//! Handlers answer with [`Refusal`]s, which carry a sentence for the client and nothing of the
//! server's inside. A handler learns who is at the other end from [`Peer`], which
//! [`serve`](serve::serve) puts in each request.

mod answer;
mod api;
mod body;
mod buckets;
mod connections;
mod credential;
mod forwarded;
mod handshake;
mod headers;
mod host;
mod limits;
pub mod origin;
mod page;
mod plain_page;
mod profile;
mod registration;
mod resets;
pub mod serve;
mod tls;
mod upgrade;

pub use answer::Refusal;
pub use body::BODY_BYTES_MAX;
#[cfg(feature = "fuzzing")]
pub(crate) use body::parse as read_json;
pub use connections::HttpConnections;
use credential::CookieScope;
pub use credential::bearer_token;
pub use forwarded::{TrustedProxies, client_network};
pub use host::HostPolicy;
pub use limits::{
    Attempt, BODIES_MAX, HttpLimits, Limited, UPLOADS_MAX, UploadPlace, UploadRejected,
};
pub use origin::{AllowedOrigin, OriginPolicy};
pub use page::{Page, PageError};
pub use tls::{Certificate, TlsError};

use std::net::SocketAddr;
use std::sync::Arc;

use axum::Router;
use axum::extract::{FromRequestParts, Request, State};
use axum::http::request::Parts;
use axum::http::{Method, StatusCode};
use axum::middleware::{Next, from_fn, from_fn_with_state};
use axum::response::{IntoResponse, Response};
use axum::routing::{delete, get, post, put};
use metrics_exporter_prometheus::PrometheusHandle;

use crate::accounts::Accounts;
use crate::disk::DiskSpace;
use crate::gateway::Gateway;
use crate::hub::Hub;
use crate::network::ClientNetwork;

/// State that the HTTP calls share.
#[derive(Clone)]
pub struct HttpState {
    pub accounts: Accounts,
    pub origins: Arc<OriginPolicy>,
    pub hosts: HostPolicy,
    /// Whether answers tell clients to use HTTPS only (HSTS).
    pub hsts: bool,
    pub limits: Arc<HttpLimits>,
    pub disk: DiskSpace,
    pub page: Page,
    /// The rooms that invites lead into; `None` where there are none.
    pub hub: Option<Hub>,
    /// Those served at `/metrics` here, if they have no address of their own.
    pub metrics: Option<PrometheusHandle>,
}

impl std::fmt::Debug for HttpState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("HttpState")
            .field("accounts", &self.accounts)
            .field("origins", &self.origins)
            .finish_non_exhaustive()
    }
}

/// All HTTP calls, and with a gateway the upgrade to WebSocket.
pub fn router(state: HttpState, gateway: Option<Gateway>) -> Router {
    let sockets = match gateway {
        Some(gateway) => Router::new()
            .route("/ws", get(upgrade::upgrade))
            .layer(axum::Extension(gateway)),
        None => Router::new(),
    };
    let metrics = state
        .metrics
        .clone()
        .map(|handle| metrics(handle, state.accounts.clone()));
    Router::new()
        .route("/register", post(registration::register))
        .route("/login", post(api::sign_in))
        .route("/logout", post(api::log_out))
        .route("/me", get(api::me))
        .route("/password", post(profile::change_password))
        .route("/sessions", get(profile::sessions))
        .route("/sessions/{id}", delete(profile::revoke_session))
        .route("/avatar", put(profile::put_avatar))
        .route("/avatars/{name}", get(profile::avatar))
        .route("/setup/{secret}", get(registration::set_up))
        .route("/join/{code}", get(registration::join))
        .route("/reset/{code}", get(resets::form))
        .route("/reset", post(resets::reset))
        .route("/healthz", get(api::healthz))
        .route("/readyz", get(api::readyz))
        .route("/", get(page::index))
        .route("/static/{*path}", get(page::file))
        .merge(sockets)
        .merge(metrics.unwrap_or_default())
        .fallback(not_found)
        .method_not_allowed_fallback(method_not_allowed)
        .layer(from_fn_with_state(state.clone(), refuse_foreign))
        .layer(from_fn_with_state(state.clone(), host::check))
        .layer(from_fn_with_state(state.hsts, headers::add))
        .layer(from_fn(api::count))
        .with_state(state)
}

/// `/metrics` alone, for an address of its own.
pub fn metrics_router(metrics: PrometheusHandle, accounts: Accounts) -> Router {
    self::metrics(metrics, accounts).fallback(not_found)
}

fn metrics<S: Clone + Send + Sync + 'static>(
    handle: PrometheusHandle,
    accounts: Accounts,
) -> Router<S> {
    let render = move || std::future::ready(api::metrics(&handle, &accounts));
    Router::new().route("/metrics", get(render))
}

async fn not_found() -> Refusal {
    Refusal::new(StatusCode::NOT_FOUND, "There is nothing at this address.")
}

async fn method_not_allowed() -> Refusal {
    Refusal::new(
        StatusCode::METHOD_NOT_ALLOWED,
        "This address does not take that method; the header Allow names those that it takes.",
    )
}

/// Refuses requests of foreign pages that could change something.
async fn refuse_foreign(
    State(state): State<HttpState>,
    peer: Peer,
    request: Request,
    next: Next,
) -> Response {
    let harmless = matches!(
        *request.method(),
        Method::GET | Method::HEAD | Method::OPTIONS
    );
    if !harmless && origin::is_foreign(request.headers(), peer.0, &state.origins) {
        return origin::refusal(request.headers(), peer.0, &state.origins).into_response();
    }
    next.run(request).await
}

/// The other end of the connection: the client, or the nearest reverse proxy.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer(pub SocketAddr);

impl<S: Sync> FromRequestParts<S> for Peer {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, _: &S) -> Result<Self, Refusal> {
        parts.extensions.get::<Self>().copied().ok_or_else(|| {
            tracing::error!("a request came without the address that it is from");
            Refusal::new(
                StatusCode::INTERNAL_SERVER_ERROR,
                "The server could not answer; try again.",
            )
        })
    }
}

/// The network that a request comes from, as a trusted proxy reports it if there is one.
#[derive(Debug, Clone, Copy)]
pub(super) struct Client(ClientNetwork);

impl FromRequestParts<HttpState> for Client {
    type Rejection = Refusal;

    async fn from_request_parts(parts: &mut Parts, state: &HttpState) -> Result<Self, Refusal> {
        let peer = Peer::from_request_parts(parts, state).await?;
        let network = client_network(&parts.headers, peer.0, &state.origins.proxies);
        Ok(Self(network))
    }
}

#[cfg(test)]
mod tests;
