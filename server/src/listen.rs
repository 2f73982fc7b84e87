//! Where the server listens: TCP, a unix socket, or a socket that systemd passes.

use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
#[cfg(unix)]
use std::path::{Path, PathBuf};
use std::str::FromStr;

use socket2::{Domain, Protocol, Socket, Type};
use tokio::net::{TcpListener, TcpStream};
#[cfg(unix)]
use tokio::net::{UnixListener, UnixStream};

/// What connections over a unix socket come from: they are of this machine.
const LOCAL_PEER: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Connections that wait to be accepted.
const BACKLOG: i32 = 1_024;

/// The mode of a socket's file, for a proxy in the server's group. Other users can't connect.
#[cfg(unix)]
const PROXY_MODE: u32 = 0o660;

/// What an address of a unix socket begins with.
const UNIX_PREFIX: &str = "unix:";

/// The place to listen at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListenOn {
    /// A host and a port.
    Tcp(String),
    /// A port at every address, IPv4 and IPv6.
    Port(u16),
    /// A path in the file system.
    #[cfg(unix)]
    Unix(PathBuf),
}

impl FromStr for ListenOn {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.strip_prefix(UNIX_PREFIX) {
            None => Ok(Self::Tcp(text.to_owned())),
            #[cfg(unix)]
            Some(path) if !path.is_empty() => Ok(Self::Unix(path.into())),
            Some(_) => {
                Err("a path is needed after `unix:`, and a system that has such sockets".into())
            }
        }
    }
}

impl fmt::Display for ListenOn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(address) => f.write_str(address),
            Self::Port(port) => write!(f, "port {port}"),
            #[cfg(unix)]
            Self::Unix(path) => write!(f, "{UNIX_PREFIX}{}", path.display()),
        }
    }
}

/// A socket that connections come from.
#[derive(Debug)]
pub enum Listener {
    Tcp(TcpListener),
    #[cfg(unix)]
    Unix(UnixSocket),
}

/// A unix socket. Its file is removed with it, if this process has made it.
#[cfg(unix)]
#[derive(Debug)]
pub struct UnixSocket {
    listener: UnixListener,
    path: PathBuf,
    is_ours: bool,
}

/// A connection that was accepted.
#[derive(Debug)]
pub enum Stream {
    Tcp(TcpStream),
    #[cfg(unix)]
    Unix(UnixStream),
}

impl Listener {
    /// Begins to listen.
    ///
    /// # Errors
    /// What the system says.
    pub async fn bind(place: &ListenOn) -> io::Result<Self> {
        match place {
            ListenOn::Tcp(address) => TcpListener::bind(address).await.map(Self::Tcp),
            ListenOn::Port(port) => bind_everywhere(*port).map(Self::Tcp),
            #[cfg(unix)]
            ListenOn::Unix(path) => UnixSocket::bind(path, PROXY_MODE).await.map(Self::Unix),
        }
    }

    /// The first socket that systemd passes to this process, where it passes one.
    ///
    /// # Errors
    /// Where it is no socket that listens.
    pub fn passed() -> io::Result<Option<Self>> {
        let mut passed = listenfd::ListenFd::from_env();
        if passed.len() == 0 {
            return Ok(None);
        }
        #[cfg(unix)]
        if let Ok(Some(listener)) = passed.take_unix_listener(0) {
            listener.set_nonblocking(true)?;
            let address = listener.local_addr()?;
            return Ok(Some(Self::Unix(UnixSocket {
                path: address
                    .as_pathname()
                    .map(Path::to_owned)
                    .unwrap_or_default(),
                listener: UnixListener::from_std(listener)?,
                is_ours: false,
            })));
        }
        let Some(listener) = passed.take_tcp_listener(0)? else {
            return Ok(None);
        };
        listener.set_nonblocking(true)?;
        TcpListener::from_std(listener).map(|listener| Some(Self::Tcp(listener)))
    }

