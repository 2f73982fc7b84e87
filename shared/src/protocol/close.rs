//! Close codes: why a connection ends, and what a client does then. Both ends use this table.

/// A WebSocket close code (RFC 6455, section 7.4). Codes from 4000 are this protocol's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseCode {
    /// 1000: closed normally.
    Normal,
    /// 1001: the server is shutting down; `bye` said when to reconnect.
    GoingAway,
    /// 1002: the client broke WebSocket's rules.
    BrokeWebSocket,
    /// 1003: a binary frame.
    BinaryFrame,
    /// 1007: text that is not UTF-8.
    NotUtf8,
    /// 1009: a frame above [`crate::limits::FRAME_BYTES_MAX`].
    FrameTooBig,
    /// 1011: the server, or its store, has a fault.
    ServerFault,
    /// 4400: the client broke this protocol before `welcome`.
    BrokeProtocol,
    /// 4401: not signed in, signed out, or the session was revoked.
    NotSignedIn,
    /// 4403: banned.
    Banned,
    /// 4406: a version that the server does not speak.
    Version,
    /// 4408: the client was silent too long, or missed heartbeats.
    TimedOut,
    /// 4409: too many connections.
    TooManyConnections,
    /// 4413: the client reads too slowly.
    TooSlow,
    /// 4429: too many commands above the rate.
    Flood,
}

/// When a client may connect again after a close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reconnect {
    /// Only after something changed: the client, its version, or a ban.
    Never,
    /// After signing in again.
    AfterSignIn,
    /// At once; if that fails, with backoff.
    AtOnce,
    /// After the time that `bye` gave; without one, with backoff.
    AfterBye,
    /// With growing, random waits.
    WithBackoff,
    /// After a minute.
    AfterMinute,
}

impl CloseCode {
    /// Every close code.
    pub const ALL: [Self; 15] = [
        Self::Normal,
        Self::GoingAway,
        Self::BrokeWebSocket,
        Self::BinaryFrame,
        Self::NotUtf8,
        Self::FrameTooBig,
        Self::ServerFault,
        Self::BrokeProtocol,
        Self::NotSignedIn,
        Self::Banned,
        Self::Version,
        Self::TimedOut,
        Self::TooManyConnections,
        Self::TooSlow,
        Self::Flood,
    ];

    /// The number on the wire.
    pub fn code(self) -> u16 {
        match self {
            Self::Normal => 1000,
            Self::GoingAway => 1001,
            Self::BrokeWebSocket => 1002,
            Self::BinaryFrame => 1003,
            Self::NotUtf8 => 1007,
            Self::FrameTooBig => 1009,
            Self::ServerFault => 1011,
            Self::BrokeProtocol => 4400,
            Self::NotSignedIn => 4401,
            Self::Banned => 4403,
            Self::Version => 4406,
            Self::TimedOut => 4408,
            Self::TooManyConnections => 4409,
            Self::TooSlow => 4413,
            Self::Flood => 4429,
        }
    }

    /// The close code with this number on the wire, if there is one.
    pub fn from_code(code: u16) -> Option<Self> {
        Self::ALL.into_iter().find(|close| close.code() == code)
    }

    /// When a client may connect again.
    pub fn reconnect(self) -> Reconnect {
        match self {
            Self::Normal | Self::GoingAway => Reconnect::AfterBye,
            Self::BrokeWebSocket
            | Self::BinaryFrame
            | Self::NotUtf8
            | Self::FrameTooBig
            | Self::BrokeProtocol
            | Self::Banned
            | Self::Version => Reconnect::Never,
            Self::ServerFault | Self::TooManyConnections => Reconnect::WithBackoff,
            Self::NotSignedIn => Reconnect::AfterSignIn,
            Self::TimedOut | Self::TooSlow => Reconnect::AtOnce,
            Self::Flood => Reconnect::AfterMinute,
        }
    }
}
