// The wire's types, written from chat-shared: CHAT_WRITE_TYPES=1 cargo test -p chat-shared --features ts --test types

export type ServerFrame = { "type": "welcome" } & Welcome | { "type": "rooms_state" } & RoomsState | { "type": "chat" } & ChatEvent | { "type": "edited" } & EditedEvent | { "type": "deleted" } & DeletedEvent | { "type": "reacted" } & ReactedEvent | { "type": "system" } & SystemEvent | { "type": "typing" } & TypingEvent | { "type": "read" } & ReadEvent | { "type": "profile" } & ProfileEvent | { "type": "blocked" } & BlockedEvent | { "type": "presence" } & PresenceEvent | { "type": "room", 
/**
 * The `id` of the command that this answers.
 */
re?: RequestId, 
/**
 * The room.
 */
room: RoomInfo, } | { "type": "room_gone" } & RoomGone | { "type": "limited" } & Limited | { "type": "bye" } & Bye | { "type": "ack" } & Ack | { "type": "history" } & HistoryPage | { "type": "events" } & EventsPage | { "type": "results" } & ResultsPage | { "type": "rooms" } & RoomsPage | { "type": "members" } & MembersPage | { "type": "invite_link" } & NewInviteLink | { "type": "reset_link" } & NewResetLink | { "type": "invite_links" } & InvitesPage | { "type": "audit" } & AuditPage | { "type": "ok", 
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
 * The username of this connection.
 */
username: Username, 
/**
 * The session's id, as in `GET /sessions`.
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
 * The user's rooms, the most recently active first.
 */
rooms: Array<RoomInfo>, 
/**
 * Whether `rooms_state` frames follow with more rooms.
 */
more: boolean, 
/**
 * Everyone whom the user has blocked, by name.
 */
blocked?: Array<Username>, 
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
 * Says who can find and enter it.
 */
kind: RoomKind, 
/**
 * Its topic; empty if it has none.
 */
topic: string, 
/**
 * The seq of its last event, 0 if there is none. Every event above it follows live.
 */
last_seq: number, 
/**
 * The user's read marker: the seq up to which they have read.
 */
read_seq: number, 
/**
 * Messages above `read_seq`.
 */
unread: number, 
/**
 * Unread messages that mention the user.
 */
mentions: number, 
/**
 * The user's role.
 */
role: Role, 
/**
 * How many members it has, online or not.
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
 * Its room.
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
 * Its sender.
 */
username: Username, 
/**
 * The text.
 */
message: string, 
/**
 * The nonce that its sender gave it.
 */
nonce: Nonce, 
/**
 * Whether its sender is a bot.
 */
bot?: boolean, 
/**
 * The seq of the message that this one replies to.
 */
reply_to?: number, 
/**
 * When it was last edited; absent in an event.
 */
edited_ts?: number, 
/**
 * Whether it was deleted; then its text is empty.
 */
deleted?: boolean, 
/**
 * The reactions of people; absent in an event.
 */
reactions?: { [key in Emoji]: Reaction }, 
/**
 * The users whom the text mentions.
 */
mentions?: Array<Username>, };

export type Reaction = { 
/**
 * How many people added it.
 */
n: number, 
/**
 * Whether the user is one of them.
 */
me: boolean, 
/**
 * The first of them, [`crate::limits::REACTION_WHO_MAX`] at most.
 */
who: Array<Username>, };

export type EditedEvent = { 
/**
 * The room.
 */
room: RoomName, 
/**
 * The position of this event in the room.
 */
seq: number, 
/**
 * When it happened.
 */
ts: number, 
/**
 * The seq of the message.
 */
target: number, 
/**
 * The user who edited it, its sender.
 */
username: Username, 
/**
 * The new text.
 */
message: string, 
/**
 * Whether the message was deleted since then; the text is then empty.
 */
deleted?: boolean, 
/**
 * The users whom the new text mentions.
 */
mentions?: Array<Username>, };

