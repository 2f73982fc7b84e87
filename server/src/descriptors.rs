//! How many connections fit in the file descriptors that the system allows.
//!
//! A connection is a descriptor. Without a budget, the WebSockets of a full server would leave none
//! for those who want to sign in, and none for the store.

/// Descriptors for all but connections: the store's files, the page's, the log, listeners.
const DESCRIPTORS_RESERVED: usize = 64;

/// One connection of so many is one that speaks HTTP.
const HTTP_PART: usize = 4;

/// Connections that may be open at the same time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DescriptorBudget {
    pub http: usize,
    pub websockets: usize,
}

impl DescriptorBudget {
    /// Shares `descriptors` out, at most `http_max` of them to HTTP connections.
    pub fn new(descriptors: usize, http_max: usize) -> Self {
        let connections = descriptors.saturating_sub(DESCRIPTORS_RESERVED);
        let http = http_max.min(connections / HTTP_PART).max(1);
        Self {
            http,
            websockets: connections.saturating_sub(http).max(1),
        }
    }

    /// As [`DescriptorBudget::new`], with the descriptors that this process may have.
    pub fn of_process(http_max: usize) -> Self {
        let budget = Self::new(process_limit(), http_max);
        if budget.http < http_max {
            tracing::warn!(
                http = budget.http,
                websockets = budget.websockets,
                "the limit of file descriptors allows few connections; raise it (ulimit -n)"
            );
        }
        budget
    }
}

/// Many systems start programs with 1,024, and let them raise it.
#[cfg(unix)]
pub fn raise_limit() {
    match rlimit::increase_nofile_limit(rlimit::INFINITY) {
        Ok(limit) => tracing::debug!(limit, "file descriptors"),
        Err(error) => tracing::warn!(%error, "the limit of file descriptors stays as it was"),
    }
}

#[cfg(not(unix))]
pub fn raise_limit() {}

#[cfg(unix)]
fn process_limit() -> usize {
    let limit = rlimit::getrlimit(rlimit::Resource::NOFILE).map(|(soft, _)| soft);
    limit.map_or(usize::MAX, |soft| {
        usize::try_from(soft).unwrap_or(usize::MAX)
    })
}

#[cfg(not(unix))]
fn process_limit() -> usize {
    usize::MAX
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn connections_and_the_rest_fit_in_the_limit() {
        let check = |descriptors, http, websockets| {
            let budget = DescriptorBudget { http, websockets };
            assert_eq!(DescriptorBudget::new(descriptors, 16_384), budget);
        };
        check(1_048_576, 16_384, 1_032_128);
        check(1_024, 240, 720);
        check(100, 9, 27);
        check(10, 1, 1);
    }
}
