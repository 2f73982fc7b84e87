//! The slash commands with their arguments and descriptions.

/// A slash command as the help describes it; `update/commands.rs` carries it out.
#[derive(Debug)]
pub(crate) struct SlashCommand {
    pub(crate) name: &'static str,
    /// The arguments that follow the name.
    pub(crate) arguments: &'static str,
    pub(crate) what: &'static str,
}

impl SlashCommand {
    pub(crate) fn usage(&self) -> String {
        format!("/{} {}", self.name, self.arguments)
            .trim_end()
            .to_owned()
    }
}

const fn command(name: &'static str, arguments: &'static str, what: &'static str) -> SlashCommand {
    SlashCommand {
        name,
        arguments,
        what,
    }
}

#[rustfmt::skip]
pub(crate) const COMMANDS: &[SlashCommand] = &[
    command("join", "ROOM", "join a room"),
    command("leave", "[ROOM]", "leave this or another room"),
    command("create", "ROOM [TOPIC]", "create a room that you own"),
    command("create-private", "ROOM [TOPIC]", "create a room that only invited people see"),
    command("rooms", "[PREFIX]", "list public rooms"),
    command("msg", "USER [TEXT]", "send a direct message"),
    command("names", "", "list the members"),
    command("me", "TEXT", "send an action in italics: /me waves"),
    command("topic", "[TEXT]", "show or change the topic; - clears it"),
    command("search", "WORDS", "search messages; in:ROOM and from:USER narrow it"),
    command("reply", "[TEXT]", "reply to the selected or last message"),
    command("edit", "[TEXT]", "edit the selected or your last message"),
    command("delete", "", "delete the selected or your last message"),
    command("react", "EMOJI", "add or remove a reaction"),
    command("retry", "", "send failed messages again"),
    command("reconnect", "", "connect again after the server ended the connection"),
    command("discard", "", "discard failed messages"),
    command("nick", "NAME", "change your display name"),
    command("invite", "USER", "invite someone to this room"),
    command("kick", "USER", "remove someone from this room"),
    command("ban", "USER [10m|2h|7d]", "remove someone and keep them out"),
    command("unban", "USER", "lift a ban"),
    command("mute", "USER [10m|2h|7d]", "stop someone from writing here"),
    command("unmute", "USER", "lift a mute"),
    command("role", "USER owner|moderator|member", "change someone's role"),
    command("block", "USER", "keep someone from inviting you and writing to you directly"),
    command("unblock", "USER", "lift a block"),
    command("invite-link", "[PEOPLE] [2h|7d]", "make a link by which people sign up (admin)"),
    command("invite-links", "", "list the invite links (admin)"),
    command("revoke-invite", "ID", "end an invite link (admin)"),
    command("reset-link", "USER", "make a link by which someone sets a new password (admin)"),
    command("make-admin", "USER", "make someone an admin of the server (admin)"),
    command("unmake-admin", "USER", "take the admin's right from someone (admin)"),
    command("help", "", "show keys and commands"),
    command("quit", "", "quit the program"),
];
