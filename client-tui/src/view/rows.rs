//! Turns a line of the timeline into rows of the screen. Drawing and scrolling both use it, so that
//! they agree on the number of rows.

use std::cell::RefCell;

use chat_shared::protocol::ChatEvent;
use chat_shared::view::RoomView;
use chat_shared::{TimestampMs, Username};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::links::Links;
use super::theme::Theme;
use crate::messages::chat as messages;
use crate::state::{
    App, Chat, Labels, Line as TimelineLine, LineKey, More, Note, NoteKind, Pending, Room,
};
use crate::text::{Markup, cells, sanitize, width, wrap};

/// The longest name, in columns, before it is cut.
const NAME_COLUMNS_MAX: usize = 24;

/// The width of `HH:MM `, and the indent of later rows if the name is too wide for one.
const TIME_COLUMNS: usize = 6;

/// Reactions shown under a message.
const REACTIONS_MAX: usize = chat_shared::limits::REACTIONS_MAX;

#[derive(Debug)]
pub(crate) struct Rows<'a> {
    columns: usize,
    zone: &'a TimeZone,
    theme: Theme,
    me: &'a Username,
    room: &'a Room,
    labels: Labels,
    /// The addresses in the rows that were made.
    pub(crate) links: RefCell<Links>,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(app: &'a App, chat: &'a Chat, columns: u16) -> Self {
        Self {
            columns: usize::from(columns).max(1),
            zone: &app.zone,
            theme: Theme::of(app),
            me: &chat.me,
            room: chat.current(),
            labels: chat.current().people().map(Labels::of).unwrap_or_default(),
            links: RefCell::default(),
        }
    }

    /// The rows of a line. The first line of a day gets a row with the date, the first unread line
    /// a divider. `above` is the line before it.
    pub(crate) fn of(
        &self,
        key: LineKey,
        shown: TimelineLine<'_>,
        above: Option<(LineKey, TimestampMs)>,
    ) -> Vec<Line<'static>> {
        let day = self.date(shown.ts());
        let mut rows = Vec::new();
        if above.is_none_or(|(_, ts)| self.date(ts) != day) {
            let name = day.strftime("%A, %-d %B %Y").to_string();
            rows.push(self.divider(&name, self.theme.dim()));
        }
        let is_whole = self.room.older() == More::None;
        let starts_unread = |line| {
            let follows_read = above.is_some_and(|(key, _)| key.seq <= line);
            // Without a line above, the room starts here, or what is above is not loaded.
            let is_first = above.is_none() && (line == 0 || is_whole);
            key.seq > line && (follows_read || is_first)
        };
        if self.room.read.divider.is_some_and(starts_unread) {
            rows.push(self.divider(messages::NEW_MESSAGES, self.theme.accent()));
        }
        match shown {
            TimelineLine::Message(message) => self.message(message, &mut rows),
            TimelineLine::System(event) => {
                let style = self.theme.dim();
                self.aside(event.ts, "-- ", &event.message, style, &mut rows);
            }
            TimelineLine::Note(note) => self.note(note, &mut rows),
            TimelineLine::Pending(pending) => self.pending(pending, &mut rows),
        }
        rows
    }

    fn note(&self, note: &Note, rows: &mut Vec<Line<'static>>) {
        let theme = self.theme;
        let ts = note.ts;
        match &note.kind {
            NoteKind::System(text) => self.aside(ts, "-- ", text, theme.dim(), rows),
            NoteKind::PresenceChanges(changes) => {
                self.aside(ts, "-- ", &messages::presence(changes), theme.dim(), rows);
            }
            NoteKind::Local { text, error } => {
                let style = if *error { theme.error() } else { theme.plain() };
                self.aside(ts, if *error { "!! " } else { "-- " }, text, style, rows);
            }
        }
    }

    fn aside(
        &self,
        ts: TimestampMs,
        mark: &'static str,
        text: &str,
        style: Style,
        rows: &mut Vec<Line<'static>>,
    ) {
        let head = vec![self.time(ts, ' '), Span::styled(mark, style)];
        self.hang(head, &Markup::plain(text), style, rows);
    }

    fn pending(&self, pending: &Pending, rows: &mut Vec<Line<'static>>) {
        let style = self.theme.dim();
        // Only the server's message says who is mentioned.
        let mut markup = Markup::parse(&pending.text, &[""; 0]);
        if pending.failed().is_none() {
            markup.push(" …", Default::default());
        }
        let (me, ts) = (self.me, pending.ts);
        self.reply_quote(pending.reply_to, rows);
        self.speech(me, false, self.time(ts, ' '), &markup, style, rows);
        if let Some(why) = pending.failed() {
            let head = vec![Span::raw(" ".repeat(TIME_COLUMNS.min(self.columns / 2)))];
            let why = messages::not_sent(why);
            self.hang(head, &Markup::plain(&why), self.theme.error(), rows);
        }
    }

    fn message(&self, message: &ChatEvent, rows: &mut Vec<Line<'static>>) {
        let names_me = |view: &RoomView| view.names_me(message);
        let mark = if self.room.selected == Some(message.seq) {
            '>'
        } else if self.room.view.as_ref().is_some_and(names_me) {
            '»'
        } else {
            ' '
        };
        let (mut markup, mut style) = (Markup::default(), self.theme.plain());
        if message.deleted {
            style = self.theme.dim();
            markup.push(messages::DELETED, Default::default());
        } else {
            markup = Markup::parse(&message.message, &message.mentions);
            if message.edited_ts.is_some() {
                let quote = true;
                markup.push(
                    messages::EDITED,
                    crate::text::TextStyle {
                        quote,
                        ..Default::default()
                    },
                );
            }
        }
        self.reply_quote(message.reply_to, rows);
        let time = self.time(message.ts, mark);
        self.speech(&message.username, message.bot, time, &markup, style, rows);
        self.reactions(message, rows);
    }

    /// Adds the quoted message above a reply.
    fn reply_quote(&self, reply_to: Option<u64>, rows: &mut Vec<Line<'static>>) {
        let Some(seq) = reply_to else {
            return;
        };
        let indent = TIME_COLUMNS.min(self.columns / 4);
        let said = match self.room.message(seq) {
            Some(message) if message.deleted => {
                format!(
                    "{}: {}",
                    self.labels.get(&message.username),
                    messages::DELETED
                )
            }
            Some(message) => format!(
                "{}: {}",
                self.labels.get(&message.username),
                on_one_line(&message.message)
            ),
            None => messages::EARLIER_MESSAGE.to_owned(),
        };
        let said = cut(&said, self.columns.saturating_sub(indent + 2));
        let row = format!("{}╭ {said}", " ".repeat(indent));
        rows.push(Line::styled(row, self.theme.dim()));
    }

    /// Adds the reactions below a message; the user's own are in brackets.
    fn reactions(&self, message: &ChatEvent, rows: &mut Vec<Line<'static>>) {
        let shown = message
            .reactions
            .iter()
            .take(REACTIONS_MAX)
            .map(|(emoji, it)| {
                let text = format!("{emoji} {}", it.n);
                if it.me { format!("[{text}]") } else { text }
            });
        let shown: Vec<_> = shown.collect();
        if !shown.is_empty() {
            let indent = TIME_COLUMNS.min(self.columns / 4);
            let text = cut(&shown.join("  "), self.columns.saturating_sub(indent));
            let row = format!("{}{text}", " ".repeat(indent));
            rows.push(Line::styled(row, self.theme.accent()));
        }
    }

    fn speech(
        &self,
        sender: &Username,
        bot: bool,
        time: Span<'static>,
        markup: &Markup,
        style: Style,
        rows: &mut Vec<Line<'static>>,
    ) {
        let mut name_style = self.theme.username(sender).patch(style);
        if style == self.theme.plain() {
            name_style = name_style.patch(self.theme.bold());
        }
        let name = cut(
            self.labels.get(sender),
            NAME_COLUMNS_MAX.min(self.columns / 3),
        );
        let mut head = vec![time];
        head.push(Span::styled(name, name_style));
        if bot {
            head.push(Span::styled(" [bot]", self.theme.dim()));
        }
        head.push(Span::styled(": ", self.theme.dim()));
        self.hang(head, markup, style, rows);
    }

    /// Adds `head` and the text, with later rows indented to where the text starts.
    fn hang(
        &self,
        head: Vec<Span<'static>>,
        markup: &Markup,
        style: Style,
        rows: &mut Vec<Line<'static>>,
    ) {
        let used: usize = head.iter().map(|span| width(&span.content)).sum();
        let indent = if used <= self.columns / 2 {
            used
        } else {
            TIME_COLUMNS.min(self.columns / 4)
        };
        let first = self.columns.saturating_sub(used).max(1);
        let rest = self.columns.saturating_sub(indent).max(1);
        let mut head = Some(head);
        let mut runs = markup.runs.iter().peekable();
        let address_style = |address: &String| self.links.borrow_mut().style(address);
        let styles: Vec<Style> = markup.links.iter().map(address_style).collect();
        for row in wrap(&markup.text, first, rest) {
            let mut spans = head
                .take()
                .unwrap_or_else(|| vec![Span::raw(" ".repeat(indent))]);
            let (mut piece, mut piece_style) = (String::new(), style);
            for cell in cells(&markup.text[row.clone()]) {
                let at = row.start + cell.at;
                while runs.next_if(|(range, _)| range.end <= at).is_some() {}
                let look = runs.peek().map(|(_, look)| *look).unwrap_or_default();
                let mut cell_style = self.theme.look(look, style);
                if let Some(link) = look.link.and_then(|link| styles.get(usize::from(link))) {
                    cell_style = cell_style.patch(*link);
                }
                if cell_style != piece_style && !piece.is_empty() {
                    spans.push(Span::styled(std::mem::take(&mut piece), piece_style));
                }
                piece_style = cell_style;
                piece.push_str(&cell.shown);
            }
            spans.push(Span::styled(piece, piece_style));
            rows.push(Line::from(spans));
        }
    }

    /// `HH:MM` and a mark.
    fn time(&self, ts: TimestampMs, mark: char) -> Span<'static> {
        let time = self.local(ts);
        let text = format!("{:02}:{:02}{mark}", time.hour(), time.minute());
        let style = if mark == ' ' {
            self.theme.dim()
        } else {
            self.theme.accent().patch(self.theme.bold())
        };
        Span::styled(text, style)
    }

    fn divider(&self, name: &str, style: Style) -> Line<'static> {
        let name = cut(&format!(" {name} "), self.columns);
        let rest = self.columns.saturating_sub(width(&name));
        let (left, right) = (rest / 2, rest - rest / 2);
        let line = format!("{}{name}{}", "─".repeat(left), "─".repeat(right));
        Line::styled(line, style)
    }

    fn date(&self, ts: TimestampMs) -> Date {
        self.local(ts).date()
    }

    fn local(&self, ts: TimestampMs) -> DateTime {
        local(self.zone, ts)
    }
}

/// A timestamp in the local time zone.
pub(super) fn local(zone: &TimeZone, ts: TimestampMs) -> DateTime {
    // A timestamp outside the calendar's range is shown as the epoch.
    let ts = i64::try_from(ts)
        .ok()
        .and_then(|ts| Timestamp::from_millisecond(ts).ok());
    zone.to_datetime(ts.unwrap_or_default())
}

/// A message without formatting marks and line ends.
pub(super) fn on_one_line(text: &str) -> String {
    Markup::parse(text, &[""; 0]).text.replace('\n', " ")
}

/// `text` on one line of at most `columns`, with an ellipsis if it was cut.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return sanitize(text);
    }
    let (mut shown, mut used) = (String::new(), 0);
    for cell in cells(text).filter(|cell| !cell.is_newline()) {
        if used + cell.width + 1 > columns {
            break;
        }
        used += cell.width;
        shown.push_str(&cell.shown);
    }
    if columns > 0 {
        shown.push('…');
    }
    shown
}
