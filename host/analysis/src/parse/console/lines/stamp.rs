//! Time stamps before a trace prefix, added by the kernel, a terminal or logcat.
//!
//! Only read if a fact needs its time: most lines never get here.

use memchr::{memchr, memrchr};

use super::bytes::dec;
use crate::model::{Clock, Time};

const SECOND: u64 = 1_000_000_000;

/// Reads the time from what stands to the left of a trace prefix.
///
/// Stamps of the kernel (`[   12.345678]`, `[12.345678@2]`, `5,1234,12345678,-;`) are preferred to
/// those of a terminal or logcat, since they are closer to the event.
pub(crate) fn read(left: &[u8]) -> Option<Time> {
    kernel(left).or_else(|| kmsg(left)).or_else(|| wall(left))
}

/// Whether less than that many nanoseconds passed from one stamp to another, or neither is one. Where time runs
/// backwards, or only one can be read, one of them is damaged.
pub(crate) fn is_soon_after(from: &[u8], to: &[u8], most_ns: u64) -> bool {
    match (read(from), read(to)) {
        (Some(from), Some(to)) => {
            let gap = to.ns.checked_sub(from.ns).filter(|_| from.clock == to.clock);
            gap.is_some_and(|gap| gap < most_ns)
        }
        (None, None) => true,
        _ => false,
    }
}

/// Nanoseconds from one time to another of the same clock; 0 where it ran backwards.
pub(crate) fn distance(from: Time, to: Time) -> Option<u64> {
    (from.clock == to.clock).then(|| to.ns.saturating_sub(from.ns))
}

/// Whether both stamps are the same up to the last point, with only a fraction after it that has grown: then less
/// than a second passed.
#[inline]
pub(crate) fn same_second(from: &[u8], to: &[u8]) -> bool {
    let Some(point) = memrchr(b'.', from) else { return to == from };
    if to.len() != from.len() || to[..=point] != from[..=point] || to[point..] < from[point..] {
        return false;
    }
    let is_alike =
        |(a, b): (&u8, &u8)| a == b && *a != b':' || a.is_ascii_digit() && b.is_ascii_digit();
    to[point..].iter().zip(&from[point..]).all(is_alike)
}

fn kernel(left: &[u8]) -> Option<Time> {
    let mut rest = left;
    let open = |rest: &[u8]| if rest.first() == Some(&b'[') { Some(0) } else { memchr(b'[', rest) };
    while let Some(open) = open(rest) {
        rest = super::bytes::blanks(&rest[open + 1..]);
        if let Some((ns, after)) = seconds(rest)
            && matches!(after.first(), Some(b']' | b'@' | b' '))
        {
            return Some(Time { clock: Clock::Monotonic, ns });
        }
    }
    None
}

/// `12.345678` as nanoseconds.
fn seconds(text: &[u8]) -> Option<(u64, &[u8])> {
    let (whole, rest) = dec(text)?;
    let (fraction, after) = fraction(rest.strip_prefix(b".")?)?;
    Some((whole.checked_mul(SECOND)?.checked_add(fraction)?, after))
}

/// What follows a point, in nanoseconds; up to nine digits.
fn fraction(text: &[u8]) -> Option<(u64, &[u8])> {
    const SCALES: [u64; 10] = {
        let mut scales = [1; 10];
        let mut digits = 9;
        while digits > 0 {
            scales[digits - 1] = scales[digits] * 10;
            digits -= 1;
        }
        scales
    };
    let (value, rest) = dec(text)?;
    Some((value * SCALES.get(text.len() - rest.len())?, rest))
}

/// A record of /dev/kmsg: priority, sequence number, microseconds, flags.
fn kmsg(left: &[u8]) -> Option<Time> {
    let (_, rest) = dec(left)?;
    let (_, rest) = dec(rest.strip_prefix(b",")?)?;
    let (us, rest) = dec(rest.strip_prefix(b",")?)?;
    rest.starts_with(b",").then_some(())?;
    Some(Time { clock: Clock::Monotonic, ns: us.checked_mul(1000)? })
}

/// `240807_15:27:01.736`, `2024-08-07 15:27:01.736`, `08-07 15:27:01.736` or the time alone, anywhere
/// in `left`.
fn wall(left: &[u8]) -> Option<Time> {
    let colon = memchr(b':', left)?;
    let start = colon.checked_sub(2)?;
    let (hour, rest) = dec(&left[start..])?;
    let (minute, rest) = dec(rest.strip_prefix(b":")?)?;
    let (second, rest) = dec(rest.strip_prefix(b":")?)?;
    if hour > 23 || minute > 59 || second > 60 {
        return None;
    }
    let part = rest.strip_prefix(b".").and_then(fraction).map_or(0, |(ns, _)| ns);
    let days = date(&left[..start]).unwrap_or(0);
    let ns = (days * 86_400 + hour * 3600 + minute * 60 + second).checked_mul(SECOND)?;
    Some(Time { clock: Clock::Wall, ns: ns.checked_add(part)? })
}

