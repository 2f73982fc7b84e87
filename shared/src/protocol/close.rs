//! Why a connection ends, and what a client does then. One table for both ends.

/// A WebSocket close code (RFC 6455 section 7.4; 4000 and up are this protocol's own).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CloseCode {
    /// 1000: done.
    Normal,
    /// 1001: the server is going down; `bye` said when to come back.
    GoingAway,
    /// 1002: broke WebSocket.
    BrokeWebSocket,
    /// 1003: a binary frame.
    BinaryFrame,
    /// 1007: not UTF-8.
    NotUtf8,
    /// 1009: a frame over the limit.
    FrameTooBig,
    /// 1011: a fault of the server.
    ServerFault,
    /// 4400: broke this protocol before `welcome`.
    BrokeProtocol,
    /// 4401: not who it says, signed out, or revoked.
    NotSignedIn,
    /// 4403: banned.
    Banned,
    /// 4406: a version that the server does not speak.
    Version,
    /// 4408: said nothing in time, or missed the heartbeats.
    TimedOut,
    /// 4409: too many connections.
    TooManyConnections,
    /// 4413: did not read what it was sent in time.
    TooSlow,
    /// 4429: flood.
    Flood,
}

/// When a client may connect again after a close.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reconnect {
    /// Not before something was changed: the client, its version, or a ban.
    Never,
    /// After logging in again.
    AfterLogIn,
    /// At once; if that fails, with backoff.
    AtOnce,
    /// After the time that `bye` gave; without one, with backoff.
    AfterBye,
    /// With growing, jittered waits.
    WithBackoff,
    /// After a minute.
    AfterMinute,
}

impl CloseCode {
    /// Every code of the table.
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

    /// The code of a number on the wire, where the table has it.
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
            Self::NotSignedIn => Reconnect::AfterLogIn,
            Self::TimedOut | Self::TooSlow => Reconnect::AtOnce,
            Self::Flood => Reconnect::AfterMinute,
        }
    }
}
