//! Hostile text in names, messages and topics is drawn safely and never breaks the grid.

use chat_shared::protocol::ServerFrame;
use proptest::prelude::*;
use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;
use ratatui::style::Color;
use unicode_width::UnicodeWidthStr;

use crate::testing::{Script, room};

fn client(columns: u16, rows: u16, name: &str, text: &str, topic: &str) -> Script {
    let mut client = Script::chat(columns, rows);
    client.run("room rust; page 1 1 end; members ann bob");
    client.say(2, name, text);
    client.say(3, "bob", &format!("{text}{name}"));
    let mut lobby = room("lobby");
    lobby.topic = topic.to_owned();
    client.frame(ServerFrame::Room {
        re: None,
        room: lobby,
    });
    client.run("online bob 2");
    client
}

/// Draws the client into a buffer.
pub(super) fn drawn(client: &Script) -> Buffer {
    let size = client.app.size;
    let mut terminal = Terminal::new(TestBackend::new(size.columns, size.rows)).unwrap();
    terminal
        .draw(|frame| drop(super::draw(frame, &client.app)))
        .unwrap();
    terminal.backend().buffer().clone()
}

/// Checks that no cell holds a control or bidi character, and that the cells fill each row.
fn check(buffer: &Buffer) {
    let area = buffer.area;
    for y in 0..area.height {
        let mut x = 0;
        while x < area.width {
            let symbol = buffer[(x, y)].symbol();
            for c in symbol.chars() {
                let turns = matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
                assert!(!c.is_control() && !turns, "{symbol:?} at {x},{y}");
                let tag = matches!(c, '\u{e0000}'..='\u{e001f}' | '\u{e0080}'..='\u{e01ef}');
                assert!(!tag, "{symbol:?} at {x},{y}");
            }
            assert!(
                symbol.chars().count() <= 13,
                "{symbol:?} piles up at {x},{y}"
            );
            let width = symbol.width();
            assert!(
                (1..=4).contains(&width),
                "{symbol:?} takes {width} at {x},{y}"
            );
            x += u16::try_from(width).unwrap();
        }
        assert_eq!(x, area.width, "row {y} is as wide as the screen");
    }
}

/// Checks that the vertical rules beside the timeline are unbroken.
fn check_rules(buffer: &Buffer) {
    for x in [18, buffer.area.width - 19] {
        for y in 1..buffer.area.height - 3 {
            assert_eq!(buffer[(x, y)].symbol(), "│", "the rule at {x},{y}");
        }
    }
}

#[test]
fn the_worst_that_is_known() {
    let joiners = "\u{200d}".repeat(4_000);
    for text in [
        "\x1b[2J\x1b]0;title\x07\u{9b}31m",
        "\u{202e}txt.exe\u{2066}\u{200f}",
        &joiners,
        &format!("a{joiners}b"),
        "\u{e0000}\u{e0041}\u{e01ef}x",
        &format!("👩{}", "\u{200d}👩".repeat(1_000)),
        "\u{1100}\u{1161}\u{11a8}".repeat(300).as_str(),
        "\u{fdfd}﷽ \u{12031} ⸻ ꧅",
        "\r\n\r\n\t\t\u{2028}\u{2029}\u{85}",
    ] {
        for (columns, rows) in [(120, 40), (80, 24), (40, 10), (20, 5)] {
            let client = client(columns, rows, text, text, text);
            let buffer = drawn(&client);
            check(&buffer);
            if columns == 120 {
                check_rules(&buffer);
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn any_text_keeps_the_grid(
        name in any::<String>(),
        text in any::<String>(),
        topic in any::<String>(),
        columns in 1_u16..130,
        rows in 1_u16..45,
    ) {
        check(&drawn(&client(columns, rows, &name, &text, &topic)));
        let wide = drawn(&client(120, 40, &name, &text, &topic));
        check(&wide);
        check_rules(&wide);
    }
}

fn colours(buffer: &Buffer) -> Vec<Color> {
    let mut colours = Vec::new();
    for cell in &buffer.content {
        for colour in [cell.fg, cell.bg] {
            if colour != Color::Reset && !colours.contains(&colour) {
                colours.push(colour);
            }
        }
    }
    colours
}

#[test]
fn without_colours_nothing_is_coloured_and_nothing_missing() {
    let mut client = client(120, 40, "eve", "hello", "topic");
    client.run("down 5 The server went away.");
    let coloured = drawn(&client);
    assert!(!colours(&coloured).is_empty());
    client.app.colours = false;
    let plain = drawn(&client);
    assert!(colours(&plain).is_empty());
    let text = |buffer: &Buffer| {
        buffer
            .content
            .iter()
            .map(|cell| cell.symbol().to_owned())
            .collect::<String>()
    };
    assert_eq!(text(&plain), text(&coloured));
}

#[test]
fn on_a_light_background_no_light_colour_stands() {
    let mut client = Script::chat(120, 40);
    client.app.light = Some(true);
    client.run("page 1 1 end; members ann bob");
    for (seq, name) in (2..).zip([
        "eve", "bob", "grace", "heinz", "mallory", "trent", "oscar", "peggy",
    ]) {
        client.say(seq, name, "`code` and https://example.org");
    }
    let light = [
        Color::Yellow,
        Color::Cyan,
        Color::White,
        Color::Gray,
        Color::LightYellow,
        Color::LightCyan,
        Color::LightGreen,
        Color::LightBlue,
        Color::LightMagenta,
    ];
    let shown = colours(&drawn(&client));
    assert!(
        shown.len() > 3 && !shown.iter().any(|colour| light.contains(colour)),
        "{shown:?}"
    );
}
