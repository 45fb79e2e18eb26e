//! Turns dumps into the sites of snapshots, once all dumps of a text are known.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use super::{
    names::LogSites,
    record_run::ConsoleDump,
    sheet::{Sheet, gap},
    stable::StableSites,
};
use crate::model::{Completeness, OwnerId, Reason, Site, TaHeapDump, TaName};

/// How to make OP-TEE print the core heap.
const REMEDY: &str = "call mdbg_check(1) in an OP-TEE built with CFG_TEE_CORE_MALLOC_DEBUG=y";

/// What the dumps of each heap have in common.
pub(super) struct DumpReader<'a> {
    names: &'a LogSites,
    tas: &'a [TaName],
    core: StableSites,
    heaps: BTreeMap<usize, StableSites>,
}

impl<'a> DumpReader<'a> {
    pub(super) fn new(sheets: &[Sheet], names: &'a LogSites, tas: &'a [TaName]) -> Self {
        let core = StableSites::new(sheets.iter().filter_map(|sheet| sheet.dump.as_ref()));
        let all_heaps = || sheets.iter().flat_map(|sheet| &sheet.heaps);
        let numbers: BTreeSet<usize> = all_heaps().map(|(ta, _)| *ta).collect();
        let dumps = |ta: usize| all_heaps().filter(move |(of, _)| *of == ta).map(|(_, dump)| dump);
        let heaps = numbers.into_iter().map(|ta| (ta, StableSites::new(dumps(ta)))).collect();
        Self { names, tas, core, heaps }
    }

    /// The sites of the core heap.
    pub(super) fn core_sites(&self, dump: Option<&ConsoleDump>) -> Completeness<Vec<Site>> {
        match dump {
            Some(dump) => self.sites(dump, Some(&self.core)),
            None => Completeness::Unobserved(gap(
                "allocation sites",
                Reason::NotOffered,
                Some(REMEDY),
                0,
            )),
        }
    }

    /// The dump of the heap of the TA with that number.
    pub(super) fn heap(&self, ta: usize, dump: &ConsoleDump) -> Option<TaHeapDump> {
        Some(TaHeapDump { ta: *self.tas.get(ta)?, sites: self.sites(dump, self.heaps.get(&ta)) })
    }

    fn sites(&self, dump: &ConsoleDump, stable: Option<&StableSites>) -> Completeness<Vec<Site>> {
        let groups = dump.groups.iter();
        let mut sites: Vec<_> = groups.filter_map(|(id, n)| self.site(*id, *n)).collect();
        sites.sort_unstable_by(|a, b| (&a.file, a.line, a.size).cmp(&(&b.file, b.line, b.size)));
        let gap = |reason, n| gap("records of a dump", reason, None, n);
        let agrees = || stable.is_some_and(|stable| stable.agree(dump));
        match (dump.lost, dump.lost + dump.restored) {
            (0, 0) => Completeness::Complete(sites),
            (0, n) => Completeness::Counted(sites, gap(Reason::Restored, n)),
            (_, n) if agrees() => Completeness::Counted(sites, gap(Reason::Damaged, n)),
            (_, n) => Completeness::Partial(sites, gap(Reason::Damaged, n)),
        }
    }

    fn site(&self, id: u32, count: u32) -> Option<Site> {
        let name = self.names.get(id)?;
        Some(Site {
            file: Arc::clone(&name.file),
            line: name.line,
            size: name.size,
            count: u64::from(count),
            owner: OwnerId::Unknown,
            server: OwnerId::Unknown,
            session: None,
            epoch: None,
            caller: None,
            stack: None,
        })
    }
}