export type DeletedEvent = { 
/**
 * The room.
 */
room: RoomName, 
/**
 * The position of this event in the room.
 */
seq: number, 
/**
 * When it happened.
 */
ts: number, 
/**
 * The seq of the message.
 */
target: number, 
/**
 * The user who deleted it.
 */
username: Username, };

export type ReactedEvent = { 
/**
 * The room.
 */
room: RoomName, 
/**
 * The position of this event in the room.
 */
seq: number, 
/**
 * When it happened.
 */
ts: number, 
/**
 * The seq of the message.
 */
target: number, 
/**
 * The user.
 */
username: Username, 
/**
 * The emoji.
 */
emoji: Emoji, 
/**
 * Whether it was added or removed.
 */
on: boolean, };

export type SystemEvent = { 
/**
 * The room.
 */
room: RoomName, 
/**
 * Its position in the room, if it is durable.
 */
seq?: number, 
/**
 * When it happened.
 */
ts: number, 
/**
 * The kind of event.
 */
event: SystemKind, 
/**
 * The sentence for people.
 */
message: string, 
/**
 * The user whom it is about.
 */
username?: Username, 
/**
 * The users whom it is about, if one line is about several.
 */
usernames?: Array<Username>, 
/**
 * How many users it is about, if one line is about several.
 */
count?: number, 
/**
 * The user who did it, if that is another one.
 */
by?: Username, 
/**
 * `topic`, `created`: the new topic.
 */
topic?: string, 
/**
 * `role`: the new role of `username`.
 */
role?: Role, 
/**
 * `banned`, `muted`: when it ends, if it ends by itself.
 */
until?: number, 
/**
 * `left`: the new owner, if the last owner left.
 */
heir?: Username, };

export type SystemKind = "created" | "joined" | "left" | "invited" | "kicked" | "banned" | "unbanned" | "muted" | "unmuted" | "role" | "topic" | "joined_chat" | "left_chat" | "notice";

export type TypingEvent = { 
/**
 * The room.
 */
room: RoomName, 
/**
 * The users who are typing, at most [`crate::limits::TYPING_NAMES_MAX`]. It is over after
 * [`crate::limits::TYPING_MS`] unless repeated; an empty list ends it at once.
 */
usernames: Array<Username>, };

export type ReadEvent = { 
/**
 * The room.
 */
room: RoomName, 
/**
 * The seq up to which the user has read.
 */
seq: number, 
/**
 * Messages above it when this was sent.
 */
unread: number, 
/**
 * Messages above it that mention the user.
 */
mentions: number, };

export type ProfileEvent = { 
/**
 * The user.
 */
username: Username, 
/**
 * The display name.
 */
display_name: string, 
/**
 * The path of their picture on this server.
 */
avatar: string, };

export type BlockedEvent = { 
/**
 * Their usernames, by name.
 */
usernames: Array<Username>, };

export type PresenceEvent = { 
/**
 * The room.
 */
room: RoomName, 
/**
 * The users who came online. Empty in a room above
 * [`crate::limits::PRESENCE_NAMES_MEMBERS_MAX`] members.
 */
online: Array<Username>, 
/**
 * The users who went offline. Empty in such a room too.
 */
offline: Array<Username>, 
/**
 * How many members are online.
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
 * The seq of its last event. Events above it follow live.
 */
last_seq: number, 
/**
 * Whether the log is another one, so that the client's seqs mean nothing.
 */
reset: boolean, };

export type Bye = { 
/**
 * The reason, as a sentence.
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
 * The message's room.
 */
room: RoomName, 
/**
 * The nonce of the message.
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
 * The room.
 */
room: RoomName, 
/**
 * The messages are as they were at this seq: apply events above it.
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
 * The room.
 */
room: RoomName, 
/**
 * The events, as a resume would have sent them.
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
 * The messages as they are now, each a `chat` frame.
 */
messages: Array<{ type: "chat" } & ChatEvent>, 
/**
 * Asks for the next page; absent on the last one.
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
 * Its topic.
 */
topic: string, 
/**
 * How many members it has.
 */
members: number, 
/**
 * The seq of its last event.
 */
last_seq: number, 
/**
 * Whether the user is in it.
 */
joined: boolean, };

