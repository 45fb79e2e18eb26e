//! Totals of counts.

/// The sum of counts that come from outside, at most `u64::MAX`: a damaged one must not wrap it to a small one.
pub fn saturating_sum(counts: impl IntoIterator<Item = u64>) -> u64 {
    counts.into_iter().fold(0, u64::saturating_add)
}

#[cfg(test)]
mod tests {
    use super::saturating_sum;

    #[test]
    fn it_ends_at_the_largest_number() {
        assert_eq!(saturating_sum([1, 2, 3]), 6);
        assert_eq!(saturating_sum([5, u64::MAX, 7]), u64::MAX);
    }
}
