//! Splits a run of records into dumps.

use super::{
    dumps::DumpStart,
    lines_between,
    recurrence::{self, RunEnd},
};

/// Where a run of records splits into dumps.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct CutPoints {
    /// Index of the first record of each dump but the first.
    pub(super) at: Vec<usize>,
    /// What shows where they start.
    pub(super) sign: DumpStart,
    /// Whether a dump continues after its pool table.
    pub(super) goes_on: bool,
    /// Whether the last dump has no end.
    pub(super) open: bool,
    /// Those of `at` where the pool table itself was lost.
    pub(super) torn: Vec<usize>,
}

impl CutPoints {
    /// Splits `ids`, which has no pool table; other lines stand before the records at `breaks`.
    pub(super) fn without_tables(ids: &[u32], breaks: &[usize], end: RunEnd) -> Self {
        let recurring = recurrence::recurring(ids, end).map(|cuts| (cuts, DumpStart::Recurs));
        let between = || lines_between::dumps_between(ids, breaks, end);
        let cuts = recurring.or_else(|| Some((between()?, DumpStart::Lines)));
        cuts.map_or_else(Self::default, |((at, open), sign)| Self {
            at,
            open,
            sign,
            ..Self::default()
        })
    }

    /// Splits `ids`, which has pool tables at `tables`; one may have been lost before any of `holes`.
    pub(super) fn with_holes(
        (ids, tables): (&[u32], &[usize]),
        holes: impl Iterator<Item = usize>,
        end: RunEnd,
        goes_on: bool,
    ) -> Self {
        let mut torn: Vec<_> = holes.filter(|hole| is_lost_table(ids, tables, *hole)).collect();
        torn.extend(hidden_ends(ids, tables).filter(|at| !torn.contains(at)).collect::<Vec<_>>());
        let mut ends: Vec<_> = torn.iter().map(|at| at - 1).chain(tables.iter().copied()).collect();
        ends.sort_unstable();
        Self { torn, ..Self::new(ids, &ends, end, goes_on) }
    }

    /// Splits `ids`, which has pool tables at `tables`. `goes_on`: dumps are known to continue after them.
    pub(super) fn new(ids: &[u32], tables: &[usize], end: RunEnd, goes_on: bool) -> Self {
        let Some(last) = tables.last() else { return Self::without_tables(ids, &[], end) };
        let table_ends: Vec<_> = tables.iter().map(|table| table + 1).collect();
        let tail_length = ids.len() - last - 1;
        let n_complete = tables.len() - 1;
        if end == RunEnd::Full || tail_length == 0 {
            let second = if tail_length == 0 {
                None
            } else {
                recurrence::rest(ids, &table_ends[..n_complete], end)
            };
            let starts = table_ends.into_iter().map(|at| at + second.unwrap_or(0));
            let offsets = starts.filter(|at| *at < ids.len()).collect();
            return Self { at: offsets, ..Self::default() };
        }
        // The heap's second pool comes after the table, and is the same in each dump.
        let second = tables.len() > 1
            && ids[..tail_length] != ids[last + 1..]
            && recurrence::rest(ids, &table_ends, RunEnd::Sure).is_some();
        if second {
            let offsets = table_ends[..n_complete].iter().map(|at| at + tail_length).collect();
            Self { at: offsets, goes_on: true, ..Self::default() }
        } else if end == RunEnd::Sure || goes_on {
            Self { at: table_ends[..n_complete].to_vec(), goes_on: true, ..Self::default() }
        } else {
            Self { at: table_ends, open: true, ..Self::default() }
        }
    }
}

/// Where a dump much longer than those around it is two, whose pool table was lost without a trace or misread.
fn hidden_ends<'i>(ids: &'i [u32], tables: &'i [usize]) -> impl Iterator<Item = usize> + 'i {
    let start = move |at: usize| at.checked_sub(1).map_or(0, |before| tables[before] + 1);
    let length = move |at: usize| Some(tables.get(at)? + 1 - start(at));
    let is_double = move |at: &usize| {
        let around = [at.checked_sub(1).and_then(length), length(at + 1)];
        let longest = around.into_iter().flatten().max();
        length(*at).zip(longest).is_some_and(|(length, longest)| length * 5 >= longest * 8)
    };
    let doubles = (0..tables.len()).filter(is_double);
    doubles.filter_map(move |at| {
        let (start, table) = (start(at), tables[at]);
        let is_hidden = |place: &usize| {
            is_lost_table(ids, tables, *place) && ends_twice(&ids[start..table], *place - start)
        };
        (start + 1..table).find(is_hidden)
    })
}

/// Whether a dump that has the record before `hole` once ends there and at the end: its site ends both, and is
/// nowhere else. A site with many records ends nothing.
fn ends_twice(ids: &[u32], hole: usize) -> bool {
    let last = ids.last();
    let times = ids.iter().filter(|id| Some(*id) == last).count();
    // The pool table may have been misread as the record before.
    let is_end = |before: usize| hole.checked_sub(before).is_some_and(|at| ids.get(at) == last);
    times == 2 && (is_end(1) || is_end(2))
}

