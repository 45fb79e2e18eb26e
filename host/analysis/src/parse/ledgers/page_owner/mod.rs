//! `page_owner`, raw, sorted or culled by `page_owner_sort`, and `show_stacks` (Linux `mm/page_owner.c`,
//! `tools/mm/page_owner_sort.c`, and the patch that vendors' 3.10 kernels have).
//!
//! ```text
//! 119706 times                                  sorted: number of allocations with this stack
//! Page allocated via order 0, mask 0x2084d0     raw: one allocation
//! [<ffffffc00015b700>] __get_free_pages+0x30/0x80
//! [<ffffffc00017596c>] __pte_alloc_kernel+0x28/0xa8
//!
//! 2 times, 8 pages:                             newer ones print the pages, too, and culled ones no more
//! 96 times, 98304 pages, task_comm_name: sh     of several stacks
//!
//!  __alloc_pages+0xf4/0x2d8                     page_owner_stacks/show_stacks, since 6.8
//! nr_base_pages: 20114
//! ```
//!
//! A raw file has a block for each live allocation, hundreds of thousands, but few stacks: a block whose
//! stack was read before is recognized by its bytes. An empty line ends a block; nothing else does.

mod block;
mod texts;

use std::{collections::HashMap, sync::Arc};

use block::{BlockKey, BlockLine, FRAMES, PageBlock, SortedHead};
use texts::BlockTexts;

use super::{LedgerLine, LedgerOutput, LineOutcome, MOST, Parser, TextContext, fields};
use crate::model::{Holder, LedgerEntry, LedgerKind, LedgerSnapshot, SourceLocation};

/// Bytes of a page.
const PAGE: u64 = 4096;

/// Start of the first line of a block, before the order.
const HEAD: &str = "Page allocated via order ";

/// What its first lines have: a head, or the frames of a stack whose end shows whose it is.
pub(super) const OPENINGS: [&str; 5] = [HEAD, " times", "+0x", "nr_base_pages:", "stack_count:"];

/// Starts of the lines that end a stack of `show_stacks`.
const STACK_ENDS: [&str; 2] = ["nr_base_pages:", "stack_count:"];

/// Blocks that are alike.
struct BlockGroup {
    place: SourceLocation,
    times: u64,
    pages: u64,
    holder: Option<Holder>,
    charged: Option<Arc<str>>,
}

#[derive(Default)]
pub(super) struct PageOwner {
    at: Option<SourceLocation>,
    groups: Vec<BlockGroup>,
    all: HashMap<BlockKey, usize>,
    texts: BlockTexts,
    block: Option<PageBlock>,
    sorted: Option<(SortedHead, SourceLocation)>,
    /// A stack without any head: of `show_stacks`, if its end follows.
    loose: Option<PageBlock>,
    loose_lines: u64,
    names: HashMap<String, Arc<str>>,
    lost: u64,
}

impl Parser for PageOwner {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        if let Some(head) = SortedHead::new(line.text) {
            return self.begin_sorted(head, line);
        }
        if let Some(rest) = line.text.strip_prefix(HEAD) {
            return self.begin(rest, line);
        }
        if self.block.is_none() && self.sorted.is_some() && line.text.trim_start().contains("+0x") {
            self.open_culled();
        }
        if self.block.is_none() {
            return self.loose_line(line, out);
        }
        if line.raw.is_empty() {
            if let Some(group) = self.close() {
                self.texts.learn(group);
            }
            return LineOutcome::Parsed;
        }
        self.block_line(line, out)
    }

    fn is_waiting(&self) -> bool {
        self.loose.is_some() || self.sorted.is_some()
    }

    fn take_known(&mut self, text: &[u8]) -> Option<(usize, u64)> {
        // `page_owner_sort` prints the count in front of its block.
        if self.sorted.is_some() {
            return None;
        }
        let known_block = self.texts.find(text)?;
        self.close();
        if let Some(group) = self.groups.get_mut(known_block.group) {
            group.times = group.times.saturating_add(1);
        }
        Some((known_block.bytes, known_block.lines))
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.close();
        self.texts = BlockTexts::default();
        (self.loose, self.sorted) = (None, None);
        let Some(place) = self.at.take() else { return };
        let mut census = LedgerSnapshot::new(LedgerKind::PageOwner, "", place);
        census.lost = std::mem::take(&mut self.lost);
        let mut groups: Vec<_> = std::mem::take(&mut self.groups).into_iter().map(Some).collect();
        for (key, group) in self.all.drain() {
            let Some(group) = groups.get_mut(group).and_then(Option::take) else { continue };
            census.rows.push(row(key, group));
        }
        let key = |row: &LedgerEntry| (std::cmp::Reverse(row.bytes), row.place.at);
        census.rows.sort_by_key(key);
        self.names.clear();
        out.census(census);
    }
}

/// A row counts blocks if their order is known, otherwise pages.
fn row(key: BlockKey, group: BlockGroup) -> LedgerEntry {
    let BlockKey { order, label, stack } = key;
    let (count, bytes) = match order {
        Some(order) => (group.times, group.times.saturating_mul(PAGE << order)),
        None => (group.pages, group.pages.saturating_mul(PAGE)),
    };
    let name = site(&stack)
        .unwrap_or_else(|| if label.is_empty() { "unknown".into() } else { label.clone() });
    let mut row = LedgerEntry::new(group.place, &name, count, bytes);
    (row.ids.order, row.stack, row.holder) = (order, stack, group.holder);
    row.users.extend(group.charged);
    row
}

