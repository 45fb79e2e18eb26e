//! Binder calls whose target had no room: whose area is full or in pieces, and who calls.

use std::collections::{BTreeMap, BTreeSet};

use super::{draft, shortages};
use crate::{
    model::{
        FigureKind, Finding, KernelShortage, LogFact, LogRecord, NormalPool, NormalWorld, Unit,
    },
    normal_world::finding_builder::FindingBuilder,
    text,
};

/// Records near a failure that are about the same call.
const NEAR: usize = 2;

/// Failures of a process that are shown.
const SHOWN: usize = 4;

pub(super) fn findings(normal: &NormalWorld) -> Vec<Finding> {
    let mut areas: BTreeMap<u64, Vec<FailedCall<'_>>> = BTreeMap::new();
    for (at, record, shortage) in shortages(normal) {
        if let KernelShortage::Binder { pid, .. } = shortage {
            let call = FailedCall { normal, at, record, shortage };
            areas.entry(*pid).or_default().push(call);
        }
    }
    areas.iter().filter_map(|(pid, calls)| finding(*pid, calls)).collect()
}

/// A call that found no room.
struct FailedCall<'n> {
    normal: &'n NormalWorld,
    at: usize,
    record: &'n LogRecord,
    shortage: &'n KernelShortage,
}

/// What a call found.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum BinderAreaState {
    Full,
    InPieces,
    NoOnewaySpace,
    Gone,
    Unknown,
}

impl BinderAreaState {
    const fn words(self) -> &'static str {
        match self {
            Self::Full => "full",
            Self::InPieces => "in pieces",
            Self::NoOnewaySpace => "without room for oneway calls",
            Self::Gone => "gone (no vma)",
            Self::Unknown => "without room, the figures were not printed",
        }
    }
}

impl FailedCall<'_> {
    fn state(&self) -> BinderAreaState {
        let KernelShortage::Binder { asked, is_oneway, has_no_area, free, .. } = self.shortage
        else {
            return BinderAreaState::Unknown;
        };
        match free {
            _ if *has_no_area => BinderAreaState::Gone,
            _ if *is_oneway => BinderAreaState::NoOnewaySpace,
            Some((free, _)) if asked > free => BinderAreaState::Full,
            Some(_) => BinderAreaState::InPieces,
            None => BinderAreaState::Unknown,
        }
    }

    /// Process and thread whose call it was.
    fn caller(&self) -> Option<(u64, u64)> {
        self.normal.sayings.iter().skip(self.at + 1).take(NEAR).find_map(|record| {
            match record.said {
                LogFact::CallFailed { from, .. } => Some(from),
                _ => None,
            }
        })
    }

    fn words(&self) -> String {
        let KernelShortage::Binder { asked, in_use, free, .. } = self.shortage else {
            return String::new();
        };
        let caller = self.caller().map_or(String::new(), |(pid, tid)| format!(" by {pid}:{tid}"));
        let mut text = format!("{} bytes asked{caller}", text::number(*asked));
        if let (Some((used, buffers)), Some((free, largest))) = (in_use, free) {
            let area = used.saturating_add(*free);
            text += &format!(
                ": {} keep {} of {} bytes, {} are free, the largest piece {}: {}",
                text::count(*buffers, "buffer"),
                text::number(*used),
                text::number(area),
                text::number(*free),
                text::number(*largest),
                self.state().words()
            );
        } else {
            text += &format!(": {}", self.state().words());
        }
        text
    }
}

fn finding(pid: u64, calls: &[FailedCall<'_>]) -> Option<Finding> {
    let first = calls.first()?;
    let states: BTreeSet<_> = calls.iter().map(FailedCall::state).collect();
    let states: Vec<_> = states.into_iter().map(|state| state.words().to_owned()).collect();
    let callers: BTreeSet<_> =
        calls.iter().filter_map(FailedCall::caller).map(|(pid, _)| pid).collect();
    let callers = if callers.is_empty() {
        String::new()
    } else {
        format!(" from pid {}", text::ranges(&callers))
    };
    let title = format!(
        "binder area of pid {pid} is {}: {}{callers} failed",
        text::list(&states),
        text::count(calls.len() as u64, "call")
    );
    let mut draft = draft(NormalPool::BinderArea(pid), title).figure(
        FigureKind::FailedAllocations,
        calls.len() as u64,
        Unit::Objects,
    );
    if let KernelShortage::Binder { in_use: Some((used, buffers)), .. } = first.shortage {
        draft = draft.figure(FigureKind::InUse, *used, Unit::Bytes).figure(
            FigureKind::Buffers,
            *buffers,
            Unit::Objects,
        );
    }
    for call in calls.iter().take(SHOWN) {
        draft = draft.evidence_at(&call.words(), &call.record.place);
    }
    let (draft, sender) = add_floods(first.normal, pid, draft);
    let next = match sender {
        Some(sender) => format!(
            "find why pid {sender} sends so many oneway calls to pid {pid}, and whether {pid} is stuck"
        ),
        None => format!("see what pid {pid} keeps without BC_FREE_BUFFER: binder's proc/{pid}"),
    };
    Some(draft.next(&next))
}

/// Adds who fills the half for oneway calls.
fn add_floods(
    normal: &NormalWorld,
    pid: u64,
    mut draft: FindingBuilder,
) -> (FindingBuilder, Option<u64>) {
    let mut sender = None;
    for record in &normal.sayings {
        let LogFact::OnewayFlood { to, from, buffers, bytes } = record.said else { continue };
        if to == pid {
            sender = Some(from);
            let text = format!(
                "{}, {}, are oneway calls of pid {from} alone (\"spamming oneway?\")",
                text::count(buffers, "buffer"),
                text::bytes(bytes)
            );
            draft = draft.evidence_at(&text, &record.place);
        }
    }
    (draft, sender)
}
