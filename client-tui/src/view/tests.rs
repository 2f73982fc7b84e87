use ratatui::Terminal;
use ratatui::backend::TestBackend;
use ratatui::buffer::Buffer;

use crate::testing::Script;

/// The screen as text, row by row; `▏` is the cursor's place.
fn screen(client: &Script) -> String {
    let size = client.app.size;
    let mut terminal = Terminal::new(TestBackend::new(size.columns, size.rows)).unwrap();
    terminal
        .draw(|frame| drop(super::draw(frame, &client.app)))
        .unwrap();
    text(terminal.backend().buffer())
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
    client.say(6, "bob", "/me dances");
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

/// Markdown, answers, changes, reactions, roles.
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

screens! {
    log_in_120x40: Script::log_in(120, 40);
    log_in_80x24: with(Script::log_in(80, 24), "type ann; key enter; type secret12");
    log_in_40x10: Script::log_in(40, 10);
    sign_up_error_80x24: with(Script::log_in(80, 24), "key f2; type ann; key tab; type short; key enter");
    log_in_error_40x10: with(Script::log_in(40, 10), "login-failed chat.example.org can't be reached: connection refused. Is the server running?");
    people_120x40: people(120, 40);
    people_80x24: people(80, 24);
    people_40x10: people(40, 10);
    rooms_120x40: with(people(120, 40), "room rust; room cats; chat cats 1 bob miau");
    rooms_80x24: with(people(80, 24), "room rust; room cats; chat cats 1 bob miau");
    scrolled_80x24: with(Script::chat(80, 24), "page 1 100 end; key pgup; chat lobby 101 bob new");
    top_80x24: with(Script::chat(80, 24), "page 101 200 more; key pgup pgup pgup pgup pgup");
    disconnected_120x40: with(people(120, 40), "down 5 The server closed the connection.");
    disconnected_80x24: with(people(80, 24), "down 5 The server closed the connection.; wait 1200");
    disconnected_40x10: with(people(40, 10), "down 5 The server closed the connection.");
    ended_80x24: with(people(80, 24), "ended You are banned from this server: spam.");
    help_120x40: with(people(120, 40), "key f1");
    help_80x24: with(people(80, 24), "key f1");
    help_40x10: with(people(40, 10), "key f1 pgdn");
    hostile_120x40: hostile(120, 40);
    hostile_80x24: hostile(80, 24);
    hostile_40x10: hostile(40, 10);
    talk_120x40: talk(120, 40);
    talk_80x24: talk(80, 24);
    talk_40x10: talk(40, 10);
    talk_20x5: talk(20, 5);
    unread_120x40: unread(120, 40);
    unread_80x24: unread(80, 24);
    unread_40x10: unread(40, 10);
    switcher_120x40: with(unread(120, 40), "key ctrl-g; type r");
    switcher_80x24: with(unread(80, 24), "key ctrl-g");
    switcher_40x10: with(unread(40, 10), "key ctrl-g; type zz");
    searching_80x24: with(people(80, 24), "key ctrl-c; type /search tea; key enter");
    found_120x40: with(people(120, 40), "key ctrl-c; type /search tea; key enter; found 1 50 more; key down down");
    found_80x24: with(people(80, 24), "key ctrl-c; type /search tea; key enter; found 1 3 end");
    found_40x10: with(people(40, 10), "key ctrl-c; type /search tea; key enter; found 1 50 more");
    nothing_found_80x24: with(people(80, 24), "key ctrl-c; type /search tea; key enter; found 2 1 end");
    chosen_80x24: with(talk(80, 24), "key alt-up alt-up");
    answer_80x24: with(talk(80, 24), "key alt-r; type yes");
    change_40x10: with(talk(40, 10), "own 40 n-9 mine; key alt-e");
    typing_80x24: with(talk(80, 24), "typing bob grace");
    completion_80x24: with(talk(80, 24), "type /re; key tab");
    paste_80x24: with(talk(80, 24), &format!("paste {}", "line\\n".repeat(250)));
    past_80x24: with(unread(80, 24), "type /search tea; key enter; found 50 50 end; key enter; page 1 100 end newer");
    leaving_40x10: with(talk(40, 10), "key ctrl-c");
    many_lines_typed_80x24: with(people(80, 24), "paste \\none\\ntwo\\nthree\\nfour\\nfive\\nsix\\nseven\\neight\\nnine; key up");
    rooms_40x10: with(people(40, 10), "room rust; room cats; chat cats 1 bob miau");
    log_in_error_120x40: with(Script::log_in(120, 40), "login-failed chat.example.org can't be reached: connection refused. Is the server running?");
    log_in_error_80x24: with(Script::log_in(80, 24), "login-failed chat.example.org can't be reached: connection refused. Is the server running?");
    sign_up_error_120x40: with(Script::log_in(120, 40), "key f2; type ann; key tab; type short; key enter");
    sign_up_error_40x10: with(Script::log_in(40, 10), "key f2; type ann; key tab; type short; key enter");
    scrolled_120x40: with(Script::chat(120, 40), "page 1 100 end; key pgup; chat lobby 101 bob new");
    scrolled_40x10: with(Script::chat(40, 10), "page 1 100 end; key pgup; chat lobby 101 bob new");
    top_120x40: with(Script::chat(120, 40), "page 101 200 more; key pgup pgup pgup pgup pgup");
    top_40x10: with(Script::chat(40, 10), "page 101 200 more; key pgup pgup pgup pgup pgup");
    ended_120x40: with(people(120, 40), "ended You are banned from this server: spam.");
    ended_40x10: with(people(40, 10), "ended You are banned from this server: spam.");
    searching_120x40: with(people(120, 40), "key ctrl-c; type /search tea; key enter");
    searching_40x10: with(people(40, 10), "key ctrl-c; type /search tea; key enter");
    nothing_found_120x40: with(people(120, 40), "key ctrl-c; type /search tea; key enter; found 2 1 end");
    nothing_found_40x10: with(people(40, 10), "key ctrl-c; type /search tea; key enter; found 2 1 end");
    chosen_120x40: with(talk(120, 40), "key alt-up alt-up");
    chosen_40x10: with(talk(40, 10), "key alt-up alt-up");
    answer_120x40: with(talk(120, 40), "key alt-r; type yes");
    answer_40x10: with(talk(40, 10), "key alt-r; type yes");
    change_120x40: with(talk(120, 40), "own 40 n-9 mine; key alt-e");
    change_80x24: with(talk(80, 24), "own 40 n-9 mine; key alt-e");
    typing_120x40: with(talk(120, 40), "typing bob grace");
    typing_40x10: with(talk(40, 10), "typing bob grace");
    completion_120x40: with(talk(120, 40), "type /re; key tab");
    completion_40x10: with(talk(40, 10), "type /re; key tab");
    paste_120x40: with(talk(120, 40), &format!("paste {}", "line\\n".repeat(250)));
    paste_40x10: with(talk(40, 10), &format!("paste {}", "line\\n".repeat(250)));
    past_120x40: with(unread(120, 40), "type /search tea; key enter; found 50 50 end; key enter; page 1 100 end newer");
    past_40x10: with(unread(40, 10), "type /search tea; key enter; found 50 50 end; key enter; page 1 100 end newer");
    leaving_120x40: with(talk(120, 40), "key ctrl-c");
    leaving_80x24: with(talk(80, 24), "key ctrl-c");
    many_lines_typed_120x40: with(people(120, 40), "paste \\none\\ntwo\\nthree\\nfour\\nfive\\nsix\\nseven\\neight\\nnine; key up");
    many_lines_typed_40x10: with(people(40, 10), "paste \\none\\ntwo\\nthree\\nfour\\nfive\\nsix\\nseven\\neight\\nnine; key up");
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

/// Whatever others write, wherever the window ends, every cell holds what its column can.
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
                Script::log_in(columns, rows),
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

    /// Anything in messages, names, answers, what is typed: no row is wider than the screen.
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

/// Colours may go; what they say stays.
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
    let size = client.app.size;
    let mut terminal = Terminal::new(TestBackend::new(size.columns, size.rows)).unwrap();
    terminal
        .draw(|frame| drop(super::draw(frame, &client.app)))
        .unwrap();
    for cell in &terminal.backend().buffer().content {
        assert_eq!((cell.fg, cell.bg), Default::default());
    }
}

/// A screen with its colours told: `‹cyan›` before what is so, `‹›` before what has none.
fn coloured(client: &Script) -> String {
    let size = client.app.size;
    let mut terminal = Terminal::new(TestBackend::new(size.columns, size.rows)).unwrap();
    terminal
        .draw(|frame| drop(super::draw(frame, &client.app)))
        .unwrap();
    let buffer = terminal.backend().buffer();
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

/// On white, the palette's bright colours and its yellow can't be read.
#[test]
fn a_light_background_has_colours_of_its_own() {
    use ratatui::style::Color;
    let mut client = talk(120, 40);
    client.run("typing bob; down 5 Gone.");
    client.app.light = Some(true);
    let mut terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
    terminal
        .draw(|frame| drop(super::draw(frame, &client.app)))
        .unwrap();
    let pale = [
        Color::Yellow,
        Color::Cyan,
        Color::LightCyan,
        Color::LightGreen,
        Color::LightYellow,
    ];
    let cells = &terminal.backend().buffer().content;
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
    let mut terminal = Terminal::new(TestBackend::new(120, 40)).unwrap();
    terminal
        .draw(|frame| drop(super::draw(frame, &client.app)))
        .unwrap();
    for cell in &terminal.backend().buffer().content {
        assert_eq!(cell.bg, ratatui::style::Color::Reset);
    }
}

#[test]
fn no_password_is_shown() {
    let client = with(Script::log_in(80, 24), "type ann; key tab; type hunter22");
    let shown = screen(&client);
    assert!(
        shown.contains("••••••••") && !shown.contains("hunter"),
        "{shown}"
    );
}
