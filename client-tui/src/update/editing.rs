//! The readline keys of every text field.

use crate::keys::{Action, Press};
use crate::state::Editor;

/// Carries out an editing action; returns false if `action` is not one.
pub(super) fn edit(editor: &mut Editor, action: Action) -> bool {
    match action {
        Action::Left => editor.left(),
        Action::Right => editor.right(),
        Action::WordLeft => editor.word_left(),
        Action::WordRight => editor.word_right(),
        Action::LineStart => editor.line_start(),
        Action::LineEnd | Action::Newest => editor.line_end(),
        Action::Backspace => editor.backspace(),
        Action::Delete => editor.delete(),
        Action::KillWordBack => editor.kill_back(),
        Action::KillWord => editor.kill_word(),
        Action::KillStart => editor.kill_to_start(),
        Action::KillEnd => editor.kill_to_end(),
        Action::Yank => editor.yank(),
        Action::YankOlder => editor.yank_older(),
        Action::Undo => editor.undo(),
        _ => return false,
    }
    true
}

/// Types a character or edits; returns false if the key does neither.
pub(super) fn type_or_edit(editor: &mut Editor, press: Press, action: Option<Action>) -> bool {
    match (action, press.typed()) {
        (Some(action), _) => edit(editor, action),
        (None, Some(letter)) => {
            editor.type_char(letter);
            true
        }
        (None, None) => false,
    }
}
