//! Numbers, places and holders as a person reads them.

pub(super) use crate::grouped;
use crate::model::{Holder, Place};

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
    use super::*;

    #[test]
    fn numbers_read_well() {
        assert_eq!(bytes(490_315_776), "490,315,776 bytes (467.6 MiB)");
        assert_eq!(in_kb(3_645_120 * 1024), "3.6 GB");
        assert_eq!(in_kb(0x1627_b000), "362 MB");
        assert_eq!(list(&["a".into(), "b".into(), "c".into()]), "a, b and c");
    }
}
