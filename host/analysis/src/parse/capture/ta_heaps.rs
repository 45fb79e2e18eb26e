//! Heaps of TAs, from the statistics PTA, for snapshots of the leak audit PTA.

use std::collections::VecDeque;

use teeleak_proto::{
    Uuid,
    stock::{self, StatsReply},
};

use super::gap;
use crate::{
    model::{Completeness, Gap, Instance, PoolKind, Sample, TaName},
    parse::stats::{self, TaStats},
};

/// The heaps of the TAs, in the order of their instances, or why they are missing.
pub(super) struct TaHeaps(Result<VecDeque<TaStats>, Gap>);

impl TaHeaps {
    /// Reads a reply; `None` if it is of another command.
    pub(super) fn read(payload: &[u8]) -> Option<Self> {
        let reply: StatsReply<'_> = postcard::from_bytes(payload).ok()?;
        if reply.command != stock::TA_STATS {
            return None;
        }
        if reply.result != 0 {
            return Some(Self(Err(gap::ta_stats(reply.result))));
        }
        let tas = stats::tas(reply.element_bytes as usize, reply.reply);
        let unreadable = |error: stats::StatsError| gap::unreadable("TA heaps", &error.to_string());
        Some(Self(tas.map(VecDeque::from).map_err(unreadable)))
    }

    /// Adds them to the instances of a snapshot; returns what is missing.
    pub(super) fn add_to(self, sample: &mut Sample) -> Vec<Gap> {
        let mut tas = match self.0 {
            Ok(tas) => tas,
            Err(gap) => return vec![gap],
        };
        let instances = match &mut sample.instances {
            Completeness::Complete(all)
            | Completeness::Counted(all, _)
            | Completeness::Partial(all, _) => all,
            Completeness::Unobserved(_) => return Vec::new(),
        };
        let mut gaps = Vec::new();
        for instance in instances.iter_mut() {
            match take(&mut tas, instance.uuid) {
                Some(TaStats { heap: Some(heap), uuid, .. }) => {
                    let kind = PoolKind::TaHeap(TaName::Uuid(uuid));
                    instance.heap = Some(crate::model::Pool { kind, ..heap });
                }
                _ => gaps.push(without_heap(instance)),
            }
        }
        gaps
    }
}

/// The first one of this TA: both PTAs list the instances in the same order.
fn take(tas: &mut VecDeque<TaStats>, uuid: Uuid) -> Option<TaStats> {
    let at = tas.iter().position(|ta| ta.uuid == uuid)?;
    tas.remove(at)
}

fn without_heap(instance: &Instance) -> Gap {
    gap::no_heap(&format!("heap of {}", instance.uuid))
}
