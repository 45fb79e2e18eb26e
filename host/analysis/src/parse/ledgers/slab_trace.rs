//! Kernel log of a traced slab cache (Linux `mm/slub.c`, `trace`, with the call stack that follows).
//!
//! ```text
//! <6>[  554.826456] TRACE kmalloc-128 alloc 0xffffffc01f41cc00 inuse=16 fp=0x          (null)
//! <4>[  554.826463] CPU: 0 PID: 484 Comm: kworker/u9:0 Tainted: G           O 3.10.65 #3
//! <0>[  554.826507] Call trace:
//! <4>[  554.826559] [<ffffffc0001822f8>] alloc_vmap_area.isra.29+0xc4/0x348
//! ```

use super::{Context, Line, LineOutcome, Out, Parser, fields};
use crate::model::Said;

/// Frames that are kept per stack.
const FRAMES: usize = 64;

#[derive(Default)]
pub(super) struct SlabTrace {
    /// The cache, the stack so far, and the place of its first line.
    open: Option<(String, Vec<std::sync::Arc<str>>, crate::model::Place)>,
    /// The first part of a frame that continues on the next line.
    torn: String,
}

impl Parser for SlabTrace {
    fn line(&mut self, line: &Line<'_>, _: &Context, out: &mut Out) -> LineOutcome {
        if let Some(rest) = line.text.strip_prefix("TRACE ") {
            self.end(out);
            let Some((cache, rest)) = rest.split_once(' ') else { return LineOutcome::Rejected };
            if rest.starts_with("alloc ") {
                self.open = Some((cache.to_owned(), Vec::new(), line.place.clone()));
            }
            return LineOutcome::from(fields::rest(rest, "inuse="));
        }
        let Some((_, stack, _)) = &mut self.open else { return LineOutcome::Ignored };
        if line.text.starts_with("[<") || !self.torn.is_empty() {
            let frame = format!("{}{}", std::mem::take(&mut self.torn), line.text.trim());
            return match fields::function(&frame) {
                Some(function) if stack.len() < FRAMES && !frame.ends_with('/') => {
                    stack.push(function.into());
                    LineOutcome::Parsed
                }
                // A frame may be wrapped where the log was copied from a page.
                None | Some(_) if frame.len() < 200 && frame.starts_with("[<") => {
                    self.torn = frame;
                    LineOutcome::Parsed
                }
                _ => LineOutcome::Rejected,
            };
        }
        let head = ["CPU: ", "Workqueue: ", "Call trace:", "Hardware name: "];
        let is_head = head.iter().any(|head| line.text.starts_with(head));
        if is_head { LineOutcome::Parsed } else { LineOutcome::Ignored }
    }

    fn end(&mut self, out: &mut Out) {
        self.torn.clear();
        let Some((cache, stack, place)) = self.open.take() else { return };
        let line = Line::new("", place);
        out.say(&line, Said::Allocated { cache: cache.into(), stack });
    }
}
