//! Where a server is.

use std::fmt;

use url::{Host, Url};

/// The address of a server: `http://`, `https://`, `ws://` or `wss://`, a host and, where it is
/// not the usual one, a port.
///
/// It carries no credentials, so it may be shown and logged.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct ServerUrl(Url);

/// Why an address won't do. Each is a sentence for the person who typed it, and none repeats it:
/// a password may stand in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ServerUrlError {
    /// No scheme, or one that no chat server speaks.
    #[error("A server's address begins with http:// or https://, as in https://chat.example.org.")]
    Scheme,
    /// What follows the scheme is not a host.
    #[error("That is no address of a server; it looks like https://chat.example.org:8000.")]
    NotAnAddress,
    /// `user:password@` stands in it.
    #[error("Leave the name and the password out of the server's address; log in with them.")]
    Credentials,
    /// A path, a query or a fragment stands behind the host.
    #[error("A server's address ends with its host and port; leave out what follows.")]
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

    /// The address of one of its pages or calls; `path` begins with `/`.
    pub fn http_url(&self, path: &str) -> String {
        format!("{}{path}", self.origin())
    }

    /// The address of its WebSocket.
    pub fn ws_url(&self) -> String {
        let scheme = if self.is_tls() { "wss" } else { "ws" };
        format!("{scheme}://{}/ws", self.authority())
    }

    /// Whether what is said to it is encrypted.
    pub fn is_tls(&self) -> bool {
        self.0.scheme() == "https"
    }

    /// Host and port as a `Host` header has them: without the port where it is the usual one.
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
