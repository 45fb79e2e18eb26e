//! `/proc/meminfo`: what nobody accounts for, and the large pools.

use super::LedgerFact;
use crate::{
    model::LedgerSnapshot,
    normal_world::memory_balance::{self, MemoryBalance, value},
    text,
};

pub(super) fn facts(census: &LedgerSnapshot) -> Vec<LedgerFact> {
    let total = value(census, "MemTotal");
    let mut facts = vec![unaccounted(census, total)];
    facts.extend(slab(census));
    for (name, label) in
        [("AnonPages", "anonymous memory of processes"), ("Shmem", "shared memory")]
    {
        let bytes = value(census, name).filter(|bytes| *bytes > 0);
        let sentence = |bytes| {
            fact(census, format!("{label} ({name}): {}{}", kib(bytes), share(bytes, total)), bytes)
        };
        facts.extend(bytes.map(sentence));
    }
    facts.extend(free_of(census, ("CmaFree", "CmaTotal"), "contiguous memory (CMA)"));
    facts.extend(used_of(census));
    facts
}

fn fact(census: &LedgerSnapshot, text: String, bytes: u64) -> LedgerFact {
    LedgerFact::new(census, text).part().figures(None, Some(bytes))
}

/// `771,188 kB`, as the file prints it.
pub(in crate::normal_world) fn kib(bytes: u64) -> String {
    format!("{} kB", text::number(bytes / 1024))
}

fn share(bytes: u64, total: Option<u64>) -> String {
    total.map_or(String::new(), |total| format!(", {}", text::share(bytes, total)))
}

fn unaccounted(census: &LedgerSnapshot, total: Option<u64>) -> LedgerFact {
    let balance = MemoryBalance::new(std::iter::once(census));
    let (Some(bytes), Some(total)) = (balance.unaccounted(census), total) else {
        let names: Vec<_> = balance.missing(census).iter().map(ToString::to_string).collect();
        let text = format!("what nobody accounts for is unknown: {} missing", text::list(&names));
        return LedgerFact::new(census, text);
    };
    let text = format!(
        "of {}, {} ({}) are on nobody's account: pages that drivers allocate themselves",
        kib(total),
        kib(bytes),
        text::share(bytes, total)
    );
    LedgerFact::new(census, text).figures(None, Some(bytes))
}

fn slab(census: &LedgerSnapshot) -> Option<LedgerFact> {
    let bytes = memory_balance::slab(census)?;
    let fixed = value(census, "SUnreclaim")
        .map_or(String::new(), |fixed| format!(", {} of it not reclaimable", kib(fixed)));
    Some(fact(census, format!("slab: {}{fixed}", kib(bytes)), bytes))
}

fn free_of(
    census: &LedgerSnapshot,
    (free, total): (&str, &str),
    label: &str,
) -> Option<LedgerFact> {
    let (free, total) = (value(census, free)?, value(census, total).filter(|total| *total > 0)?);
    Some(fact(census, format!("{label}: {} of {} free", kib(free), kib(total)), free))
}

fn used_of(census: &LedgerSnapshot) -> Option<LedgerFact> {
    let (free, total) =
        (value(census, "SwapFree")?, value(census, "SwapTotal").filter(|total| *total > 0)?);
    let used = total.saturating_sub(free);
    Some(fact(census, format!("swap: {} of {} used", kib(used), kib(total)), used))
}
