//! Output of `xtest --stats` in the normal world (optee_test `host/xtest/stats.c`).

use super::fact::StatLine;
use crate::parse::console::lines::bytes::{blanks, dec, dec32, lossy, strip_prefix, uuid};

/// Labels of a pool's figures, in their order in the table.
pub(crate) const FIGURES: [&[u8]; 6] = [
    b"Bytes allocated:",
    b"Max bytes allocated:",
    b"Size of pool:",
    b"Number of failed allocations:",
    b"Size of larges allocation failure:",
    b"Total bytes allocated at that failure:",
];

/// Reads a line; `None` for an unrelated line.
pub(crate) fn read(line: &[u8]) -> Option<StatLine> {
    match line.first()? {
        b'P' => strip_prefix(line, b"Pool:").map(|name| StatLine::Pool(lossy(name.trim_ascii()))),
        b'B' | b'M' | b'S' | b'N' | b'T' => figure(line),
        b't' => Some(StatLine::Ta(uuid(strip_prefix(line, b"ta(")?)?.0)),
        b'p' => strip_prefix(line, b"panicked(")
            .map(|rest| StatLine::Panicked(rest.first() != Some(&b'0'))),
        b's' => Some(StatLine::Sessions(dec32(strip_prefix(line, b"session number(")?)?.0)),
        b'H' => (line == b"Heap Status:").then_some(StatLine::Heading),
        _ => None,
    }
}

fn figure(line: &[u8]) -> Option<StatLine> {
    let (n, rest) =
        (0_u8..).zip(FIGURES).find_map(|(n, label)| Some((n, strip_prefix(line, label)?)))?;
    let rest = blanks(rest);
    let negative = rest.first() == Some(&b'-');
    let (value, end) = dec(if negative { &rest[1..] } else { rest })?;
    if !end.trim_ascii().is_empty() || value > 0xffff_ffff {
        return None;
    }
    // Printed with `%d`: negative from 2 GiB on.
    Some(StatLine::Figure(n, if negative { (1 << 32) - value } else { value }))
}

#[cfg(test)]
mod tests {
    use super::read;
    use crate::parse::console::messages::fact::StatLine;

    #[test]
    fn figures_keep_their_place_in_the_table() {
        assert_eq!(
            read(b"Size of larges allocation failure:     12"),
            Some(StatLine::Figure(4, 12))
        );
        assert_eq!(read(b"Bytes allocated:       -2147483648"), Some(StatLine::Figure(0, 1 << 31)));
        assert_eq!(read(b"Pool:                Heap"), Some(StatLine::Pool("Heap".into())));
        assert_eq!(read(b"Pooling"), None);
    }
}
