//! Steps that lines of a text report: they seldom name their TA, but the physical addresses they print, or
//! the number of what they left behind, tie them to what grows.

use std::collections::HashSet;

use crate::{
    model::{Event, FigureKind, Finding, Origin, Region, Unit},
    protocol::Tie,
    text,
};

/// Objects that one acquire may plausibly leave.
const PER_ACQUIRE: u64 = 32;

/// Acquires that a count is evidence for.
const ENOUGH: u64 = 3;

/// Whether the acquires are lines of a text.
pub(super) fn are_acquires(tie: &Tie, events: &[Event]) -> bool {
    let mut acquires = tie.acquires.iter().filter_map(|at| events.get(*at)).peekable();
    acquires.peek().is_some() && acquires.all(|event| event.origin == Origin::Text)
}

/// How many of the regions lie at a physical address that an acquire printed.
pub(super) fn same_addresses(regions: &[(u32, Region)], tie: &Tie, events: &[Event]) -> usize {
    let acquires = tie.acquires.iter().filter_map(|at| events.get(*at));
    let values: HashSet<u64> =
        acquires.flat_map(|event| event.keys.iter().map(|(_, value)| value)).collect();
    let address = |(_, region): &(u32, Region)| region.pa.filter(|_| !region.hashed);
    let has_address = |region: &&(u32, Region)| {
        // Small values are numbers of channels or sizes.
        address(region).is_some_and(|pa| pa >= 0x1_0000 && values.contains(&pa))
    };
    regions.iter().filter(has_address).count()
}

/// What equal addresses prove.
pub(super) fn address_reason(n: usize, of: usize, tie: &Tie) -> String {
    format!(
        "{} of {} remaining regions lie at the physical addresses of {} never released",
        text::number(n as u64),
        text::number(of as u64),
        tie.what
    )
}

/// What equal counts show; `None` if the gain is no multiple of the acquires without a release.
pub(super) fn count_reason(finding: &Finding, tie: &Tie) -> Option<String> {
    let gained_figure = |unit| {
        let figures = finding.figures.iter();
        figures.filter(|one| one.kind == FigureKind::Gained).find(|one| one.unit == unit)
    };
    let gain = gained_figure(Unit::Objects)?.value;
    let per_acquire = gain / tie.held as f64;
    let is_whole = per_acquire.fract() == 0.0 && (1.0..=PER_ACQUIRE as f64).contains(&per_acquire);
    if tie.held < ENOUGH || !is_whole {
        return None;
    }
    let stay = if per_acquire > 1.0 { "objects stay" } else { "object stays" };
    Some(format!(
        "{} {stay} for each of the {} {} never released in these iterations",
        text::decimal(per_acquire),
        text::number(tie.held),
        tie.what
    ))
}
