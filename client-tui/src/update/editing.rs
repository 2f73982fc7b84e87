use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use crate::state::Editor;

/// The keys of readline; says whether `key` was one.
pub(super) fn edit(editor: &mut Editor, key: KeyEvent) -> bool {
    let control = key.modifiers.contains(KeyModifiers::CONTROL);
    let alt = key.modifiers.contains(KeyModifiers::ALT);
    match key.code {
        KeyCode::Char(c) if control => return edit_control(editor, c),
        KeyCode::Char('b') if alt => editor.word_left(),
        KeyCode::Char('f') if alt => editor.word_right(),
        KeyCode::Char('d') if alt => editor.kill_word(),
        KeyCode::Char(_) if alt => return false,
        KeyCode::Char(c) => editor.type_char(c),
        KeyCode::Backspace if alt || control => editor.kill_back(),
        KeyCode::Backspace => editor.backspace(),
        KeyCode::Delete => editor.delete(),
        KeyCode::Left if alt || control => editor.word_left(),
        KeyCode::Right if alt || control => editor.word_right(),
        KeyCode::Left => editor.left(),
        KeyCode::Right => editor.right(),
        KeyCode::Home => editor.line_start(),
        KeyCode::End => editor.line_end(),
        _ => return false,
    }
    true
}

fn edit_control(editor: &mut Editor, c: char) -> bool {
    match c {
        'a' => editor.line_start(),
        'e' => editor.line_end(),
        'b' => editor.left(),
        'f' => editor.right(),
        'd' => editor.delete(),
        'h' => editor.backspace(),
        'w' => editor.kill_back(),
        'u' => editor.kill_to_start(),
        'k' => editor.kill_to_end(),
        'y' => editor.yank(),
        // Terminals send one byte for Ctrl-_, Ctrl-/ and Ctrl-7.
        '_' | '/' | '7' => editor.undo(),
        _ => return false,
    }
    true
}
