//! Where a person's picture is served.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use chat_server_store::User;

const PATH_SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Where someone's picture is, as a path of this server: the one they gave, else one that is drawn
/// from their name.
pub fn avatar_path(user: &User) -> String {
    let name = user.avatar.as_deref().unwrap_or(user.username.as_str());
    format!("/avatars/{}", utf8_percent_encode(name, PATH_SEGMENT))
}
