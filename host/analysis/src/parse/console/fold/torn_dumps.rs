//! Dumps that are two, and halves that are one: where damage hid the end of a dump, or made one.
//!
//! The sites that stay the same show it: all of them twice in one dump, or two dumps in a row that have them
//! only together. Halves are put together, with a record that may be missing. No line shows what a double dump
//! has twice, so it proves nothing. Either way, later snapshots get the numbers of their iterations.

use super::{record_run::ConsoleDump, sheet::Sheet, stable::StableSites};

/// Dumps from which on sites are known to stay the same.
const LEAST: usize = 5;

/// What a dump is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum DumpShape {
    Whole,
    /// The first half of a dump whose rest is the next one.
    Half,
    Double,
    /// One of two dumps of which the first holds a part of the second one.
    Shifted,
}

/// Numbers of iterations from which on those of later ones are wrong, and by how many.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Renumbering(Vec<(u32, i32)>);

impl Renumbering {
    /// The right number of an iteration.
    pub(super) fn apply(&self, number: u32) -> u32 {
        let shifts = self.0.iter().filter(|(from, _)| *from <= number);
        number.saturating_add_signed(shifts.map(|(_, shift)| shift).sum())
    }
}

/// Puts halves of dumps together, marks double ones, and renumbers the snapshots unless their iterations were
/// marked. Where other things than dumps make snapshots, it only marks dumps: those show where a snapshot ends.
pub(super) fn mend_torn(sheets: &mut Vec<Sheet>, is_marked: bool) -> Renumbering {
    let (mut renumbering, n_sheets) = (Renumbering::default(), sheets.len());
    let mut mains: Vec<_> = sheets.iter_mut().filter_map(Sheet::main_dump).collect();
    let shapes = shapes(&mains.iter().map(|dump| &**dump).collect::<Vec<_>>());
    let torn: Vec<_> = (0..shapes.len()).filter(|at| is_torn(&shapes, *at)).collect();
    if mains.len() < n_sheets {
        torn.into_iter().for_each(|at| mark(mains[at]));
        return renumbering;
    }
    for (at, shape) in shapes.iter().enumerate().rev() {
        let shift = match shape {
            DumpShape::Whole => continue,
            DumpShape::Half => {
                join(sheets, at);
                -1
            }
            DumpShape::Shifted | DumpShape::Double => {
                sheets[at].main_dump().into_iter().for_each(mark);
                i32::from(*shape == DumpShape::Double)
            }
        };
        if !is_marked && shift != 0 {
            let from = sheets[at].number.saturating_add(1);
            let later = &mut sheets[at + 1..];
            later.iter_mut().for_each(|one| one.number = one.number.saturating_add_signed(shift));
            renumbering.0.push((from, shift));
        }
    }
    renumbering
}

/// Whether that dump is no whole one, or the second half of the one before.
fn is_torn(shapes: &[DumpShape], at: usize) -> bool {
    let is_rest = at.checked_sub(1).is_some_and(|before| shapes[before] == DumpShape::Half);
    shapes[at] != DumpShape::Whole || is_rest
}

fn mark(dump: &mut ConsoleDump) {
    dump.lost = dump.lost.max(1);
    dump.cut = true;
}

/// Adds the sheet after this one to it.
fn join(sheets: &mut Vec<Sheet>, at: usize) {
    let mut rest = sheets.remove(at + 1);
    let sheet = &mut sheets[at];
    if let (Some(dump), Some(rest)) = (sheet.main_dump(), rest.main_dump().map(std::mem::take)) {
        // The end of a text counts as one record.
        dump.lost = (dump.lost + rest.lost).saturating_sub(u64::from(dump.cut)).max(1);
        dump.restored += rest.restored;
        dump.cut = rest.cut;
        for (site, n) in rest.groups {
            dump.add(site, n);
        }
    }
    sheet.sessions = rest.sessions;
    sheet.pools.extend(rest.pools);
    for (ta, dump) in rest.heaps.into_iter().filter(|(_, dump)| !dump.groups.is_empty()) {
        if sheet.heaps.iter().all(|(known, _)| *known != ta) {
            sheet.heaps.push((ta, dump));
        }
    }
    for instance in rest.instances {
        sheet.add_instance(instance);
    }
}

