//! Converting the passwords that the FastAPI demo left in plain text, beside serving.

use std::time::{Duration, Instant};

use futures::{StreamExt, stream};

use super::Accounts;
use chat_server_store::{PlainPassword, StoreError, log_failure};

/// Passwords asked for at a time.
const PAGE_MAX: usize = 100;

/// Passwords converted at the same time: the other cores serve people who sign in meanwhile.
const AT_ONCE_MAX: usize = 2;

/// Between two lines of progress in the log.
const PROGRESS_INTERVAL: Duration = Duration::from_secs(5);

/// Before another attempt, after the store or the hashing had no time for us.
const RETRY: Duration = Duration::from_secs(1);

impl Accounts {
    /// Converts every plain password that the store has, and ends then. However often it is cut
    /// short, it goes on where it was: what is converted is marked in the same write.
    pub async fn convert_plain_passwords(&self) {
        let mut converted = 0_u64;
        let mut told = Instant::now();
        let mut before = Vec::new();
        loop {
            let page = match self.0.store.plain_passwords(PAGE_MAX).await {
                Ok(page) => page,
                Err(error) => {
                    log_failure!(warn, error, "the passwords to convert could not be read");
                    tokio::time::sleep(RETRY).await;
                    continue;
                }
            };
            if page.is_empty() {
                break;
            }
            if page == before {
                let left = page.len();
                tracing::error!(left, "passwords in plain text can't be converted");
                return;
            }
            if converted == 0 {
                tracing::info!("converting the passwords that the demo kept in plain text");
            }
            before.clone_from(&page);
            let at_once = (self.0.passwords.at_once() / 2).clamp(1, AT_ONCE_MAX);
            let mut results = stream::iter(page)
                .map(|plain| self.convert(plain))
                .buffer_unordered(at_once);
            while let Some(result) = results.next().await {
                match result {
                    Ok(()) => converted += 1,
                    Err(error) => {
                        log_failure!(warn, error, "a password stays unconverted for now");
                        before.clear();
                        tokio::time::sleep(RETRY).await;
                    }
                }
                if told.elapsed() >= PROGRESS_INTERVAL {
                    tracing::info!(converted, "converting passwords");
                    told = Instant::now();
                }
            }
        }
        if converted > 0 {
            tracing::info!(converted, "every password is converted");
        }
    }

    async fn convert(&self, plain: PlainPassword) -> Result<(), StoreError> {
        let PlainPassword { username, password } = plain;
        let hash = loop {
            match self.0.passwords.hash(password.clone()).await {
                Ok(hash) => break hash,
                // The hasher is busy with sign-ins, which come first.
                Err(_) => tokio::time::sleep(RETRY).await,
            }
        };
        self.0
            .store
            .convert_password(&username, &password, &hash)
            .await
    }
}
