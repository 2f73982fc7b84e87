//! What an operator does to the data instead of serving it: backup, restore, a new log id, a new
//! signing key.

use std::path::Path;

use anyhow::bail;
use chat_server_store::Store;
use chat_server_store::sqlite::backup::{self, Restore};

use crate::accounts;
use crate::config::Config;
use crate::hub::new_log_id;
use crate::run::{self, StartError, open_store};

/// Copies the database to a new file and verifies the copy. A server may use it meanwhile.
///
/// # Errors
/// One sentence for the operator; no file is left then.
pub fn back_up(config: &Config, file: &Path) -> anyhow::Result<()> {
    let bytes = backup::back_up(&sqlite_directory(config)?, file)?;
    tracing::info!(file = %file.display(), bytes, "the backup is made and verified");
    Ok(())
}

/// Puts a backup into a data directory that has no database. The copy gets another log id and no
/// sessions before a server can start on it.
///
/// # Errors
/// One sentence for the operator; the data directory has no database then.
pub async fn restore(config: &Config, file: &Path) -> anyhow::Result<()> {
    let dir = sqlite_directory(config)?;
    let staged = Restore::stage(file, &dir)?;
    let store = staged.open()?;
    let renewed = store.replace_log_id(&new_log_id()).await;
    store.close().await;
    renewed?;
    staged.finish()?;
    tracing::info!(
        data = %dir.display(),
        "the backup is restored: everyone signs in again, and clients load their rooms again"
    );
    Ok(())
}

/// Gives the log another id and ends all sessions, for data that was restored by other means.
///
/// # Errors
/// One sentence for the operator. Sessions may have ended then, and the command can be repeated.
pub async fn renew_log(config: &Config) -> anyhow::Result<()> {
    config.check()?;
    let (store, place) = open_store(config).await?;
    let renewed = store.replace_log_id(&new_log_id()).await;
    store.close().await;
    renewed.map_err(|error| StartError::Rooms { place, error })?;
    tracing::info!(
        "the log has a new id: everyone signs in again, and clients load their rooms again"
    );
    Ok(())
}

/// Replaces the key that signs session tokens, for the next start. Tokens signed before stay valid.
///
/// # Errors
/// [`StartError`] where the store can't be opened, as while a server uses the data directory.
pub async fn rotate_key(config: &Config) -> anyhow::Result<()> {
    config.check()?;
    let (store, place) = open_store(config).await?;
    let rotated = accounts::rotate_key(&store).await;
    store.close().await;
    rotated.map_err(|error| StartError::Accounts {
        place,
        error: error.into(),
    })?;
    tracing::info!("the signing key was replaced; tokens signed before stay valid");
    Ok(())
}

/// Checks that a server could start with the configuration, as far as that is known without its data.
///
/// # Errors
/// One sentence for the operator.
pub fn check_config(config: &Config) -> anyhow::Result<()> {
    run::check(config)?;
    tracing::info!("the configuration can be used");
    Ok(())
}

/// The data directory, where the configuration chooses SQLite.
fn sqlite_directory(config: &Config) -> anyhow::Result<std::path::PathBuf> {
    if config.mongo().is_some() {
        bail!(
            "This command copies SQLite's database, but MONGO_URL or --mongo-url names a MongoDB: \
             use mongodump and mongorestore, then chat-server renew-log."
        );
    }
    Ok(config.data_directory()?)
}
