//! Messages that follow each other without a newline: `ret 0x05,1067,57290137762,-;[TEE] D/TA: …` is a result of
//! zero, and a message whose stamp starts with 5.

use crate::parse::{console::lines::prefix, framing::decoration};

/// Most bytes of the stamps before a message.
const STAMPS: usize = 160;

/// Where the second message of a line starts, with its stamps.
pub(super) fn second_start(line: &[u8]) -> Option<usize> {
    let first = prefix::find(line)?;
    let second = prefix::find(first.message)?;
    let end = line.len() - first.message.len() + second.left.len();
    let is_stamps =
        |from: &usize| decoration::message(line.get(*from..end).unwrap_or_default()).is_empty();
    // Where both messages came the same way, their stamps are as long.
    let same_length = end.checked_sub(first.left.len()).filter(is_stamps);
    let least = (line.len() - first.message.len()).max(end.saturating_sub(STAMPS));
    let start = same_length.or_else(|| (least..end).find(is_stamps)).unwrap_or(end);
    (start >= least).then_some(start)
}

#[cfg(test)]
mod tests {
    use super::second_start;

    #[test]
    fn a_message_ends_where_the_stamps_of_the_next_one_start() {
        let stamps = [
            "",
            "[TEE] ",
            "5,1066,57290136562,-;[TEE] ",
            "<6>[57290.124962] [OPTEE] ",
            "[  12.5] ",
            "240807_15:27:01.736 ",
        ];
        for stamp in stamps {
            let message = "D/TA:  unmap:340 channel 0 pid 2100 ret 0x0";
            let line = format!("{stamp}{message}{stamp}{message}");
            assert_eq!(second_start(line.as_bytes()), Some(stamp.len() + message.len()), "{line}");
        }
    }

    #[test]
    fn one_message_has_no_second_one() {
        for line in ["D/TA:  unmap:340 pa 0x0 a/TA", "", "unmap:340 ret 0x0"] {
            assert_eq!(second_start(line.as_bytes()), None, "{line}");
        }
    }
}
