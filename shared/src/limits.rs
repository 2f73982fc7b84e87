//! Every limit of the wire, by name. Both ends read them here.
//!
//! A character is a Unicode scalar value throughout.

/// Bytes in one WebSocket frame, either way. A longer one ends the connection with close code 1009.
pub const FRAME_BYTES_MAX: usize = 65_536;

/// Characters in a message's text, counted after trailing white space was removed.
pub const TEXT_CHARS_MAX: usize = 4_000;

/// Characters in a nonce or in a command's `id`.
pub const TOKEN_CHARS_MAX: usize = 64;

/// Characters in a room's name.
pub const ROOM_NAME_CHARS_MAX: usize = 32;

/// Characters in a room's topic.
pub const TOPIC_CHARS_MAX: usize = 250;

/// Characters in a new username.
pub const USERNAME_CHARS_MAX: usize = 32;

/// Characters in a display name.
pub const DISPLAY_NAME_CHARS_MAX: usize = 32;

/// Different reactions on one message.
pub const REACTIONS_MAX: usize = 20;

/// Names told of those who put a reaction on a message.
pub const REACTION_WHO_MAX: usize = 10;

/// Characters in an emoji: the longest of Unicode's (a family, a flag of a region) have fewer.
pub const EMOJI_CHARS_MAX: usize = 16;

/// People that one message may mention; further names are plain text.
pub const MENTIONS_MAX: usize = 20;

/// Seconds for which one may be banned or muted with an end: ten years.
pub const FOR_S_MAX: u64 = 315_360_000;

/// Bytes of a picture that is uploaded as an avatar.
pub const AVATAR_BYTES_MAX: usize = 2 << 20;

/// Pixels of such a picture, in width and in height.
pub const AVATAR_SIDE_PIXELS_MAX: u32 = 4_096;

/// Pixels of an avatar as it is served, in width and in height.
pub const AVATAR_SIDE_PIXELS: u32 = 128;

/// Fewest characters in a new password (OWASP Authentication Cheat Sheet: not under 8).
pub const PASSWORD_CHARS_MIN: usize = 8;

/// Most characters in a new password (OWASP: long enough for passphrases, bounded against abuse).
pub const PASSWORD_CHARS_MAX: usize = 256;

/// Messages in one `history` answer at most.
pub const HISTORY_LIMIT_MAX: u32 = 200;

/// Messages in one `history` answer when the command names no limit.
pub const HISTORY_LIMIT_DEFAULT: u32 = 50;

/// Events in one `events` answer at most.
pub const EVENTS_LIMIT_MAX: u32 = 500;

/// Events in one `events` answer when the command names no limit.
pub const EVENTS_LIMIT_DEFAULT: u32 = 100;

/// Messages in one `results` answer at most.
pub const SEARCH_LIMIT_MAX: u32 = 100;

/// Messages in one `results` answer when the command names no limit.
pub const SEARCH_LIMIT_DEFAULT: u32 = 20;

/// Characters in a search's query.
pub const QUERY_CHARS_MAX: usize = 250;

/// Rows in one `rooms` or `members` answer at most.
pub const LIST_LIMIT_MAX: u32 = 200;

/// Rows in one `rooms` or `members` answer when the command names no limit.
pub const LIST_LIMIT_DEFAULT: u32 = 100;

/// Rooms told in `welcome` at most; the rest follow in `rooms_state`.
pub const WELCOME_ROOMS_MAX: usize = 100;

/// Rooms that one `resume` may name.
pub const RESUME_ROOMS_MAX: usize = 1_000;

/// Events that a resume replays in one room; when more were missed the room is `limited`.
pub const RESUME_ROOM_EVENTS_MAX: u64 = 1_000;

/// Events that one resume replays in all rooms together.
pub const RESUME_EVENTS_MAX: u64 = 5_000;

/// Commands of one connection that may wait for their answer; past that the server stops reading.
pub const COMMANDS_IN_FLIGHT_MAX: usize = 64;

/// Milliseconds in which the first frame must come.
pub const HELLO_TIMEOUT_MS: u64 = 10_000;

/// Milliseconds between the server's WebSocket pings.
pub const HEARTBEAT_MS: u64 = 30_000;

/// Unanswered pings that end a connection with close code 4408.
pub const HEARTBEATS_MISSED_MAX: u32 = 2;

/// Members online in a room above which joins and leaves are told in one line a second.
pub const PRESENCE_LINES_ONLINE_MAX: usize = 50;

/// Names in such a line.
pub const PRESENCE_LINE_NAMES_MAX: usize = 10;

/// Members of a room above which `presence` tells the count alone.
pub const PRESENCE_NAMES_MEMBERS_MAX: u64 = 200;

/// Milliseconds in which someone who comes back has neither left nor joined.
pub const PRESENCE_GRACE_MS: u64 = 3_000;

/// Milliseconds after which someone who said they were writing is not any more.
pub const TYPING_MS: u64 = 6_000;

/// Names in a `typing` event.
pub const TYPING_NAMES_MAX: usize = 3;

/// Members of a room above which nobody is told who is writing.
pub const TYPING_MEMBERS_MAX: u64 = 200;

/// The limits that a server tells in `welcome`, so that a client need not guess them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[cfg_attr(feature = "ts", derive(ts_rs::TS))]
pub struct Limits {
    /// See [`FRAME_BYTES_MAX`].
    pub frame_bytes: usize,
    /// See [`TEXT_CHARS_MAX`].
    pub text_chars: usize,
    /// See [`TOKEN_CHARS_MAX`].
    pub nonce_chars: usize,
    /// See [`HISTORY_LIMIT_MAX`].
    pub history: u32,
    /// See [`EVENTS_LIMIT_MAX`].
    pub events: u32,
    /// See [`COMMANDS_IN_FLIGHT_MAX`].
    pub commands_in_flight: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            frame_bytes: FRAME_BYTES_MAX,
            text_chars: TEXT_CHARS_MAX,
            nonce_chars: TOKEN_CHARS_MAX,
            history: HISTORY_LIMIT_MAX,
            events: EVENTS_LIMIT_MAX,
            commands_in_flight: COMMANDS_IN_FLIGHT_MAX,
        }
    }
}
