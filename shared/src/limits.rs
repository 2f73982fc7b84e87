//! Every limit of the wire. Clients and the server use the same constants.
//!
//! A character is a Unicode scalar value.

/// Bytes in one WebSocket frame, in both directions. A longer one closes the connection with 1009.
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

/// Names that a reaction lists; its count includes everyone.
pub const REACTION_WHO_MAX: usize = 10;

/// Characters in an emoji. Unicode's longest ones (families, flags of regions) have fewer.
pub const EMOJI_CHARS_MAX: usize = 16;

/// People that one message mentions; further names are plain text.
pub const MENTIONS_MAX: usize = 20;

/// Seconds that a ban or mute with an end lasts at most: ten years.
pub const FOR_S_MAX: u64 = 315_360_000;

/// People who can sign up by one invite link.
pub const INVITE_USES_MAX: u32 = 1_000;

/// Seconds that an invite link works at most: 90 days.
pub const INVITE_FOR_S_MAX: u64 = 7_776_000;

/// Seconds that an invite link works when the command names no time: 7 days.
pub const INVITE_FOR_S_DEFAULT: u64 = 604_800;

/// Bytes of an uploaded picture.
pub const AVATAR_BYTES_MAX: usize = 2 << 20;

/// Pixels of an uploaded picture, in width and in height.
pub const AVATAR_SIDE_PIXELS_MAX: u32 = 4_096;

/// Pixels of a served picture, in width and in height.
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

/// Rooms described in `welcome` at most; `rooms_state` describes the others.
pub const WELCOME_ROOMS_MAX: usize = 100;

/// Rooms that one `resume` may name.
pub const RESUME_ROOMS_MAX: usize = 1_000;

/// Events that a resume replays in one room. If more were missed, the room is `limited`.
pub const RESUME_ROOM_EVENTS_MAX: u64 = 1_000;

/// Events that one resume replays in all rooms together.
pub const RESUME_EVENTS_MAX: u64 = 5_000;

/// Unanswered commands of one connection; above this the server stops reading.
pub const COMMANDS_IN_FLIGHT_MAX: usize = 64;

/// Milliseconds within which the first frame must come.
pub const HELLO_TIMEOUT_MS: u64 = 10_000;

/// Milliseconds between the server's WebSocket pings.
pub const HEARTBEAT_MS: u64 = 30_000;

/// Unanswered pings that end a connection with close code 4408.
pub const HEARTBEATS_MISSED_MAX: u32 = 2;

/// Users online in the lobby above which one line a second says who came and went.
pub const PRESENCE_LINES_ONLINE_MAX: usize = 50;

/// Names in such a line at most.
pub const PRESENCE_LINE_NAMES_MAX: usize = 10;

/// Members of a room above which `presence` has only the count.
pub const PRESENCE_NAMES_MEMBERS_MAX: u64 = 200;

/// Milliseconds within which a user who reconnects neither leaves nor joins.
pub const PRESENCE_GRACE_MS: u64 = 3_000;

/// Milliseconds after which a user who sent `typing` no longer types.
pub const TYPING_MS: u64 = 6_000;

/// Names in a `typing` event at most.
pub const TYPING_NAMES_MAX: usize = 3;

/// Members of a room above which `typing` is not sent.
pub const TYPING_MEMBERS_MAX: u64 = 200;

/// The server's limits, as `welcome` has them.
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
