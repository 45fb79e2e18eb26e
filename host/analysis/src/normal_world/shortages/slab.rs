//! Slab caches that could not get pages.

use std::collections::BTreeMap;

use super::{draft, shortages};
use crate::{
    model::{FigureKind, Finding, KernelShortage, LogRecord, NormalPool, NormalWorld, Unit},
    text,
};

pub(super) fn findings(normal: &NormalWorld) -> Vec<Finding> {
    let mut caches: BTreeMap<&str, Vec<CacheState<'_>>> = BTreeMap::new();
    for (_, record, shortage) in shortages(normal) {
        if let Some(state) = CacheState::new(record, shortage) {
            caches.entry(state.cache).or_default().push(state);
        }
    }
    caches.values().filter_map(|states| finding(states)).collect()
}

/// A cache when an allocation from it failed.
struct CacheState<'n> {
    cache: &'n str,
    sizes: (u64, u64),
    objects: u64,
    free: u64,
    flags: &'n str,
    seconds: Option<u64>,
    is_debugged: bool,
    record: &'n LogRecord,
}

impl<'n> CacheState<'n> {
    fn new(record: &'n LogRecord, shortage: &'n KernelShortage) -> Option<Self> {
        let KernelShortage::Slab {
            cache,
            object,
            buffer,
            objects,
            free,
            flags,
            seconds,
            is_debugged,
        } = shortage
        else {
            return None;
        };
        let (sizes, seconds) = ((*object, *buffer), *seconds);
        let (objects, free, is_debugged) = (*objects, *free, *is_debugged);
        Some(Self { cache, sizes, objects, free, flags, seconds, is_debugged, record })
    }

    const fn bytes(&self) -> u64 {
        self.objects.saturating_mul(self.sizes.1)
    }

    fn words(&self) -> String {
        let free = if self.free == 0 { "none".to_owned() } else { text::number(self.free) };
        let time = self.seconds.map_or(String::new(), |seconds| format!(", at {seconds} s"));
        format!(
            "{} of {} bytes, {}, {free} of them free{time}, request {}",
            text::count(self.objects, "object"),
            text::number(self.sizes.1),
            text::bytes(self.bytes()),
            self.flags
        )
    }
}

fn finding(states: &[CacheState<'_>]) -> Option<Finding> {
    let (first, last) = (states.first()?, states.last()?);
    let title = format!(
        "slab cache {} could not get pages: it has {}, {}",
        last.cache,
        text::count(last.objects, "object"),
        text::bytes(last.bytes())
    );
    let mut draft = draft(NormalPool::Cache(last.cache.into()), title)
        .figure(FigureKind::Objects, last.objects, Unit::Objects)
        .figure(FigureKind::InUse, last.bytes(), Unit::Bytes)
        .figure(FigureKind::FailedAllocations, states.len() as u64, Unit::Objects);
    for state in [first].into_iter().chain(states.len().gt(&1).then_some(last)) {
        draft = draft.evidence_at(&state.words(), &state.record.place);
    }
    let gain = last.objects.saturating_sub(first.objects);
    if gain > 0 {
        let time = first.seconds.zip(last.seconds).map(|(from, to)| to.saturating_sub(from));
        let time = time.map_or(String::new(), |seconds| format!(" in {seconds} s"));
        draft = draft.text(&format!("{} more{time}", text::count(gain, "object")));
    }
    let (object, buffer) = last.sizes;
    if last.is_debugged || buffer > object.saturating_mul(2) {
        draft = draft.text(&format!(
            "{} of it are debugging: each object of {} bytes takes {}, see slub_debug",
            text::share(buffer.saturating_sub(object), buffer),
            text::number(object),
            text::number(buffer)
        ));
    } else if buffer > object {
        draft = draft.text(&format!(
            "each takes {} bytes for {} of use",
            text::number(buffer),
            text::number(object)
        ));
    }
    Some(draft.next(&format!(
        "find who allocates from it: slub_debug=U,{0} and alloc_traces (before 5.14 alloc_calls) of {0}",
        last.cache
    )))
}
