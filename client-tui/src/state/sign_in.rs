//! The first screen: the form to sign in or sign up.

use super::Editor;

/// The form to sign in or sign up.
#[derive(Debug, Clone, Default)]
pub(crate) struct SignIn {
    pub(crate) tab: Tab,
    pub(crate) field: Field,
    pub(crate) name: Editor,
    pub(crate) password: Editor,
    /// The server was asked and has not answered yet.
    pub(crate) busy: bool,
    /// The error, shown below the form.
    pub(crate) error: Option<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Tab {
    #[default]
    SignIn,
    SignUp,
}

impl Tab {
    pub(crate) fn other(self) -> Self {
        match self {
            Self::SignIn => Self::SignUp,
            Self::SignUp => Self::SignIn,
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Field {
    Tabs,
    #[default]
    Name,
    Password,
}

impl SignIn {
    /// The form for `user`, if one is known, with the cursor in the first empty field.
    pub(crate) fn new(user: Option<&str>, error: Option<String>) -> Self {
        let name = user.map(Editor::with_text).unwrap_or_default();
        let field = if name.is_empty() {
            Field::Name
        } else {
            Field::Password
        };
        Self {
            name,
            field,
            error,
            ..Self::default()
        }
    }
}
