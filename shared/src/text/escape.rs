//! Text that is printed where a terminal may read it.

use unicode_properties::{GeneralCategory, UnicodeGeneralCategory};

/// Writes every character that a terminal may act on as JSON escapes it (`\u001b`): controls, line and
/// paragraph separators, and format characters such as bidi overrides.
///
/// Of JSON the result is the same value, because outside of strings JSON is printable ASCII and
/// spaces.
pub fn escape_controls(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        let acts = matches!(
            c.general_category(),
            GeneralCategory::Control
                | GeneralCategory::Format
                | GeneralCategory::LineSeparator
                | GeneralCategory::ParagraphSeparator
        );
        if acts {
            for unit in c.encode_utf16(&mut [0; 2]) {
                escaped.push_str(&format!("\\u{unit:04x}"));
            }
        } else {
            escaped.push(c);
        }
    }
    escaped
}