/// Days since 1970 of the date that `text` ends with.
fn date(text: &[u8]) -> Option<u64> {
    let text = text
        .strip_suffix(b" ")
        .or_else(|| text.strip_suffix(b"_"))
        .or_else(|| text.strip_suffix(b"T"))?;
    let start = text.iter().rposition(|b| !b.is_ascii_digit() && *b != b'-').map_or(0, |at| at + 1);
    let mut numbers = [0_u64; 3];
    let mut n = 0;
    for part in text[start..].split(|b| *b == b'-') {
        *numbers.get_mut(n)? = dec(part)?.0;
        n += 1;
    }
    match (n, numbers) {
        (3, [year, month, day]) => days(year, month, day),
        (2, [month, day, _]) => days(1970, month, day),
        (1, [packed, ..]) => days(2000 + packed / 10_000, packed / 100 % 100, packed % 100),
        _ => None,
    }
}

/// Days since 1970-01-01 in the Gregorian calendar.
fn days(year: u64, month: u64, day: u64) -> Option<u64> {
    const BEFORE: [u64; 12] = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334];
    if !(1970..10_000).contains(&year) || !(1..=31).contains(&day) {
        return None;
    }
    let days_before = BEFORE.get(usize::try_from(month.checked_sub(1)?).ok()?)?;
    let leaps = |year: u64| year / 4 - year / 100 + year / 400;
    let leap_day = u64::from(month > 2 && leaps(year) > leaps(year - 1));
    Some((year - 1970) * 365 + leaps(year - 1) - leaps(1969) + days_before + day - 1 + leap_day)
}

#[cfg(test)]
mod tests {
    use super::{days, is_soon_after, read, same_second};
    use crate::model::Clock;

    fn check(left: &str, clock: Clock, ns: u64) {
        let time = read(left.as_bytes()).unwrap();
        assert_eq!((time.clock, time.ns), (clock, ns), "{left}");
    }

    #[test]
    fn every_stamp_is_read() {
        check("[57288.043962@2] [TEE] ", Clock::Monotonic, 57_288_043_962_000);
        check("<6>[    1.564775] [TEE] ", Clock::Monotonic, 1_564_775_000);
        check("5,1234,1564775,-;[TEE] ", Clock::Monotonic, 1_564_775_000);
        check("(240807_15:27:01.736)", Clock::Wall, 1_723_044_421_736_000_000);
        check("[2024-08-07 15:27:01.736] ", Clock::Wall, 1_723_044_421_736_000_000);
        check("01-02 00:00:01.5  12  12 I x: ", Clock::Wall, 86_401_500_000_000);
        assert_eq!(read(b"> "), None);
    }

    #[test]
    fn days_are_those_of_the_calendar() {
        assert_eq!(days(1970, 1, 1), Some(0));
        assert_eq!(days(2000, 3, 1), Some(11_017));
        assert_eq!(days(2024, 2, 29), Some(19_782));
        assert_eq!(days(2024, 13, 1), None);
    }

    #[test]
    fn gaps_need_two_stamps() {
        const SECOND: u64 = super::SECOND;
        assert!(is_soon_after(b"[1.5] ", b"[3.5] ", 2 * SECOND + 1));
        assert!(!is_soon_after(b"[1.5] ", b"[3.5] ", 2 * SECOND));
        assert!(!is_soon_after(b"[3.5] ", b"[1.5] ", 2 * SECOND));
        assert!(!is_soon_after(b"", b"[3.5] ", 9 * SECOND));
        assert!(!is_soon_after(b"15:27:01.5 ", b"[3.5] ", 9 * SECOND));
        assert!(is_soon_after(b"", b"> ", SECOND));
    }

    #[test]
    fn only_a_fraction_that_grows_is_of_the_same_second() {
        assert!(same_second(b"[1.51@2] ", b"[1.52@1] "));
        assert!(!same_second(b"[1.51@2] ", b"[2.52@2] "));
        assert!(!same_second(b"[1.52@2] ", b"[1.51@2] "));
        assert!(!same_second(b"[1.51@2] ", b"[1.x2@2] "));
        assert!(!same_second(b"a.b 15:27:01 ", b"a.b 15:27:02 "));
    }
}
