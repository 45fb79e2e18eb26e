//! What the last look at each ledger shows, without any judgement: all of it, and who has most.
//!
//! ```text
//! last snapshot of each ledger ── ranking (rows alike are one) ──> sentences, largest first
//!                              ── memory, binder, blocks: those that are no list of holders
//! ```

mod binder;
mod blocks;
mod buffers;
mod memory;
mod ranking;

use std::{collections::BTreeMap, sync::Arc};

pub(super) use memory::kib;
pub(super) use ranking::is_page_fault;

use crate::{
    model::{LedgerKind, LedgerSnapshot, NormalWorld, SourceLocation},
    text,
};

/// Most ledgers that are shown.
const LEDGERS: usize = 16;

/// What a ledger shows, as a sentence with its figures.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct LedgerFact {
    /// The ledger, with what it is of.
    pub ledger: Arc<str>,
    /// The sentence.
    pub text: Arc<str>,
    /// Whether it is about a part of what the sentence before it is about.
    pub is_part: bool,
    /// How many, if the sentence is about objects.
    pub count: Option<u64>,
    /// Bytes, if known.
    pub bytes: Option<u64>,
    /// Where it stands.
    pub place: SourceLocation,
}

impl LedgerFact {
    fn new(census: &LedgerSnapshot, text: impl Into<Arc<str>>) -> Self {
        Self {
            ledger: census.title().into(),
            text: text.into(),
            is_part: false,
            count: None,
            bytes: None,
            place: census.place.clone(),
        }
    }

    pub(super) fn of_whole(census: &LedgerSnapshot, text: String) -> Self {
        Self::new(census, text)
    }

    pub(super) fn of_part(census: &LedgerSnapshot, text: String) -> Self {
        Self::new(census, text).part()
    }

    const fn part(mut self) -> Self {
        self.is_part = true;
        self
    }

    fn figures(mut self, count: Option<u64>, bytes: Option<u64>) -> Self {
        (self.count, self.bytes) = (count, bytes);
        self
    }
}

/// What the ledgers of texts show; a run has its own views.
pub(super) fn facts(normal: &NormalWorld) -> Vec<LedgerFact> {
    if super::live(normal) {
        return Vec::new();
    }
    let mut last_looks: BTreeMap<(LedgerKind, &str), &LedgerSnapshot> = BTreeMap::new();
    for census in &normal.censuses {
        last_looks.insert((census.ledger, &*census.of), census);
    }
    let mut looks: Vec<_> = last_looks.into_values().collect();
    looks.sort_by_key(|census| std::cmp::Reverse(census.bytes()));
    let left_out = looks.len().saturating_sub(LEDGERS) as u64;
    let mut facts: Vec<_> =
        looks.into_iter().take(LEDGERS).flat_map(|census| facts_of(census, normal)).collect();
    if let Some(last) = facts.last().filter(|_| left_out > 0).cloned() {
        let text =
            format!("{} more; use --json to see all findings", text::count(left_out, "ledger"));
        facts.push(LedgerFact {
            text: text.into(),
            is_part: false,
            count: None,
            bytes: None,
            ..last
        });
    }
    facts
}

fn facts_of(census: &LedgerSnapshot, normal: &NormalWorld) -> Vec<LedgerFact> {
    match census.ledger {
        LedgerKind::MemInfo => memory::facts(census),
        LedgerKind::BuddyInfo => blocks::facts(census),
        LedgerKind::BinderProc => binder::facts(census, normal),
        LedgerKind::DmaBufDump => buffers::dump_facts(census),
        LedgerKind::IonPools => buffers::pool_facts(census),
        LedgerKind::OomReport => crate::normal_world::shortages::oom_facts(normal, census),
        _ => ranking::facts(census, normal),
    }
}
