//! The address of a server.

use std::fmt;

use url::{Host, Url};

/// The address of a server: `http://`, `https://`, `ws://` or `wss://`, a host and, where it is
/// not the usual one, a port.
///
/// It carries no credentials, so it may be shown and logged.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ServerUrl(Url);

/// Why an address is not allowed. Each is a sentence for the person who typed it. None repeats the
/// address, which may contain a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServerUrlError {
    /// No scheme, or one that no chat server speaks.
    #[error(
        "A server's address must begin with http:// or https://, as in https://chat.example.org."
    )]
    Scheme,
    /// No host follows the scheme.
    #[error("This is not the address of a server; an example is https://chat.example.org:8000.")]
    NotAnAddress,
    /// The address contains `user:password@`.
    #[error("Leave the username and the password out of the server's address; sign in with them.")]
    Credentials,
    /// A path, a query or a fragment follows the host.
    #[error("A server's address must end after its host and port.")]
    Path,
}

impl ServerUrl {
    /// Reads an address.
    ///
    /// # Errors
    /// [`ServerUrlError`] says in a sentence what to change.
    pub fn parse(text: &str) -> Result<Self, ServerUrlError> {
        let text = text.trim();
        let (scheme, rest) = text.split_once("://").ok_or(ServerUrlError::Scheme)?;
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" | "ws" => "http",
            "https" | "wss" => "https",
            _ => return Err(ServerUrlError::Scheme),
        };
        let url =
            Url::parse(&format!("{scheme}://{rest}")).map_err(|_| ServerUrlError::NotAnAddress)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(ServerUrlError::Credentials);
        }
        if url.path() != "/" || url.query().is_some() || url.fragment().is_some() {
            return Err(ServerUrlError::Path);
        }
        match url.host() {
            Some(_) => Ok(Self(url)),
            None => Err(ServerUrlError::NotAnAddress),
        }
    }

    /// The URL of a path of the server; `path` begins with `/`.
    pub fn http_url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// The URL of the server's WebSocket.
    pub fn ws_url(&self) -> String {
        let scheme = if self.is_tls() { "wss" } else { "ws" };
        format!("{scheme}://{}/ws", self.authority())
    }

    /// Whether connections are encrypted with TLS.
    pub fn is_tls(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Host and port as in a `Host` header (RFC 9110, section 7.2): without a default port.
    pub fn authority(&self) -> String {
        let host = self.0.host_str().unwrap_or_default();
        match self.0.port() {
            Some(port) => format!("{host}:{port}"),
            None => host.to_owned(),
        }
    }

    /// The host alone, an IPv6 address without its brackets.
    pub(crate) fn host(&self) -> String {
        match self.0.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => String::new(),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or(80)
    }

    fn origin(&self) -> String {
        format!("{}://{}", self.0.scheme(), self.authority())
    }
}

impl fmt::Display for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.origin())
    }
}

impl fmt::Debug for ServerUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ServerUrl({self})")
    }
}

impl std::str::FromStr for ServerUrl {
    type Err = ServerUrlError;
    fn from_str(text: &str) -> Result<Self, ServerUrlError> {
        Self::parse(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses() {
        let check = |text: &str, http: &str, ws: &str| {
            let url = ServerUrl::parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
            assert_eq!(url.http_url("/login"), http, "{text}");
            assert_eq!(url.ws_url(), ws, "{text}");
        };
        check(
            "http://127.0.0.1:8000",
            "http://127.0.0.1:8000/login",
            "ws://127.0.0.1:8000/ws",
        );
        check(
            "ws://a.example/",
            "http://a.example/login",
            "ws://a.example/ws",
        );
        check(
            "WSS://A.Example:443",
            "https://a.example/login",
            "wss://a.example/ws",
        );
        check(
            "https://[::1]:8443",
            "https://[::1]:8443/login",
            "wss://[::1]:8443/ws",
        );
        check(
            " https://bücher.example ",
            "https://xn--bcher-kva.example/login",
            "wss://xn--bcher-kva.example/ws",
        );
    }

    #[test]
    fn refusals() {
        let check = |text: &str, error| assert_eq!(ServerUrl::parse(text), Err(error), "{text}");
        check("chat.example:8000", ServerUrlError::Scheme);
        check("", ServerUrlError::Scheme);
        check("ftp://chat.example", ServerUrlError::Scheme);
        check("http://", ServerUrlError::NotAnAddress);
        check("http://a b", ServerUrlError::NotAnAddress);
        check("http://a:99999", ServerUrlError::NotAnAddress);
        check(
            "https://ann:secret@chat.example",
            ServerUrlError::Credentials,
        );
        check("https://:secret@chat.example", ServerUrlError::Credentials);
        check("https://chat.example/chat", ServerUrlError::Path);
        check("https://chat.example/?token=x", ServerUrlError::Path);
    }

    #[test]
    fn hosts_to_dial() {
        let url = ServerUrl::parse("https://[::1]").unwrap();
        assert_eq!((url.host().as_str(), url.port()), ("::1", 443));
    }
}
