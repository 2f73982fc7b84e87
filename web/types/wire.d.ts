// The wire's types, written from chat-shared: CHAT_WRITE_TYPES=1 cargo test -p chat-shared --features ts --test types

export type ServerFrame = { "type": "welcome" } & Welcome | { "type": "rooms_state" } & RoomsState | { "type": "chat" } & ChatEvent | { "type": "edited" } & EditedEvent | { "type": "deleted" } & DeletedEvent | { "type": "reacted" } & ReactedEvent | { "type": "system" } & SystemEvent | { "type": "typing" } & TypingEvent | { "type": "read" } & ReadEvent | { "type": "profile" } & ProfileEvent | { "type": "presence" } & PresenceEvent | { "type": "room", 
/**
 * The `id` of the command that this answers.
 */
re?: RequestId, 
/**
 * The room.
 */
room: RoomInfo, } | { "type": "room_gone" } & RoomGone | { "type": "limited" } & Limited | { "type": "bye" } & Bye | { "type": "ack" } & Ack | { "type": "history" } & HistoryPage | { "type": "events" } & EventsPage | { "type": "results" } & ResultsPage | { "type": "rooms" } & RoomsPage | { "type": "members" } & MembersPage | { "type": "ok", 
/**
 * The `id` of the command that this answers.
 */
re: RequestId, } | { "type": "pong", 
/**
 * The `id` of the command that this answers.
 */
re?: RequestId, } | { "type": "error" } & ErrorFrame;

export type Welcome = { 
/**
 * The protocol version that this connection speaks.
 */
version: number, 
/**
 * The id of the log that every seq of this server belongs to.
 */
log: string, 
/**
 * Who one is.
 */
username: Username, 
/**
 * One's session, as `GET /sessions` names it.
 */
session: string, 
/**
 * The server's clock.
 */
now: number, 
/**
 * Milliseconds between the server's pings.
 */
heartbeat_ms: number, 
/**
 * The rooms one is in, the most recently active first.
 */
rooms: Array<RoomInfo>, 
/**
 * Whether `rooms_state` frames follow with more rooms.
 */
more: boolean, 
/**
 * The limits of this server.
 */
limits: Limits, };

export type RoomInfo = { 
/**
 * Its name.
 */
room: RoomName, 
/**
 * Who can find and enter it.
 */
kind: RoomKind, 
/**
 * What it is about, empty where nobody said.
 */
topic: string, 
/**
 * The seq of its last event; every event above it follows live. 0: no event yet.
 */
last_seq: number, 
/**
 * Up to where one has read.
 */
read_seq: number, 
/**
 * Messages above `read_seq`.
 */
unread: number, 
/**
 * Unread messages that mention one.
 */
mentions: number, 
/**
 * What one may do in it.
 */
role: Role, 
/**
 * How many are in it, online or not.
 */
members: number, 
/**
 * In a direct room, the other person.
 */
with?: Username, };

export type RoomKind = "public" | "private" | "direct";

export type Role = "member" | "moderator" | "owner";

export type Limits = { 
/**
 * See [`FRAME_BYTES_MAX`].
 */
frame_bytes: number, 
/**
 * See [`TEXT_CHARS_MAX`].
 */
text_chars: number, 
/**
 * See [`TOKEN_CHARS_MAX`].
 */
nonce_chars: number, 
/**
 * See [`HISTORY_LIMIT_MAX`].
 */
history: number, 
/**
 * See [`EVENTS_LIMIT_MAX`].
 */
events: number, 
/**
 * See [`COMMANDS_IN_FLIGHT_MAX`].
 */
commands_in_flight: number, };

export type RoomsState = { 
/**
 * The rooms.
 */
rooms: Array<RoomInfo>, 
/**
 * Whether another such frame follows.
 */
more: boolean, };

export type ChatEvent = { 
/**
 * Where it was said.
 */
room: RoomName, 
/**
 * Its position in the room.
 */
seq: number, 
/**
 * In a page of history, the seq of the last event that changed it; absent in an event.
 */
rev?: number, 
/**
 * When it was stored.
 */
ts: number, 
/**
 * Who said it.
 */
username: Username, 
/**
 * The text.
 */
message: string, 
/**
 * What its sender marked it with.
 */
nonce: Nonce, 
/**
 * Whether its sender is a bot.
 */
bot?: boolean, 
/**
 * The seq of the message that this answers.
 */
reply_to?: number, 
/**
 * When its text was changed last; absent in an event.
 */
edited_ts?: number, 
/**
 * Whether it was deleted; then its text is empty.
 */
deleted?: boolean, 
/**
 * What people put on it; absent in an event.
 */
reactions?: { [key in Emoji]: Reaction }, 
/**
 * Whom the text names.
 */
mentions?: Array<Username>, };

