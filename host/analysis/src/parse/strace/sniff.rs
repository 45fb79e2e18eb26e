//! Detects strace logs.

use super::line::{StraceBody, parse};

/// Lines that are checked.
const LINES: usize = 40;

/// Whether the first lines of a text are strace's: at least half of them, and at least three, are system
/// calls or events of traced tasks. Fewer lines are enough if all of them are, with time stamps.
#[must_use]
pub fn looks_like_strace(begin: &[u8]) -> bool {
    let text = String::from_utf8_lossy(begin);
    let lines = text.lines().filter(|line| !line.trim().is_empty()).take(LINES);
    let (mut all, mut ours, mut headed) = (0, 0, 0);
    for line in lines {
        all += 1;
        let line_is = parse(line);
        headed += usize::from(line_is.stamp.is_some());
        let ours_is = match line_is.body {
            StraceBody::Call { text, .. } => super::args::call(text).is_some(),
            StraceBody::Foreign | StraceBody::Rest(_) | StraceBody::Other => {
                line.contains("strace: Process ")
            }
            _ => true,
        };
        ours += usize::from(ours_is);
    }
    // A line or two copied from a trace, all with time stamps.
    let is_fragment = all > 0 && ours == all && headed == all;
    is_fragment || ours >= 3 && ours * 2 >= all
}

/// Whether a line is a whole system call with its result.
pub(crate) fn is_whole_call(line: &[u8]) -> bool {
    let text = String::from_utf8_lossy(line);
    match parse(&text).body {
        StraceBody::Call { text, .. } => {
            super::args::call(text).is_some_and(|call| call.result.is_some())
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::looks_like_strace;

    #[test]
    fn console_text_is_not() {
        let dump = "I/TC: buffer: 28 bytes core/kernel/tee_ta_manager.c:1\n".repeat(50);
        assert!(!looks_like_strace(dump.as_bytes()));
        let calls = "open(1) = 2 is what I expected\nbut close(3) was called\n".repeat(9);
        assert!(!looks_like_strace(calls.as_bytes()) || calls.contains("= 2"));
        assert!(!looks_like_strace(b""));
        assert!(looks_like_strace("close(3) = 0\n".repeat(3).as_bytes()));
    }
}