impl PageOwner {
    fn begin_sorted(&mut self, head: SortedHead, line: &LedgerLine<'_>) -> LineOutcome {
        self.close();
        self.texts.forget();
        if head.label.is_empty() {
            self.sorted = Some((head, line.place.clone()));
            return LineOutcome::Parsed;
        }
        self.sorted = Some((head, line.place.clone()));
        self.open_culled();
        LineOutcome::Parsed
    }

    /// Opens a block that has no line of its own allocation.
    fn open_culled(&mut self) {
        let Some((head, place)) = self.sorted.take() else { return };
        self.at.get_or_insert_with(|| place.clone());
        let mut block = PageBlock::new(place, head.times, head.pages);
        block.key.label = head.label;
        self.block = Some(block);
    }

    fn begin(&mut self, rest: &str, line: &LedgerLine<'_>) -> LineOutcome {
        self.close();
        let Some((order, holder)) = block::head(rest) else {
            self.texts.forget();
            return LineOutcome::Rejected;
        };
        let sorted = self.sorted.take().map(|(head, place)| (head.times, place));
        let (times, place) = sorted.unwrap_or_else(|| (1, line.place.clone()));
        self.at.get_or_insert_with(|| place.clone());
        let mut block = PageBlock::new(place, times, None);
        (block.key.order, block.holder) = (Some(order), holder);
        self.block = Some(block);
        LineOutcome::Parsed
    }

    fn block_line(&mut self, line: &LedgerLine<'_>, out: &mut LedgerOutput) -> LineOutcome {
        let Some(block) = &mut self.block else { return LineOutcome::Ignored };
        match BlockLine::new(line.text) {
            BlockLine::Frame(function) => {
                push_frame(&mut block.key.stack, &mut self.names, function);
            }
            BlockLine::Charged => block.charge(line.text),
            BlockLine::Nameless | BlockLine::Head => {}
            BlockLine::Foreign => {
                if block.is_over() {
                    self.end(out);
                }
                return LineOutcome::Ignored;
            }
        }
        LineOutcome::Parsed
    }

    /// A line outside of any block.
    fn loose_line(&mut self, line: &LedgerLine<'_>, out: &mut LedgerOutput) -> LineOutcome {
        let end = STACK_ENDS.iter().find_map(|end| line.text.strip_prefix(end));
        if let Some(pages) = end
            && let Some(mut block) = self.loose.take()
        {
            let Some(pages) = fields::decimal(pages.trim()) else { return LineOutcome::Rejected };
            (block.times, block.pages) = (pages, Some(pages));
            self.at.get_or_insert_with(|| block.place.clone());
            self.block = Some(block);
            self.close();
            out.held_back += std::mem::take(&mut self.loose_lines);
            return LineOutcome::Parsed;
        }
        let is_frame = line.raw.starts_with([' ', '\t']) && line.text.contains("+0x");
        let Some(function) = fields::function(line.text).filter(|_| is_frame) else {
            self.loose = None;
            let is_blank = self.at.is_some() && line.raw.is_empty();
            return if is_blank { LineOutcome::Parsed } else { LineOutcome::Ignored };
        };
        if self.loose.is_none() {
            self.loose_lines = 0;
        }
        let block = self.loose.get_or_insert_with(|| PageBlock::new(line.place.clone(), 0, None));
        push_frame(&mut block.key.stack, &mut self.names, function);
        self.loose_lines += 1;
        LineOutcome::Ignored
    }

    /// Ends the open block; returns its group.
    fn close(&mut self) -> Option<usize> {
        let PageBlock { place, times, pages, key, holder, charged, .. } = self.block.take()?;
        let (room, next) = (self.groups.len() < MOST, self.groups.len());
        let index = match self.all.get(&key) {
            Some(index) => *index,
            None if room => {
                self.groups.push(BlockGroup { place, times: 0, pages: 0, holder, charged });
                self.all.insert(key, next);
                next
            }
            None => {
                self.lost = self.lost.saturating_add(times);
                return None;
            }
        };
        let group = self.groups.get_mut(index)?;
        group.times = group.times.saturating_add(times);
        group.pages = group.pages.saturating_add(pages.unwrap_or(0));
        Some(index)
    }
}

fn push_frame(stack: &mut Vec<Arc<str>>, names: &mut HashMap<String, Arc<str>>, function: String) {
    if stack.len() < FRAMES {
        let name = names.entry(function).or_insert_with_key(|name| Arc::from(&**name));
        stack.push(Arc::clone(name));
    }
}

/// The first function that is not an allocator's own.
pub(super) fn site(stack: &[Arc<str>]) -> Option<Arc<str>> {
    const OWN: [&str; 26] = [
        "__get_free_page",
        "get_free_page",
        "get_zeroed_page",
        "__alloc_pages",
        "alloc_pages",
        "alloc_page",
        "__set_page_owner",
        "set_page_owner",
        "save_stack",
        "post_alloc_hook",
        "prep_new_page",
        "get_page_from_freelist",
        "__folio_alloc",
        "folio_alloc",
        "vma_alloc_folio",
        "new_slab",
        "allocate_slab",
        "alloc_slab_page",
        "___slab_alloc",
        "__slab_alloc",
        "slab_alloc",
        "kmem_cache_alloc",
        "__kmem_cache_alloc",
        "__kmalloc",
        "kmalloc",
        "__do_kmalloc",
    ];
    let is_allocator = |name: &str| OWN.iter().any(|own| name.starts_with(own));
    stack.iter().find(|name| !is_allocator(name)).or(stack.first()).cloned()
}
