//! Which key does what: the table of default bindings with the config file's changes.

use std::collections::HashMap;

use crossterm::event::KeyEvent;

use crate::messages::program as messages;

use super::{Action, BINDINGS, Press};

/// Maps keys to actions: the default bindings with the config file's changes applied.
#[derive(Debug, Clone)]
pub(crate) struct Keymap {
    actions: HashMap<Press, (Action, usize)>,
    keys: Vec<(Action, Vec<Press>)>,
}

impl Default for Keymap {
    fn default() -> Self {
        let keys = BINDINGS.iter().map(|binding| {
            let keys = binding.keys.iter().filter_map(|key| Press::parse(key));
            (binding.action, keys.collect())
        });
        let mut map = Self {
            actions: HashMap::new(),
            keys: keys.collect(),
        };
        map.index();
        map
    }
}

impl Keymap {
    /// Binds the action called `name` to `keys`; another action loses the keys it had. The error is
    /// a sentence without its full stop.
    pub(crate) fn bind(&mut self, name: &str, keys: &[String]) -> Result<(), String> {
        let binding = BINDINGS.iter().find(|binding| binding.name == name);
        let action = binding
            .ok_or_else(|| messages::unknown_action(name))?
            .action;
        let presses = keys
            .iter()
            .map(|key| Press::parse(key).ok_or_else(|| messages::unknown_key_name(key)));
        let presses = presses.collect::<Result<Vec<_>, String>>()?;
        for (of, keys) in &mut self.keys {
            if *of == action {
                keys.clone_from(&presses);
            } else {
                keys.retain(|key| !presses.contains(key));
            }
        }
        self.index();
        Ok(())
    }

    /// The action of a key, and the key's index among that action's keys (which is how `Alt-3`
    /// knows that it means room 3).
    pub(crate) fn action(&self, key: KeyEvent) -> Option<(Action, usize)> {
        self.actions.get(&Press::of(key)).copied()
    }

    pub(crate) fn keys(&self, action: Action) -> &[Press] {
        let found = self.keys.iter().find(|(of, _)| *of == action);
        found.map_or(&[], |(_, keys)| keys)
    }

    fn index(&mut self) {
        let keys = self.keys.iter().flat_map(|(action, keys)| {
            let numbered = keys.iter().enumerate();
            numbered.map(|(index, key)| (*key, (*action, index)))
        });
        self.actions = keys.collect();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_key_stands_twice_in_the_table() {
        let map = Keymap::default();
        let keys: usize = BINDINGS.iter().map(|binding| binding.keys.len()).sum();
        assert_eq!(
            map.actions.len(),
            keys,
            "each key is read and does one thing"
        );
        let mut names: Vec<_> = BINDINGS.iter().map(|binding| binding.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), BINDINGS.len());
    }

    #[test]
    fn keys_can_be_given_to_other_actions() {
        let mut map = Keymap::default();
        map.bind("next-room", &["ctrl-p".to_owned(), "f5".to_owned()])
            .unwrap();
        let keys = |action| {
            map.keys(action)
                .iter()
                .map(Press::to_string)
                .collect::<Vec<_>>()
        };
        assert_eq!(keys(Action::NextRoom), ["Ctrl-P", "F5"]);
        assert!(keys(Action::PreviousRoom).is_empty());
        assert!(Keymap::default().bind("fly", &[]).is_err());
        assert!(
            Keymap::default()
                .bind("help", &["hyper-x".to_owned()])
                .is_err()
        );
    }
}
