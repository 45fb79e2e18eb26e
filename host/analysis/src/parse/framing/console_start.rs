//! Where a line of a console starts: no such line continues another one.
//!
//! Each line of a part of a text is asked, so what nearly all other lines lack is looked for first.

use super::decoration;
use crate::parse::console::prefix_start;

/// Whether a line starts with a stamp, a prefix of OP-TEE or a task of the kernel's trace: it continues no
/// other one.
pub(super) fn is_start(line: &[u8]) -> bool {
    starts_with_prefix(line)
        || decoration::has_stamp(line)
        || decoration::is_of_trace(line)
        || has_prefix(line) && has_prefix_at_start(line)
}

/// Whether a line has a prefix of OP-TEE anywhere, which nearly all other lines do not.
fn has_prefix(line: &[u8]) -> bool {
    let is_of_words = |at: usize| {
        let (before, after) = line.split_at(at);
        before.ends_with(b"TEE") && after.starts_with(b"-CORE:")
            || before.ends_with(b"USER") && after.starts_with(b"-TA:")
    };
    memchr::memchr(b':', line).is_some()
        && (prefix_start(line).is_some() || memchr::memchr_iter(b'-', line).any(is_of_words))
}

/// Whether nothing but decorations stands before the prefix of a line.
fn has_prefix_at_start(line: &[u8]) -> bool {
    let message = decoration::message(line);
    let prefix_length = line.len() - message.len();
    prefix_start(&line[..line.len().min(prefix_length + 16)])
        .is_some_and(|start| start <= prefix_length)
        || starts_with_words(message)
}

/// Whether a line starts with a prefix of OP-TEE, as most lines do whose stamps nobody added.
fn starts_with_prefix(line: &[u8]) -> bool {
    line.get(1) == Some(&b'/') && prefix_start(&line[..line.len().min(8)]) == Some(0)
}

/// Whether a message starts with a prefix of releases up to 2.6.
fn starts_with_words(message: &[u8]) -> bool {
    let begin = &message[..message.len().min(32)];
    begin.windows(9).any(|words| words == b"TEE-CORE:")
        || begin.windows(8).any(|words| words == b"USER-TA:")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::is_start;
    use crate::parse::{console::prefix_start, framing::decoration};

    /// Whether a line starts as a console's does, with each step done in full.
    fn naive_is_start(line: &[u8]) -> bool {
        let message = decoration::message(line);
        let prefix_length = line.len() - message.len();
        let begin = &line[..line.len().min(prefix_length + 16)];
        let words = String::from_utf8_lossy(&message[..message.len().min(32)]).into_owned();
        decoration::has_stamp(line)
            || decoration::is_of_trace(line)
            || prefix_start(begin).is_some_and(|start| start <= prefix_length)
            || words.contains("TEE-CORE:")
            || words.contains("USER-TA:")
    }

    proptest! {
        #[test]
        fn starts_are_those_that_a_full_look_finds(line in "(  ?|[0-9]{1,4}[:| -]?|uart[.]log:|[EIx]/T[CAX]:|TEE-CORE:|USER-TA:|\\[ 12[.]345678\\] |10:20:01 |Mar 11 |<6>|\\(2|x-7 |\\[001\\] |a/b|[+-]0x1|kernel: |[-/.:|>]){0,6}") {
            prop_assert_eq!(is_start(line.as_bytes()), naive_is_start(line.as_bytes()), "{}", line);
        }
    }
}
