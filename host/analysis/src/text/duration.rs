//! Durations. They are truncated, not rounded.

use std::time::Duration;

const US: u64 = 1_000;
const MS: u64 = 1_000_000;
const SECOND: u64 = 1_000_000_000;

/// In the unit that fits: `999 ns`, `3.1 ms`, `59.9 s`.
#[must_use]
pub fn duration(ns: u64) -> String {
    match ns {
        0..US => format!("{ns} ns"),
        US..MS => format!("{}.{} us", ns / US, ns / 100 % 10),
        MS..SECOND => format!("{}.{} ms", ns / MS, ns / 100_000 % 10),
        _ => format!("{}.{} s", ns / SECOND, ns / 100_000_000 % 10),
    }
}

/// Time since the first of several events: `0`, `12.5 us`, `3.140 ms`, with `us` spelled as given; in
/// seconds from ten seconds on.
#[must_use]
pub fn elapsed(ns: u64, us: &str) -> String {
    match ns {
        0 => "0".to_owned(),
        1..MS => format!("{}.{} {us}", ns / US, ns % US / 100),
        MS..10_000_000_000 => format!("{}.{:03} ms", ns / MS, ns / US % 1_000),
        _ => format!("{}.{:03} s", ns / SECOND, ns / MS % 1_000),
    }
}

/// Seconds with six decimals, as in strace logs: `12.000345`.
#[must_use]
pub fn seconds(ns: u64) -> String {
    format!("{}.{:06}", ns / SECOND, ns / US % MS)
}

/// An age: `119 s`, `2 min`, `5 h`, `3 d`.
#[must_use]
pub fn age(time: Duration) -> String {
    match time.as_secs() {
        s @ 0..120 => format!("{s} s"),
        s @ 120..7200 => format!("{} min", s / 60),
        s @ 7200..172_800 => format!("{} h", s / 3600),
        s => format!("{} d", s / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use crate::text::duration::*;

    #[test]
    fn durations_are_short() {
        let all = [999, 1_000, 3_140_000, 59_999_999_999].map(duration);
        assert_eq!(all, ["999 ns", "1.0 us", "3.1 ms", "59.9 s"]);
    }

    #[test]
    fn times_since_the_first_are_exact() {
        let all = [0, 12_500, 3_140_000, 9_999_999_999, 10_000_000_000].map(|ns| elapsed(ns, "us"));
        assert_eq!(all, ["0", "12.5 us", "3.140 ms", "9999.999 ms", "10.000 s"]);
        assert_eq!(seconds(12_000_345_678), "12.000345");
    }

    #[test]
    fn ages_are_rough() {
        let all = [119, 120, 7_200, 172_800].map(|s| age(Duration::from_secs(s)));
        assert_eq!(all, ["119 s", "2 min", "2 h", "2 d"]);
    }
}