export type Reaction = { 
/**
 * How many people put it there.
 */
n: number, 
/**
 * Whether one is among them.
 */
me: boolean, 
/**
 * The first of them, [`crate::limits::REACTION_WHO_MAX`] at most.
 */
who: Array<Username>, };

export type EditedEvent = { 
/**
 * Where.
 */
room: RoomName, 
/**
 * The position of this event in the room.
 */
seq: number, 
/**
 * When.
 */
ts: number, 
/**
 * Which message.
 */
target: number, 
/**
 * Who changed it: its sender.
 */
username: Username, 
/**
 * The new text.
 */
message: string, 
/**
 * Whether the message was deleted since; then the text is empty.
 */
deleted?: boolean, 
/**
 * Whom the new text names.
 */
mentions?: Array<Username>, };

export type DeletedEvent = { 
/**
 * Where.
 */
room: RoomName, 
/**
 * The position of this event in the room.
 */
seq: number, 
/**
 * When.
 */
ts: number, 
/**
 * Which message.
 */
target: number, 
/**
 * Who deleted it.
 */
username: Username, };

export type ReactedEvent = { 
/**
 * Where.
 */
room: RoomName, 
/**
 * The position of this event in the room.
 */
seq: number, 
/**
 * When.
 */
ts: number, 
/**
 * Which message.
 */
target: number, 
/**
 * Who.
 */
username: Username, 
/**
 * With what.
 */
emoji: Emoji, 
/**
 * Put on, or taken back.
 */
on: boolean, };

export type SystemEvent = { 
/**
 * Where.
 */
room: RoomName, 
/**
 * Its position in the room, for a durable kind.
 */
seq?: number, 
/**
 * When.
 */
ts: number, 
/**
 * What happened.
 */
event: SystemKind, 
/**
 * The sentence for people.
 */
message: string, 
/**
 * Whom it is about.
 */
username?: Username, 
/**
 * Whom it is about, where several are told in one line.
 */
usernames?: Array<Username>, 
/**
 * How many it is about, where several are told in one line.
 */
count?: number, 
/**
 * Who did it, where that is someone else.
 */
by?: Username, 
/**
 * `topic`, `created`: what the room is about from here on.
 */
topic?: string, 
/**
 * `role`: what `username` may do from here on.
 */
role?: Role, 
/**
 * `banned`, `muted`: until when, where it ends by itself.
 */
until?: number, 
/**
 * `left`: who owns the room from here on, where its last owner left.
 */
heir?: Username, };

export type SystemKind = "created" | "joined" | "left" | "invited" | "kicked" | "banned" | "unbanned" | "muted" | "unmuted" | "role" | "topic" | "joined_chat" | "left_chat" | "notice";

export type TypingEvent = { 
/**
 * Where.
 */
room: RoomName, 
/**
 * All who are, [`crate::limits::TYPING_NAMES_MAX`] at most; it is over after
 * [`crate::limits::TYPING_MS`] unless told again. Nobody: it is over.
 */
usernames: Array<Username>, };

export type ReadEvent = { 
/**
 * Where.
 */
room: RoomName, 
/**
 * Up to which event.
 */
seq: number, 
/**
 * Messages above it when this was sent.
 */
unread: number, 
/**
 * Messages above it that mention one.
 */
mentions: number, };

export type ProfileEvent = { 
/**
 * Who.
 */
username: Username, 
/**
 * The name to show.
 */
display_name: string, 
/**
 * Where their picture is, as a path of this server.
 */
avatar: string, };

export type PresenceEvent = { 
/**
 * Where.
 */
room: RoomName, 
/**
 * Who is online now and was not before. Empty in a room above
 * [`crate::limits::PRESENCE_NAMES_MEMBERS_MAX`] members.
 */
online: Array<Username>, 
/**
 * Who was online and is not any more. Empty in such a room too.
 */
offline: Array<Username>, 
/**
 * How many are online.
 */
count: number, };

export type RoomGone = { 
/**
 * The room.
 */
room: RoomName, };

export type Limited = { 
/**
 * The room.
 */
room: RoomName, 
/**
 * The seq of its last event; those above it follow live.
 */
last_seq: number, 
/**
 * Whether the log is another one, so that the numbers one has mean nothing any more.
 */
reset: boolean, };

