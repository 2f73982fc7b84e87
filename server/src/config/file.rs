//! The configuration file: TOML, with the names of the flags.
//!
//! A value of the file becomes the default of its flag, so that flags and environment variables win
//! over it, and each value is read and checked by the same code.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use clap::{Arg, ArgAction, CommandFactory, FromArgMatches};
use toml::{Table, Value};

use super::Config;

/// The flag that names the file.
const FLAG: &str = "--config";

/// The environment variable that names it.
const VARIABLE: &str = "CHAT_CONFIG";

/// Bytes of a file that is read.
const FILE_BYTES_MAX: u64 = 1024 * 1024;

/// Why the configuration can't be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A flag, a variable, or a value of the file; or the help was asked for.
    #[error(transparent)]
    Usage(#[from] clap::Error),
    #[error("The configuration file {} can't be read: {reason}.", .file.display())]
    Unreadable { file: PathBuf, reason: String },
    #[error(
        "The configuration file {} has an unknown setting {name:?}{}. `chat-server --help` lists \
         all; a setting has the name of its flag without the dashes.",
        .file.display(), suggested(.name)
    )]
    Unknown { file: PathBuf, name: String },
    #[error(
        "The configuration file {} has a value for {name:?} that can't be used: {reason}.",
        .file.display()
    )]
    Value {
        file: PathBuf,
        name: String,
        reason: String,
    },
}

/// Reads the configuration from flags, the environment, and the file that one of them names.
///
/// # Errors
/// [`ReadError`].
pub fn read(args: Vec<OsString>) -> Result<Config, ReadError> {
    read_as(args, Config::command(), std::env::var_os(VARIABLE))
}

/// As [`read`], with the command that describes the flags and the value of the file's variable.
pub(super) fn read_as(
    args: Vec<OsString>,
    command: clap::Command,
    variable: Option<OsString>,
) -> Result<Config, ReadError> {
    let command = match named(&args).or(variable.filter(|value| !value.is_empty())) {
        Some(file) => with_file(command, Path::new(&file))?,
        None => command,
    };
    let matches = command.try_get_matches_from(args)?;
    let mut config = Config::from_arg_matches(&matches)?;
    prefer_flags(&mut config, &matches);
    Ok(config)
}

/// Of two settings that say the same in two ways, a flag or a variable wins over the file.
fn prefer_flags(config: &mut Config, matches: &clap::ArgMatches) {
    use clap::parser::ValueSource::{CommandLine, EnvVariable};
    let is_given = |id| {
        let source = matches.value_source(id);
        matches!(source, Some(CommandLine | EnvVariable))
    };
    if is_given("mongo_url_file") && !is_given("mongo_url") {
        config.mongo_url = None;
    }
    if is_given("port") && !is_given("listen") {
        config.listen = None;
    }
}

/// The file that the flags name.
fn named(args: &[OsString]) -> Option<OsString> {
    let mut args = args.iter();
    while let Some(arg) = args.next() {
        if arg == FLAG {
            return args.next().cloned();
        }
        let text = arg.to_str().unwrap_or_default();
        let value = text
            .strip_prefix(FLAG)
            .and_then(|rest| rest.strip_prefix('='));
        if let Some(value) = value {
            return Some(value.into());
        }
    }
    None
}

/// Whether a flag can be set in the file: it has a name, and a value.
fn is_setting(arg: &Arg) -> bool {
    let is_own = arg
        .get_long()
        .is_none_or(|name| Some(name) == FLAG.strip_prefix("--"));
    !is_own && !arg.is_hide_set() && matches!(arg.get_action(), ArgAction::Set | ArgAction::Append)
}

/// The command with the values of the file as defaults.
fn with_file(mut command: clap::Command, file: &Path) -> Result<clap::Command, ReadError> {
    for (name, value) in read_table(file)? {
        let arg = command
            .get_arguments()
            .find(|arg| arg.get_long() == Some(&name));
        let Some(id) = arg
            .filter(|arg| is_setting(arg))
            .map(|arg| arg.get_id().clone())
        else {
            let file = file.to_owned();
            return Err(ReadError::Unknown { file, name });
        };
        let texts = texts(&value).map_err(|reason| ReadError::Value {
            file: file.to_owned(),
            name: name.clone(),
            reason: reason.to_owned(),
        })?;
        command = command.mut_arg(id, |arg| {
            // Help shows the documented default, and no secret of the file.
            let arg = arg.hide_default_value(true);
            match arg.get_value_delimiter() {
                Some(_) => arg.default_values(texts),
                None => arg.default_value(texts.join(",")),
            }
        });
    }
    Ok(command)
}

fn read_table(file: &Path) -> Result<Table, ReadError> {
    let unreadable = |reason: String| ReadError::Unreadable {
        file: file.to_owned(),
        reason,
    };
    let length = std::fs::metadata(file)
        .map_err(|error| unreadable(error.to_string()))?
        .len();
    if length > FILE_BYTES_MAX {
        return Err(unreadable("it is too long".to_owned()));
    }
    let text = std::fs::read_to_string(file).map_err(|error| unreadable(error.to_string()))?;
    text.parse().map_err(|error: toml::de::Error| {
        // The error itself would quote the line, which may hold a password.
        let begins = error.span().map_or(0, |span| span.start);
        let line = text
            .bytes()
            .take(begins)
            .filter(|byte| *byte == b'\n')
            .count()
            + 1;
        unreadable(format!("line {line} is not valid TOML"))
    })
}

/// A value as flags would give it.
fn texts(value: &Value) -> Result<Vec<String>, &'static str> {
    match value {
        Value::String(text) => Ok(vec![text.clone()]),
        Value::Integer(number) => Ok(vec![number.to_string()]),
        Value::Array(values) => {
            let texts = values.iter().map(|value| match value {
                Value::String(text) => Ok(text.clone()),
                _ => Err("a list has texts in quotation marks"),
            });
            texts.collect()
        }
        Value::Float(_) | Value::Boolean(_) | Value::Datetime(_) | Value::Table(_) => {
            Err("a text in quotation marks, a whole number, or a list of texts is needed")
        }
    }
}

/// The setting that was meant, in words, where one is near.
fn suggested(name: &str) -> String {
    let command = Config::command();
    let settings = command.get_arguments().filter(|arg| is_setting(arg));
    let names = settings.filter_map(Arg::get_long);
    let nearest = names.max_by(|a, b| likeness(a, name).total_cmp(&likeness(b, name)));
    match nearest.filter(|nearest| likeness(nearest, name) >= LIKENESS_MIN) {
        Some(nearest) => format!("; {nearest:?} may be meant"),
        None => String::new(),
    }
}

/// How like two names must be to be taken for each other, from 0 to 1.
const LIKENESS_MIN: f64 = 0.8;

fn likeness(a: &str, b: &str) -> f64 {
    strsim::jaro_winkler(a, b)
}

/// Reads a secret from a file of its own, without the line's end.
///
/// # Errors
/// What the system says.
pub(super) fn read_secret(file: &Path) -> std::io::Result<String> {
    let text = std::fs::read_to_string(file)?;
    Ok(text.trim_end_matches(['\r', '\n']).to_owned())
}