export type MembersPage = { 
/**
 * The `id` of the command that this answers.
 */
re?: RequestId, 
/**
 * The room.
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
 * The username.
 */
username: Username, 
/**
 * The display name.
 */
display_name: string, 
/**
 * The path of their picture on this server.
 */
avatar: string, 
/**
 * Their role.
 */
role: Role, 
/**
 * Whether they are online.
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
 * The room of the command.
 */
room?: RoomName, 
/**
 * The reason, for programs.
 */
code: ErrorCode, 
/**
 * The reason, as a sentence for people: what happened and what to do.
 */
message: string, 
/**
 * Milliseconds to wait before trying again.
 */
retry_after_ms?: number, };

export type ErrorCode = "bad_json" | "bad_frame" | "unknown_command" | "bad_field" | "too_long" | "not_found" | "forbidden" | "taken" | "rate_limited" | "quota" | "muted" | "banned" | "busy" | "unavailable" | "internal";

export type Hello = { 
/**
 * The protocol version. Another version than the server's closes with 4406.
 */
version: number, 
/**
 * The session's token, if the upgrade carried neither a bearer token nor the cookie.
 */
token?: string, 
/**
 * The client's name and version, for the server's log: `chat-tui/0.1`.
 */
client?: string, 
/**
 * The id of the log that the seqs in `resume` belong to, from the last `welcome`.
 */
log?: string, 
/**
 * The cursor of each room: the seq of the last event that the client has.
 */
resume?: { [key in RoomName]: number }, };

export type CommandFrame = { 
/**
 * Chosen by the client; unique among its unanswered commands.
 */
id?: RequestId, } & ({ "type": "send" } & Send | { "type": "edit" } & Edit | { "type": "delete" } & Delete | { "type": "react" } & React | { "type": "history" } & History | { "type": "events" } & Events | { "type": "search" } & Search | { "type": "typing" } & Typing | { "type": "read" } & Read | { "type": "rooms" } & Rooms | { "type": "members" } & Members | { "type": "create" } & Create | { "type": "join" } & Join | { "type": "leave" } & Leave | { "type": "invite" } & About | { "type": "kick" } & About | { "type": "ban" } & AboutFor | { "type": "unban" } & About | { "type": "mute" } & AboutFor | { "type": "unmute" } & About | { "type": "role" } & GiveRole | { "type": "topic" } & Topic | { "type": "dm" } & Dm | { "type": "profile" } & Profile | { "type": "block" } & Block | { "type": "unblock" } & Block | { "type": "invite_link" } & InviteLink | { "type": "invite_links" } & InviteLinks | { "type": "revoke_invite" } & RevokeInvite | { "type": "reset_link" } & ResetLink | { "type": "make_admin" } & AdminRight | { "type": "unmake_admin" } & AdminRight | { "type": "audit" } & Audit | { "type": "resume" } & Resume | { "type": "ping" });

export type Command = { "type": "send" } & Send | { "type": "edit" } & Edit | { "type": "delete" } & Delete | { "type": "react" } & React | { "type": "history" } & History | { "type": "events" } & Events | { "type": "search" } & Search | { "type": "typing" } & Typing | { "type": "read" } & Read | { "type": "rooms" } & Rooms | { "type": "members" } & Members | { "type": "create" } & Create | { "type": "join" } & Join | { "type": "leave" } & Leave | { "type": "invite" } & About | { "type": "kick" } & About | { "type": "ban" } & AboutFor | { "type": "unban" } & About | { "type": "mute" } & AboutFor | { "type": "unmute" } & About | { "type": "role" } & GiveRole | { "type": "topic" } & Topic | { "type": "dm" } & Dm | { "type": "profile" } & Profile | { "type": "block" } & Block | { "type": "unblock" } & Block | { "type": "invite_link" } & InviteLink | { "type": "invite_links" } & InviteLinks | { "type": "revoke_invite" } & RevokeInvite | { "type": "reset_link" } & ResetLink | { "type": "make_admin" } & AdminRight | { "type": "unmake_admin" } & AdminRight | { "type": "audit" } & Audit | { "type": "resume" } & Resume | { "type": "ping" };

