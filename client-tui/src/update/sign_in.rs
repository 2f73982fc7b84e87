//! The keys of the sign-in form.

use chat_shared::{Username, check_new_password};
use crossterm::event::{KeyCode, KeyEvent, KeyModifiers};

use super::editing::type_or_edit;
use super::{Effect, Effects, Password};
use crate::keys::Press;
use crate::messages::sign_in as messages;
use crate::state::{App, Editor, Field, Screen, SignIn, Tab};

pub(super) fn on_key(app: &mut App, key: KeyEvent, effects: &mut Effects) {
    let Screen::SignIn(form) = &mut app.screen else {
        return;
    };
    if form.busy {
        return;
    }
    match key.code {
        KeyCode::Tab | KeyCode::Down => form.field = after(form.field),
        KeyCode::BackTab | KeyCode::Up => form.field = before(form.field),
        KeyCode::F(2) => switch(form),
        KeyCode::Char('t') if key.modifiers.contains(KeyModifiers::CONTROL) => switch(form),
        KeyCode::Left | KeyCode::Right | KeyCode::Char(' ') if form.field == Field::Tabs => {
            switch(form);
        }
        KeyCode::Enter => match form.field {
            Field::Tabs => form.field = Field::Name,
            Field::Name if form.password.is_empty() => form.field = Field::Password,
            Field::Name | Field::Password => submit(form, effects),
        },
        _ => {
            let action = app.keys.action(key).map(|(action, _)| action);
            let edit = |editor: &mut Editor| type_or_edit(editor, Press::of(key), action);
            if field(form).is_some_and(edit) {
                form.error = None;
            }
        }
    }
}

pub(super) fn on_paste(form: &mut SignIn, text: &str) {
    // A copied text often ends with a line break.
    let line = text.trim_matches(['\r', '\n']).replace(['\r', '\n'], " ");
    if let Some(editor) = field(form)
        && !editor.insert(&line)
    {
        form.error = Some(messages::TOO_LONG_TO_PASTE.to_owned());
    }
}

/// Returns false if there was nothing to clear.
pub(super) fn clear_field(form: &mut SignIn) -> bool {
    let editor = field(form);
    let cleared = editor.map(std::mem::take);
    cleared.is_some_and(|editor| !editor.is_empty())
}

/// Sends the form to the server, or says what is missing. Only the server can tell whether the
/// username and the password are right.
pub(crate) fn submit(form: &mut SignIn, effects: &mut Effects) {
    let (name, password) = (form.name.text().trim(), form.password.text());
    let sign_up = form.tab == Tab::SignUp;
    let refused = if name.is_empty() {
        Some((Field::Name, messages::USERNAME_MISSING.to_owned()))
    } else if password.is_empty() {
        Some((Field::Password, messages::PASSWORD_MISSING.to_owned()))
    } else if let (true, Err(error)) = (sign_up, Username::parse_new(name)) {
        Some((Field::Name, format!("{error}.")))
    } else if let (true, Err(error)) = (sign_up, check_new_password(password)) {
        Some((Field::Password, format!("{error}.")))
    } else {
        None
    };
    if let Some((field, error)) = refused {
        (form.field, form.error) = (field, Some(error));
        return;
    }
    let (name, password) = (name.to_owned(), Password(password.to_owned()));
    (form.busy, form.error) = (true, None);
    effects.push(Effect::SignIn {
        name,
        password,
        sign_up,
    });
}

fn field(form: &mut SignIn) -> Option<&mut Editor> {
    match form.field {
        _ if form.busy => None,
        Field::Tabs => None,
        Field::Name => Some(&mut form.name),
        Field::Password => Some(&mut form.password),
    }
}

fn switch(form: &mut SignIn) {
    (form.tab, form.error) = (form.tab.other(), None);
}

fn after(field: Field) -> Field {
    match field {
        Field::Tabs => Field::Name,
        Field::Name => Field::Password,
        Field::Password => Field::Tabs,
    }
}

fn before(field: Field) -> Field {
    after(after(field))
}