/// Whether the pool table was lost before the record `hole`: the records around it are those that end and
/// start the other dumps, and neither part is too short for a dump.
fn is_lost_table(ids: &[u32], tables: &[usize], hole: usize) -> bool {
    let next = tables.partition_point(|table| *table < hole);
    let start = next.checked_sub(1).map_or(0, |before| tables[before] + 1);
    let end = tables.get(next).map_or(ids.len(), |table| table + 1);
    if hole <= start || hole >= end {
        return false;
    }
    let firsts = || std::iter::once(0).chain(tables.iter().map(|table| table + 1));
    let is_start = firsts().filter(|at| *at != start).any(|at| ids.get(at) == ids.get(hole));
    let lasts = tables.iter().filter(|table| **table + 1 != end && **table > 0);
    let ends_at = |at: usize| lasts.clone().any(|table| ids[table - 1] == ids[at]);
    let is_end = || ends_at(hole - 1) || is_single(ids, hole - 1) && hole > 1 && ends_at(hole - 2);
    let lengths = tables.windows(2).map(|pair| pair[1] - pair[0]);
    let shortest = lengths.filter(|length| *length != end - start).min().unwrap_or(0);
    let is_long = |length: usize| length * 5 >= shortest * 4;
    is_start && is_long(hole - start + 1) && is_long(end - hole) && is_end()
}

/// Whether that record's site occurs there only: a misread pool table does.
fn is_single(ids: &[u32], at: usize) -> bool {
    ids.iter().filter(|id| **id == ids[at]).count() == 1
}

#[cfg(test)]
mod tests {
    use super::{CutPoints, RunEnd};

    /// What an OP-TEE allocates while it boots.
    const BOOT: std::ops::Range<u32> = 100..110;

    /// `growth` objects more than at first.
    fn dump(growth: usize) -> Vec<u32> {
        let head = [1, 2, 3, 2, 3].into_iter().chain(std::iter::repeat_n(7, growth));
        head.chain([2, 3]).chain(BOOT).chain([2, 2]).collect()
    }

    fn dumps(n: usize) -> (Vec<u32>, Vec<usize>) {
        let mut all = Vec::new();
        let mut at = Vec::new();
        for growth in 0..n {
            at.push(all.len());
            all.extend(dump(growth));
        }
        at.remove(0);
        (all, at)
    }

    fn at(ids: &[u32], end: RunEnd) -> (Vec<usize>, bool) {
        let cuts = CutPoints::new(ids, &[], end, false);
        (cuts.at, cuts.open)
    }

    #[test]
    fn the_sites_of_the_boot_recur() {
        for n in 1..6 {
            let (ids, begins) = dumps(n);
            assert_eq!(at(&ids, RunEnd::Sure), (begins.clone(), false));
            assert_eq!(at(&ids, RunEnd::OfText), (begins, false));
        }
    }

    #[test]
    fn a_dump_that_the_text_cuts_is_detected() {
        let (ids, begins) = dumps(4);
        let cut = &ids[..begins[2] + 6];
        assert_eq!(at(cut, RunEnd::OfText), (begins.clone(), true));
        assert_eq!(at(cut, RunEnd::Full), (begins, true));
    }

    #[test]
    fn a_pattern_within_a_dump_is_none() {
        // Few sites, in whatever number.
        let few = [1_u32, 2, 3, 4, 5, 6, 7].repeat(9);
        assert_eq!(at(&few, RunEnd::Sure).0, []);
        // Many of them, but the dump ends with others.
        let mut many: Vec<u32> = (1..12).collect::<Vec<_>>().repeat(5);
        many.extend(BOOT);
        assert_eq!(at(&many, RunEnd::Sure).0, []);
        assert_eq!(at(&many, RunEnd::OfText).0, []);
        // And begins with others.
        let begun: Vec<u32> = (20..40).chain((1..12).collect::<Vec<_>>().repeat(5)).collect();
        assert_eq!(at(&begun, RunEnd::OfText).0, []);
    }

    #[test]
    fn a_table_that_is_missing_or_misread_ends_its_dump() {
        let dump = |table: &[u32]| [&[1, 2, 3, 2, 4, 5], table].concat();
        for (table, second) in [(&[][..], 13), (&[77][..], 14)] {
            let ids = [dump(&[9]), dump(table), dump(&[9]), dump(&[9])].concat();
            let tables: Vec<_> = (0..ids.len()).filter(|at| ids[*at] == 9).collect();
            let cuts = CutPoints::with_holes((&ids, &tables), [].into_iter(), RunEnd::Sure, false);
            let end = second + 7;
            assert_eq!(cuts.at, [7, second, end], "{table:?}");
            assert_eq!(cuts.torn, [second], "{table:?}");
        }
    }

    #[test]
    fn a_long_dump_that_has_its_end_everywhere_is_one() {
        let dump = |grown: usize| [&vec![1; grown][..], &[2, 3, 1, 9, 1, 4]].concat();
        let ids = [dump(35), dump(0)].concat();
        let cuts = CutPoints::with_holes((&ids, &[38, 44]), [].into_iter(), RunEnd::OfText, false);
        assert_eq!((cuts.at, cuts.torn), (vec![41], vec![]));
    }

    #[test]
    fn the_second_pool_belongs_to_the_dump_before() {
        let one = [1_u32, 2, 3, 9, 4, 5];
        let cuts = CutPoints::new(&one.repeat(3), &[3, 9, 15], RunEnd::OfText, false);
        assert_eq!((cuts.at, cuts.goes_on, cuts.open), (vec![6, 12], true, false));
        // The text ends within the third dump of a heap with one pool.
        let cuts = CutPoints::new(&[1, 2, 3, 9, 1, 2, 4, 9, 1, 2], &[3, 7], RunEnd::OfText, false);
        assert_eq!((cuts.at, cuts.goes_on, cuts.open), (vec![4, 8], false, true));
    }
}