export type Send = { 
/**
 * The room to send it to.
 */
room: RoomName, 
/**
 * The text; [`crate::MessageText`] has its rules.
 */
text: string, 
/**
 * A repeated nonce gets the first answer and does nothing.
 */
nonce: Nonce, 
/**
 * The seq of the message that this one replies to.
 */
reply_to?: number, };

export type Edit = { 
/**
 * The message's room.
 */
room: RoomName, 
/**
 * The seq of the message, which must be the user's own.
 */
seq: number, 
/**
 * The new text; [`crate::MessageText`] has its rules.
 */
text: string, 
/**
 * A repeated nonce gets the first answer and does nothing.
 */
nonce?: Nonce, };

export type Delete = { 
/**
 * The message's room.
 */
room: RoomName, 
/**
 * The seq of the message: the user's own, or any for a moderator.
 */
seq: number, 
/**
 * A repeated nonce gets the first answer and does nothing.
 */
nonce?: Nonce, };

export type React = { 
/**
 * The message's room.
 */
room: RoomName, 
/**
 * The seq of the message.
 */
seq: number, 
/**
 * The emoji. A message takes [`crate::limits::REACTIONS_MAX`] different ones.
 */
emoji: Emoji, 
/**
 * Whether it is added or removed.
 */
on: boolean, 
/**
 * A repeated nonce gets the first answer and does nothing.
 */
nonce?: Nonce, };

export type History = { 
/**
 * The room.
 */
room: RoomName, 
/**
 * The nearest messages below this seq.
 */
before?: number, 
/**
 * The nearest messages above this seq.
 */
after?: number, 
/**
 * Messages on both sides of this seq.
 */
around?: number, 
/**
 * Messages at most: 1 to [`crate::limits::HISTORY_LIMIT_MAX`].
 */
limit?: number, };

export type Events = { 
/**
 * The room.
 */
room: RoomName, 
/**
 * Events above this seq.
 */
after: number, 
/**
 * Events at most: 1 to [`crate::limits::EVENTS_LIMIT_MAX`].
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
 * Only messages of this user.
 */
from?: Username, 
/**
 * The `cursor` of the last page of `results`.
 */
cursor?: string, 
/**
 * Messages at most: 1 to [`crate::limits::SEARCH_LIMIT_MAX`].
 */
limit?: number, };

export type Typing = { 
/**
 * The room.
 */
room: RoomName, };

export type Read = { 
/**
 * The room.
 */
room: RoomName, 
/**
 * The seq of the last event that the user has seen.
 */
seq: number, };

export type Rooms = { 
/**
 * Only names with this prefix.
 */
prefix?: string, 
/**
 * Only names after this one.
 */
after?: string, 
/**
 * Rows at most: 1 to [`crate::limits::LIST_LIMIT_MAX`].
 */
limit?: number, };

export type Members = { 
/**
 * The room.
 */
room: RoomName, 
/**
 * Only names after this one.
 */
after?: Username, 
/**
 * Rows at most: 1 to [`crate::limits::LIST_LIMIT_MAX`].
 */
limit?: number, };

export type Create = { 
/**
 * The new room's name.
 */
room: RoomName, 
/**
 * Its topic.
 */
topic?: string, 
/**
 * Whether only its members can find it.
 */
private?: boolean, 
/**
 * A repeated nonce gets the first answer and does nothing.
 */
nonce?: Nonce, };

export type Join = { 
/**
 * The room.
 */
room: RoomName, 
/**
 * A repeated nonce gets the first answer and does nothing.
 */
nonce?: Nonce, };

export type Leave = { 
/**
 * The room.
 */
room: RoomName, 
/**
 * A repeated nonce gets the first answer and does nothing.
 */
nonce?: Nonce, };

