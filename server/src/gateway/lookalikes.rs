//! Display names that look like somebody else's username.

use chat_server_store::{StoreError, User};
use chat_shared::Username;
use unicode_normalization::UnicodeNormalization;
use unicode_security::confusable_detection::skeleton;

use crate::hub::Hub;

/// The account of somebody else whose username `display_name` looks like, if there is one.
///
/// Usernames are ASCII, so a name is compared after each character was replaced by the ASCII
/// letters that look like it (UTS 39 section 4), with digits read as letters too. A username that
/// is registered later is not compared with the display names that exist.
pub(super) async fn resembled_user(
    hub: &Hub,
    own: &Username,
    display_name: &str,
) -> Result<Option<User>, StoreError> {
    for candidate in candidates(display_name) {
        let found = hub.store().find_user(&candidate).await?;
        if let Some(user) = found.filter(|user| user.username != *own) {
            return Ok(Some(user));
        }
    }
    Ok(None)
}

/// The usernames that a display name may look like.
pub(crate) fn candidates(display_name: &str) -> Vec<String> {
    let ascii: String = display_name.nfkc().flat_map(ascii_lookalike).collect();
    let mut candidates = vec![ascii.clone()];
    for one in ["l", "i"] {
        let letters = ascii.replace('0', "o").replace('1', one);
        if !candidates.contains(&letters) {
            candidates.push(letters);
        }
    }
    candidates
}

/// The ASCII characters that look like `c`; `c` itself if there are none or it is ASCII already.
fn ascii_lookalike(c: char) -> Vec<char> {
    let replaced: Vec<char> = skeleton(c.encode_utf8(&mut [0; 4])).collect();
    if !c.is_ascii() && replaced.iter().all(char::is_ascii) {
        replaced
    } else {
        vec![c]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lookalikes_of_ascii_names_are_candidates() {
        let check = |name: &str, looks_like: &str| {
            let all = candidates(name);
            assert!(
                all.iter().any(|other| other == looks_like),
                "{name}: {all:?}"
            );
        };
        check("root", "root");
        check("r\u{43E}\u{43E}t", "root");
        check("\u{FF52}\u{FF4F}\u{FF4F}\u{FF54}", "root");
        check("r00t", "root");
        check("a1ice", "alice");
        check("admin", "admin");
        assert!(!candidates("Ann Å.").iter().any(|other| other == "ann"));
    }
}
