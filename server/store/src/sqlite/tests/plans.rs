//! Query plans: no statement scans a whole table.

use super::super::{
    accounts, audit, avatars, codes, conversations, erasure, indexing, log, message_states, policy,
    rows,
};
use super::*;

/// Nothing but seeks in an index, which give the order that is asked for.
async fn check(store: &SqliteStore, sql: &'static str) {
    let plan: Vec<String> = store
        .read(move |conn| {
            let mut explain = conn.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
            let arguments = vec![rusqlite::types::Null; explain.parameter_count()];
            let steps = explain
                .query_map(rusqlite::params_from_iter(arguments), |row| {
                    row.get("detail")
                })
                .unwrap();
            Ok(steps.map(Result::unwrap).collect())
        })
        .await
        .unwrap();
    assert!(!plan.is_empty(), "{sql}");
    for step in plan {
        assert!(
            step.starts_with("SEARCH ") && step.contains(" USING "),
            "{step}: {sql}"
        );
    }
}

#[tokio::test]
async fn reads_seek() {
    let (_dir, store) = open_new();
    for sql in [
        rows::EVENTS,
        log::MESSAGES_BEFORE,
        log::MESSAGES_AFTER,
        log::EVENT_BY_NONCE,
        log::TIP,
        log::ROOMS_OF,
        log::PUBLIC_ROOMS,
        conversations::EVENTS_TO_SCRUB,
        message_states::EVENTS_TARGETING,
        message_states::MESSAGE_STATE,
        message_states::REACTIONS,
        conversations::DELETION,
        indexing::ID_OF,
        conversations::READ_MARKS,
        conversations::MENTIONS_ABOVE,
        conversations::MENTIONS_OF,
        accounts::SESSIONS_OF,
        accounts::SESSION,
        accounts::OLDEST_SESSIONS,
        avatars::AVATAR_IN_USE,
        accounts::USER_BY_NAME,
        accounts::USER_BY_FOLDED,
        accounts::USERS_AFTER,
        accounts::PURGE_SESSIONS,
        policy::BLOCK,
        policy::BLOCKED_BY,
        policy::QUOTA,
        policy::KNOWN_NETWORK,
        policy::OLDEST_NETWORKS,
        audit::AUDIT,
        audit::AUDIT_AT,
        audit::AUDIT_BEFORE,
        codes::CODE,
        erasure::ROOMS_AFTER,
        erasure::MESSAGES_BY,
        codes::CODES_OF,
        codes::EXPIRED_CODES,
    ] {
        check(&store, sql).await;
    }
}

#[tokio::test]
async fn messages_are_sought_among_messages() {
    let (_dir, store) = open_new();
    for sql in [log::MESSAGES_BEFORE, log::MESSAGES_AFTER] {
        let step: String = store
            .read(move |conn| {
                Ok(conn
                    .query_row(&format!("EXPLAIN QUERY PLAN {sql}"), ("", 0, 0), |row| {
                        row.get("detail")
                    })
                    .unwrap())
            })
            .await
            .unwrap();
        assert!(
            step.contains("events_by_message (room=? AND is_message=? AND seq"),
            "{step}"
        );
    }
}

#[tokio::test]
#[should_panic(expected = "SCAN")]
async fn a_scan_would_be_noticed() {
    let (_dir, store) = open_new();
    check(&store, "SELECT body FROM events WHERE ts = ?1").await;
}
