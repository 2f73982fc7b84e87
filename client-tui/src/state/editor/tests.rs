//! Editing, moving, killing and undoing.

use super::*;

/// `|` marks the cursor.
fn check(text: &str, edit: impl FnOnce(&mut Editor), expect: &str) {
    let cursor = text.find('|').unwrap();
    let mut editor = Editor::with_text(&text.replace('|', ""));
    editor.cursor = cursor;
    edit(&mut editor);
    let mut shown = editor.text.clone();
    shown.insert(editor.cursor, '|');
    assert_eq!(shown, expect, "from {text:?}");
}

#[test]
fn moves() {
    check("ab|", Editor::left, "a|b");
    check("|ab", Editor::left, "|ab");
    check("|👩‍👩‍👧b", Editor::right, "👩‍👩‍👧|b");
    check("hello wor|ld", Editor::word_left, "hello |world");
    check("hello |world", Editor::word_left, "|hello world");
    check("|hello, world", Editor::word_right, "hello|, world");
    check("a\nbc|d", Editor::line_start, "a\n|bcd");
    check("a\nb|cd\ne", Editor::line_end, "a\nbcd|\ne");
    check("abc\nde|f", |e| assert!(e.up()), "ab|c\ndef");
    check("a\nde|f", |e| assert!(e.up()), "a|\ndef");
    check("ab|c\nd", |e| assert!(e.down()), "abc\nd|");
    check("ab|c", |e| assert!(!e.up() && !e.down()), "ab|c");
}

#[test]
fn changes() {
    check("|", |e| e.type_char('ä'), "ä|");
    check("e\u{301}|", Editor::backspace, "|");
    check("a|日b", Editor::delete, "a|b");
    check("a|", Editor::delete, "a|");
    check("ab|cd", Editor::kill_to_end, "ab|");
    check("ab|\ncd", Editor::kill_to_end, "ab|cd");
    check("x\nab|cd", Editor::kill_to_start, "x\n|cd");
    check("say a.b  |", Editor::kill_back, "say |");
    check("|say it", Editor::kill_word, "| it");
    check(
        "a|b",
        |e| assert!(e.insert("1\r\n2\r3\t\x1b[0m")),
        "a1\n2\n3    [0m|b",
    );
    check(
        "ab cd|",
        |e| {
            e.kill_back();
            e.line_start();
            e.yank();
            e.yank();
        },
        "cdcd|ab ",
    );
}

#[test]
fn yank_goes_round_the_kills() {
    let kill_two = |e: &mut Editor| {
        e.kill_back();
        e.kill_back();
        e.yank();
    };
    check("one two|", kill_two, "one |");
    check("one two|", |e| (kill_two(e), e.yank_older()).1, "two|");
    let three = |e: &mut Editor| {
        kill_two(e);
        e.yank_older();
        e.yank_older();
    };
    check("one two|", three, "one |");
    check("one two|", |e| (e.kill_back(), e.yank_older()).1, "one |");
}

#[test]
fn undo_goes_back_by_steps() {
    let type_all = |e: &mut Editor| "one two".chars().for_each(|c| e.type_char(c));
    check(
        "|",
        |e| {
            type_all(e);
            e.undo();
        },
        "one|",
    );
    check(
        "|",
        |e| {
            type_all(e);
            e.undo();
            e.undo();
            e.undo();
        },
        "|",
    );
    check(
        "ab|",
        |e| {
            e.kill_to_start();
            e.undo();
        },
        "ab|",
    );
    check(
        "ab|",
        |e| {
            e.set("x");
            e.undo();
        },
        "ab|",
    );
}

#[test]
fn a_text_is_bounded() {
    let mut editor = Editor::default();
    assert!(!editor.insert(&"x".repeat(TEXT_BYTES_MAX + 1)));
    assert!(editor.is_empty());
    (0..UNDO_STEPS_MAX * 2).for_each(|_| assert!(editor.insert("x")));
    assert_eq!(editor.undo.len(), UNDO_STEPS_MAX);
}

/// Returns the text that `edit` leaves, and whether Enter would take it for a command.
#[track_caller]
fn check_command(edit: impl FnOnce(&mut Editor), expect: bool) {
    let mut editor = Editor::default();
    edit(&mut editor);
    assert_eq!(editor.is_command(), expect, "{:?}", editor.text);
}

#[test]
fn only_one_typed_line_is_a_command() {
    let write = |e: &mut Editor, text: &str| text.chars().for_each(|c| e.type_char(c));
    check_command(|e| write(e, "/quit"), true);
    check_command(|e| assert!(e.insert("/quit")), false);
    check_command(|e| e.set("/quit"), false);
    check_command(|e| (write(e, "/topic "), e.insert("pasted")).0, true);
    check_command(|e| (write(e, "/topic a"), e.insert("\nb")).0, false);
    // Taking away what was typed does not turn a pasted slash into a typed one.
    check_command(
        |e| {
            write(e, "x");
            e.insert("/quit");
            e.line_start();
            e.delete();
        },
        false,
    );
    check_command(
        |e| {
            e.insert("x");
            e.line_start();
            write(e, "/");
        },
        true,
    );
    // A line that was cut and put back is as it was.
    check_command(|e| (write(e, "/quit"), e.kill_to_start(), e.yank()).0, true);
    check_command(
        |e| (e.insert("/quit"), e.kill_to_start(), e.yank()).1,
        false,
    );
    check_command(|e| (write(e, "/le"), e.replace_back(0, "/leave ")).0, true);
    check_command(|e| (write(e, "/q"), e.kill_to_start(), e.undo()).0, true);
    let restored = |typed| Editor::restored("/quit", typed).is_command();
    assert!(restored(5) && !restored(0));
}
