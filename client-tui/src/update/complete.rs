//! Tab completion of names, commands, rooms and emoji.

use crate::keys::COMMANDS;
use crate::messages::chat as messages;
use crate::state::{Chat, Completion};

/// Candidates that are offered.
const CANDIDATES_MAX: usize = 50;

pub(super) fn complete(chat: &mut Chat, back: bool) {
    let completion = match chat.completion.take() {
        Some(mut completion) => {
            let count = completion.candidates.len();
            let step = if back { count - 1 } else { 1 };
            completion.at = (completion.at + step) % count;
            completion
        }
        None => match begin(chat) {
            Some(completion) => completion,
            None => return,
        },
    };
    let text = completion.candidates[completion.at].clone();
    let start = completion.start;
    chat.current_mut().input.replace_back(start, &text);
    // The last candidate is what was typed, so two candidates mean that there is no choice.
    if completion.candidates.len() > 2 {
        chat.completion = Some(completion);
    }
}

fn begin(chat: &mut Chat) -> Option<Completion> {
    let input = &chat.current().input;
    let before = &input.text()[..input.cursor()];
    let mut letters = before.char_indices().rev();
    let space = letters.find(|(_, c)| c.is_whitespace());
    let start = space.map_or(0, |(at, c)| at + c.len_utf8());
    let word = before[start..].to_owned();
    if word.is_empty() {
        return None;
    }
    let mut candidates = candidates(chat, &word, start == 0);
    if candidates.is_empty() {
        chat.notice = Some(messages::nothing_starts_with(&word));
        return None;
    }
    candidates.truncate(CANDIDATES_MAX);
    candidates.push(word);
    Some(Completion {
        start,
        candidates,
        at: 0,
    })
}

fn candidates(chat: &Chat, word: &str, at_start: bool) -> Vec<String> {
    if let Some(command) = word.strip_prefix('/').filter(|_| at_start) {
        let names = COMMANDS.iter().map(|command| command.name);
        let fitting = names.filter(|name| name.starts_with(command));
        return fitting.map(|name| format!("/{name} ")).collect();
    }
    if let Some(name) = word.strip_prefix(':').filter(|name| !name.is_empty()) {
        return emoji(name);
    }
    if let Some(room) = word.strip_prefix('#') {
        let names = chat.rooms().iter().filter(|room| !room.is_direct());
        let fitting = names.filter(|known| known.name.as_str().starts_with(room));
        return fitting.map(|known| format!("#{} ", known.name)).collect();
    }
    names(chat, word, at_start)
}

/// The people who spoke last, then the others by name.
fn names(chat: &Chat, word: &str, at_start: bool) -> Vec<String> {
    let (at, name) = match word.strip_prefix('@') {
        Some(name) => ("@", name),
        None => ("", word),
    };
    let end = if at_start && at.is_empty() { ": " } else { " " };
    let name = name.to_lowercase();
    let room = chat.current();
    let spoke = room.messages().take(500).map(|message| &message.username);
    let members = room.people().into_iter().flat_map(|people| people.iter());
    let members = members.map(|member| &member.username);
    let mut found: Vec<String> = Vec::new();
    for person in spoke.chain(members) {
        let fits = person.as_str().to_lowercase().starts_with(&name) && *person != chat.me;
        let text = format!("{at}{person}{end}");
        if fits && !found.contains(&text) {
            found.push(text);
        }
    }
    found
}

fn emoji(name: &str) -> Vec<String> {
    let exact = emojis::get_by_shortcode(name.trim_end_matches(':'));
    let all = emojis::iter().filter(|emoji| {
        let mut shortcodes = emoji.shortcodes();
        shortcodes.any(|code| code.starts_with(name))
    });
    let mut found: Vec<String> = Vec::new();
    for emoji in exact.into_iter().chain(all) {
        let text = format!("{} ", emoji.as_str());
        if !found.contains(&text) {
            found.push(text);
        }
    }
    found
}
