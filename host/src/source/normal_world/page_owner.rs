//! `page_owner` of a running kernel: some hundred bytes for each block of pages, so equal blocks
//! are counted while reading, in the output format of `page_owner_sort` (Linux
//! `tools/mm/page_owner_sort.c`).

use std::{
    collections::HashMap,
    io::{self, BufRead as _, BufReader, Read as _},
    path::Path,
    time::{Duration, Instant},
};

use super::bytes::{LedgerText, open};

/// Most distinct kinds of blocks.
const KINDS: usize = 1 << 16;

/// Most bytes of one record.
const RECORD: usize = 16 << 10;

/// Time limit for reading: one record costs the kernel about a microsecond.
const MOST_TIME: Duration = Duration::from_secs(20);

/// Counts of equal blocks.
#[derive(Default)]
struct BlockCounts {
    /// Order and stack, as printed.
    alike: HashMap<Vec<u8>, u64>,
    record: Vec<u8>,
    lost: u64,
}

/// Reads it; also returns the number of blocks that did not fit.
///
/// # Errors
/// When it can't be read.
pub(super) fn read(path: &Path) -> io::Result<(LedgerText, u64)> {
    let mut text = BufReader::with_capacity(256 << 10, open(path)?);
    let (began, mut blocks, mut line) = (Instant::now(), BlockCounts::default(), Vec::new());
    let mut is_cut = false;
    loop {
        line.clear();
        if text.by_ref().take(RECORD as u64).read_until(b'\n', &mut line)? == 0 {
            break;
        }
        blocks.line(&line);
        is_cut = began.elapsed() > MOST_TIME;
        if is_cut {
            break;
        }
    }
    blocks.close();
    let n_lost = blocks.lost;
    Ok((LedgerText { text: blocks.text(), cut: is_cut }, n_lost))
}

impl BlockCounts {
    fn line(&mut self, line: &[u8]) {
        const HEAD: &[u8] = b"Page allocated via order ";
        if let Some(rest) = line.strip_prefix(HEAD) {
            self.close();
            let order = rest.split(|byte| !byte.is_ascii_digit()).next().unwrap_or_default();
            self.record.extend_from_slice(HEAD);
            self.record.extend_from_slice(order);
            self.record.push(b'\n');
        } else if line == b"\n" {
            self.close();
        } else if is_frame(line) && !self.record.is_empty() && self.record.len() < RECORD {
            self.record.extend_from_slice(line);
        }
    }

    fn close(&mut self) {
        if self.record.is_empty() {
            return;
        }
        let record = std::mem::take(&mut self.record);
        if self.alike.len() >= KINDS && !self.alike.contains_key(&record) {
            self.lost += 1;
        } else {
            *self.alike.entry(record).or_default() += 1;
        }
    }

    /// The counted blocks as text, the most frequent first.
    fn text(self) -> Vec<u8> {
        let mut kinds: Vec<_> = self.alike.into_iter().collect();
        kinds.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
        let blocks = kinds.into_iter().map(|(record, times)| {
            [format!("{times} times:\n").as_bytes(), &record, b"\n"].concat()
        });
        blocks.flatten().collect()
    }
}

/// ` __alloc_pages+0x1c8/0x2f8`, `[<ffffffc00015b700>] __get_free_pages+0x30/0x80`.
fn is_frame(line: &[u8]) -> bool {
    line.starts_with(b" ") || line.starts_with(b"[<")
}

#[cfg(test)]
mod tests {
    use super::BlockCounts;

    #[test]
    fn blocks_that_are_alike_are_counted() {
        let mut blocks = BlockCounts::default();
        for n in 0..3 {
            let order = u32::from(n == 2);
            let text = format!(
                "Page allocated via order {order}, mask 0x1, pid {n}, ts {n} ns\nPFN 0x{n} type\n \
                 alloc+0x1/0x2\n user+0x3/0x4\nCharged to memcg\n\n"
            );
            text.split_inclusive('\n').for_each(|line| blocks.line(line.as_bytes()));
        }
        let want = "2 times:\nPage allocated via order 0\n alloc+0x1/0x2\n user+0x3/0x4\n\n\
                    1 times:\nPage allocated via order 1\n alloc+0x1/0x2\n user+0x3/0x4\n\n";
        assert_eq!(String::from_utf8(blocks.text()).unwrap(), want);
    }
}