    /// Where it listens. A unix socket has the address of this machine, and no port.
    ///
    /// # Errors
    /// What the system says.
    pub fn local_addr(&self) -> io::Result<SocketAddr> {
        match self {
            Self::Tcp(listener) => listener.local_addr(),
            #[cfg(unix)]
            Self::Unix(_) => Ok(LOCAL_PEER),
        }
    }

    /// The address as people on this machine open it. A unix socket has none.
    pub fn url(&self, scheme: &str) -> String {
        match self {
            Self::Tcp(_) => format!("{scheme}://{self}"),
            #[cfg(unix)]
            Self::Unix(_) => format!("{scheme}://localhost"),
        }
    }

    /// The next connection, and the address that it comes from.
    ///
    /// # Errors
    /// What the system says.
    pub(crate) async fn accept(&self) -> io::Result<(Stream, SocketAddr)> {
        match self {
            Self::Tcp(listener) => {
                let (stream, peer) = listener.accept().await?;
                Ok((Stream::Tcp(stream), peer))
            }
            #[cfg(unix)]
            Self::Unix(socket) => Ok((Stream::Unix(socket.accept().await?), LOCAL_PEER)),
        }
    }
}

impl From<TcpListener> for Listener {
    fn from(listener: TcpListener) -> Self {
        Self::Tcp(listener)
    }
}

impl fmt::Display for Listener {
    /// The address, for the log.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Tcp(listener) => match listener.local_addr() {
                Ok(address) => address.fmt(f),
                Err(_) => f.write_str("an address that is not known"),
            },
            #[cfg(unix)]
            Self::Unix(socket) => write!(f, "{UNIX_PREFIX}{}", socket.path.display()),
        }
    }
}

/// Listens at every address: one socket takes IPv6 and IPv4. Where the system has no IPv6, IPv4
/// alone.
fn bind_everywhere(port: u16) -> io::Result<TcpListener> {
    match bind_port(Domain::IPV6, (Ipv6Addr::UNSPECIFIED, port).into()) {
        Err(error) if error.kind() != io::ErrorKind::AddrInUse => {
            bind_port(Domain::IPV4, (Ipv4Addr::UNSPECIFIED, port).into())
        }
        bound => bound,
    }
}

fn bind_port(domain: Domain, address: SocketAddr) -> io::Result<TcpListener> {
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    if domain == Domain::IPV6 {
        socket.set_only_v6(false)?;
    }
    // As tokio does: a server that starts again need not wait for old connections.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(BACKLOG)?;
    TcpListener::from_std(socket.into())
}

#[cfg(unix)]
impl UnixSocket {
    /// Listens at a path, with this mode of the socket's file. A socket that a server left there when
    /// it was killed is removed; one that answers is in use.
    ///
    /// # Errors
    /// The error of the system. `AddrInUse` if another server listens there.
    pub(crate) async fn bind(path: &Path, mode: u32) -> io::Result<Self> {
        use std::os::unix::fs::{FileTypeExt, PermissionsExt};
        match std::fs::symlink_metadata(path) {
            Ok(file) if !file.file_type().is_socket() => {
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            Ok(_) => match UnixStream::connect(path).await {
                Ok(_) => return Err(io::ErrorKind::AddrInUse.into()),
                Err(error) if error.kind() == io::ErrorKind::ConnectionRefused => {
                    std::fs::remove_file(path)?;
                }
                // A server may be there, as where its backlog is full.
                Err(error) => return Err(error),
            },
            // Binding says what is wrong, if anything is.
            Err(_) => {}
        }
        let socket = Self {
            listener: UnixListener::bind(path)?,
            path: path.to_owned(),
            is_ours: true,
        };
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))?;
        Ok(socket)
    }

    /// Waits for a connection. Cancel safe.
    ///
    /// # Errors
    /// The error of the system.
    pub(crate) async fn accept(&self) -> io::Result<UnixStream> {
        Ok(self.listener.accept().await?.0)
    }
}

#[cfg(unix)]
impl Drop for UnixSocket {
    fn drop(&mut self) {
        if self.is_ours {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}
