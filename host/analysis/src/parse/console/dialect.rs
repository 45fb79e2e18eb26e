//! Guesses the OP-TEE release from the source line that prints records.

/// Source line of the statement in `mdbg_check()` or `gen_mdbg_check()` that prints a record, of every
/// release since 2.0 (`lib/libutils/isoc/bget_malloc.c` of optee_os at each tag).
const PRINTED_AT: [(u32, &str); 20] = [
    (804, "2.0 or 2.3"),
    (795, "2.2"),
    (805, "2.4"),
    (799, "2.5"),
    (811, "2.6"),
    (812, "3.0"),
    (821, "3.1"),
    (806, "3.2 to 3.4"),
    (615, "3.5"),
    (626, "3.6"),
    (638, "3.7 to 3.10"),
    (639, "3.11"),
    (654, "3.12 to 3.16"),
    (653, "3.17"),
    (713, "3.18 or 3.19"),
    (714, "3.20 to 4.0, or up to 1.0"),
    (715, "4.1 to 4.5"),
    (682, "4.6 or 4.7"),
    (690, "4.8 or 4.9"),
    (681, "4.10"),
];

/// The releases whose records are printed at that source line.
pub(super) fn release(source_line: u32) -> Option<&'static str> {
    PRINTED_AT.iter().find(|(line, _)| *line == source_line).map(|(_, release)| *release)
}

#[cfg(test)]
mod tests {
    #[test]
    fn no_line_stands_for_two_entries() {
        let mut lines: Vec<_> = super::PRINTED_AT.iter().map(|(line, _)| line).collect();
        lines.sort_unstable();
        lines.dedup();
        assert_eq!(lines.len(), super::PRINTED_AT.len());
    }
}
