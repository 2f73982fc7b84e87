//! The wire's types as TypeScript, which the page's code is held to: `web/types/wire.d.ts`.

use std::fmt::Write;
use std::path::Path;

use chat_shared::limits::Limits;
use chat_shared::protocol::{http, *};
use ts_rs::{Config, TS};

const HEAD: &str = "// The wire's types, written from chat-shared: CHAT_WRITE_TYPES=1 cargo test -p chat-shared --features ts --test types\n";

fn add<T: TS>(file: &mut String, config: &Config) {
    let _ = writeln!(file, "\nexport {}", T::decl(config));
}

#[expect(clippy::too_many_lines, reason = "one flat list of types")]
fn types() -> String {
    let config = &Config::new().with_large_int("number");
    let mut file = HEAD.to_owned();
    macro_rules! all {
        ($($kind:ty),* $(,)?) => { $(add::<$kind>(&mut file, config);)* };
    }
    all!(
        ServerFrame,
        Welcome,
        RoomInfo,
        RoomKind,
        Role,
        Limits,
        RoomsState,
        ChatEvent,
        Reaction,
        EditedEvent,
        DeletedEvent,
        ReactedEvent,
        SystemEvent,
        SystemKind,
        TypingEvent,
        ReadEvent,
        ProfileEvent,
        BlockedEvent,
        PresenceEvent,
        RoomGone,
        Limited,
        Bye,
        Ack,
        HistoryPage,
        EventsPage,
        ResultsPage,
        RoomsPage,
        RoomListing,
        MembersPage,
        MemberInfo,
        ErrorFrame,
        ErrorCode,
        Hello,
        CommandFrame,
        Command,
        Send,
        Edit,
        Delete,
        React,
        History,
        Events,
        Search,
        Typing,
        Read,
        Rooms,
        Members,
        Create,
        Join,
        Leave,
        About,
        AboutFor,
        GiveRole,
        Topic,
        Dm,
        Profile,
        Block,
        InviteLink,
        InviteLinks,
        RevokeInvite,
        NewInviteLink,
        InvitesPage,
        InviteInfo,
        ResetLink,
        NewResetLink,
        AdminRight,
        Audit,
        AuditPage,
        AuditInfo,
        Resume,
        http::Credentials,
        http::Answer,
        http::RefusalCode,
        http::SignedIn,
        http::Me,
        http::NewPassword,
        http::ResetPassword,
        http::Sessions,
        http::SessionInfo,
        http::NewAvatar,
    );
    for (name, is) in [
        ("RoomName", "string"),
        ("Username", "string"),
        ("Nonce", "string"),
        ("RequestId", "string"),
        ("Emoji", "string"),
        ("Seq", "number"),
        ("TimestampMs", "number"),
    ] {
        let _ = writeln!(file, "\nexport type {name} = {is};");
    }
    file
}

#[test]
fn the_page_has_the_types_of_the_wire() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../web/types/wire.d.ts");
    let types = types();
    if std::env::var_os("CHAT_WRITE_TYPES").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, &types).unwrap();
    }
    let committed = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        committed == types,
        "web/types/wire.d.ts is not what the types are: CHAT_WRITE_TYPES=1 cargo test -p chat-shared --features ts --test types"
    );
}
