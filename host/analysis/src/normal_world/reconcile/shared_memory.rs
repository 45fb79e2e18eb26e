//! Memory shared by both worlds: regions of a TA that are pages of its client, matched by physical address,
//! and which side does not release them.

use std::{collections::BTreeSet, sync::Arc};

use teeleak_proto::Uuid;

use crate::{
    model::{
        Evidence, Figure, FigureKind, Finding, FindingKind, LedgerEntry, LedgerKind,
        LedgerSnapshot, Observation, Region, Sample, Severity, Subject, Unit,
    },
    protocol::{Calls, Protocol, calls},
    text,
};

/// Maximum number of regions listed.
const LISTED_MAX: usize = 4;

/// Adds the holder in the normal world, and the side at fault, to findings about growing regions.
pub(crate) fn join(findings: &mut [Finding], observation: &Observation, protocols: &[Protocol]) {
    let pages = observation.normal.snapshots(LedgerKind::ClientPages).next_back();
    let (Some(pages), Some(sample)) = (pages, observation.samples.last()) else { return };
    for finding in findings.iter_mut() {
        let Subject::Ta(ta) = finding.subject else { continue };
        if finding.kind != FindingKind::RegionGrowth || finding.severity == Severity::Note {
            continue;
        }
        let shared_regions = SharedRegions::new(ta, sample, pages);
        if shared_regions.0.is_empty() {
            continue;
        }
        let fault = UnmapFault::new(calls(protocols, observation, ta), region_gain(finding));
        finding.evidence.extend(shared_regions.evidence());
        finding.evidence.push(text(fault.reason()));
        finding.title = format!("{}; {}", finding.title, fault.words()).into();
        finding.next_step = fault.next_step(&finding.next_step);
    }
}

/// Regions with the client pages that contain their start.
struct SharedRegions<'o>(Vec<(&'o Region, &'o LedgerEntry)>);

impl<'o> SharedRegions<'o> {
    fn new(ta: Uuid, sample: &'o Sample, pages: &'o LedgerSnapshot) -> Self {
        let instances = sample.instances.value().into_iter().flatten();
        let regions = instances
            .filter(|instance| instance.uuid == ta)
            .flat_map(|instance| instance.regions.value().into_iter().flatten());
        let pairs = regions.filter_map(|region| {
            let pa = region.pa.filter(|_| !region.hashed)?;
            Some((region, pages.rows.iter().find(|row| contains(row, pa))?))
        });
        Self(pairs.collect())
    }

    fn evidence(&self) -> Vec<Evidence> {
        let buffers: BTreeSet<_> = self.0.iter().filter_map(|(region, _)| region.pa).collect();
        let holders: BTreeSet<_> =
            self.0.iter().filter_map(|(_, row)| row.holder.clone()).collect();
        let holders: Vec<_> = holders.iter().map(text::holder).collect();
        let summary = text(format!(
            "{} of the TA, of {} by physical address, {} memory of {}",
            text::count(self.0.len() as u64, "region"),
            text::count(buffers.len() as u64, "buffer"),
            if self.0.len() == 1 { "is" } else { "are" },
            text::list(&holders)
        ));
        let lines =
            self.0.iter().rev().take(LISTED_MAX).map(|(region, row)| text(pair(region, row)));
        [summary].into_iter().chain(lines).collect()
    }
}

/// Number of regions gained.
fn region_gain(finding: &Finding) -> f64 {
    let is_gain =
        |figure: &&Figure| figure.kind == FigureKind::Gained && figure.unit == Unit::Objects;
    finding.figures.iter().find(is_gain).map_or(0.0, |figure| figure.value)
}

/// Whether a range of pages contains this physical address.
fn contains(row: &LedgerEntry, pa: u64) -> bool {
    row.ids.memory.is_some_and(|begin| pa.checked_sub(begin).is_some_and(|at| at < row.bytes))
}

/// A buffer in both worlds, in words.
fn pair(region: &Region, row: &LedgerEntry) -> String {
    let pa = region.pa.unwrap_or(0);
    let offset = pa.saturating_sub(row.ids.memory.unwrap_or(0));
    let va = row.ids.va.unwrap_or(0).saturating_add(offset);
    let holder_text = row.holder.as_ref().map_or_else(String::new, text::holder);
    let inode = row.ids.inode.map_or_else(String::new, |inode| format!(" inode {inode}"));
    format!(
        "{pa:#x}: {:#x} of the TA, {}; {va:#x} of {holder_text}, {}{inode} ({})",
        region.va,
        text::bytes(region.size),
        row.name,
        text::place(&row.place)
    )
}

fn text(text: impl Into<Arc<str>>) -> Evidence {
    Evidence::Text(text.into())
}

