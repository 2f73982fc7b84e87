//! Medians and their spread.

use serde::Serialize;

/// The summary of repeated measurements.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub(crate) struct Summary {
    pub(crate) median: f64,
    pub(crate) min: f64,
    pub(crate) max: f64,
    /// The number of measurements.
    pub(crate) n: usize,
}

impl Summary {
    /// `None` if there are no measurements.
    pub(crate) fn of(values: &[f64]) -> Option<Self> {
        let sorted = sorted(values);
        Some(Self {
            median: median(&sorted)?,
            min: *sorted.first()?,
            max: *sorted.last()?,
            n: sorted.len(),
        })
    }

    /// The ratios of pairs that were measured one after the other, so that drift of the machine
    /// cancels.
    pub(crate) fn of_ratios(ours: &[f64], theirs: &[f64]) -> Option<Self> {
        let pairs = ours.iter().zip(theirs);
        let ratios: Vec<f64> = pairs.map(|(ours, theirs)| ours / theirs).collect();
        Self::of(&ratios)
    }
}

fn sorted(values: &[f64]) -> Vec<f64> {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted
}

fn median(sorted: &[f64]) -> Option<f64> {
    let middle = sorted.len() / 2;
    match sorted.len() % 2 {
        1 => sorted.get(middle).copied(),
        _ => Some(f64::midpoint(
            *sorted.get(middle.checked_sub(1)?)?,
            *sorted.get(middle)?,
        )),
    }
}

/// The quantile `q` (0 to 1) by nearest rank. `None` if there are no values.
pub(crate) fn quantile(values: &[f64], q: f64) -> Option<f64> {
    let sorted = sorted(values);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank lies between 0 and the length"
    )]
    let rank = (q * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.max(1) - 1).copied()
}

/// Splits `total` messages into batches whose mean size is as near to `mean` as whole numbers
/// allow, with larger and smaller ones mixed evenly.
pub(crate) fn batches(total: usize, mean: f64) -> Vec<usize> {
    if total == 0 {
        return Vec::new();
    }
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "clamped to 1..=total"
    )]
    let count = ((total as f64 / mean.max(1.0)).round() as usize).clamp(1, total);
    (0..count)
        .map(|i| (i + 1) * total / count - i * total / count)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_and_their_spread() {
        let check = |values: &[f64], expect: Option<(f64, f64, f64)>| {
            let found = Summary::of(values).map(|s| (s.median, s.min, s.max));
            assert_eq!(found, expect, "{values:?}");
        };
        check(&[], None);
        check(&[3.0], Some((3.0, 3.0, 3.0)));
        check(&[4.0, 1.0], Some((2.5, 1.0, 4.0)));
        check(&[9.0, 1.0, 2.0, 8.0, 3.0], Some((3.0, 1.0, 9.0)));
    }

    #[test]
    fn ratios_are_of_pairs() {
        let ratios = Summary::of_ratios(&[2.0, 30.0, 4.0], &[1.0, 10.0, 1.0]).unwrap();
        assert_eq!((ratios.median, ratios.min, ratios.max), (3.0, 2.0, 4.0));
        assert_eq!(Summary::of_ratios(&[], &[1.0]), None);
    }

    #[test]
    fn quantiles() {
        let hundred: Vec<f64> = (1..=100).rev().map(f64::from).collect();
        assert_eq!(quantile(&hundred, 0.99), Some(99.0));
        assert_eq!(quantile(&hundred, 1.0), Some(100.0));
        assert_eq!(quantile(&hundred, 0.0), Some(1.0));
        assert_eq!(quantile(&[], 0.5), None);
    }

    #[test]
    fn batches_have_the_mean() {
        let check = |total, mean, expect: &[usize]| assert_eq!(batches(total, mean), expect);
        check(0, 3.0, &[]);
        check(5, 1.0, &[1, 1, 1, 1, 1]);
        check(6, 1.5, &[1, 2, 1, 2]);
        check(64, 32.0, &[32, 32]);
        check(3, 100.0, &[3]);
        check(3, 0.0, &[1, 1, 1]);
    }
}