export type Bye = { 
/**
 * Why, as a sentence.
 */
reason: string, 
/**
 * Milliseconds to wait before connecting again.
 */
reconnect_after_ms: number, };

export type Ack = { 
/**
 * The `id` of the command that this answers.
 */
re?: RequestId, 
/**
 * Where it was said.
 */
room: RoomName, 
/**
 * What it was marked with.
 */
nonce: Nonce, 
/**
 * Its position in the room.
 */
seq: number, 
/**
 * When it was stored.
 */
ts: number, };

export type HistoryPage = { 
/**
 * The `id` of the command that this answers.
 */
re?: RequestId, 
/**
 * Of which room.
 */
room: RoomName, 
/**
 * The messages stand as they stood at this seq: apply live events above it.
 */
as_of: number, 
/**
 * The messages, each a `chat` frame.
 */
messages: Array<{ type: "chat" } & ChatEvent>, 
/**
 * Whether there are older ones.
 */
more_before: boolean, 
/**
 * Whether there are newer ones.
 */
more_after: boolean, };

export type EventsPage = { 
/**
 * The `id` of the command that this answers.
 */
re?: RequestId, 
/**
 * Of which room.
 */
room: RoomName, 
/**
 * What a resume would have sent.
 */
events: Array<ServerFrame>, 
/**
 * Whether there are more.
 */
more: boolean, };

export type ResultsPage = { 
/**
 * The `id` of the command that this answers.
 */
re?: RequestId, 
/**
 * The messages as they stand now, each a `chat` frame.
 */
messages: Array<{ type: "chat" } & ChatEvent>, 
/**
 * For the next page; absent where there is none.
 */
cursor?: string, };

export type RoomsPage = { 
/**
 * The `id` of the command that this answers.
 */
re?: RequestId, 
/**
 * The rooms.
 */
rooms: Array<RoomListing>, 
/**
 * Whether there are more.
 */
more: boolean, };

export type RoomListing = { 
/**
 * Its name.
 */
room: RoomName, 
/**
 * What it is about.
 */
topic: string, 
/**
 * How many are in it.
 */
members: number, 
/**
 * The seq of its last event.
 */
last_seq: number, 
/**
 * Whether one is in it.
 */
joined: boolean, };

export type MembersPage = { 
/**
 * The `id` of the command that this answers.
 */
re?: RequestId, 
/**
 * Of which room.
 */
room: RoomName, 
/**
 * The members.
 */
members: Array<MemberInfo>, 
/**
 * Whether there are more.
 */
more: boolean, };

export type MemberInfo = { 
/**
 * Who.
 */
username: Username, 
/**
 * The name to show.
 */
display_name: string, 
/**
 * Where their picture is, as a path of this server.
 */
avatar: string, 
/**
 * What they may do.
 */
role: Role, 
/**
 * Whether they are connected now.
 */
online: boolean, 
/**
 * Whether they are a bot.
 */
bot: boolean, 
/**
 * Whether they may only read.
 */
muted?: boolean, };

export type ErrorFrame = { 
/**
 * The `id` of the command that this answers.
 */
re?: RequestId, 
/**
 * The nonce of the command that this answers.
 */
nonce?: Nonce, 
/**
 * The room that it is about.
 */
room?: RoomName, 
/**
 * For programs.
 */
code: ErrorCode, 
/**
 * For people: what happened and what to do.
 */
message: string, 
/**
 * Milliseconds after which to try again.
 */
retry_after_ms?: number, };

export type ErrorCode = "bad_json" | "bad_frame" | "unknown_command" | "bad_field" | "too_long" | "not_found" | "forbidden" | "taken" | "rate_limited" | "muted" | "banned" | "busy" | "unavailable" | "internal";

export type Hello = { 
/**
 * The protocol version; another than the server's closes with 4406.
 */
version: number, 
/**
 * The session's token, where the upgrade carried neither bearer nor cookie.
 */
token?: string, 
/**
 * The client's name and version, for logs: `chat-tui/0.1`.
 */
client?: string, 
/**
 * The id of the log that `resume`'s numbers belong to, from the last `welcome`.
 */
log?: string, 
/**
 * The last seq one has, for each room.
 */
resume?: { [key in RoomName]: number }, };