/// The side that does not release the memory.
enum UnmapFault {
    /// The client made fewer unmap calls than map calls.
    Client(Calls),
    /// The TA reported success of all unmap calls but still has regions mapped.
    Ta(Calls),
    /// Inconclusive, with the reason: unknown or lost calls, or they do not explain the growth.
    Open(String),
}

impl UnmapFault {
    /// Compares the outstanding calls with the gained regions. A client with fewer outstanding calls than
    /// regions may need them, or each call may map several regions: that is inconclusive.
    fn new(calls: Calls, gained: f64) -> Self {
        let n_outstanding = calls.acquired.saturating_sub(calls.released);
        match calls {
            Calls { lost: true, .. } => {
                Self::Open("events were lost, so calls may be missing".into())
            }
            Calls { acquired: 0, .. } => Self::Open(
                "no protocol defines which calls to this TA map and unmap: see --protocol".into(),
            ),
            _ if n_outstanding == 0 => Self::Ta(calls),
            _ if n_outstanding as f64 >= gained => Self::Client(calls),
            _ => Self::Open(format!(
                "{} outstanding, but the TA has {} more regions",
                text::count(n_outstanding, "call"),
                text::approximation(gained)
            )),
        }
    }

    fn words(&self) -> &'static str {
        match self {
            Self::Client(_) => "at fault: the normal world, which never requests the unmap",
            Self::Ta(_) => "at fault: the TA, which keeps regions after it was asked to unmap them",
            Self::Open(_) => {
                "the normal world has the same memory; which side is at fault is inconclusive"
            }
        }
    }

    fn reason(&self) -> String {
        match self {
            Self::Client(calls) | Self::Ta(calls) => format!(
                "{} that acquired and {} that released succeeded",
                text::count(calls.acquired, "call"),
                text::number(calls.released)
            ),
            Self::Open(why) => why.clone(),
        }
    }

    fn next_step(&self, usual: &Arc<str>) -> Arc<str> {
        match self {
            Self::Client(_) => {
                "make the client call the unmap command before it drops a buffer: until then \
                                neither world can reuse its pages"
                    .into()
            }
            Self::Ta(_) => "check the TA's unmap command: as long as the TA keeps a \
                            region, its client blocks forever when it releases the buffer"
                .into(),
            Self::Open(_) => usual.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::{normal_world::reconcile::shared_memory::*, parse::ledgers::LedgerReader};

    fn pages() -> LedgerSnapshot {
        let mut reader = LedgerReader::new("");
        for line in [
            "pages of clients of the TEE:",
            "pid 812 start 42 page 4096 comm drm-player",
            " 0xffff9c1f0000 pa 0x5a3c4000 pages 4 ino 0 anon",
            " 0xffff9c200000 pa 0x5b000000 pages 16 ino 1042 /memfd:frame",
        ] {
            reader.line(line.as_bytes());
        }
        reader.finish().censuses.remove(0)
    }

    fn region(pa: Option<u64>, hashed: bool) -> Region {
        Region { va: 0x4000_0000, size: 0x4000, pa, hashed, access: 3, flags: 0 }
    }

    #[test]
    fn a_region_is_found_in_the_pages_that_have_its_address() {
        let pages = pages();
        let found = |pa| pages.rows.iter().position(|row| contains(row, pa));
        assert_eq!(found(0x5a3c_3fff), None);
        assert_eq!(
            (found(0x5a3c_4000), found(0x5a3c_7fff), found(0x5a3c_8000)),
            (Some(0), Some(0), None)
        );
        let line = pair(&region(Some(0x5b00_1000), false), &pages.rows[1]);
        for part in [
            "0x5b001000: 0x40000000 of the TA",
            "0xffff9c201000 of pid 812 (drm-player)",
            "inode 1042",
        ] {
            assert!(line.contains(part), "{line}");
        }
    }

    #[test]
    fn the_side_that_does_not_let_go_is_at_fault() {
        let of = |acquired, released, lost| {
            UnmapFault::new(Calls { acquired, released, lost }, 8.0).words()
        };
        assert!(of(8, 0, false).contains("the normal world, which"));
        assert!(of(8, 8, false).contains("the TA, which"));
        assert!(
            of(0, 0, false).contains("inconclusive") && of(8, 8, true).contains("inconclusive")
        );
    }

    #[test]
    fn a_client_that_rightly_keeps_one_is_not_at_fault_for_the_rest() {
        let calls = Calls { acquired: 8, released: 7, lost: false };
        assert!(UnmapFault::new(calls, 8.0).words().contains("inconclusive"));
        assert!(
            UnmapFault::new(calls, 8.0)
                .reason()
                .contains("1 call outstanding, but the TA has 8 more regions")
        );
        assert!(UnmapFault::new(calls, 1.0).words().contains("the normal world"));
    }
}
