//! Links in what is drawn.
//!
//! A cell has no field for an address, so the unused bits of its style carry a number, and
//! [`crate::grid`] turns the number into the address again.

use ratatui::style::{Modifier, Style};

/// The first unused bit of a style's modifier.
const SHIFT: u32 = Modifier::all().bits().count_ones();

/// The number of links that fit in a frame; 0 means no link.
const NUMBERS: u16 = (1 << (16 - SHIFT)) - 1;

/// The addresses of one frame, by number.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Links {
    by_number: Vec<Option<Box<str>>>,
}

impl Links {
    /// Returns a style that carries the number of `address`. An address has the same number in
    /// every frame unless another took it; then it gets the next free one. If all are taken, the
    /// style carries no link.
    pub(crate) fn style(&mut self, address: &str) -> Style {
        self.by_number.resize(usize::from(NUMBERS), None);
        let hash = address
            .bytes()
            .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
                (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
            });
        let first = usize::try_from(hash % u64::from(NUMBERS)).unwrap_or(0);
        let places = (first..self.by_number.len()).chain(0..first);
        for place in places {
            let taken = self.by_number[place].get_or_insert_with(|| address.into());
            if **taken == *address {
                let number = u16::try_from(place + 1).unwrap_or(0);
                return Style::new().add_modifier(Modifier::from_bits_retain(number << SHIFT));
            }
        }
        Style::new()
    }

    pub(crate) fn address(&self, number: u16) -> Option<&str> {
        let place = usize::from(number).checked_sub(1)?;
        self.by_number.get(place)?.as_deref()
    }
}

/// Splits a cell's modifier into the link number and the rest.
pub(crate) fn number_of(modifier: Modifier) -> (u16, Modifier) {
    let number = modifier.bits() >> SHIFT;
    (number, modifier & Modifier::all())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_style_leads_to_its_address() {
        let mut links = Links::default();
        let style = links.style("https://a.example");
        let (number, rest) = number_of(style.add_modifier | Modifier::BOLD);
        assert_eq!(links.address(number), Some("https://a.example"));
        assert_eq!(rest, Modifier::BOLD);
        assert_eq!(links.style("https://a.example"), style);
        assert_eq!(links.address(0), None);
        for n in 0..500 {
            links.style(&format!("https://{n}.example"));
        }
        assert_eq!(links.style("https://too.many.example"), Style::new());
    }
}
