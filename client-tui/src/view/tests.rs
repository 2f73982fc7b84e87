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
    many_lines_typed_80x24: with(people(80, 24), "paste \\none\\ntwo\\nthree\\nfour\\nfive\\nsix\\nseven\\neight\\nnine; key up");
}

/// Whatever others write, wherever the window ends, every cell holds what its column can.
#[test]
fn the_grid_never_breaks() {
    for columns in (0..30).chain([40, 67, 68, 69, 88]) {
        for rows in [0, 1, 2, 3, 7, 8, 14] {
            for client in [
                hostile(columns, rows),
                people(columns, rows),
                Script::log_in(columns, rows),
            ] {
                let client = with(client, "key pgup; key f1");
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

/// Colours may go; what they say stays.
#[test]
fn without_colours_the_words_are_the_same() {
    let mut client = people(80, 24);
    let coloured = screen(&client);
    client.app.colours = false;
    assert_eq!(screen(&client), coloured);
    let mut terminal = Terminal::new(TestBackend::new(80, 24)).unwrap();
    terminal
        .draw(|frame| drop(super::draw(frame, &client.app)))
        .unwrap();
    for cell in &terminal.backend().buffer().content {
        assert_eq!((cell.fg, cell.bg), Default::default());
    }
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
