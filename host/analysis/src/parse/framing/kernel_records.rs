//! Records of the kernel's log that a page pasted into one line: `<6>[ 45.091] one <6>[ 45.092] two`.

use std::ops::Range;

/// Records after which a line is taken as it is.
const MOST: usize = 1 << 12;

/// The records in a line, of which there are at least two, and what stands before them.
pub(super) fn split(line: &[u8]) -> Option<Vec<Range<usize>>> {
    let starts = memchr::memchr_iter(b'<', line).filter(|at| is_start(&line[*at..])).take(MOST);
    let mut starts: Vec<_> = starts.collect();
    (starts.len() > 1).then_some(())?;
    if starts[0] > 0 {
        starts.insert(0, 0);
    }
    starts.push(line.len());
    Some(starts.windows(2).map(|pair| pair[0]..pair[1]).collect())
}

/// Whether a level and a stamp begin here: `<6>[   45.091496]`, or `<6 >[` where a page has put a blank in.
fn is_start(text: &[u8]) -> bool {
    let [b'<', b'0'..=b'7', rest @ ..] = text else { return false };
    let rest = rest.strip_prefix(b" ").unwrap_or(rest);
    let Some(stamp) = rest.strip_prefix(b">[") else { return false };
    let digits =
        stamp.iter().skip_while(|byte| **byte == b' ').take_while(|byte| byte.is_ascii_digit());
    let blanks = stamp.iter().take_while(|byte| **byte == b' ').count();
    let digits = digits.count();
    digits > 0 && stamp.get(blanks + digits) == Some(&b'.')
}

#[cfg(test)]
mod tests {
    use super::split;

    #[test]
    fn each_record_is_a_line() {
        let line = b"# dmesg <6>[   45.091496] (0)[1:a]binder: one <6 >[45.092 ][T1] two";
        let parts: Vec<_> = split(line).into_iter().flatten().map(|part| part.start).collect();
        assert_eq!(parts, [0, 8, 46]);
        assert_eq!(split(b"<6>[ 1.5] one <7> two [ 1.6] three"), None);
    }
}
