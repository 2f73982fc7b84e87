//! Which usernames and passwords a new account may not have, beyond what the wire allows.
//!
//! Nothing here applies to a sign-in: an account that exists keeps its name and its password.

use chat_shared::{PasswordError, Username};
use unicode_security::confusable_detection::skeleton;

/// Usernames that look as if the server spoke.
const RESERVED: [&str; 3] = ["admin", "system", "server"];

/// The passwords that are tried first by those who guess, one a line.
const COMMON_PASSWORDS: &str = include_str!("policy/common_passwords.txt");

/// Whether a username is one of the server's own or looks like one.
///
/// Two names look alike if they are equal once their case, the separators `. _ -`, the characters
/// that look the same (UTS 39 section 4) and the difference between `i`, `l` and `1` are ignored.
pub(crate) fn is_reserved(username: &Username) -> bool {
    let name = look(username.as_str());
    RESERVED.iter().any(|reserved| look(reserved) == name)
}

fn look(name: &str) -> String {
    let letters: String = name
        .chars()
        .filter(|c| !matches!(c, '.' | '_' | '-'))
        .map(|c| match c.to_ascii_lowercase() {
            'l' | '1' => 'i',
            '0' => 'o',
            '5' => 's',
            '3' => 'e',
            c => c,
        })
        .collect();
    skeleton(&letters).collect()
}

/// Why a password is easy to guess.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    #[error("The password is the username: choose another one")]
    IsUsername,
    #[error("The password is one of the most common ones: choose another one")]
    IsCommon,
}

/// Why a password can't be chosen.
#[derive(Debug, thiserror::Error)]
pub enum NewPasswordError {
    #[error(transparent)]
    Form(#[from] PasswordError),
    #[error(transparent)]
    Weak(#[from] WeakPassword),
}

/// Checks the form of a new password, and how easy it is to guess.
///
/// # Errors
/// [`NewPasswordError`].
pub(super) fn check_new_password(
    username: &Username,
    password: &str,
) -> Result<(), NewPasswordError> {
    chat_shared::check_new_password(password)?;
    Ok(check_strength(username, password)?)
}

/// Checks that a new password is not among the first that somebody else would try: the username,
/// forwards or backwards, and the most common passwords, all in any case.
///
/// # Errors
/// [`WeakPassword`].
fn check_strength(username: &Username, password: &str) -> Result<(), WeakPassword> {
    let password = password.to_lowercase();
    let name = username.folded();
    if password == name || password.chars().rev().eq(name.chars()) {
        return Err(WeakPassword::IsUsername);
    }
    if common_passwords().any(|common| common == password) {
        return Err(WeakPassword::IsCommon);
    }
    Ok(())
}

fn common_passwords() -> impl Iterator<Item = &'static str> {
    let lines = COMMON_PASSWORDS.lines();
    lines.filter(|line| !line.starts_with("# "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use chat_shared::check_new_password;

    #[test]
    fn names_of_the_server_and_their_lookalikes_are_reserved() {
        for name in [
            "admin",
            "Admin",
            "ADMIN",
            "adm1n",
            "admln",
            "adrnin",
            "ad-min",
            "_admin_",
            "system",
            "SYSTEM",
            "5ystem",
            "syst3m",
            "systern",
            "server",
            "serv3r",
            "s.e.r.v.e.r",
        ] {
            assert!(is_reserved(&Username::existing(name)), "{name}");
        }
        for name in [
            "ann",
            "administrator",
            "admins",
            "sys",
            "servers",
            "root",
            "owner",
        ] {
            assert!(!is_reserved(&Username::existing(name)), "{name}");
        }
    }

    #[test]
    fn passwords_that_are_tried_first_are_weak() {
        let check = |password: &str, expect: Result<(), WeakPassword>| {
            let checked = check_strength(&Username::existing("Annabella"), password);
            assert_eq!(checked, expect, "{password}");
        };
        check("annabella", Err(WeakPassword::IsUsername));
        check("ANNABELLA", Err(WeakPassword::IsUsername));
        check("allebanna", Err(WeakPassword::IsUsername));
        check("password", Err(WeakPassword::IsCommon));
        check("PassWord1", Err(WeakPassword::IsCommon));
        check("12345678", Err(WeakPassword::IsCommon));
        check("annabella-2", Ok(()));
        check("correct horse battery", Ok(()));
    }

    #[test]
    fn the_list_is_in_lower_case_and_of_passwords_that_are_long_enough() {
        assert_eq!(common_passwords().count(), 2_000);
        for common in common_passwords() {
            assert_eq!(check_new_password(common), Ok(()), "{common}");
            assert_eq!(common, common.to_lowercase());
        }
    }
}
