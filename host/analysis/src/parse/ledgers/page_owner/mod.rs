//! `page_owner`, raw or sorted by `page_owner_sort` (Linux `mm/page_owner.c`, `tools/mm/page_owner_sort.c`,
//! and the patch that vendors' 3.10 kernels have).
//!
//! ```text
//! 119706 times                                  sorted: number of allocations with this stack
//! Page allocated via order 0, mask 0x2084d0     raw: one allocation
//! [<ffffffc00015b700>] __get_free_pages+0x30/0x80
//! [<ffffffc00017596c>] __pte_alloc_kernel+0x28/0xa8
//!
//! 2 times, 8 pages:                             newer ones print the pages, too
//! ```
//!
//! A raw file has a block for each live allocation, hundreds of thousands, but few stacks: a block whose
//! stack was read before is recognized by its bytes.

mod texts;

use std::{collections::HashMap, sync::Arc};

use texts::BlockTexts;

use super::{LedgerLine, LedgerOutput, LineOutcome, MOST, Parser, TextContext, fields};
use crate::model::{LedgerEntry, LedgerKind, LedgerSnapshot, SourceLocation};

/// Bytes of a page.
const PAGE: u64 = 4096;

/// Frames that are kept per stack.
const FRAMES: usize = 64;

/// Start of the first line of a block, before the order.
const HEAD: &str = "Page allocated via order ";

/// Order and stack.
type BlockKey = (u32, Vec<Arc<str>>);

#[derive(Default)]
pub(super) struct PageOwner {
    at: Option<SourceLocation>,
    /// Groups of blocks with the same stack and order: place of the first one, and number of allocations.
    groups: Vec<(SourceLocation, u64)>,
    all: HashMap<BlockKey, usize>,
    texts: BlockTexts,
    block: Option<PageBlock>,
    times: Option<(u64, SourceLocation)>,
    names: HashMap<String, Arc<str>>,
    lost: u64,
}

struct PageBlock {
    place: SourceLocation,
    times: u64,
    order: u32,
    stack: Vec<Arc<str>>,
}

impl Parser for PageOwner {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        if let Some(times) = times(line.text) {
            self.close();
            self.texts.forget();
            self.times = Some((times, line.place.clone()));
            return LineOutcome::Parsed;
        }
        if let Some(rest) = line.text.strip_prefix(HEAD) {
            return self.begin(rest, line);
        }
        let Some(block) = &mut self.block else { return LineOutcome::Ignored };
        if line.raw.is_empty() {
            if let Some(group) = self.close() {
                self.texts.learn(group);
            }
            return LineOutcome::Parsed;
        }
        if let Some(function) = fields::function(line.text) {
            if block.stack.len() < FRAMES {
                let name = self.names.entry(function).or_insert_with_key(|name| Arc::from(&**name));
                block.stack.push(Arc::clone(name));
            }
            return LineOutcome::Parsed;
        }
        let heads = ["PFN ", "Page has been migrated", "Charged", "Detected corruption"];
        if heads.iter().any(|head| line.text.starts_with(head)) {
            return LineOutcome::Parsed;
        }
        self.end(out);
        LineOutcome::Ignored
    }

    fn take_known(&mut self, text: &[u8]) -> Option<(usize, u64)> {
        // `page_owner_sort` prints the count in front of its block.
        if self.times.is_some() {
            return None;
        }
        let known_block = self.texts.find(text)?;
        self.close();
        if let Some((_, times)) = self.groups.get_mut(known_block.group) {
            *times = times.saturating_add(1);
        }
        Some((known_block.bytes, known_block.lines))
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.close();
        self.texts = BlockTexts::default();
        let Some(place) = self.at.take() else { return };
        let mut census = LedgerSnapshot::new(LedgerKind::PageOwner, "", place);
        census.lost = std::mem::take(&mut self.lost);
        let groups = std::mem::take(&mut self.groups);
        for ((order, stack), group) in self.all.drain() {
            let Some((place, times)) = groups.get(group).cloned() else { continue };
            let bytes = times.saturating_mul(PAGE << order);
            let name = site(&stack).unwrap_or_else(|| "unknown".into());
            let mut row = LedgerEntry::new(place, &name, times, bytes);
            (row.ids.order, row.stack) = (Some(order), stack);
            census.rows.push(row);
        }
        let key = |row: &LedgerEntry| (std::cmp::Reverse(row.bytes), row.place.at);
        census.rows.sort_by_key(key);
        self.names.clear();
        self.times = None;
        out.census(census);
    }
}

impl PageOwner {
    fn begin(&mut self, rest: &str, line: &LedgerLine<'_>) -> LineOutcome {
        self.close();
        let order = rest.split([',', ' ']).next().and_then(fields::decimal);
        let order = order.and_then(|order| u32::try_from(order).ok()).filter(|order| *order < 32);
        let Some(order) = order else {
            self.texts.forget();
            return LineOutcome::Rejected;
        };
        let (times, place) = self.times.take().unwrap_or_else(|| (1, line.place.clone()));
        self.at.get_or_insert_with(|| place.clone());
        self.block = Some(PageBlock { place, times, order, stack: Vec::new() });
        LineOutcome::Parsed
    }

    /// Ends the open block; returns its group.
    fn close(&mut self) -> Option<usize> {
        let PageBlock { place, times, order, stack } = self.block.take()?;
        let (room, next) = (self.groups.len() < MOST, self.groups.len());
        let key = (order, stack);
        let group = match self.all.get(&key) {
            Some(group) => *group,
            None if room => {
                self.groups.push((place, 0));
                self.all.insert(key, next);
                next
            }
            None => {
                self.lost = self.lost.saturating_add(times);
                return None;
            }
        };
        let (_, known) = self.groups.get_mut(group)?;
        *known = known.saturating_add(times);
        Some(group)
    }
}

/// `119706 times`, `2 times, 8 pages:`.
fn times(text: &str) -> Option<u64> {
    let (count, rest) = text.split_once(" times")?;
    let plain = rest.is_empty() || rest.starts_with([',', ':']);
    fields::decimal(count).filter(|_| plain)
}

/// The first function that is not the allocator's own.
pub(super) fn site(stack: &[Arc<str>]) -> Option<Arc<str>> {
    const OWN: [&str; 14] = [
        "__get_free_pages",
        "get_free_pages",
        "get_zeroed_page",
        "__alloc_pages",
        "alloc_pages",
        "__set_page_owner",
        "set_page_owner",
        "save_stack",
        "post_alloc_hook",
        "prep_new_page",
        "get_page_from_freelist",
        "__folio_alloc",
        "folio_alloc",
        "new_slab",
    ];
    let is_allocator = |name: &str| OWN.iter().any(|own| name.starts_with(own));
    stack.iter().find(|name| !is_allocator(name)).or(stack.first()).cloned()
}
