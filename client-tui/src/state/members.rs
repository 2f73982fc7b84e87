//! How the members of a room are shown: their marks, their order and their names.
//!
//! [`chat_shared::view`] folds the members and their roles.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use chat_shared::Username;
use chat_shared::protocol::{MemberInfo, Role};
use chat_shared::view::People;

use crate::text::sanitize;

/// The mark before a name: `@` an owner, `%` a moderator, as in IRC; `-` a muted member.
pub(crate) fn mark(member: &MemberInfo) -> &'static str {
    match member.role {
        Role::Owner => "@",
        Role::Moderator => "%",
        Role::Member if member.muted => "-",
        Role::Member => "",
    }
}

/// The members who are online, or those who are not: the highest role first, then by username.
/// Empty in a crowd, of which the server sends only a count.
pub(crate) fn listed(people: &People, online: bool) -> Vec<&MemberInfo> {
    if !people.is_complete() {
        return Vec::new();
    }
    let members = people.iter().filter(|member| member.online == online);
    let mut list: Vec<_> = members.collect();
    list.sort_by_key(|member| Reverse(member.role));
    list
}

/// The names that the screen shows for the members of a room.
///
/// A display name is shown alone only if it identifies its owner: it is not blank, no other member
/// has it, and it is not the username of another member. Otherwise the username follows it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Labels {
    by_username: HashMap<Username, String>,
}

impl Labels {
    pub(crate) fn of(people: &People) -> Self {
        let mut usernames = HashSet::new();
        let mut counts: HashMap<String, usize> = HashMap::new();
        for member in people.iter() {
            usernames.insert(member.username.folded());
            *counts.entry(fold(&member.display_name)).or_default() += 1;
        }
        let named = people.iter().filter_map(|member| {
            let name = visible(&member.display_name);
            if name.is_empty() || member.display_name == member.username.as_str() {
                return None;
            }
            let folded = fold(&member.display_name);
            let own = member.username.folded() == folded;
            let is_taken = counts.get(&folded).is_some_and(|count| *count > 1)
                || (!own && usernames.contains(&folded));
            let label = match is_taken {
                true => format!("{name} ({})", member.username),
                false => name,
            };
            Some((member.username.clone(), label))
        });
        Self {
            by_username: named.collect(),
        }
    }

    /// The name to show for a user.
    pub(crate) fn get<'a>(&'a self, username: &'a Username) -> &'a str {
        let label = self.by_username.get(username);
        label.map_or(username.as_str(), String::as_str)
    }
}

/// The name with the username beside it, if they differ.
pub(crate) fn full_name(member: &MemberInfo) -> String {
    let name = visible(&member.display_name);
    match name.is_empty() || member.display_name == member.username.as_str() {
        true => member.username.to_string(),
        false => format!("{name} ({})", member.username),
    }
}

fn visible(name: &str) -> String {
    sanitize(name).trim().to_owned()
}

fn fold(name: &str) -> String {
    visible(name).to_lowercase()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::Script;

    #[test]
    fn a_display_name_stands_alone_only_if_it_can_mean_nobody_else() {
        let mut client = Script::chat(80, 24);
        client.run("members ann bob=Bobby cem=Bobby dan=ann eve=Eve fay=");
        let labels = Labels::of(client.state().current().people().unwrap());
        let check = |username: &str, expect: &str| {
            assert_eq!(labels.get(&Username::existing(username)), expect);
        };
        check("ann", "ann");
        check("bob", "Bobby (bob)");
        check("cem", "Bobby (cem)");
        check("dan", "ann (dan)");
        check("eve", "Eve");
        check("fay", "fay");
        check("gus", "gus");
    }
}
