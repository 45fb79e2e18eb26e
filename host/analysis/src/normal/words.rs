//! Numbers, places and holders as a person reads them.

use std::collections::BTreeSet;

pub(super) use crate::grouped;
use crate::model::{Holder, Place};

/// Runs of numbers that are told.
const RANGES: usize = 8;

const MIB: f64 = (1u64 << 20) as f64;

/// `467.6 MiB`.
#[expect(clippy::cast_precision_loss, reason = "one digit after the point is all that is shown")]
pub(super) fn mib(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / MIB)
}

/// `25,165,824 bytes`, with the mebibytes of a larger number.
pub(super) fn bytes(bytes: u64) -> String {
    if bytes < 1 << 20 {
        format!("{} bytes", grouped(bytes))
    } else {
        format!("{} bytes ({})", grouped(bytes), mib(bytes))
    }
}

/// `3.6 GB`, `362 MB`: in steps of a thousand KB, cut and not rounded, as people read tables in KB.
pub(super) fn in_kb(bytes: u64) -> String {
    match bytes / 1024 {
        kb if kb >= 1_000_000 => format!("{}.{} GB", kb / 1_000_000, kb / 100_000 % 10),
        kb if kb >= 1000 => format!("{} MB", kb / 1000),
        kb => format!("{kb} KB"),
    }
}

/// `1 object`, `561,481 objects`.
pub(super) fn several(count: u64, one: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{} {one}{s}", grouped(count))
}

/// `file:line`.
pub(super) fn at(place: &Place) -> String {
    format!("{}:{}", place.source, place.at)
}

/// `pid 29202 (camerahalserver)`.
pub(super) fn holder(holder: &Holder) -> String {
    let Holder { pid, comm } = holder;
    if *pid == 0 {
        return comm.to_string();
    }
    if comm.is_empty() { format!("pid {pid}") } else { format!("pid {pid} ({comm})") }
}

/// `99.8 %`.
#[expect(clippy::cast_precision_loss, reason = "one digit after the point is all that is shown")]
pub(super) fn share(part: u64, of: u64) -> String {
    format!("{:.1} %", part as f64 * 100.0 / (of.max(1)) as f64)
}

/// `8 to 19`, `3, 5 and 7 to 9`; what is there twice is told once.
pub(super) fn ranges(numbers: &BTreeSet<u64>) -> String {
    let mut all: Vec<(u64, u64)> = Vec::new();
    for number in numbers {
        match all.last_mut() {
            Some((_, to)) if to.checked_add(1) == Some(*number) => *to = *number,
            _ => all.push((*number, *number)),
        }
    }
    let range = |(from, to): &(u64, u64)| match to - from {
        0 => from.to_string(),
        1 => format!("{from}, {to}"),
        _ => format!("{from} to {to}"),
    };
    let mut told: Vec<_> = all.iter().take(RANGES).map(range).collect();
    if all.len() > RANGES {
        told.push("more".into());
    }
    list(&told)
}

/// `a, b and c`.
pub(super) fn list(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [one] => one.clone(),
        [more @ .., last] => format!("{} and {last}", more.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use crate::normal::words::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(bytes(490_315_776), "490,315,776 bytes (467.6 MiB)");
        assert_eq!(in_kb(3_645_120 * 1024), "3.6 GB");
        assert_eq!(in_kb(0x1627_b000), "362 MB");
        assert_eq!(ranges(&(8..20).collect()), "8 to 19");
        assert_eq!(ranges(&[1, 3, 5, 6, 9, 10, 11].into()), "1, 3, 5, 6 and 9 to 11");
        assert_eq!(ranges(&(0..99).map(|n| n * 2).collect()), "0, 2, 4, 6, 8, 10, 12, 14 and more");
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }
}
