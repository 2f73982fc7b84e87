use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};

/// How many connections each address has.
#[derive(Debug, Clone, Default)]
pub(super) struct AddressCounts(Arc<Mutex<HashMap<IpAddr, usize>>>);

/// One connection's place; given back when dropped.
#[derive(Debug)]
pub(super) struct Place {
    counts: AddressCounts,
    address: IpAddr,
}

impl AddressCounts {
    /// A place for one more connection from `address`, unless it has `max`.
    pub(super) fn take(&self, address: IpAddr, max: usize) -> Option<Place> {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(address).or_default();
        if *count >= max {
            return None;
        }
        *count += 1;
        Some(Place {
            counts: self.clone(),
            address,
        })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut counts = self.counts.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_come_back() {
        let counts = AddressCounts::default();
        let address = IpAddr::from([127, 0, 0, 1]);
        let first = counts.take(address, 1).unwrap();
        assert!(counts.take(address, 1).is_none());
        assert!(counts.take(IpAddr::from([127, 0, 0, 2]), 1).is_some());
        drop(first);
        assert!(counts.0.lock().unwrap().is_empty());
        assert!(counts.take(address, 1).is_some());
    }
}
