//! A snapshot of stock OP-TEE: replies of its statistics PTA, and a dump on the console.

use teeleak_proto::{
    stock::{self, DumpEnd, DumpFrame, StatsReply},
    tee_result::ITEM_NOT_FOUND,
};

use super::{gap, remedy};
use crate::{
    model::{
        Completeness, Gap, Instance, Moment, OwnerId, Pool, PoolKind, Reason, Sample, Site,
        SourceLocation, TaName,
    },
    parse::{
        console::{self, DumpSite},
        stats::{self, TaStats},
    },
};

/// Console text that is kept for the dump that may follow, in bytes: more than the largest heap prints.
const TEXT_BYTES: usize = 16 << 20;

/// Console text and statistics since the last snapshot.
#[derive(Default)]
pub(super) struct StockReader {
    text: Vec<u8>,
    draft: Option<StockCensus>,
}

struct StockCensus {
    moment: Moment,
    place: SourceLocation,
    pools: Option<Completeness<Vec<Pool>>>,
    instances: Option<Completeness<Vec<Instance>>>,
}

impl StockReader {
    /// Reads console text.
    pub(super) fn console(&mut self, text: &[u8]) {
        self.text.extend_from_slice(text);
        if self.text.len() > 2 * TEXT_BYTES {
            self.text.drain(..self.text.len() - TEXT_BYTES);
        }
    }

    /// Reads a reply of the statistics PTA, which starts a snapshot unless one is open.
    pub(super) fn stats(
        &mut self,
        payload: &[u8],
        (moment, place): (Moment, SourceLocation),
    ) -> Option<()> {
        let reply: StatsReply<'_> = postcard::from_bytes(payload).ok()?;
        let draft = self.draft.get_or_insert_with(|| StockCensus::new(moment, place));
        match reply.command {
            stock::ALLOC_STATS => draft.pools = Some(pools(&reply)),
            stock::TA_STATS => draft.instances = Some(instances(&reply)),
            _ => return None,
        }
        Some(())
    }

    /// Ends the snapshot with its dump; also gives the gap before it.
    pub(super) fn dump(
        &mut self,
        payload: &[u8],
        (moment, place): (Moment, SourceLocation),
    ) -> Option<(Sample, Option<Gap>)> {
        let dump: DumpFrame = postcard::from_bytes(payload).ok()?;
        let draft = self.draft.take().unwrap_or_else(|| StockCensus::new(moment, place));
        let start = self.text.len().saturating_sub(dump.bytes as usize);
        let sites = sites(&dump, &self.text[start..]);
        self.text.clear();
        Some((draft.sample(sites), dump.overrun_before.then(gap::of_console)))
    }

    /// The open snapshot, if the recording ends before it does.
    pub(super) fn take_incomplete(&mut self) -> Option<Sample> {
        let draft = self.draft.take()?;
        let sites = Completeness::Unobserved(gap::dump(Reason::Damaged, None, 0));
        Some(draft.sample(sites))
    }
}

impl StockCensus {
    fn new(moment: Moment, place: SourceLocation) -> Self {
        Self { moment, place, pools: None, instances: None }
    }

    fn sample(self, sites: Completeness<Vec<Site>>) -> Sample {
        Sample {
            heaps: Vec::new(),
            moment: self.moment,
            time: None,
            place: self.place,
            epoch: None,
            sites,
            owners: Completeness::Unobserved(gap::needs_pta("owners and epochs of allocations")),
            instances: self.instances.unwrap_or_else(|| {
                Completeness::Unobserved(gap::needs_pta("TA instances and regions"))
            }),
            sessions: Completeness::Unobserved(gap::needs_pta("sessions")),
            pools: self
                .pools
                .unwrap_or_else(|| Completeness::Unobserved(gap::stats(ITEM_NOT_FOUND))),
        }
    }
}

