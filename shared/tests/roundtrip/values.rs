//! Values of fields.

use chat_shared::protocol::Role;
use chat_shared::{Emoji, Nonce, RequestId, RoomName, Seq, Username};
use proptest::prelude::*;
use proptest::sample::select;

pub(super) fn seq() -> impl Strategy<Value = Seq> {
    0..(1_u64 << 53)
}

pub(super) fn text() -> impl Strategy<Value = String> {
    any::<String>()
}

pub(super) fn room() -> impl Strategy<Value = RoomName> {
    "@?[a-z0-9-]{1,32}".prop_map(|text| RoomName::parse(&text).unwrap())
}

pub(super) fn nonce() -> impl Strategy<Value = Nonce> {
    "[A-Za-z0-9._-]{1,64}".prop_map(|text| Nonce::parse(&text).unwrap())
}

pub(super) fn id() -> impl Strategy<Value = RequestId> {
    "[A-Za-z0-9._-]{1,64}".prop_map(|text| RequestId::parse(&text).unwrap())
}

/// Accounts of the FastAPI demo may have any name.
pub(super) fn username() -> impl Strategy<Value = Username> {
    any::<String>().prop_map(|text| Username::existing(&text))
}

pub(super) fn role() -> impl Strategy<Value = Role> {
    select(vec![Role::Member, Role::Moderator, Role::Owner])
}

pub(super) fn emoji() -> impl Strategy<Value = Emoji> {
    select(vec!["👍", "❤️", "🇦🇹", "1️⃣"]).prop_map(|text| Emoji::parse(text).unwrap())
}
