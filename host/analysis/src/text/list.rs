//! Lists in sentences.

use std::collections::BTreeSet;

/// Maximum number of ranges in a sentence.
const RANGES: usize = 8;

/// `a, b and c`.
#[must_use]
pub fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [more @ .., last] => format!("{} and {last}", more.join(", ")),
    }
}

/// `a, b and 3 more`: the first ones of many.
#[must_use]
pub fn list_up_to(words: &[String], most: usize) -> String {
    let mut first = words[..words.len().min(most)].to_vec();
    let n_more = words.len().saturating_sub(most) as u64;
    first.extend((n_more > 0).then(|| format!("{} more", super::number(n_more))));
    list(&first)
}

/// `8 to 19`, `3, 5 and 7 to 9`: for numbers that are names, such as descriptors.
#[must_use]
pub fn ranges(numbers: &BTreeSet<u64>) -> String {
    let runs = runs(numbers);
    let range = |(from, to): &(u64, u64)| match to - from {
        0 => from.to_string(),
        1 => format!("{from}, {to}"),
        _ => format!("{from} to {to}"),
    };
    let mut texts: Vec<_> = runs.iter().take(RANGES).map(range).collect();
    if runs.len() > RANGES {
        texts.push("more".into());
    }
    list(&texts)
}

/// First and last number of each consecutive run.
fn runs(numbers: &BTreeSet<u64>) -> Vec<(u64, u64)> {
    let mut runs: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match runs.last_mut() {
            Some((_, to)) if to.checked_add(1) == Some(*number) => *to = *number,
            _ => runs.push((*number, *number)),
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::text::list::*;

    #[test]
    fn rows_read_well() {
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
        let words: Vec<_> = ["a", "b", "c"].map(String::from).into();
        assert_eq!(list_up_to(&words, 3), "a, b and c");
        assert_eq!(list_up_to(&words, 1), "a and 2 more");
        assert_eq!(ranges(&(8..20).collect()), "8 to 19");
        assert_eq!(ranges(&[1, 3, 5, 6, 9, 10, 11].into()), "1, 3, 5, 6 and 9 to 11");
        assert_eq!(ranges(&(0..99).map(|n| n * 2).collect()), "0, 2, 4, 6, 8, 10, 12, 14 and more");
    }

    proptest! {
        #[test]
        fn runs_hold_the_numbers_and_no_two_touch(numbers: BTreeSet<u8>) {
            let numbers = numbers.into_iter().map(u64::from).collect();
            let runs = runs(&numbers);
            let all: BTreeSet<_> = runs.iter().flat_map(|(from, to)| *from..=*to).collect();
            prop_assert_eq!(all, numbers);
            prop_assert!(runs.windows(2).all(|pair| pair[0].1 + 1 < pair[1].0));
        }

        #[test]
        fn the_last_number_of_all_is_in_a_run(from in u64::MAX - 3..) {
            prop_assert_eq!(runs(&(from..=u64::MAX).collect()), [(from, u64::MAX)]);
        }
    }
}