export type CommandFrame = { 
/**
 * Chosen by the client; unique among its unanswered commands.
 */
id?: RequestId, } & ({ "type": "send" } & Send | { "type": "edit" } & Edit | { "type": "delete" } & Delete | { "type": "react" } & React | { "type": "history" } & History | { "type": "events" } & Events | { "type": "search" } & Search | { "type": "typing" } & Typing | { "type": "read" } & Read | { "type": "rooms" } & Rooms | { "type": "members" } & Members | { "type": "create" } & Create | { "type": "join" } & Join | { "type": "leave" } & Leave | { "type": "invite" } & About | { "type": "kick" } & About | { "type": "ban" } & AboutFor | { "type": "unban" } & About | { "type": "mute" } & AboutFor | { "type": "unmute" } & About | { "type": "role" } & GiveRole | { "type": "topic" } & Topic | { "type": "dm" } & Dm | { "type": "profile" } & Profile | { "type": "resume" } & Resume | { "type": "ping" });

export type Command = { "type": "send" } & Send | { "type": "edit" } & Edit | { "type": "delete" } & Delete | { "type": "react" } & React | { "type": "history" } & History | { "type": "events" } & Events | { "type": "search" } & Search | { "type": "typing" } & Typing | { "type": "read" } & Read | { "type": "rooms" } & Rooms | { "type": "members" } & Members | { "type": "create" } & Create | { "type": "join" } & Join | { "type": "leave" } & Leave | { "type": "invite" } & About | { "type": "kick" } & About | { "type": "ban" } & AboutFor | { "type": "unban" } & About | { "type": "mute" } & AboutFor | { "type": "unmute" } & About | { "type": "role" } & GiveRole | { "type": "topic" } & Topic | { "type": "dm" } & Dm | { "type": "profile" } & Profile | { "type": "resume" } & Resume | { "type": "ping" };

export type Send = { 
/**
 * Where to.
 */
room: RoomName, 
/**
 * The text; [`crate::MessageText`] says what it must be.
 */
text: string, 
/**
 * Repeated, it gets the first answer and does nothing.
 */
nonce: Nonce, 
/**
 * The seq of the message that this answers.
 */
reply_to?: number, };

export type Edit = { 
/**
 * Where it was said.
 */
room: RoomName, 
/**
 * Which message; one's own.
 */
seq: number, 
/**
 * The new text; [`crate::MessageText`] says what it must be.
 */
text: string, 
/**
 * Repeated, it gets the first answer and does nothing.
 */
nonce?: Nonce, };

export type Delete = { 
/**
 * Where it was said.
 */
room: RoomName, 
/**
 * Which message; one's own, or any for a moderator.
 */
seq: number, 
/**
 * Repeated, it gets the first answer and does nothing.
 */
nonce?: Nonce, };

export type React = { 
/**
 * Where it was said.
 */
room: RoomName, 
/**
 * Which message.
 */
seq: number, 
/**
 * With what; [`crate::limits::REACTIONS_MAX`] different ones a message.
 */
emoji: Emoji, 
/**
 * Put on, or taken back.
 */
on: boolean, 
/**
 * Repeated, it gets the first answer and does nothing.
 */
nonce?: Nonce, };

export type History = { 
/**
 * Of which room.
 */
room: RoomName, 
/**
 * Messages under this seq, the nearest.
 */
before?: number, 
/**
 * Messages above this seq, the nearest.
 */
after?: number, 
/**
 * Messages on both sides of this seq.
 */
around?: number, 
/**
 * 1 to [`crate::limits::HISTORY_LIMIT_MAX`].
 */
limit?: number, };

export type Events = { 
/**
 * Of which room.
 */
room: RoomName, 
/**
 * Events above this seq.
 */
after: number, 
/**
 * 1 to [`crate::limits::EVENTS_LIMIT_MAX`].
 */
limit?: number, };

export type Search = { 
/**
 * Words, all of which must occur, and `"a phrase"` in double quotes.
 */
query: string, 
/**
 * Only in this room.
 */
room?: RoomName, 
/**
 * Only what this person said.
 */
from?: Username, 
/**
 * Where the last page ended, as its `results` said.
 */
cursor?: string, 
/**
 * 1 to [`crate::limits::SEARCH_LIMIT_MAX`].
 */
limit?: number, };

export type Typing = { 
/**
 * Where.
 */
room: RoomName, };

export type Read = { 
/**
 * Where.
 */
room: RoomName, 
/**
 * The last event one has seen.
 */
seq: number, };

export type Rooms = { 
/**
 * Only names that begin so.
 */
prefix?: string, 
/**
 * Only names after this one.
 */
after?: string, 
/**
 * 1 to [`crate::limits::LIST_LIMIT_MAX`].
 */
limit?: number, };

