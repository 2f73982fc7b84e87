//! Breaks a text into rows.

use std::ops::Range;

use super::cells;

/// The bytes of a text that form one row.
pub(crate) type RowRange = Range<usize>;

/// Breaks `text` into rows: the first of `first` columns, the others of `rest`.
///
/// Breaks after spaces, and inside a word only if the word is wider than a row. The spaces at a
/// break stay at the end of their row, even beyond its width, because they are invisible.
pub(crate) fn wrap(text: &str, first: usize, rest: usize) -> Vec<RowRange> {
    let mut rows = Vec::new();
    let (mut start, mut used) = (0, 0);
    // Where the current word starts, and the columns before it.
    let (mut word, mut before_word) = (0, 0);
    for cell in cells(text) {
        let room = if rows.is_empty() { first } else { rest };
        if cell.is_newline() {
            rows.push(start..cell.at);
            (start, used, word, before_word) = (cell.end(), 0, cell.end(), 0);
            continue;
        }
        if cell.is_space() {
            used += cell.width;
            (word, before_word) = (cell.end(), used);
            continue;
        }
        if used + cell.width > room && used > 0 {
            if word > start {
                rows.push(start..word);
                (start, used) = (word, used - before_word);
            }
            let room = if rows.is_empty() { first } else { rest };
            if used + cell.width > room && used > 0 {
                rows.push(start..cell.at);
                (start, used) = (cell.at, 0);
            }
            (word, before_word) = (start, 0);
        }
        used += cell.width;
    }
    rows.push(start..text.len());
    rows
}

#[cfg(test)]
mod tests {
    use super::super::width;
    use super::*;

    fn check(text: &str, first: usize, rest: usize, expect: &[&str]) {
        let rows = wrap(text, first, rest);
        let shown: Vec<&str> = rows.iter().map(|row| &text[row.clone()]).collect();
        assert_eq!(shown, expect, "{text:?}");
        for (index, row) in shown.iter().enumerate() {
            let room = if index == 0 { first } else { rest };
            assert!(
                width(row.trim_end()) <= room,
                "{row:?} is wider than {room}"
            );
        }
    }

    #[test]
    fn breaks() {
        check("", 10, 10, &[""]);
        check("hello", 10, 10, &["hello"]);
        check("hello there you", 11, 11, &["hello there ", "you"]);
        check("hello there you", 8, 10, &["hello ", "there you"]);
        check("a\n\nb", 10, 10, &["a", "", "b"]);
        check("abcdefghij", 4, 3, &["abcd", "efg", "hij"]);
        check("ab cdefghij", 4, 4, &["ab ", "cdef", "ghij"]);
        check("日本語です", 5, 4, &["日本", "語で", "す"]);
        check("ab  ", 2, 2, &["ab  "]);
        check("ab   cd", 2, 2, &["ab   ", "cd"]);
    }
}