export type About = { 
/**
 * The room.
 */
room: RoomName, 
/**
 * The user whom it is about.
 */
username: Username, 
/**
 * A repeated nonce gets the first answer and does nothing.
 */
nonce?: Nonce, };

export type AboutFor = { 
/**
 * The room.
 */
room: RoomName, 
/**
 * The user whom it is about.
 */
username: Username, 
/**
 * How long, in seconds: 1 to [`crate::limits::FOR_S_MAX`]. Without it, until it is lifted.
 */
for_s?: number, 
/**
 * A repeated nonce gets the first answer and does nothing.
 */
nonce?: Nonce, };

export type GiveRole = { 
/**
 * The room.
 */
room: RoomName, 
/**
 * The member who gets it.
 */
username: Username, 
/**
 * The new role.
 */
role: Role, 
/**
 * A repeated nonce gets the first answer and does nothing.
 */
nonce?: Nonce, };

export type Topic = { 
/**
 * The room.
 */
room: RoomName, 
/**
 * The new topic; an empty one clears it.
 */
topic: string, 
/**
 * A repeated nonce gets the first answer and does nothing.
 */
nonce?: Nonce, };

export type Dm = { 
/**
 * The other user.
 */
username: Username, };

export type Profile = { 
/**
 * The new display name; [`crate::check_display_name`] has its rules.
 */
display_name: string, };

export type Block = { 
/**
 * The other user.
 */
username: Username, };

export type InviteLink = { 
/**
 * How many people can sign up by it: 1 to [`crate::limits::INVITE_USES_MAX`]. Without it, one.
 */
uses?: number, 
/**
 * How long it works, in seconds: 1 to [`crate::limits::INVITE_FOR_S_MAX`]. Without it,
 * [`crate::limits::INVITE_FOR_S_DEFAULT`].
 */
for_s?: number, 
/**
 * A room that the newcomers join, into which the admin may invite.
 */
room?: RoomName, };

export type InviteLinks = { 
/**
 * Only links behind this one, by its [`InviteInfo::invite`].
 */
after?: string, 
/**
 * Links at most: 1 to [`crate::limits::LIST_LIMIT_MAX`].
 */
limit?: number, };

export type RevokeInvite = { 
/**
 * The link's [`InviteInfo::invite`].
 */
invite: string, };

export type NewInviteLink = { 
/**
 * The `id` of the command that this answers.
 */
re?: RequestId, 
/**
 * Names the link in `invite_links` and `revoke_invite`. It lets nobody in.
 */
invite: string, 
/**
 * The link's path on this server: `/join/CODE`. Never in `Debug`.
 */
path: string, 
/**
 * When it ends.
 */
expires: number, 
/**
 * How many people can sign up by it.
 */
uses: number, 
/**
 * The room that the newcomers join.
 */
room?: RoomName, };

export type InvitesPage = { 
/**
 * The `id` of the command that this answers.
 */
re?: RequestId, 
/**
 * The links.
 */
invites: Array<InviteInfo>, 
/**
 * Whether there are more.
 */
more: boolean, };

export type InviteInfo = { 
/**
 * Names the link. It lets nobody in.
 */
invite: string, 
/**
 * Who made it.
 */
by: Username, 
/**
 * When it was made.
 */
created: number, 
/**
 * When it ends.
 */
expires: number, 
/**
 * How many people can sign up by it.
 */
uses: number, 
/**
 * How many have.
 */
used: number, 
/**
 * The room that the newcomers join.
 */
room?: RoomName, };

export type ResetLink = { 
/**
 * The user who gets a new password.
 */
username: Username, };

export type NewResetLink = { 
/**
 * The `id` of the command that this answers.
 */
re?: RequestId, 
/**
 * The user, in their own spelling.
 */
username: Username, 
/**
 * The link's path on this server: `/reset/CODE`. Never in `Debug`.
 */
path: string, 
/**
 * When it ends.
 */
expires: number, };

export type AdminRight = { 
/**
 * The user who gets the right or loses it.
 */
username: Username, };

