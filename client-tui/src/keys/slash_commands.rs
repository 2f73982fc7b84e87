//! The slash commands with their arguments and descriptions.

/// A slash command as the help describes it; `update/commands.rs` carries it out.
#[derive(Debug)]
pub(crate) struct Command {
    pub(crate) name: &'static str,
    /// The arguments that follow the name.
    pub(crate) arguments: &'static str,
    pub(crate) what: &'static str,
}

impl Command {
    pub(crate) fn usage(&self) -> String {
        format!("/{} {}", self.name, self.arguments)
            .trim_end()
            .to_owned()
    }
}

const fn command(name: &'static str, arguments: &'static str, what: &'static str) -> Command {
    Command {
        name,
        arguments,
        what,
    }
}

#[rustfmt::skip]
pub(crate) const COMMANDS: &[Command] = &[
    command("join", "ROOM", "enter a room"),
    command("leave", "[ROOM]", "leave this room, or that one"),
    command("create", "ROOM [TOPIC]", "make a room; its owner is you"),
    command("create-private", "ROOM [TOPIC]", "make a room that only the invited see"),
    command("rooms", "[PREFIX]", "the public rooms"),
    command("msg", "NAME [TEXT]", "write to one person"),
    command("names", "", "who is here"),
    command("me", "TEXT", "say what you do"),
    command("topic", "[TEXT]", "what the room is about; change it"),
    command("search", "WORDS", "find messages; in:ROOM and from:NAME narrow it"),
    command("reply", "[TEXT]", "answer the chosen or last message"),
    command("edit", "[TEXT]", "change the chosen or your last message"),
    command("delete", "", "take back the chosen or your last message"),
    command("react", "EMOJI", "put :emoji: on the chosen or last message, or take it off"),
    command("retry", "", "send again what failed"),
    command("discard", "", "drop what failed"),
    command("nick", "NAME", "the name that others are shown"),
    command("invite", "NAME", "let someone in"),
    command("kick", "NAME", "put someone out"),
    command("ban", "NAME [10m|2h|7d]", "put someone out and keep them out"),
    command("unban", "NAME", "let someone come back"),
    command("mute", "NAME [10m|2h|7d]", "let someone only read"),
    command("unmute", "NAME", "let someone speak again"),
    command("role", "NAME owner|moderator|member", "say what someone may do"),
    command("help", "", "keys and commands"),
    command("quit", "", "leave the chat"),
];
