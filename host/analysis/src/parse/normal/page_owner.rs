//! `page_owner`, raw or sorted by `page_owner_sort` (Linux `mm/page_owner.c`, `tools/mm/page_owner_sort.c`,
//! and the patch that vendors' 3.10 kernels have).
//!
//! ```text
//! 119706 times                                  sorted: so many allocations are alike
//! Page allocated via order 0, mask 0x2084d0     raw: one allocation
//! [<ffffffc00015b700>] __get_free_pages+0x30/0x80
//! [<ffffffc00017596c>] __pte_alloc_kernel+0x28/0xa8
//!
//! 2 times, 8 pages:                             newer ones say the pages, too
//! ```

use std::{collections::HashMap, sync::Arc};

use crate::model::{Census, Ledger, Place, Row};

use super::{Context, Line, MOST, Out, Parser, Taken, fields};

/// Bytes of a page.
const PAGE: u64 = 4096;

/// Frames that are kept of each stack.
const FRAMES: usize = 64;

/// Order and stack.
type Alike = (u32, Vec<Arc<str>>);

#[derive(Default)]
pub(super) struct PageOwner {
    at: Option<Place>,
    /// What all blocks of one stack and order have in common.
    all: HashMap<Alike, (Place, u64)>,
    block: Option<Block>,
    times: Option<(u64, Place)>,
    names: HashMap<String, Arc<str>>,
    lost: u64,
}

struct Block {
    place: Place,
    times: u64,
    order: u32,
    stack: Vec<Arc<str>>,
}

impl Parser for PageOwner {
    fn line(&mut self, line: &Line<'_>, _: &Context, out: &mut Out) -> Taken {
        if let Some(times) = times(line.text) {
            self.close();
            self.times = Some((times, line.place.clone()));
            return Taken::Parsed;
        }
        if let Some(rest) = line.text.strip_prefix("Page allocated via order ") {
            return self.begin(rest, line);
        }
        let Some(block) = &mut self.block else { return Taken::Other };
        if line.raw.is_empty() {
            self.close();
            return Taken::Parsed;
        }
        if let Some(function) = fields::function(line.text) {
            if block.stack.len() < FRAMES {
                let name = self.names.entry(function).or_insert_with_key(|name| Arc::from(&**name));
                block.stack.push(Arc::clone(name));
            }
            return Taken::Parsed;
        }
        let heads = ["PFN ", "Page has been migrated", "Charged", "Detected corruption"];
        if heads.iter().any(|head| line.text.starts_with(head)) {
            return Taken::Parsed;
        }
        self.end(out);
        Taken::Other
    }

    fn end(&mut self, out: &mut Out) {
        self.close();
        let Some(place) = self.at.take() else { return };
        let mut census = Census::new(Ledger::PageOwner, "", place);
        census.lost = std::mem::take(&mut self.lost);
        for ((order, stack), (place, times)) in self.all.drain() {
            let bytes = times.saturating_mul(PAGE << order);
            let name = site(&stack).unwrap_or_else(|| "unknown".into());
            let mut row = Row::new(place, &name, times, bytes);
            (row.ids.order, row.stack) = (Some(order), stack);
            census.rows.push(row);
        }
        let key = |row: &Row| (std::cmp::Reverse(row.bytes), row.place.at);
        census.rows.sort_by_key(key);
        self.names.clear();
        self.times = None;
        out.census(census);
    }
}

impl PageOwner {
    fn begin(&mut self, rest: &str, line: &Line<'_>) -> Taken {
        self.close();
        let order = rest.split([',', ' ']).next().and_then(fields::decimal);
        let order = order.and_then(|order| u32::try_from(order).ok()).filter(|order| *order < 32);
        let Some(order) = order else { return Taken::Rejected };
        let (times, place) = self.times.take().unwrap_or_else(|| (1, line.place.clone()));
        self.at.get_or_insert_with(|| place.clone());
        self.block = Some(Block { place, times, order, stack: Vec::new() });
        Taken::Parsed
    }

    fn close(&mut self) {
        let Some(Block { place, times, order, stack }) = self.block.take() else { return };
        let key = (order, stack);
        if self.all.len() >= MOST && !self.all.contains_key(&key) {
            self.lost = self.lost.saturating_add(times);
            return;
        }
        let known = self.all.entry(key).or_insert((place, 0));
        known.1 = known.1.saturating_add(times);
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
    let own = |name: &str| OWN.iter().any(|own| name.starts_with(own));
    stack.iter().find(|name| !own(name)).or(stack.first()).cloned()
}
