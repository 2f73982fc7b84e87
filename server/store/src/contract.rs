//! The contract that every store keeps, as tests.
//!
//! A store runs them all by `store_contract!(open)`, where `open()` is a future of a
//! [`Fixture`]; each case gets one of its own, and keeps it under 5,000 documents. Attributes before
//! `open`, such as `#[ignore]`, are put on every test.

pub(crate) mod accounts;
pub(crate) mod admins;
pub(crate) mod audit;
pub(crate) mod codes;
pub(crate) mod conversations;
pub(crate) mod erasure;
pub(crate) mod log;
pub(crate) mod paging;
pub(crate) mod policy;
pub(crate) mod projections;
pub(crate) mod sessions;

use crate::PageLimit;
use std::any::Any;

use chat_shared::protocol::RoomKind;
use chat_shared::{RoomName, Seq, Username};

use super::{Append, Session, SharedStore};
use chat_server_rules::{EventBody, EventId, EventNonce, LogEvent};

/// An empty store.
pub(crate) struct Fixture {
    pub(crate) store: SharedStore,
    /// A value that must live as long as the store, such as its directory. It is dropped later.
    pub(crate) _keep: Box<dyn Any + Send>,
}

macro_rules! store_contract {
    ($(#[$attribute:meta])* $open:path) => {
        $crate::contract::store_contract! { @each [$(#[$attribute])*] $open;
            accounts:
                a_name_is_taken_by_what_folds_to_it,
                one_of_many_gets_a_name,
                bots_are_no_people,
                users_are_found_by_letter_then_folded,
                users_come_by_their_bytes,
                passwords_are_replaced,
                a_hash_is_not_listed_as_a_plain_password,
                the_first_value_stays,
                hostile_strings_in_accounts,
                profiles_change,
                pictures_come_back,
                bans_are_kept,
                states_are_kept;
            admins:
                a_list_of_admins_is_replaced,
                a_list_is_replaced_once_in_each_version;
            audit:
                entries_come_back_the_newest_first,
                old_entries_are_purged;
            codes:
                codes_come_back,
                a_code_ends,
                codes_are_bounded,
                of_many_uses_at_once_as_many_succeed_as_the_code_has,
                a_removed_code_is_not_used,
                a_new_log_id_ends_all_codes;
            conversations:
                events_are_found_by_their_numbers,
                a_message_is_shown_as_of_each_event,
                states_end_where_the_bytes_do,
                a_much_edited_message_is_one_row,
                a_deleted_text_is_blanked,
                markers_only_move_forward,
                mentions_follow_edits_and_deletes,
                a_search_finds_what_stands,
                searches_come_in_pages,
                hostile_searches;
            erasure:
                what_is_kept_is_counted,
                what_a_person_wrote_is_found,
                an_erased_account_keeps_its_name_alone,
                quotas_go_with_an_account,
                nothing_is_written_to_an_erased_account;
            log:
                an_append_follows_the_tip,
                badly_numbered_events_are_refused,
                one_of_two_gets_the_number,
                events_after_a_refused_one_are_not_stored,
                a_nonce_is_unique_across_appends,
                events_of_many_nonces_are_found_at_once,
                a_nonce_is_unique_in_an_append,
                a_nonce_is_a_senders_in_a_room,
                snapshots_never_go_back,
                hostile_strings_in_the_log,
                every_body_comes_back;
            paging:
                events_in_pages,
                messages_between_other_events,
                bounds_of_pages,
                pages_are_bounded_in_bytes;
            policy:
                blocks_come_and_go,
                blocks_are_bounded,
                quotas_are_counted,
                a_quota_holds_in_a_race,
                the_newest_networks_are_known;
            projections:
                members_come_and_go,
                a_refused_event_projects_nothing,
                the_lobby_is_everyones,
                public_rooms_alone_are_listed,
                prefixes_are_no_patterns,
                public_rooms_in_pages;
            sessions:
                sessions_live_and_end,
                ended_sessions_are_purged,
                sessions_of_one_person,
                a_session_keeps_its_fields,
                a_new_password_ends_all_sessions_but_one,
                of_two_password_changes_one_is_done,
                a_ban_ends_the_sessions_before_it,
                the_oldest_sessions_make_place;
        }
    };
    (@each $attributes:tt $open:path; $($module:ident: $($case:ident),+;)+) => {
        $(mod $module {
            use super::*;
            $($crate::contract::store_contract! { @case $attributes $open, $module, $case })+
        })+
    };
    (@case [$(#[$attribute:meta])*] $open:path, $module:ident, $case:ident) => {
            $(#[$attribute])*
            #[tokio::test(flavor = "multi_thread", worker_threads = 2)]
            async fn $case() {
                let fixture = $open().await;
                $crate::contract::$module::$case(&fixture.store).await;
            }
    };
}
pub(crate) use store_contract;

/// Texts that a database, a pattern or a C string may trip over.
const HOSTILE: [&str; 10] = [
    "'; DROP TABLE events; --",
    "\"double\" 'single' `back` \\",
    "$where",
    "{\"$gt\": \"\"}",
    "a.b.$c",
    "100% _under_ *star*",
    "before\0after",
    "🦀 e\u{301} \u{202e}abc",
    "line\nline\r\n\ttab",
    "",
];

fn room(name: &str) -> RoomName {
    RoomName::parse(name).unwrap()
}

fn user(name: &str) -> Username {
    Username::existing(name)
}

/// A session that does not expire, of an account whose password was never changed.
pub(crate) fn session(id: &str, who: &str) -> Session {
    Session {
        id: id.into(),
        username: user(who),
        created: 1_700_000_000_000,
        expires: None,
        secret_hash: None,
        epoch: None,
        lobby_seq: 0,
    }
}

fn edited(target: Seq, text: &str) -> EventBody {
    EventBody::Edited {
        target,
        text: text.into(),
        mentions: Vec::new(),
    }
}

pub(crate) fn said(text: &str) -> EventBody {
    EventBody::Message {
        text: text.into(),
        reply_to: None,
        bot: false,
        mentions: Vec::new(),
    }
}

fn created(kind: RoomKind, topic: &str) -> EventBody {
    EventBody::Created {
        room_kind: kind,
        topic: topic.into(),
        with: None,
    }
}

/// An event whose nonce comes from its seq, and whose id is that of no other event.
pub(crate) fn event(seq: Seq, sender: &str, body: EventBody) -> LogEvent {
    static IDS: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(0);
    let id = IDS.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
    LogEvent {
        seq,
        ts: 1_700_000_000_000 + seq,
        id: EventId(format!("{id:032x}")),
        sender: user(sender),
        nonce: EventNonce::from_seq(seq),
        messages: seq,
        body,
    }
}

fn with_nonce(mut event: LogEvent, nonce: &str) -> LogEvent {
    event.nonce = EventNonce::from_stored(nonce.into());
    event
}

/// Appends bodies after `after`, all of one sender, and returns the events.
async fn put(
    store: &SharedStore,
    room: &RoomName,
    after: Seq,
    sender: &str,
    bodies: impl IntoIterator<Item = EventBody>,
) -> Vec<LogEvent> {
    let events: Vec<_> = (after + 1..)
        .zip(bodies)
        .map(|(seq, body)| event(seq, sender, body))
        .collect();
    let outcome = store.append(room, after, events.clone()).await.unwrap();
    assert_eq!(outcome, Append::Stored, "{room} after {after}");
    events
}

/// Appends what is refused at `index`. A store keeps nothing of it, or what stands before that and
/// says so; then the rest is refused as a whole. Returns what it kept.
async fn put_refused(
    store: &SharedStore,
    room: &RoomName,
    after: Seq,
    mut events: Vec<LogEvent>,
    index: usize,
    expect: impl Fn(usize) -> Append,
) -> Vec<LogEvent> {
    let outcome = store.append(room, after, events.clone()).await.unwrap();
    let Append::Prefix { stored } = outcome else {
        assert_eq!(outcome, expect(index));
        return Vec::new();
    };
    assert_eq!(
        stored, index,
        "all before the refused one, which is not the first"
    );
    let rest = events.split_off(stored);
    let after = after + stored as u64;
    assert!(stored > 0);
    assert_eq!(store.append(room, after, rest).await.unwrap(), expect(0));
    events
}

async fn whole_log(store: &SharedStore, room: &RoomName) -> Vec<LogEvent> {
    store
        .events(room, 0, PageLimit::rows(5_000))
        .await
        .unwrap()
        .events
}

fn seqs(events: &[LogEvent]) -> Vec<Seq> {
    events.iter().map(|event| event.seq).collect()
}