/// The shapes of a heap's dumps.
fn shapes(dumps: &[&ConsoleDump]) -> Vec<DumpShape> {
    let stable = StableSites::of_all(dumps.iter().copied());
    let total = stable.total();
    if dumps.len() < LEAST || total < 2 {
        return Vec::new();
    }
    let mut shapes: Vec<DumpShape> = Vec::with_capacity(dumps.len());
    for (at, dump) in dumps.iter().enumerate() {
        let next = dumps.get(at + 1).filter(|_| shapes.last() != Some(&DumpShape::Half));
        let is_half = next.is_some_and(|next| are_halves(&stable, dump, next));
        let before = at.checked_sub(1).map(|before| dumps[before]);
        let is_shifted = next.is_some_and(|next| are_shifted(&stable, dump, next))
            || before.is_some_and(|before| are_shifted(&stable, before, dump));
        shapes.push(match stable.deviation(&[dump]) {
            (..) if is_shifted => DumpShape::Shifted,
            (more, _) if more + slack(dump, total) >= total => DumpShape::Double,
            (..) if is_half => DumpShape::Half,
            (..) => DumpShape::Whole,
        });
    }
    shapes
}

/// Records that a double dump may lack: lost ones, and one more where so many others show that it is double.
const fn slack(dump: &ConsoleDump, total: u64) -> u64 {
    const SHARE: u64 = 4;
    let most = dump.lost.saturating_add(1);
    let tolerable = total / SHARE;
    if most < tolerable { most } else { tolerable }
}

/// Whether two dumps are one.
fn are_halves(stable: &StableSites, dump: &ConsoleDump, next: &ConsoleDump) -> bool {
    let lacks_some = |dump| stable.deviation(&[dump]).1 > 0;
    let (more, fewer) = stable.deviation(&[dump, next]);
    lacks_some(dump) && lacks_some(next) && more == 0 && fewer <= 1 + dump.lost + next.lost
}

/// Whether two dumps are two, but a good part of the second one is in the first.
fn are_shifted(stable: &StableSites, dump: &ConsoleDump, next: &ConsoleDump) -> bool {
    /// Share of a dump that is a good part.
    const SHARE: u64 = 4;
    let total = stable.total();
    let (moved, missing) = (stable.deviation(&[dump]).0, stable.deviation(&[next]).1);
    let (more, fewer) = stable.deviation(&[dump, next]);
    let is_good_part = |n: u64| n > 0 && n * SHARE >= total;
    is_good_part(moved)
        && is_good_part(missing)
        && fewer == 0
        && more.abs_diff(total) <= 1 + dump.lost + next.lost
}

#[cfg(test)]
mod tests {
    use super::{DumpShape, Renumbering, shapes};
    use crate::parse::console::fold::record_run::ConsoleDump;

    /// The dumps with these counts that are no whole ones.
    fn torn(counts: &[&[u32]]) -> Vec<(usize, DumpShape)> {
        let dump = |counts: &&[u32]| {
            let groups = (0..).zip(counts.iter().copied()).filter(|(_, n)| *n > 0).collect();
            ConsoleDump { groups, ..ConsoleDump::default() }
        };
        let dumps: Vec<_> = counts.iter().map(dump).collect();
        let shapes = shapes(&dumps.iter().collect::<Vec<_>>());
        shapes.into_iter().enumerate().filter(|(_, shape)| *shape != DumpShape::Whole).collect()
    }

    #[test]
    fn halves_and_doubles_are_torn() {
        let whole: &[u32] = &[3, 2, 1];
        let halves = [whole, whole, &[3, 1], &[0, 1, 1], whole, whole];
        assert_eq!(torn(&halves), [(2, DumpShape::Half)]);
        let end = [whole, whole, whole, whole, &[3, 2], &[0, 0, 1]];
        assert_eq!(torn(&end), [(4, DumpShape::Half)]);
        let shifted = [whole, whole, whole, &[6, 3, 1], &[0, 1, 1]];
        assert_eq!(torn(&shifted), [(3, DumpShape::Shifted), (4, DumpShape::Shifted)]);
        let double = [whole, whole, &[6, 4, 2, 9], whole, whole];
        assert_eq!(torn(&double), [(2, DumpShape::Double)]);
        let large: &[u32] = &[5, 4, 3];
        let lacks_one = [large, large, &[10, 7, 6, 9], large, large];
        assert_eq!(torn(&lacks_one), [(2, DumpShape::Double)]);
        let lacks_two = [large, large, &[10, 6, 6, 9], large, large];
        assert_eq!(torn(&lacks_two), []);
    }

    #[test]
    fn changes_of_a_heap_are_whole_dumps() {
        let whole: &[u32] = &[3, 2, 1];
        assert_eq!(torn(&[&[1], whole, whole, whole, whole, whole]), []);
        assert_eq!(torn(&[whole, whole, &[2, 2, 1], whole, &[4, 2, 1], whole]), []);
        assert_eq!(torn(&[whole, &[3, 2, 1, 9], &[3, 2, 1, 18], whole, whole]), []);
    }

    #[test]
    fn later_iterations_get_their_numbers() {
        let numbers = Renumbering(vec![(9, 1), (4, -1)]);
        assert_eq!([3, 4, 8, 9].map(|number| numbers.apply(number)), [3, 3, 7, 9]);
    }
}
