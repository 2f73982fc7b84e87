//! `profile` frames to everybody: how a user looks now, at most once a second for each user.

use std::collections::HashMap;
use std::time::Duration;

use chat_shared::Username;
use chat_shared::protocol::{ProfileEvent, ServerFrame};
use parking_lot::Mutex;
use tokio::time::sleep;

use super::Hub;
use crate::accounts::avatar_path;
use chat_server_store::log_failure;

/// Time between two `profile` frames about the same user.
const PROFILE_INTERVAL: Duration = Duration::from_secs(1);

/// Users whose profile was sent within [`PROFILE_INTERVAL`], and whether it changed since.
#[derive(Debug, Default)]
pub(super) struct ProfileNotices(Mutex<HashMap<Username, bool>>);

impl ProfileNotices {
    /// Returns whether the profile is to be sent now. If not, it is sent when the interval is over.
    fn begin(&self, username: &Username) -> bool {
        let mut notices = self.0.lock();
        if let Some(changed) = notices.get_mut(username) {
            *changed = true;
            return false;
        }
        notices.insert(username.clone(), false);
        true
    }

    /// Ends an interval. Returns whether the profile changed meanwhile: then the next one begins.
    fn end(&self, username: &Username) -> bool {
        let mut notices = self.0.lock();
        match notices.get_mut(username) {
            Some(changed) if *changed => {
                *changed = false;
                true
            }
            _ => {
                notices.remove(username);
                false
            }
        }
    }
}

impl Hub {
    /// Sends everybody the profile of a user, now or within a second.
    pub(super) fn send_profile(&self, username: &Username) {
        if !self.0.profiles.begin(username) {
            return;
        }
        let (hub, username) = (self.clone(), username.clone());
        tokio::spawn(async move {
            loop {
                hub.send_profile_now(&username).await;
                sleep(PROFILE_INTERVAL).await;
                if !hub.0.profiles.end(&username) {
                    return;
                }
            }
        });
    }

    async fn send_profile_now(&self, username: &Username) {
        match self.store().find_user(username.as_str()).await {
            Ok(Some(user)) => self.send_to_all(&ServerFrame::Profile(ProfileEvent {
                avatar: avatar_path(&user),
                username: user.username,
                display_name: user.display_name,
            })),
            Ok(None) => {}
            Err(error) => log_failure!(warn, error, %username, "a profile could not be read"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn changes_within_a_second_are_sent_once_more() {
        let (notices, ann) = (ProfileNotices::default(), Username::existing("ann"));
        assert!(notices.begin(&ann));
        assert!(!notices.begin(&ann));
        assert!(!notices.begin(&ann));
        assert!(notices.end(&ann), "it changed meanwhile");
        assert!(!notices.end(&ann));
        assert!(notices.begin(&ann));
    }
}
