//! Rows of ledgers that a page pasted into one line: `43 :0 0x297400000 0x1800000 48468.066908 55 :0 0x29ca00000 ...`.

use std::{ops::Range, sync::LazyLock};

use regex::bytes::Regex;

/// Rows after which a line is taken as it is.
const MOST: usize = 1 << 12;

/// A form of rows.
struct RowForm {
    /// What a line has that holds rows of it: a quick check that most lines fail.
    sign: &'static [u8],
    /// How its rows begin.
    begin: &'static str,
}

const FORMS: [RowForm; 3] = [
    // MediaTek's dma_heap: a buffer, what is attached to it, its holders.
    RowForm {
        sign: b"size(Byte):",
        begin: r"inode:\d+ +size\(Byte\):|buf_priv: |pid:\d+ ?\([^)]*\) +inode:\d",
    },
    // fdinfo of a dma-buf.
    RowForm { sign: b"mnt_id:", begin: "(?:pos|flags|mnt_id|ino|size|count|exp_name|name):" },
    // iova_map through grep, and iommu_dump as an editor numbers its lines.
    RowForm {
        sign: b" 0x",
        begin: r"\d+ ?:\d+ +0x[0-9a-f]+ +0x[0-9a-f]+ +\d+\.\d|(?:Line \d+ ?: *)?(?:alloc|map|sync|unmap|free) +\d+ +0x[0-9a-f]+ +0x",
    },
];

static BEGINS: LazyLock<Vec<Option<Regex>>> = LazyLock::new(|| {
    let begin = |form: &RowForm| Regex::new(&format!(r"(?-u)(?:^|[ \t])({})", form.begin)).ok();
    FORMS.iter().map(begin).collect()
});

/// The rows in a line, of which there are at least two, and what stands before them.
pub(super) fn split(line: &[u8]) -> Option<Vec<Range<usize>>> {
    let mut forms = FORMS.iter().zip(BEGINS.iter());
    forms.find_map(|(form, begin)| {
        memchr::memmem::find(line, form.sign)?;
        rows(line, begin.as_ref()?)
    })
}

fn rows(line: &[u8], begin: &Regex) -> Option<Vec<Range<usize>>> {
    let starts = begin.captures_iter(line).filter_map(|found| Some(found.get(1)?.start()));
    let mut starts: Vec<_> = starts.take(MOST).collect();
    (starts.len() > 1).then_some(())?;
    if starts[0] > 0 {
        starts.insert(0, 0);
    }
    starts.push(line.len());
    Some(starts.windows(2).map(|pair| pair[0]..pair[1]).collect())
}

#[cfg(test)]
mod tests {
    use super::split;

    fn parts(line: &str) -> Vec<&str> {
        split(line.as_bytes()).into_iter().flatten().map(|range| line[range].trim()).collect()
    }

    #[test]
    fn each_row_is_a_line() {
        for (line, first, rows) in [
            (
                "box:/ # cat iova_map 43 :0 0x29740 0x180 48.06 55 :0 0x29ca0 0x180 46.93",
                "box:/ # cat iova_map",
                3,
            ),
            (
                "Line 7 : alloc 0 0x29 0x18 0x2e 48.9 cam Line 8 : map 0 0x29 0x18 0x2e 48.9",
                "Line 7 : alloc 0 0x29 0x18 0x2e 48.9 cam",
                2,
            ),
            (
                "inode:57 size(Byte):25 exp:mm name:x buf_priv: iova:0x2 pid:2 (hal) inode:57 size:25 fd_cnt:1",
                "inode:57 size(Byte):25 exp:mm name:x",
                3,
            ),
            ("# cat 400 pos: 0 flags: 02 mnt_id: 8 ino: 57 size: 25", "# cat 400", 6),
        ] {
            let found = parts(line);
            assert_eq!((found[0], found.len()), (first, rows), "{found:?}");
        }
    }

    #[test]
    fn one_row_stays() {
        for line in [
            "inode:57 size(Byte):25 exp:mm name:25x inode:57",
            "43:0 0x29ca00000 0x1800000 48446.930479",
            "map 0 0x29ca00000 0x1800000 0x29e1fffff 48446.930479",
            "mnt_id: 8",
        ] {
            assert_eq!(split(line.as_bytes()), None, "{line}");
        }
    }
}