export type Members = { 
/**
 * Of which room.
 */
room: RoomName, 
/**
 * Only names after this one.
 */
after?: Username, 
/**
 * 1 to [`crate::limits::LIST_LIMIT_MAX`].
 */
limit?: number, };

export type Create = { 
/**
 * The new room's name.
 */
room: RoomName, 
/**
 * What it is about.
 */
topic?: string, 
/**
 * Whether it is hidden from who is not in it.
 */
private?: boolean, 
/**
 * Repeated, it gets the first answer and does nothing.
 */
nonce?: Nonce, };

export type Join = { 
/**
 * Which room.
 */
room: RoomName, 
/**
 * Repeated, it gets the first answer and does nothing.
 */
nonce?: Nonce, };

export type Leave = { 
/**
 * Which room.
 */
room: RoomName, 
/**
 * Repeated, it gets the first answer and does nothing.
 */
nonce?: Nonce, };

export type About = { 
/**
 * Where.
 */
room: RoomName, 
/**
 * About whom.
 */
username: Username, 
/**
 * Repeated, it gets the first answer and does nothing.
 */
nonce?: Nonce, };

export type AboutFor = { 
/**
 * Where.
 */
room: RoomName, 
/**
 * About whom.
 */
username: Username, 
/**
 * Seconds, 1 to [`crate::limits::FOR_S_MAX`]; without it, until it is taken back.
 */
for_s?: number, 
/**
 * Repeated, it gets the first answer and does nothing.
 */
nonce?: Nonce, };

export type GiveRole = { 
/**
 * Where.
 */
room: RoomName, 
/**
 * To whom.
 */
username: Username, 
/**
 * What they may do from now on.
 */
role: Role, 
/**
 * Repeated, it gets the first answer and does nothing.
 */
nonce?: Nonce, };

export type Topic = { 
/**
 * Which room.
 */
room: RoomName, 
/**
 * What it is about; empty takes the topic away.
 */
topic: string, 
/**
 * Repeated, it gets the first answer and does nothing.
 */
nonce?: Nonce, };

export type Dm = { 
/**
 * With whom.
 */
username: Username, };

export type Profile = { 
/**
 * The name that others see; [`crate::check_display_name`] says what it must be.
 */
display_name: string, };

export type Resume = { 
/**
 * The last seq one has, for each room.
 */
rooms: { [key in RoomName]: number }, };

export type Credentials = { 
/**
 * The name.
 */
username: string, 
/**
 * The password. Never in `Debug`.
 */
password: string, 
/**
 * At `/register`: the account is a bot's. Its messages say so, and its sessions last until
 * they are revoked.
 */
bot?: boolean, };

export type Answer = { 
/**
 * Whether it was done.
 */
ok: boolean, 
/**
 * A sentence for people.
 */
msg: string, };

export type LoggedIn = { 
/**
 * `true`.
 */
ok: boolean, 
/**
 * "Login successful".
 */
msg: string, 
/**
 * The name as it was registered.
 */
username: Username, 
/**
 * For the `Authorization: Bearer` header or `hello`. Never in `Debug`.
 */
token: string, 
/**
 * When the token ends unless it is used.
 */
expires: number, };

export type Me = { 
/**
 * `true`.
 */
ok: boolean, 
/**
 * Who one is.
 */
username: Username, 
/**
 * The name to show.
 */
display_name: string, 
/**
 * Where one's picture is, as a path of this server.
 */
avatar: string, 
/**
 * Whether one is the server's admin.
 */
admin: boolean, };

export type NewPassword = { 
/**
 * The password one has. Never in `Debug`.
 */
old: string, 
/**
 * The one to have; [`crate::check_new_password`] says what it must be. Never in `Debug`.
 */
new: string, };

export type Sessions = { 
/**
 * `true`.
 */
ok: boolean, 
/**
 * One's own, the newest first.
 */
sessions: Array<SessionInfo>, };

export type SessionInfo = { 
/**
 * For `DELETE /sessions/ID`.
 */
id: string, 
/**
 * When one logged in.
 */
created: number, 
/**
 * When it ends unless it is used; 2⁵³−1 where it lasts until revoked.
 */
expires: number, 
/**
 * Whether the call came with this one.
 */
current: boolean, };

export type NewAvatar = { 
/**
 * `true`.
 */
ok: boolean, 
/**
 * Where the picture is now, as a path of this server.
 */
avatar: string, };

export type RoomName = string;

export type Username = string;

export type Nonce = string;

export type RequestId = string;

export type Emoji = string;

export type Seq = number;

export type TimestampMs = number;
