//! One line of the kernel trace: task, time and event.
//!
//! ```text
//!       drm-player-240     (    240) [001] .....    12.345678: tee_close: (optee_close_session+0x0/0x30 [optee]) session=2 comm="drm-player"
//! CPU:1 [LOST 12 EVENTS]
//! # teeleak self pid=231
//! ```

use super::{fields::Fields, probes::Probe};
use crate::parse::strace::nanoseconds;

/// A parsed line.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum TraceLine<'t> {
    /// A probe was hit.
    Hit(ProbeHit<'t>),
    /// Number of hits that were overwritten before they were read.
    Lost(u64),
    /// A note added by the reader of the trace.
    Note(&'t str),
    /// An invalid hit of one of our probes.
    Broken,
    /// An unrelated line.
    Foreign,
}

/// A probe was hit.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct ProbeHit<'t> {
    pub(super) probe: &'static Probe,
    /// Thread.
    pub(super) tid: u32,
    /// Its process, if the kernel knows it.
    pub(super) pid: Option<u32>,
    /// Earliest and latest possible time, in nanoseconds: it is printed with six decimals.
    pub(super) ns: (u64, u64),
    pub(super) fields: Fields<'t>,
}

/// Start of a line that teeleak added.
pub(super) const NOTE: &str = "# teeleak ";

/// Half a microsecond, in nanoseconds: the kernel rounds to microseconds.
const ROUNDED_NS: u64 = 500;

/// Parses a line.
pub(super) fn parse(text: &str) -> TraceLine<'_> {
    let text = text.trim_end();
    if let Some(note) = text.strip_prefix(NOTE) {
        return TraceLine::Note(note);
    }
    if let Some(n) = lost_events(text) {
        return TraceLine::Lost(n);
    }
    // The name of the task comes first; it may hold anything, but is short.
    let mut is_broken = false;
    for (at, _) in text.match_indices(": (") {
        let head_and_name = text[..at].rsplit_once(": ");
        let head_and_probe =
            head_and_name.and_then(|(head, name)| Some((head, Probe::find(name)?)));
        let Some((head, probe)) = head_and_probe else { continue };
        if let Some(hit) = parse_hit(head, probe, &text[at + 2..]) {
            return TraceLine::Hit(hit);
        }
        is_broken = true;
    }
    if is_broken { TraceLine::Broken } else { TraceLine::Foreign }
}

/// Thread of a hit, and its process if the kernel knows it.
#[must_use]
pub fn task_of(line: &[u8]) -> Option<(u32, Option<u32>)> {
    match parse(&String::from_utf8_lossy(line)) {
        TraceLine::Hit(hit) => Some((hit.tid, hit.pid)),
        _ => None,
    }
}

/// `CPU:1 [LOST 12 EVENTS]`; without a number if the kernel does not know it.
fn lost_events(text: &str) -> Option<u64> {
    let rest = text.strip_prefix("CPU:")?.split_once(" [LOST ")?.1.strip_suffix("EVENTS]")?;
    Some(rest.trim().parse().unwrap_or(1))
}

/// Parses a hit: `head` ends with the time, `rest` starts with the place.
fn parse_hit<'t>(head: &str, probe: &'static Probe, rest: &'t str) -> Option<ProbeHit<'t>> {
    let (head, time) = head.rsplit_once(' ')?;
    let ns = nanoseconds(time)?;
    // Flags are missing if the option irq-info is off.
    let head = head.trim_end();
    let head = if head.ends_with(']') { head } else { head.rsplit_once(' ')?.0.trim_end() };
    let (head, cpu) = head.strip_suffix(']')?.rsplit_once('[')?;
    cpu.parse::<u32>().ok()?;
    let (head, pid) = process(head.trim_end())?;
    let tid = head.rsplit_once('-')?.1.parse().ok()?;
    let (_, fields) = rest.split_once(')')?;
    let around = if time.len() - time.find('.')? > 7 { 0 } else { ROUNDED_NS };
    let ns = (ns.saturating_sub(around), ns.saturating_add(around));
    Some(ProbeHit { probe, tid, pid, ns, fields: Fields(fields.trim_start()) })
}

/// `task-240     (    240)`, with dashes if the process is unknown.
fn process(head: &str) -> Option<(&str, Option<u32>)> {
    let Some(inside) = head.strip_suffix(')') else { return Some((head, None)) };
    let (head, number) = inside.rsplit_once('(')?;
    Some((head.trim_end(), number.trim().parse().ok()))
}

#[cfg(test)]
mod tests {
    use crate::parse::ftrace::line::*;

    fn known(text: &str) -> ProbeHit<'_> {
        match parse(text) {
            TraceLine::Hit(hit) => hit,
            other => panic!("{other:?} of {text}"),
        }
    }

    #[test]
    fn hits_are_read_whatever_the_task_is_called() {
        let rest = "[001] .....    12.345678: tee_close: (optee_close_session+0x0/0x30 [optee]) \
                    session=2 comm=\"x\"";
        for comm in ["drm-player", "<...>", "a: tee_close: (b", "", "-1 (2) [3]", ": tee_invoke: ("]
        {
            let line = format!("{comm:>16}-240     (    239) {rest}");
            let hit = known(&line);
            assert_eq!((hit.probe.name, hit.tid, hit.pid), ("tee_close", 240, Some(239)), "{line}");
            assert_eq!(hit.ns, (12_345_677_500, 12_345_678_500));
            assert_eq!(hit.fields.word("session"), Some(2));
        }
    }

    #[test]
    fn what_the_kernel_does_not_know_is_none() {
        let rest = "1.000000: tee_shut: (optee_close_session_helper+0x0/0x90 [optee]) session=1";
        assert_eq!(known(&format!("x-7 (-------) [000] d..2. {rest}")).pid, None);
        assert_eq!(known(&format!("x-7 [000] {rest}")).pid, None);
    }

    #[test]
    fn other_lines_are_distinguished() {
        assert_eq!(parse("CPU:1 [LOST 12 EVENTS]"), TraceLine::Lost(12));
        assert_eq!(parse("CPU:1 [LOST EVENTS]"), TraceLine::Lost(1));
        assert_eq!(parse("# teeleak self pid=3\n"), TraceLine::Note("self pid=3"));
        assert_eq!(parse("# tracer: nop"), TraceLine::Foreign);
        assert_eq!(parse("sh-1 [000] ..... 1.0: sys_enter: (x) y"), TraceLine::Foreign);
        assert_eq!(parse("sh-1 [0x] ..... 1.0: tee_close: (x) session=1"), TraceLine::Broken);
        assert_eq!(parse(""), TraceLine::Foreign);
    }
}
