//! Separates dumps that follow each other with nothing in between, not even the table of the heap's
//! pools: the sites that OP-TEE allocates once, while it boots, recur in the same order.
//!
//! The heap is walked by address and handed out from its end, so a dump ends with what was allocated
//! first. Records are split into dumps only if all of this holds:
//! - at least [`WITNESSES`] sites occur equally often, once in each dump, in the same order in each;
//! - no more sites than those occur a single time: in one dump with repetitions, its boot's sites do;
//! - after the last of those sites all dumps continue with the same records, for the length of the last.
//!
//! A heap with many records of a few sites, in whatever pattern, has too few such sites; one whose end
//! does not recur is left whole.

/// What is known about the end of a run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum RunEnd {
    /// A dump ends there.
    Sure,
    /// The text ends there.
    OfText,
    /// No more records can be kept.
    Full,
}

/// Sites that have to recur in order. A TA's session and context have three or four that occur once in
/// each (`core/kernel/{tee_ta_manager,user_ta}.c`, `core/mm/file.c`); the boot of optee_os 4.10 leaves
/// nine or more.
const WITNESSES: usize = 8;

/// Number of first records by which starts of dumps are compared, at most two of them the same.
const HEAD: usize = 4;

/// Most records between the last recurring site and the end of a dump, if that end is unknown.
const REST: usize = 64;

/// Number of sites tried as the last recurring one.
const TRIES: usize = 8;

/// Index where each dump of `ids` but the first starts, and whether the last one has no end.
pub(super) fn recurring(ids: &[u32], end: RunEnd) -> Option<(Vec<usize>, bool)> {
    let counts = count(ids);
    let n_singles = counts.iter().filter(|n| **n == 1).count();
    frequent_counts(&counts).into_iter().find_map(|times| {
        let occurrences = SiteOccurrences::new(ids, &counts, times);
        occurrences.lasts().find_map(|last| {
            let witnesses = occurrences.witnesses(last);
            if witnesses < WITNESSES || witnesses < n_singles {
                return None;
            }
            let ends: Vec<_> = occurrences.positions(last).iter().map(|at| at + 1).collect();
            let rest = rest(ids, &ends, end)?;
            let starts = ends.iter().map(|end| end + rest);
            let starts: Vec<_> = starts.filter(|begin| *begin < ids.len()).collect();
            let open = starts.len() == ends.len();
            Some((starts, open))
        })
    })
}

/// Number of records that all dumps share after `ends`.
pub(super) fn rest(ids: &[u32], ends: &[usize], end: RunEnd) -> Option<usize> {
    let longest = ids.len() - ends.last()?;
    let is_shared = |n: usize| {
        let first = ids.get(ends[0]..ends[0] + n);
        first.is_some() && ends.iter().all(|end| ids.get(*end..end + n) == first)
    };
    if end == RunEnd::Sure {
        return is_shared(longest).then_some(longest);
    }
    // If the text ends within a dump, that one starts like the first one.
    let head = head(ids).unwrap_or_default();
    let starts_dump = |n: usize| {
        let matches_head =
            |end: &usize| ids[end + n..].iter().zip(head).all(|(id, known)| id == known);
        !head.is_empty() && longest >= n + HEAD && ends.iter().all(matches_head)
    };
    let length = (0..longest.min(REST)).take_while(|n| is_shared(*n)).find(|n| starts_dump(*n));
    length.or_else(|| (end == RunEnd::OfText && is_shared(longest)).then_some(longest))
}

/// The first records of `ids`, if enough of them differ to recognize a start.
fn head(ids: &[u32]) -> Option<&[u32]> {
    let head = ids.get(..HEAD)?;
    let new = |(at, id): &(usize, &u32)| !head[..*at].contains(id);
    (head.iter().enumerate().filter(new).count() >= HEAD - 1).then_some(head)
}

/// Number of records of each site.
fn count(ids: &[u32]) -> Vec<u32> {
    let sites = ids.iter().max().map_or(0, |most| *most as usize + 1);
    let mut counts = vec![0; sites];
    for id in ids {
        counts[*id as usize] += 1;
    }
    counts
}

/// Numbers of occurrences that enough sites share to be witnesses, the most common first.
fn frequent_counts(counts: &[u32]) -> Vec<u32> {
    let mut repeats: Vec<_> = counts.iter().copied().filter(|n| *n > 1).collect();
    if repeats.len() < WITNESSES {
        return Vec::new();
    }
    repeats.sort_unstable();
    let mut groups: Vec<_> =
        repeats.chunk_by(PartialEq::eq).filter(|alike| alike.len() >= WITNESSES).collect();
    groups.sort_by_key(|alike| std::cmp::Reverse(alike.len()));
    groups.into_iter().map(|alike| alike[0]).take(TRIES).collect()
}

/// The sites that occur `times` times, with the positions of each, in order.
struct SiteOccurrences {
    times: usize,
    places: Vec<usize>,
}

impl SiteOccurrences {
    fn new(ids: &[u32], counts: &[u32], times: u32) -> Self {
        let mut numbers = vec![None; counts.len()];
        let mut lists: Vec<Vec<usize>> = Vec::new();
        for (at, id) in ids.iter().enumerate().filter(|(_, id)| counts[**id as usize] == times) {
            let number = *numbers[*id as usize].get_or_insert_with(|| {
                lists.push(Vec::with_capacity(times as usize));
                lists.len() - 1
            });
            lists[number].push(at);
        }
        // Sorted by the position in the first dump, the last one first.
        lists.sort_unstable_by_key(|list| std::cmp::Reverse(list[0]));
        Self { times: times as usize, places: lists.concat() }
    }

    fn sites(&self) -> impl Iterator<Item = &[usize]> {
        self.places.chunks_exact(self.times)
    }

    /// Positions of the site of that number.
    fn positions(&self, site: usize) -> &[usize] {
        &self.places[site * self.times..(site + 1) * self.times]
    }

    /// Candidates for the last recurring site, the latest first.
    fn lasts(&self) -> impl Iterator<Item = usize> + use<> {
        let mut sites: Vec<_> = (0..self.places.len() / self.times).collect();
        sites.sort_unstable_by_key(|site| std::cmp::Reverse(self.positions(*site)[self.times - 1]));
        sites.into_iter().take(TRIES)
    }

    /// Number of sites that occur once before each position of `last`, all in the same order.
    fn witnesses(&self, last: usize) -> usize {
        let ends = self.positions(last);
        let once_each = |places: &&[usize]| {
            let starts = std::iter::once(None).chain(ends.iter().map(Some));
            places
                .iter()
                .zip(ends)
                .zip(starts)
                .all(|((at, end), begin)| at <= end && begin.is_none_or(|begin| begin < at))
        };
        let mut next = ends;
        let mut n = 1;
        for places in self.sites().filter(once_each) {
            if places.iter().zip(next).all(|(at, next)| at < next) {
                (next, n) = (places, n + 1);
            }
        }
        n
    }
}
