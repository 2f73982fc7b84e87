//! How a line of the timeline becomes rows of the screen. The view draws them, scrolling counts
//! them, so that both agree.

use chat_shared::{TimestampMs, Username};
use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use ratatui::style::Style;
use ratatui::text::{Line, Span};

use super::theme::Theme;
use crate::state::{App, Entry, EntryKind, Pending, Shown};
use crate::text::{cells, harmless, width, wrap};

/// Columns of a name before it is cut short.
const NICK_COLUMNS_MAX: usize = 24;

/// `HH:MM ` and the hanging indent where the name is too wide for one.
const TIME_COLUMNS: usize = 6;

#[derive(Debug, Clone, Copy)]
pub(crate) struct Rows<'a> {
    pub(crate) columns: usize,
    pub(crate) zone: &'a TimeZone,
    pub(crate) theme: Theme,
    pub(crate) me: &'a Username,
}

impl<'a> Rows<'a> {
    pub(crate) fn new(app: &'a App, me: &'a Username, columns: u16) -> Self {
        let theme = Theme {
            colours: app.colours,
        };
        Self {
            columns: usize::from(columns).max(1),
            zone: &app.zone,
            theme,
            me,
        }
    }

    /// The rows of a line; a new day's first line brings the day's own row. `before` is when the
    /// line above was said.
    pub(crate) fn of(&self, shown: Shown<'_>, before: Option<TimestampMs>) -> Vec<Line<'static>> {
        let day = self.date(shown.ts());
        let mut rows = Vec::new();
        if before.is_none_or(|before| self.date(before) != day) {
            rows.push(self.day(day));
        }
        match shown {
            Shown::Entry(entry) => self.entry(entry, &mut rows),
            Shown::Pending(pending) => self.pending(pending, &mut rows),
        }
        rows
    }

    fn entry(&self, entry: &Entry, rows: &mut Vec<Line<'static>>) {
        let theme = self.theme;
        match &entry.kind {
            EntryKind::Message { sender, text, bot } => {
                self.message(entry.ts, sender, *bot, text, theme.plain(), rows);
            }
            EntryKind::System { text } => {
                let head = vec![self.time(entry.ts), Span::styled("-- ", theme.dim())];
                self.hang(head, text, theme.dim(), rows);
            }
            EntryKind::Local { text, error } => {
                let style = if *error { theme.error() } else { theme.plain() };
                let mark = if *error { "!! " } else { "-- " };
                let head = vec![self.time(entry.ts), Span::styled(mark, style)];
                self.hang(head, text, style, rows);
            }
        }
    }

    fn pending(&self, pending: &Pending, rows: &mut Vec<Line<'static>>) {
        let text = format!("{} …", pending.text);
        match &pending.failed {
            None => self.message(pending.ts, self.me, false, &text, self.theme.dim(), rows),
            Some(why) => {
                let (ts, text) = (pending.ts, &pending.text);
                self.message(ts, self.me, false, text, self.theme.dim(), rows);
                let head = vec![Span::raw(" ".repeat(TIME_COLUMNS.min(self.columns / 2)))];
                let why = format!("not sent: {why} Ctrl-R tries again, /discard drops it.");
                self.hang(head, &why, self.theme.error(), rows);
            }
        }
    }

    fn message(
        &self,
        ts: TimestampMs,
        sender: &Username,
        bot: bool,
        text: &str,
        style: Style,
        rows: &mut Vec<Line<'static>>,
    ) {
        let nick_style = self.theme.nick(sender).patch(style);
        let nick_style = if style == self.theme.plain() {
            nick_style.patch(self.theme.bold())
        } else {
            nick_style
        };
        let nick = cut(sender.as_str(), NICK_COLUMNS_MAX.min(self.columns / 3));
        let mut head = vec![self.time(ts)];
        let text = match text.strip_prefix("/me ") {
            Some(action) => {
                head.extend([Span::styled("* ", style), Span::styled(nick, nick_style)]);
                head.push(Span::raw(" "));
                action
            }
            None => {
                head.push(Span::styled(nick, nick_style));
                if bot {
                    head.push(Span::styled(" [bot]", self.theme.dim()));
                }
                head.push(Span::styled(": ", self.theme.dim()));
                text
            }
        };
        self.hang(head, text, style, rows);
    }

    /// `head`, then `text` with its later rows indented to where it began.
    fn hang(
        &self,
        head: Vec<Span<'static>>,
        text: &str,
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
        for row in wrap(text, first, rest) {
            let mut spans = head
                .take()
                .unwrap_or_else(|| vec![Span::raw(" ".repeat(indent))]);
            spans.push(Span::styled(harmless(&text[row]), style));
            rows.push(Line::from(spans));
        }
    }

    fn time(&self, ts: TimestampMs) -> Span<'static> {
        let time = self.local(ts);
        Span::styled(
            format!("{:02}:{:02} ", time.hour(), time.minute()),
            self.theme.dim(),
        )
    }

    fn day(&self, date: Date) -> Line<'static> {
        let name = format!(" {} ", date.strftime("%A, %-d %B %Y"));
        let rest = self.columns.saturating_sub(name.len());
        let (left, right) = (rest / 2, rest - rest / 2);
        Line::styled(
            format!("{}{name}{}", "─".repeat(left), "─".repeat(right)),
            self.theme.dim(),
        )
    }

    fn date(&self, ts: TimestampMs) -> Date {
        self.local(ts).date()
    }

    fn local(&self, ts: TimestampMs) -> DateTime {
        // A time that no calendar holds is shown as the epoch.
        let ts = i64::try_from(ts)
            .ok()
            .and_then(|ts| Timestamp::from_millisecond(ts).ok());
        self.zone.to_datetime(ts.unwrap_or_default())
    }
}

/// `text` on one line of at most `columns`, with an ellipsis where it was cut.
pub(crate) fn cut(text: &str, columns: usize) -> String {
    if width(text) <= columns {
        return harmless(text);
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