fn pools(reply: &StatsReply<'_>) -> Completeness<Vec<Pool>> {
    if reply.result != 0 {
        return Completeness::Unobserved(gap::stats(reply.result));
    }
    match stats::pools(reply.element_bytes as usize, reply.reply) {
        // Stock OP-TEE counts no other pool, and a leak there would not show.
        Ok(pools) => {
            Completeness::Partial(pools, gap::needs_pta("the other pools (crypto, page tables)"))
        }
        Err(error) => Completeness::Unobserved(gap::unreadable("pools", &error.to_string())),
    }
}

fn instances(reply: &StatsReply<'_>) -> Completeness<Vec<Instance>> {
    if reply.result == ITEM_NOT_FOUND {
        return Completeness::Partial(Vec::new(), gap::needs_pta("regions of TAs"));
    }
    if reply.result != 0 {
        return Completeness::Unobserved(gap::ta_stats(reply.result));
    }
    match stats::tas(reply.element_bytes as usize, reply.reply) {
        Ok(tas) => {
            let instances = (1..).zip(tas).map(|(id, ta)| instance(id, ta)).collect();
            Completeness::Partial(instances, gap::needs_pta("regions of TAs"))
        }
        Err(error) => Completeness::Unobserved(gap::unreadable("TA heaps", &error.to_string())),
    }
}

fn instance(id: u32, ta: TaStats) -> Instance {
    let regions = match ta.heap {
        Some(_) => gap::needs_pta(&format!("regions of {}", ta.uuid)),
        // Regions are missing too, but only the heap has a remedy.
        None => gap::no_heap(&format!("heap and regions of {}", ta.uuid)),
    };
    Instance {
        id,
        uuid: ta.uuid,
        panicked: ta.panicked,
        // The PTA counts only the sessions from the normal world.
        ref_count: None,
        regions: Completeness::Unobserved(regions),
        heap: ta.heap.map(|heap| Pool { kind: PoolKind::TaHeap(TaName::Uuid(ta.uuid)), ..heap }),
        handles: None,
    }
}

/// Allocation sites of the core heap, from the dump.
fn sites(dump: &DumpFrame, text: &[u8]) -> Completeness<Vec<Site>> {
    if dump.end == DumpEnd::NotAsked {
        return Completeness::Unobserved(gap::dump(Reason::NotOffered, Some(remedy::CONSOLE), 0));
    }
    if dump.result != 0 {
        let reason = gap::of_result(dump.result);
        return Completeness::Unobserved(gap::dump(reason, Some(remedy::DUMP), 0));
    }
    let console_dump = console::MarkedDump::read(text);
    let gap = match dump.end {
        DumpEnd::Marked if console_dump.records == 0 && console_dump.lost == 0 => {
            return Completeness::Unobserved(gap::dump(
                Reason::NotBuilt,
                Some(remedy::PRINTED),
                console_dump.lost,
            ));
        }
        _ if console_dump.records == 0 && console_dump.marks == 0 => {
            return Completeness::Unobserved(gap::dump(
                Reason::Late,
                Some(remedy::OTHER_CONSOLE),
                console_dump.lost,
            ));
        }
        _ if console_dump.records == 0 => {
            let reason = if console_dump.lost > 0 { Reason::Damaged } else { Reason::Late };
            return Completeness::Unobserved(gap::dump(reason, None, console_dump.lost));
        }
        _ if dump.overrun => Some(gap::dump(Reason::Overrun, None, console_dump.lost)),
        DumpEnd::TimedOut => Some(gap::dump(Reason::Late, None, console_dump.lost)),
        _ if console_dump.lost > 0 => Some(gap::dump(Reason::Damaged, None, console_dump.lost)),
        _ => None,
    };
    let sites = console_dump.sites.into_iter().map(site).collect();
    match gap {
        Some(gap) => Completeness::Partial(sites, gap),
        None => Completeness::Complete(sites),
    }
}

fn site((site, count): (DumpSite, u64)) -> Site {
    let DumpSite { file, line, size } = site;
    let owner = OwnerId::Unknown;
    Site {
        file,
        line,
        size,
        count,
        owner,
        server: owner,
        session: None,
        epoch: None,
        caller: None,
        stack: None,
    }
}
