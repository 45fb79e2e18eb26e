//! Counts with their noun in the right form.

use super::{approximation, number};

/// `1 region`, `2,000 regions`, `2 entries`.
#[must_use]
pub fn count(count: u64, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{} {}", number(count), plural(noun)) }
}

/// Like [`count`], for a fraction: `0.50 regions`.
#[must_use]
pub fn amount(value: f64, noun: &str) -> String {
    match approximation(value).as_str() {
        "1" => format!("1 {noun}"),
        several => format!("{several} {}", plural(noun)),
    }
}

/// The English plural.
#[must_use]
pub fn plural(noun: &str) -> String {
    match noun.strip_suffix('y') {
        Some(stem) if !stem.ends_with(['a', 'e', 'i', 'o', 'u']) => format!("{stem}ies"),
        _ if noun.ends_with(['s', 'x']) || noun.ends_with("ch") || noun.ends_with("sh") => {
            format!("{noun}es")
        }
        _ => format!("{noun}s"),
    }
}

/// `once`, `2 times`.
#[must_use]
pub fn times(count: u64) -> String {
    if count == 1 { "once".into() } else { super::count::count(count, "time") }
}

/// `2.0 per iteration`; `None` without iterations.
#[must_use]
pub fn rate(count: u64, iterations: u32) -> Option<String> {
    (iterations > 0).then(|| format!("{:.1} per iteration", count as f64 / f64::from(iterations)))
}

#[cfg(test)]
mod tests {
    use crate::text::count::*;

    #[test]
    fn nouns_agree_with_their_count() {
        assert_eq!([1, 2000].map(|n| count(n, "region")), ["1 region", "2,000 regions"]);
        let nouns = ["entry", "key", "process", "index", "batch", "cache", "new finding"];
        let several = ["entries", "keys", "processes", "indexes", "batches", "caches"];
        assert_eq!(nouns.map(plural)[..6], several);
        assert_eq!(count(0, nouns[6]), "0 new findings");
        assert_eq!(
            [1.0, 1.0001, 0.5].map(|n| amount(n, "byte")),
            ["1 byte", "1 byte", "0.50 bytes"]
        );
        assert_eq!([1, 3].map(times), ["once", "3 times"]);
        assert_eq!([rate(5, 2), rate(5, 0)], [Some("2.5 per iteration".into()), None]);
    }
}
