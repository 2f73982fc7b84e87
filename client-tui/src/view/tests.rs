//! Snapshots of every state at every size, and properties of what is drawn.

use ratatui::buffer::Buffer;

use super::hostile::drawn;
use crate::testing::Script;

/// The screen as text, row by row.
fn screen(client: &Script) -> String {
    text(&drawn(client))
}

fn text(buffer: &Buffer) -> String {
    let area = buffer.area;
    let mut out = String::new();
    for y in 0..area.height {
        let mut row = String::new();
        let mut skip = 0;
        for x in 0..area.width {
            let symbol = buffer[(x, y)].symbol();
            if skip == 0 {
                row.push_str(symbol);
                skip = unicode_width::UnicodeWidthStr::width(symbol).max(1);
            }
            skip -= 1;
        }
        out.push_str(row.trim_end());
        out.push('\n');
    }
    out
}

fn people(columns: u16, rows: u16) -> Script {
    let mut client = Script::chat(columns, rows);
    client.run("page 1 3 end; members ann bob grace -heinz");
    client.say(4, "grace", "Has anyone tried the new build? It starts in half the time here, and I could not find anything that broke; the old settings were taken over as they were.");
    client.say(5, "bob", "yes :)\nand it is small");
    client.say(6, "bob", "*dances* with @ann");
    client.say(1_500, "日本語の名前です", "今日は、これはとても長い文章なので、画面の端で折り返されなければなりません。そうですよね？");
    client.run("wait 91000000; joined heinz; online heinz 4; type hello there; key enter; type /fly; key enter; type not sent; key enter; refused n-2 You may only read here.; type typing");
    client
}

fn hostile(columns: u16, rows: u16) -> Script {
    let mut client = Script::chat(columns, rows);
    client.run("page 1 1 end; members ann");
    client.say(2, "\u{1b}[2Jeve\u{202e}", "\u{1b}[31mred\u{1b}]0;title\u{7} \u{202e}txt.exe\u{2066}\r\nbell\u{7}\u{9b}2J tab\tend \u{200b}zero");
    client.say(
        3,
        "zalgo",
        &format!("z{}algo 👩‍👩‍👧‍👦🏴‍☠️❤️🇩🇪 \u{301}lone", "\u{335}\u{489}".repeat(90)),
    );
    client.say(4, &"long".repeat(50), &"w".repeat(300));
    client.run("online \u{1b}[7mmallory 2");
    client
}

/// Formatting, replies, edits, reactions and roles.
fn talk(columns: u16, rows: u16) -> Script {
    let mut client = Script::chat(columns, rows);
    client.run("page 1 2 end; members @ann %bob grace -heinz");
    client.say(3, "bob", "so **bold**, *it*, ~~gone~~, `code` and https://example.org/a(b), see [the page](https://example.org/).\n> quoted\n```rust\nfn main() { println!(\"*\"); }\n```\nend");
    client.run("mention lobby 4 grace @ann have a look; answer 5 3 bob I did; reacted 6 4 ann 🎉");
    client.run("reacted 7 4 bob 🎉; reacted 8 4 bob 👍; edited 9 5 I did, twice; deleted 10 2");
    client.run("joined heinz; joined ida; left grace");
    client
}

fn unread(columns: u16, rows: u16) -> Script {
    let mut client = Script::chat(columns, rows);
    client.run("members ann bob; room cats; direct @d1 zoe; unread-room rust 120 100 2");
    client.run("chat cats 1 bob miau; chat @d1 1 zoe psst; key alt-3; page 95 120 more");
    client
}

/// The sizes to draw: wide, usual and small.
const SIZES: [(u16, u16); 3] = [(120, 40), (80, 24), (40, 10)];

macro_rules! screens {
    ($($name:ident: $client:expr;)*) => {
        $(#[test]
        fn $name() {
            insta::assert_snapshot!(screen(&$client));
        })*
    };
}

fn with(mut client: Script, script: &str) -> Script {
    client.run(script);
    client
}

/// Makes a client in some state, on a screen of so many columns and rows.
type State = fn(u16, u16) -> Script;

