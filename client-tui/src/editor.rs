//! Lets the user change a text in their own editor (`Ctrl-X`).

use std::io::{self, Read, Seek, Write};
use std::process::Command;

use crate::messages::program as messages;

/// The longest text, in bytes, that is read back from the editor.
const TEXT_BYTES_MAX: u64 = 64 * 1024;

/// Runs `$VISUAL`, else `$EDITOR`, else `vi`, and returns the new text or a sentence about what
/// went wrong.
pub(crate) async fn edit(text: String) -> Result<String, String> {
    let edit = tokio::task::spawn_blocking(move || edit_blocking(&text));
    let edited = edit
        .await
        .map_err(|_| messages::EDITOR_NOT_AWAITED.to_owned())?;
    edited.map_err(messages::editor_failed)
}

fn edit_blocking(text: &str) -> io::Result<String> {
    let set = |name| {
        std::env::var(name)
            .ok()
            .filter(|value| !value.trim().is_empty())
    };
    let editor = set("VISUAL").or_else(|| set("EDITOR"));
    let editor = editor.unwrap_or_else(|| "vi".to_owned());
    // `tempfile` creates the file with mode 600.
    let mut file = tempfile::Builder::new()
        .prefix("chat-")
        .suffix(".md")
        .tempfile()?;
    file.write_all(text.as_bytes())?;
    file.flush()?;
    let mut words = editor.split_whitespace();
    let program = words.next().unwrap_or("vi");
    let status = Command::new(program)
        .args(words)
        .arg(file.path())
        .status()?;
    if !status.success() {
        return Err(io::Error::other(messages::editor_ended(&editor, status)));
    }
    // Many editors replace the file instead of writing to it, so open the path again.
    let mut edited = std::fs::File::open(file.path())?;
    edited.rewind()?;
    let mut text = String::new();
    edited.take(TEXT_BYTES_MAX).read_to_string(&mut text)?;
    Ok(text)
}