export type Audit = { 
/**
 * Only entries older than this one, by its [`AuditInfo::entry`].
 */
before?: string, 
/**
 * Entries at most: 1 to [`crate::limits::LIST_LIMIT_MAX`].
 */
limit?: number, };

export type AuditPage = { 
/**
 * The `id` of the command that this answers.
 */
re?: RequestId, 
/**
 * The entries.
 */
entries: Array<AuditInfo>, 
/**
 * Whether there are older ones.
 */
more: boolean, };

export type AuditInfo = { 
/**
 * Names the entry.
 */
entry: string, 
/**
 * When it happened.
 */
ts: number, 
/**
 * What was done, such as `sign_in` or `role`. More names may be added.
 */
action: string, 
/**
 * Who did it. Absent for the operator and for somebody who failed to sign in.
 */
by?: Username, 
/**
 * The account that it was done to. Absent if there is none, as when somebody failed to sign in
 * with a name that nobody has: it may be a password.
 */
username?: Username, 
/**
 * The room that it was done in.
 */
room?: RoomName, 
/**
 * The client's network: an IPv4 address or an IPv6 /64.
 */
from?: string, 
/**
 * What else there is to say, such as the role that was given.
 */
detail?: string, };

export type Resume = { 
/**
 * The cursor of each room: the seq of the last event that the client has.
 */
rooms: { [key in RoomName]: number }, };

export type Credentials = { 
/**
 * The username.
 */
username: string, 
/**
 * The password. Never in `Debug`.
 */
password: string, 
/**
 * At `/register`: creates an account for a bot. Its messages are marked as a bot's, and its
 * sessions last until they are revoked.
 */
bot?: boolean, 
/**
 * At `/register`: the code of an invite link. Never in `Debug`.
 */
invite?: string, };

export type Answer = { 
/**
 * Whether the request succeeded.
 */
ok: boolean, 
/**
 * A sentence for people.
 */
msg: string, 
/**
 * Why the request was refused, where a program may want to know more than the status says.
 */
code?: RefusalCode, };

export type RefusalCode = "invite_needed" | "invite_invalid" | "reset_invalid" | "registration_closed";

export type SignedIn = { 
/**
 * `true`.
 */
ok: boolean, 
/**
 * "Login successful".
 */
msg: string, 
/**
 * The username, as it was registered.
 */
username: Username, 
/**
 * For the `Authorization: Bearer` header or `hello`. Never in `Debug`.
 */
token: string, 
/**
 * When the session ends if it is not used.
 */
expires: number, };

export type Me = { 
/**
 * `true`.
 */
ok: boolean, 
/**
 * The username.
 */
username: Username, 
/**
 * The display name.
 */
display_name: string, 
/**
 * The path of the user's picture on this server.
 */
avatar: string, 
/**
 * Whether the user is an admin of the server.
 */
admin: boolean, };

export type NewPassword = { 
/**
 * The present password. Never in `Debug`.
 */
old: string, 
/**
 * The new password; [`crate::check_new_password`] has its rules. Never in `Debug`.
 */
new: string, };

export type ResetPassword = { 
/**
 * The code of the link. Never in `Debug`.
 */
code: string, 
/**
 * The new password; [`crate::check_new_password`] has its rules. Never in `Debug`.
 */
password: string, };

export type Sessions = { 
/**
 * `true`.
 */
ok: boolean, 
/**
 * The user's sessions, the newest first.
 */
sessions: Array<SessionInfo>, };

export type SessionInfo = { 
/**
 * The id, for `DELETE /sessions/ID`.
 */
id: string, 
/**
 * When the user signed in.
 */
created: number, 
/**
 * When it ends if it is not used; 2⁵³−1 if it lasts until it is revoked.
 */
expires: number, 
/**
 * Whether the request belongs to this session.
 */
current: boolean, };

export type NewAvatar = { 
/**
 * `true`.
 */
ok: boolean, 
/**
 * The path of the new picture on this server.
 */
avatar: string, };

export type RoomName = string;

export type Username = string;

export type Nonce = string;

export type RequestId = string;

export type Emoji = string;

export type Seq = number;

export type TimestampMs = number;
