//! One block of `page_owner`: its heads, its frames, and the other lines that kernels put into it.

use std::sync::Arc;

use crate::{
    model::{Holder, SourceLocation},
    parse::ledgers::fields,
};

/// Frames that are kept per stack.
pub(super) const FRAMES: usize = 64;

/// Unknown lines in a row after which a text no longer is a block that lacks its empty line.
const FOREIGN: u32 = 8;

/// Lines of a block that no release prints as frames.
const HEADS: [&str; 6] = [
    "PFN ",
    "Page has been migrated",
    "Slab cache page",
    "Charged ",
    "Detected corruption",
    "Page extension",
];

/// What distinguishes blocks: the order of their pages if printed, the name that they are culled by, the stack.
#[derive(Clone, PartialEq, Eq, Hash)]
pub(super) struct BlockKey {
    pub(super) order: Option<u32>,
    pub(super) label: Arc<str>,
    pub(super) stack: Vec<Arc<str>>,
}

/// What a line is to an open block.
pub(super) enum BlockLine {
    Frame(String),
    /// A frame without a symbol, where a stack of older kernels ends.
    Nameless,
    Charged,
    Head,
    Foreign,
}

impl BlockLine {
    pub(super) fn new(text: &str) -> Self {
        let text = text.trim_start();
        if let Some(function) = fields::function(text) {
            return Self::Frame(function);
        }
        if is_address(text) {
            return Self::Nameless;
        }
        match HEADS.iter().find(|head| text.starts_with(**head)) {
            Some(&"Charged ") => Self::Charged,
            Some(_) => Self::Head,
            None => Self::Foreign,
        }
    }
}

/// `0x0`, `0xffffffffffffffff`, `[<ffffffffffffffff>] 0xffffffffffffffff`.
fn is_address(text: &str) -> bool {
    let text = text
        .strip_prefix("[<")
        .and_then(|rest| rest.split_once(">]"))
        .map_or(text, |(_, rest)| rest);
    text.trim().strip_prefix("0x").is_some_and(|digits| fields::hex(digits).is_some())
}

/// A block that is read.
pub(super) struct PageBlock {
    pub(super) place: SourceLocation,
    /// Number of allocations, and of pages where printed.
    pub(super) times: u64,
    pub(super) pages: Option<u64>,
    pub(super) key: BlockKey,
    /// Who allocated the first one.
    pub(super) holder: Option<Holder>,
    pub(super) charged: Option<Arc<str>>,
    foreign: u32,
}

impl PageBlock {
    pub(super) fn new(place: SourceLocation, times: u64, pages: Option<u64>) -> Self {
        let key = BlockKey { order: None, label: "".into(), stack: Vec::new() };
        Self { place, times, pages, key, holder: None, charged: None, foreign: 0 }
    }

    /// Counts an unknown line; returns whether the block can't go on.
    pub(super) const fn is_over(&mut self) -> bool {
        self.foreign += 1;
        self.foreign >= FOREIGN
    }

    pub(super) fn charge(&mut self, text: &str) {
        self.charged = Some(text.trim().to_lowercase().into());
    }
}

/// `119706 times`, `2 times, 8 pages:`, `96 times, 98304 pages, task_comm_name: audio-out`.
pub(super) struct SortedHead {
    pub(super) times: u64,
    pub(super) pages: Option<u64>,
    /// What the blocks have in common, if not the stack.
    pub(super) label: Arc<str>,
}

impl SortedHead {
    pub(super) fn new(text: &str) -> Option<Self> {
        let (times, rest) = text.split_once(" times")?;
        let times = fields::decimal(times)?;
        let rest = rest.trim_end().trim_end_matches(':');
        let Some(rest) = rest.strip_prefix(", ") else {
            return rest.is_empty().then(|| Self { times, pages: None, label: "".into() });
        };
        let (pages, label) = rest.split_once(" pages")?;
        let label = label.trim_start_matches(',').trim();
        let label = label.strip_prefix("task_comm_name:").map_or(label, str::trim);
        Some(Self { times, pages: Some(fields::decimal(pages)?), label: label.into() })
    }
}

/// The order and the process of `order 10, mask 0x40dc0(...), pid 911, tgid 904 (audio-out), ts ...`.
pub(super) fn head(rest: &str) -> Option<(u32, Option<Holder>)> {
    let order = rest.split([',', ' ']).next().and_then(fields::decimal)?;
    let order = u32::try_from(order).ok().filter(|order| *order < 32)?;
    let pid = fields::number_after(rest, "tgid ").or_else(|| fields::number_after(rest, "pid "));
    let comm =
        fields::rest(rest, "tgid ").and_then(|rest| rest.split_once(" (")?.1.split_once(')'));
    let comm = comm.map_or("", |(comm, _)| comm).into();
    Some((order, pid.map(|pid| Holder { pid, comm })))
}
