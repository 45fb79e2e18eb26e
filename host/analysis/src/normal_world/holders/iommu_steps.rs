//! Steps that the iommu lists: addresses that were given out and never freed, while others of the same size were.

use std::collections::BTreeMap;

use crate::{
    model::{
        FigureKind, Finding, FindingKind, LedgerEntry, LedgerKind, LedgerSnapshot, Listing,
        NormalWorld, Severity, Unit, Verdict,
    },
    normal_world::finding_builder::{FindingBuilder, holding},
    text,
};

/// Most addresses that are shown.
const SHOWN: usize = 3;

/// Size and device of mappings that are alike.
type MappingKind<'n> = (u64, &'n str);

pub(crate) fn findings(normal: &NormalWorld) -> Vec<Finding> {
    let Some(census) = normal.snapshots(LedgerKind::IommuDump).next_back() else {
        return Vec::new();
    };
    let end = census.rows.iter().filter_map(|row| row.ids.end).max().unwrap_or(0);
    let mut kinds: BTreeMap<MappingKind<'_>, MappingGroup<'_>> = BTreeMap::new();
    for row in &census.rows {
        kinds.entry((row.bytes, &*row.name)).or_default().add(row);
    }
    kinds.iter().filter_map(|(kind, group)| group.finding(census, *kind, end)).collect()
}

/// Mappings that are alike.
#[derive(Default)]
struct MappingGroup<'n> {
    held: Vec<&'n LedgerEntry>,
    /// How long those that were freed had been in use, in nanoseconds.
    lives: Vec<u64>,
}

impl<'n> MappingGroup<'n> {
    fn add(&mut self, row: &'n LedgerEntry) {
        let is_known = row.stack.first().is_some_and(|step| &**step == "alloc");
        if row.count > 0 && is_known {
            self.held.push(row);
        } else if let (Some(start), Some(end), true) = (row.ids.start, row.ids.end, is_known) {
            self.lives.push(end.saturating_sub(start));
        }
    }

    fn finding(
        &self,
        census: &LedgerSnapshot,
        (bytes, device): MappingKind<'_>,
        end: u64,
    ) -> Option<Finding> {
        let longest = *self.lives.iter().max()?;
        // A mapping that is not much older than others were when they went may go yet.
        let age = |row: &LedgerEntry| end.saturating_sub(row.ids.start.unwrap_or(end));
        let is_old = |row: &&&LedgerEntry| age(row) > longest.saturating_mul(3);
        let old: Vec<_> = self.held.iter().filter(is_old).copied().collect();
        let first = old.first()?;
        let address = first.ids.address.unwrap_or(0);
        let what = match old.len() {
            1 => format!("iova {address:#x}, {} of {device}, was", text::bytes(bytes)),
            n => format!(
                "{} of {} of {device} were",
                text::count(n as u64, "mapping"),
                text::bytes(bytes)
            ),
        };
        let title = format!("iommu_dump: {what} allocated and never freed");
        let subject = holding(Listing::Ledger(LedgerKind::IommuDump), device, None);
        let total = bytes.saturating_mul(old.len() as u64);
        let mut draft =
            FindingBuilder::new(FindingKind::Unpaired, subject, Severity::Possible, title)
                .verdict(Verdict::Undecided)
                .figure(FigureKind::Held, total, Unit::Bytes)
                .figure(FigureKind::Mappings, old.len() as u64, Unit::Objects);
        for row in old.iter().take(SHOWN) {
            draft = draft.evidence_at(&steps(row, age(row)), &row.place);
        }
        draft = draft.text(&format!(
            "{} of the same size were freed, after at most {}",
            text::number(self.lives.len() as u64),
            text::duration(longest)
        ));
        draft = draft.evidence_at("the list of steps", &census.place);
        Some(draft.next("find who holds the buffer: dma_heap or bufinfo by its size, fdinfo of the process, then the missing unmap or close"))
    }
}

fn steps(row: &LedgerEntry, age: u64) -> String {
    let steps: Vec<_> = row.stack.iter().map(ToString::to_string).collect();
    format!(
        "{:#x}: {} at {} s, and neither unmap nor free in the {} that follow",
        row.ids.address.unwrap_or(0),
        text::list(&steps),
        text::seconds(row.ids.start.unwrap_or(0)),
        text::duration(age)
    )
}
