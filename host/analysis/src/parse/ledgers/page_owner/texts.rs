//! Cache of the blocks of `page_owner`, by their bytes.
//!
//! Blocks of two allocations with the same stack differ only in the first line, which has process and time,
//! and in the line with the page.
//!
//! ```text
//! Page allocated via order 0, mask 0x…, pid 1, tgid 1 (init), ts 1 ns     order
//! PFN 0x40000 type Unmovable …                                            left out
//!  post_alloc_hook+0x12c/0x140                                            the text, up to an empty line
//!  get_page_from_freelist+0x1a0c/0x1bd0
//! ```

use memchr::{memchr, memchr_iter, memmem};
use rustc_hash::FxHashMap;

use super::HEAD;

/// Longest cached block, in bytes.
const BLOCK: usize = 16 << 10;

/// Most texts in the cache.
const MOST: usize = 1 << 16;

/// A block that was read before.
pub(super) struct KnownBlock {
    /// Index of its group.
    pub(super) group: usize,
    pub(super) bytes: usize,
    pub(super) lines: u64,
}

/// Texts, each with its group and number of lines.
type KnownTexts = FxHashMap<Box<[u8]>, (usize, u64)>;

/// Known texts, by the order of their blocks.
#[derive(Default)]
pub(super) struct BlockTexts {
    by_order: FxHashMap<u8, KnownTexts>,
    count: usize,
    /// Order and text of the block being read.
    next: Option<(u8, Box<[u8]>)>,
}

/// The parts of a block.
struct Parts<'t> {
    order: u8,
    text: &'t [u8],
    /// Bytes of the whole block.
    bytes: usize,
    /// Lines before the text.
    heads: u64,
}

impl BlockTexts {
    /// Looks up the block at the start of `text`; remembers a new one for [`Self::learn`].
    pub(super) fn find(&mut self, text: &[u8]) -> Option<KnownBlock> {
        if !text.starts_with(HEAD.as_bytes()) {
            return None;
        }
        let parts = parts(text);
        self.next = None;
        let Parts { order, text, bytes, heads } = parts?;
        match self.by_order.get(&order).and_then(|kept| kept.get(text)) {
            Some((group, lines)) => Some(KnownBlock { group: *group, bytes, lines: lines + heads }),
            None => {
                self.next = (self.count < MOST).then(|| (order, text.into()));
                None
            }
        }
    }

    /// Drops the remembered block: what is read next is a different one.
    pub(super) fn forget(&mut self) {
        self.next = None;
    }

    /// Adds the remembered block, which has ended and belongs to `group`.
    pub(super) fn learn(&mut self, group: usize) {
        let Some((order, text)) = self.next.take() else { return };
        let blank = |line: &[u8]| line.iter().all(u8::is_ascii_whitespace);
        if text.strip_suffix(b"\n").is_none_or(|text| text.split(|byte| *byte == b'\n').any(blank))
        {
            // The block ended at the blank line, and something else follows.
            return;
        }
        // Includes the empty line at the end.
        let lines = memchr_iter(b'\n', &text).count() as u64 + 1;
        self.by_order.entry(order).or_default().insert(text, (group, lines));
        self.count += 1;
    }
}

fn parts(block: &[u8]) -> Option<Parts<'_>> {
    let rest = block.strip_prefix(HEAD.as_bytes())?;
    let digits = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
    // A damaged order is not the number that it starts with.
    rest.get(digits).filter(|byte| matches!(byte, b',' | b' ' | b'\n'))?;
    let order = std::str::from_utf8(rest.get(..digits)?).ok()?.parse().ok()?;
    let mut begin = memchr(b'\n', block)? + 1;
    let mut heads = 1;
    if block[begin..].starts_with(b"PFN ") {
        begin += memchr(b'\n', &block[begin..])? + 1;
        heads += 1;
    }
    let window = &block[begin..block.len().min(BLOCK)];
    // The text includes the newline of its last line, and the block the empty line.
    let end = memmem::find(window, b"\n\n")? + 1;
    Some(Parts { order, text: &window[..end], bytes: begin + end + 1, heads })
}
