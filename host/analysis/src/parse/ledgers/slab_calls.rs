//! `alloc_calls` of a slab cache (Linux 2.6.22 to 5.13, `mm/slub.c`, `list_locations`), and `alloc_traces` of
//! debugfs (since 5.14, `slab_debugfs_show`): callers that allocated the live objects.
//!
//! ```text
//! 561481 alloc_vmap_area.isra.29+0xc8/0x348 age=845/6200344/6776810 pid=0-30147
//!
//!     32 __alloc_skb+0x148/0x1a8 age=889/2008/3235 pid=176 cpus=0-1       newer ones with the whole stack
//!         __alloc_skb+0x148/0x1a8
//!         alloc_skb_with_frags+0x58/0x1e8
//! ```
//!
//! Ages are in jiffies: the youngest, the mean, the oldest. The name of the cache is in the path.

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{LedgerEntry, LedgerKind, LedgerSnapshot};

/// Frames that are kept per stack.
const FRAMES: usize = 64;

#[derive(Default)]
pub(super) struct SlabCalls {
    open: Option<LedgerSnapshot>,
}

impl Parser for SlabCalls {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        context: &TextContext,
        _: &mut LedgerOutput,
    ) -> LineOutcome {
        let text = line.text.trim_start();
        if let Some(row) = self.open.as_mut().and_then(|census| census.rows.last_mut()) {
            if text.is_empty() {
                return LineOutcome::Parsed;
            }
            if let Some(function) = fields::function(text).filter(|_| row.stack.len() <= FRAMES) {
                row.stack.push(function.into());
                return LineOutcome::Parsed;
            }
        }
        let Some((count, rest)) = text.split_once(' ') else { return LineOutcome::Ignored };
        let Some(count) = fields::decimal(count).filter(|_| rest.contains(" age=")) else {
            return LineOutcome::Ignored;
        };
        let Some(name) = fields::function(rest) else { return LineOutcome::Rejected };
        let cache = if is_ours(context.name()) { context.parent() } else { "" };
        let census = self.open.get_or_insert_with(|| {
            LedgerSnapshot::new(LedgerKind::SlabCallers, cache, line.place.clone())
        });
        let size = cache.rsplit('-').next().and_then(size_of).unwrap_or(0);
        let mut row =
            LedgerEntry::new(line.place.clone(), &name, count, count.saturating_mul(size));
        let ages = fields::value_after(rest, "age=").map(|ages| format!("age {ages} jiffies"));
        row.stack.extend(ages.map(Into::into));
        super::add(census, row);
        LineOutcome::Parsed
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        self.open.take().into_iter().for_each(|census| out.census(census));
    }
}

/// Whether a file of this name lists the callers of the cache that its directory is named after.
fn is_ours(name: &str) -> bool {
    name.ends_with("_calls") || name == "alloc_traces"
}

/// Bytes of an object of `kmalloc-128` or `kmalloc-2k`.
fn size_of(class: &str) -> Option<u64> {
    fields::scaled_bytes(class, 1024)
}