#[rustfmt::skip]
const STATES: &[(&str, State)] = &[
    ("sign_up_error", |columns, rows| with(Script::sign_in(columns, rows), "key f2; type ann; key tab; type short; key enter")),
    ("sign_in_error", |columns, rows| with(Script::sign_in(columns, rows), "sign-in-failed chat.example.org can't be reached: connection refused. Is the server running?")),
    ("people", people),
    ("rooms", |columns, rows| with(people(columns, rows), "room rust; room cats; chat cats 1 bob miau")),
    ("scrolled", |columns, rows| with(Script::chat(columns, rows), "page 1 100 end; key pgup; chat lobby 101 bob new")),
    ("top", |columns, rows| with(Script::chat(columns, rows), "page 101 200 more; key pgup pgup pgup pgup pgup")),
    ("ended", |columns, rows| with(people(columns, rows), "ended You are banned from this server: spam.")),
    ("hostile", hostile),
    ("talk", talk),
    ("unread", unread),
    ("searching", |columns, rows| with(people(columns, rows), "key ctrl-c; type /search tea; key enter")),
    ("nothing_found", |columns, rows| with(people(columns, rows), "key ctrl-c; type /search tea; key enter; found 2 1 end")),
    ("chosen", |columns, rows| with(talk(columns, rows), "key alt-up alt-up")),
    ("closed", |columns, rows| with(Script::chat(columns, rows), "room rust; key alt-2; type typing when; banned rust 4 bob; gone rust; type  removed")),
    ("named", |columns, rows| with(Script::chat(columns, rows), "members ann bob=Bobby cem=Cem -dan=Cem eve=ann; chat lobby 1 bob hi; chat lobby 2 cem hello; chat lobby 3 eve not ann; answer 4 1 bob yes; typing bob cem; profile bob Bob B.; key alt-up")),
    ("answer", |columns, rows| with(talk(columns, rows), "key alt-r; type yes")),
    ("change", |columns, rows| with(talk(columns, rows), "own 40 n-9 mine; key alt-e")),
    ("typing", |columns, rows| with(talk(columns, rows), "typing bob grace")),
    ("completion", |columns, rows| with(talk(columns, rows), "type /re; key tab")),
    ("paste", |columns, rows| with(talk(columns, rows), &format!("paste {}", "line\\n".repeat(250)))),
    ("past", |columns, rows| with(unread(columns, rows), "type /search tea; key enter; found 50 50 end; key enter; page 1 100 end newer")),
    ("leaving", |columns, rows| with(talk(columns, rows), "key ctrl-c")),
    ("many_lines_typed", |columns, rows| with(people(columns, rows), "paste \\none\\ntwo\\nthree\\nfour\\nfive\\nsix\\nseven\\neight\\nnine; key up")),
];

#[test]
fn every_state_at_every_size() {
    for (name, client) in STATES {
        for (columns, rows) in SIZES {
            let name = format!("{name}_{columns}x{rows}");
            insta::assert_snapshot!(name, screen(&client(columns, rows)));
        }
    }
}

screens! {
    talk_20x5: talk(20, 5);
    sign_in_120x40: Script::sign_in(120, 40);
    sign_in_80x24: with(Script::sign_in(80, 24), "type ann; key enter; type secret12");
    sign_in_40x10: Script::sign_in(40, 10);
    disconnected_120x40: with(people(120, 40), "down 5 The server closed the connection.");
    disconnected_80x24: with(people(80, 24), "down 5 The server closed the connection.; wait 1200");
    disconnected_40x10: with(people(40, 10), "down 5 The server closed the connection.");
    help_120x40: with(people(120, 40), "key f1");
    help_80x24: with(people(80, 24), "key f1");
    help_40x10: with(people(40, 10), "key f1 pgdn");
    switcher_120x40: with(unread(120, 40), "key ctrl-g; type r");
    switcher_80x24: with(unread(80, 24), "key ctrl-g");
    switcher_40x10: with(unread(40, 10), "key ctrl-g; type zz");
    found_120x40: with(people(120, 40), "key ctrl-c; type /search tea; key enter; found 1 50 more; key down down");
    found_80x24: with(people(80, 24), "key ctrl-c; type /search tea; key enter; found 1 3 end");
    found_40x10: with(people(40, 10), "key ctrl-c; type /search tea; key enter; found 1 50 more");
}

#[test]
fn the_line_of_new_messages_stands_once() {
    let lines = |script: &str| {
        let client = with(Script::chat(80, 24), script);
        screen(&client).matches(" new messages ").count()
    };
    // A newcomer, below whose own arrival everything is new.
    let newcomer = "joined ann; unread-room lobby 2 0 0; page 1 2 end";
    assert_eq!(lines(newcomer), 1);
    // A direct room, whose first event is not shown.
    assert_eq!(
        lines("direct @d1 zoe; chat @d1 2 zoe psst; key alt-a; page 2 2 end"),
        1
    );
    // The lines above the first loaded one are not known.
    let past = "unread-room rust 200 100 0; key alt-a; page 151 200 more";
    assert_eq!(lines(past), 0);
}

#[test]
fn the_wheel_scrolls_and_a_click_enters_a_room() {
    let mut client = with(Script::chat(120, 40), "page 1 100 end; room rust");
    let newest = screen(&client);
    client.run("wheel up");
    assert_ne!(screen(&client), newest);
    client.run("wheel down");
    assert_eq!(
        screen(&client),
        newest,
        "up and down again is where one was"
    );
    assert!(newest.starts_with("lobby"));
    client.run("click 3 2");
    assert!(
        screen(&client).starts_with("rust"),
        "the second of the list"
    );
    client.run("click 60 20; click 3 30; click 119 0");
    assert!(
        screen(&client).starts_with("rust"),
        "a click elsewhere does nothing"
    );
    client.run("key f1; wheel up; click 3 1; key esc");
    assert!(
        screen(&client).starts_with("rust"),
        "what lies under the help is not touched"
    );
}

