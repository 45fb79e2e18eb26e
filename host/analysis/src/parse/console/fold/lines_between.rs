//! Separates dumps with other lines between them where no table of the heap's pools shows their ends: a program
//! prints a line after each dump.
//!
//! A dump ends where such a line follows, but not each such line follows the end of a dump. So records are split
//! only if all of this holds:
//! - one site is the last one of each dump, and nowhere else;
//! - what occurs first in the first dump occurs in each;
//! - there are [`DUMPS`] of them or more;
//! - most of the lines between records stand there.

use super::recurrence::RunEnd;

/// Fewest dumps: two of them may look alike by chance.
const DUMPS: usize = 3;

/// Index where each dump of `ids` but the first starts, and whether the last one has no end; other lines stand
/// before the records at `breaks`.
pub(super) fn dumps_between(
    ids: &[u32],
    breaks: &[usize],
    end: RunEnd,
) -> Option<(Vec<usize>, bool)> {
    let before_first = breaks.first()?.checked_sub(1)?;
    let whole = starts(ids, breaks, *ids.last()?).map(|starts| (starts, false));
    let is_cut = || {
        let starts = starts(ids, breaks, ids[before_first])?;
        (end != RunEnd::Sure).then_some((starts, true))
    };
    whole.or_else(is_cut)
}

/// Where dumps start that end with the site `last`.
fn starts(ids: &[u32], breaks: &[usize], last: u32) -> Option<Vec<usize>> {
    let ends = ids.iter().enumerate().filter(|(_, id)| **id == last).map(|(at, _)| at + 1);
    let starts: Vec<_> = ends.filter(|end| *end < ids.len()).collect();
    let is_alike = starts.iter().all(|start| breaks.binary_search(start).is_ok());
    let is_usual = starts.len() * 2 > breaks.len();
    let is_many = starts.len() + 1 >= DUMPS;
    let dumps = || {
        let begins = std::iter::once(0).chain(starts.iter().copied());
        begins.zip(starts.iter().copied().chain([ids.len()]))
    };
    let has_first = |(from, to): (usize, usize)| ids[from..to].contains(&ids[0]);
    let is_cut = ids.last() != Some(&last);
    let n_whole = starts.len() + usize::from(!is_cut);
    let is_split = is_alike && is_usual && is_many && ids[0] != last;
    (is_split && dumps().take(n_whole).all(has_first)).then_some(starts)
}

#[cfg(test)]
mod tests {
    use super::{RunEnd, dumps_between};

    /// Dumps with a growing number of records of the site 2, and where lines stand between them.
    fn dumps(n: usize) -> (Vec<u32>, Vec<usize>) {
        let (mut ids, mut breaks) = (Vec::new(), Vec::new());
        for grown in 0..n {
            breaks.push(ids.len());
            ids.extend([&vec![2; grown][..], &[1, 2, 3]].concat());
        }
        breaks.remove(0);
        (ids, breaks)
    }

    #[test]
    fn a_line_after_each_dump_separates_them() {
        for n in 3..9 {
            let (ids, breaks) = dumps(n);
            for end in [RunEnd::Sure, RunEnd::OfText] {
                assert_eq!(dumps_between(&ids, &breaks, end), Some((breaks.clone(), false)));
            }
        }
    }

    #[test]
    fn a_dump_that_the_text_cuts_is_not_whole() {
        let (mut ids, breaks) = dumps(5);
        ids.pop();
        assert_eq!(dumps_between(&ids, &breaks, RunEnd::OfText), Some((breaks.clone(), true)));
        assert_eq!(dumps_between(&ids, &breaks, RunEnd::Sure), None);
    }

    #[test]
    fn lines_anywhere_else_separate_nothing() {
        let (ids, breaks) = dumps(5);
        for at in 0..breaks.len() {
            let mut others = breaks.clone();
            others[at] -= 1;
            assert_eq!(dumps_between(&ids, &others, RunEnd::Sure), None);
        }
        let each: Vec<_> = (1..ids.len()).collect();
        assert_eq!(dumps_between(&ids, &each, RunEnd::Sure), None);
        assert_eq!(dumps_between(&[7; 9], &[3, 6], RunEnd::Sure), None);
        let (ids, breaks) = dumps(2);
        assert_eq!(dumps_between(&ids, &breaks, RunEnd::Sure), None);
        assert_eq!(dumps_between(&ids, &[], RunEnd::Sure), None);
    }
}
