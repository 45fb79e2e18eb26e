//! Memory sizes and percentages.

use super::number;

const MIB: f64 = (1u64 << 20) as f64;

/// `25,165 bytes`; from 1 MiB on with the mebibytes: `25,165,824 bytes (24.0 MiB)`.
#[must_use]
pub fn bytes(bytes: u64) -> String {
    if bytes < 1 << 20 {
        format!("{} bytes", number(bytes))
    } else {
        format!("{} bytes ({})", number(bytes), mebibytes(bytes))
    }
}

/// `467.6 MiB`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "one digit after the point is all that is shown")]
pub fn mebibytes(bytes: u64) -> String {
    format!("{:.1} MiB", bytes as f64 / MIB)
}

/// `3.6 GB`, `362 MB`: in steps of a thousand KB, truncated, as in kernel tables in KB.
#[must_use]
pub fn kilobytes(bytes: u64) -> String {
    match bytes / 1024 {
        kb if kb >= 1_000_000 => format!("{}.{} GB", kb / 1_000_000, kb / 100_000 % 10),
        kb if kb >= 1000 => format!("{} MB", kb / 1000),
        kb => format!("{kb} KB"),
    }
}

/// `99.8 %`.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "one digit after the point is all that is shown")]
pub fn share(part: u64, whole: u64) -> String {
    format!("{:.1} %", part as f64 * 100.0 / (whole.max(1)) as f64)
}

#[cfg(test)]
mod tests {
    use crate::text::size::*;

    #[test]
    fn sizes_read_well() {
        assert_eq!([0, 1_048_575].map(bytes), ["0 bytes", "1,048,575 bytes"]);
        assert_eq!(bytes(490_315_776), "490,315,776 bytes (467.6 MiB)");
        assert_eq!(kilobytes(3_645_120 * 1024), "3.6 GB");
        assert_eq!(kilobytes(0x1627_b000), "362 MB");
        assert_eq!([share(998, 1000), share(1, 0)], ["99.8 %", "100.0 %"]);
    }
}
