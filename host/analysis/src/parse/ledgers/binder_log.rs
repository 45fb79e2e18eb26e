//! Binder's log of its processes, and processes that ran out of file descriptors.
//!
//! ```text
//! <6>[   45.091496] (0)[1737:Binder_1]binder: 1727 close vm area 5d12c000-5d32a000 (2040 K) vma 2220051 pagep 79f
//! <6>[   45.091894] (1)[44:kworker/u:1]binder_release: 1727 threads 4, nodes 2 (ref 2), refs 8, active transactions 0, buffers 0, pages 1
//! <6>[  136.373461] (0)[2019:vivo_daemon]binder_mmap: 2019 4068a000-40888000 (2040 K) vma 200071 pagep 79f
//! 03-19 15:06:05.842   143 12974 E M4U_L   : Open file failed mFileDescriptor=-1, error=24 :Too many open files
//! ```
//!
//! `binder_vma_close`, `binder_deferred_release` and `binder_mmap` of Linux 3.4 `drivers/staging/android/binder.c`;
//! later kernels print the same with the name of the driver or of its module in front, if bit 3 of its `debug_mask` is
//! set. `EMFILE` is 24 on all platforms (`errno-base.h`).

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::{model::LogFact, text};

#[derive(Default)]
pub(super) struct BinderLog;

impl Parser for BinderLog {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        if line.text.contains("Too many open files") {
            out.say(line, LogFact::TooManyFiles { pid: line.pid });
            return LineOutcome::Parsed;
        }
        let Some((head, rest)) = head(line.text) else { return LineOutcome::Ignored };
        let pid = rest.split([' ', ':']).next().and_then(fields::decimal);
        let statement = match (head, pid) {
            (_, Some(pid)) if rest.contains(" close vm area ") => LogFact::AreaClosed { pid },
            ("binder_mmap", Some(pid)) => LogFact::AreaMapped { pid },
            // Printed for each remaining page, before the last line.
            (_, Some(_)) if rest.contains(": page ") => return LineOutcome::Parsed,
            (_, Some(pid)) if rest.contains(" threads ") && rest.contains(" nodes ") => {
                LogFact::Released { pid }
            }
            ("binder_open" | "binder_flush", Some(_)) => return LineOutcome::Parsed,
            ("binder_debug", Some(lines)) if rest.ends_with(" callbacks suppressed") => {
                note_suppressed(lines, line, out);
                return LineOutcome::Parsed;
            }
            _ => return LineOutcome::Ignored,
        };
        out.say(line, statement);
        LineOutcome::Parsed
    }
}

/// Head and message: `binder: 1727 close …`, `binder_mmap: 2019 …`, `binder_linux: binder_mmap: 195 …`.
fn head(text: &str) -> Option<(&str, &str)> {
    let (head, rest) = text.trim_start().split_once(": ")?;
    let head = head.trim_end();
    if !head.starts_with("binder") {
        return None;
    }
    let inner = rest.split_once(": ").filter(|(inner, _)| inner.starts_with("binder_"));
    Some(inner.unwrap_or((head, rest)))
}

/// Notes that the kernel suppressed lines.
fn note_suppressed(lines: u64, line: &LedgerLine<'_>, out: &mut LedgerOutput) {
    let text = format!(
        "the kernel suppressed {} lines of binder's log, whose rate it limits ({})",
        text::number(lines),
        text::place(&line.place)
    );
    out.normal_world.assumptions.push(text.into());
}

#[cfg(test)]
mod tests {
    use crate::{model::LogFact, parse::ledgers::LedgerReader};

    #[test]
    fn modules_put_their_name_in_front() {
        let mut reader = LedgerReader::new("kmsg");
        for line in [
            "[ 12.545981] binder_linux: binder_mmap: 195 ffff8f6f2000-ffff8f7f0000 (1016 K) vma 71 pagep 3",
            "[ 12.568007] binder_linux: 195 close vm area ffff8f6f2000-ffff8f7f0000 (1016 K) vma 1 pagep 3",
            "[ 13.113023] binder_linux: binder_deferred_release: 195 threads 0, nodes 0 (ref 0), refs 0, active \
             transactions 0",
            "[ 18.772034] binder_debug: 11 callbacks suppressed",
            "[ 18.783317] binder_linux: binder_flush: 195 woke 0 threads",
        ] {
            reader.line(line.as_bytes());
        }
        let normal_world = reader.finish();
        let said: Vec<_> = normal_world.sayings.iter().map(|one| one.said.clone()).collect();
        let pid = 195;
        assert_eq!(
            said,
            [LogFact::AreaMapped { pid }, LogFact::AreaClosed { pid }, LogFact::Released { pid }]
        );
        assert_eq!((normal_world.accounting.parsed, normal_world.assumptions.len()), (5, 1));
    }
}