/// Whatever others write and however small the window is, no row is wider than the screen.
#[test]
fn the_grid_never_breaks() {
    for columns in (0..30).chain([40, 67, 68, 69, 88]) {
        for rows in [0, 1, 2, 3, 7, 8, 14] {
            for client in [
                hostile(columns, rows),
                people(columns, rows),
                talk(columns, rows),
                with(unread(columns, rows), "key ctrl-g"),
                with(
                    talk(columns, rows),
                    "type /search tea; key enter; found 1 9 end",
                ),
                Script::sign_in(columns, rows),
            ] {
                let client = with(client, "key pgup alt-up; key f1");
                let shown = screen(&client);
                assert!(
                    !shown.chars().any(|c| c.is_control() && c != '\n'),
                    "{columns}x{rows}"
                );
                assert!(!shown.contains('\u{202e}'));
                for row in shown.lines() {
                    let width = crate::text::width(row);
                    assert!(width <= usize::from(columns), "{columns}x{rows}: {row:?}");
                }
            }
        }
    }
}

proptest::proptest! {
    #![proptest_config(proptest::test_runner::Config::with_cases(48))]

    /// No text in messages, names, replies or the input line makes a row wider than the screen.
    #[test]
    fn nothing_that_is_written_breaks_the_grid(
        text in "\\PC{0,80}|.{0,80}",
        who in ".{1,20}",
        columns in 1_u16..90,
        rows in 1_u16..30,
    ) {
        let mut client = Script::chat(columns, rows);
        client.say(1, &who, &text);
        client.say(2, "bob", &format!("**{text}** `{text}` https://a.example/{text}\n> {text}"));
        client.run("answer 3 1 bob yes; key alt-up");
        client.paste(text);
        for keys in ["", "key ctrl-g", "key esc; key f1"] {
            client.run(keys);
            let shown = screen(&client);
            assert!(!shown.chars().any(|c| c.is_control() && c != '\n'));
            for row in shown.lines() {
                assert!(crate::text::width(row) <= usize::from(columns), "{row:?}");
            }
        }
    }
}

/// Without colours the text is the same.
#[test]
fn without_colours_the_words_are_the_same() {
    for mut client in [people(80, 24), talk(80, 24), unread(120, 40)] {
        let coloured = screen(&client);
        client.app.light = Some(true);
        assert_eq!(screen(&client), coloured, "on a light background");
        client.app.colours = false;
        assert_eq!(screen(&client), coloured);
        without_colours(&client);
    }
}

fn without_colours(client: &Script) {
    for cell in &drawn(client).content {
        assert_eq!((cell.fg, cell.bg), Default::default());
    }
}

/// The screen with its colours: `‹cyan›` before what is cyan, `‹›` before what has no colour.
fn coloured(client: &Script) -> String {
    let size = client.app.size;
    let buffer = drawn(client);
    let mut out = String::new();
    for y in 0..size.rows {
        let (mut row, mut style) = (String::new(), ratatui::style::Style::new());
        for x in 0..size.columns {
            let cell = &buffer[(x, y)];
            let now = cell.style();
            if (now.fg, now.add_modifier) != (style.fg, style.add_modifier) {
                let colour = now.fg.filter(|fg| *fg != ratatui::style::Color::Reset);
                let colour = colour.map_or(String::new(), |fg| fg.to_string().to_lowercase());
                let modifiers = format!("{:?}", now.add_modifier).to_lowercase();
                let modifiers = modifiers.replace("none", "").replace("(empty)", "");
                row += &format!("‹{}›", [colour, modifiers].join(" ").trim());
                style = now;
            }
            row.push_str(cell.symbol());
        }
        out.push_str(row.trim_end_matches([' ', '‹', '›']));
        out.push('\n');
    }
    out
}

#[test]
fn looks() {
    let mut client = unread(80, 24);
    client.run("down 5 The server closed the connection.; key alt-up");
    insta::assert_snapshot!("dark_80x24", coloured(&client));
    client.app.light = Some(true);
    insta::assert_snapshot!("light_80x24", coloured(&client));
    client.app.colours = false;
    insta::assert_snapshot!("no_color_80x24", coloured(&client));
}

/// The palette's bright colours and its yellow can't be read on white.
#[test]
fn a_light_background_has_colours_of_its_own() {
    use ratatui::style::Color;
    let mut client = talk(120, 40);
    client.run("typing bob; down 5 Gone.");
    client.app.light = Some(true);
    let pale = [
        Color::Yellow,
        Color::Cyan,
        Color::LightCyan,
        Color::LightGreen,
        Color::LightYellow,
    ];
    let cells = drawn(&client).content;
    assert!(cells.iter().all(|cell| !pale.contains(&cell.fg)));
    assert!(
        cells
            .iter()
            .any(|cell| matches!(cell.fg, Color::Indexed(_)))
    );
}

#[test]
fn nothing_has_a_background() {
    let client = with(people(120, 40), "room rust; key f1");
    for cell in &drawn(&client).content {
        assert_eq!(cell.bg, ratatui::style::Color::Reset);
    }
}

#[test]
fn no_password_is_shown() {
    let client = with(Script::sign_in(80, 24), "type ann; key tab; type hunter22");
    let shown = screen(&client);
    assert!(
        shown.contains("••••••••") && !shown.contains("hunter"),
        "{shown}"
    );
}
