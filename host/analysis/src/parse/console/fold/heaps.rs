//! Whose heap a TA's dump lists: no line of such a dump names its TA.
//!
//! It is inferred where only one TA was loaded at that time. Dumps with the same allocation sites are of
//! the same TA, so one of them is enough; what remains are dumps of unnamed TAs, distinguished by their
//! sites.

use std::collections::BTreeSet;

use teeleak_proto::Uuid;

use super::{names::LogSites, record_run::ConsoleDump};
use crate::{model::TaName, text};

/// TAs that are distinguished; dumps of further ones are counted only.
const MOST: usize = 64;

/// Folders of optee_os that are in every TA, so their sites do not distinguish TAs.
const LIBRARIES: [&str; 3] = ["lib/libutils/", "lib/libutee/", "libutils/isoc/"];

/// A TA, by the sites of its dumps.
struct HeapGroup {
    uuid: Option<Uuid>,
    /// Sites of its last dump that are the TA's own.
    sites: BTreeSet<u32>,
    n_dumps: u64,
}

/// The TAs whose heaps were dumped.
#[derive(Default)]
pub(super) struct TaHeaps {
    groups: Vec<HeapGroup>,
    /// Dumps of TAs beyond [`MOST`].
    pub(super) dropped: u64,
}

impl TaHeaps {
    /// The TA of a dump, as an index; `loaded` is the only TA loaded at that time, if there is one.
    pub(super) fn group(
        &mut self,
        dump: &ConsoleDump,
        loaded: Option<Uuid>,
        names: &LogSites,
    ) -> Option<usize> {
        let sites = own_sites(dump, names);
        let by_name = |group: &HeapGroup| loaded.is_some() && group.uuid == loaded;
        let by_sites = |group: &HeapGroup| {
            is_same(&group.sites, &sites) && (group.uuid.is_none() || loaded.is_none())
        };
        let index = { self.groups.iter() }
            .position(by_name)
            .or_else(|| self.groups.iter().position(by_sites))
            .or_else(|| self.add())?;
        let group = self.groups.get_mut(index)?;
        group.uuid = group.uuid.or(loaded);
        group.sites = sites;
        group.n_dumps += 1;
        Some(index)
    }

    fn add(&mut self) -> Option<usize> {
        if self.groups.len() == MOST {
            self.dropped += 1;
            return None;
        }
        self.groups.push(HeapGroup { uuid: None, sites: BTreeSet::new(), n_dumps: 0 });
        Some(self.groups.len() - 1)
    }

    /// The names of all groups.
    pub(super) fn names(&self) -> Vec<TaName> {
        let mut number = 0;
        let name = |group: &HeapGroup| {
            group.uuid.map_or_else(
                || {
                    number += 1;
                    TaName::Unnamed(number)
                },
                TaName::Uuid,
            )
        };
        self.groups.iter().map(name).collect()
    }

    /// What was inferred, one sentence for each TA.
    pub(super) fn assumptions(&self) -> impl Iterator<Item = String> {
        self.groups.iter().zip(self.names()).map(|(group, name)| {
            let dumps = text::count(group.n_dumps, "dump");
            match name {
                TaName::Uuid(_) => format!(
                    "{dumps} of a TA's heap, which no line names, {} assumed to be of {name}: no \
                     other TA was loaded",
                    if group.n_dumps == 1 { "is" } else { "are" },
                ),
                TaName::Unnamed(_) => {
                    format!("no line names the TA of {dumps}: {name}, distinguished by its sites")
                }
            }
        })
    }
}

/// The sites of a dump that are the TA's own.
fn own_sites(dump: &ConsoleDump, names: &LogSites) -> BTreeSet<u32> {
    let is_own = |id: &u32| {
        let file = names.get(*id).map_or("", |site| &*site.file);
        !LIBRARIES.iter().any(|library| file.contains(library))
    };
    dump.groups.iter().map(|(id, _)| *id).filter(is_own).collect()
}

/// Whether at least half of the smaller set is in the other one.
fn is_same(one: &BTreeSet<u32>, other: &BTreeSet<u32>) -> bool {
    let smaller = one.len().min(other.len());
    let n_common = one.intersection(other).count();
    if smaller == 0 { one.len() == other.len() } else { 2 * n_common >= smaller }
}
