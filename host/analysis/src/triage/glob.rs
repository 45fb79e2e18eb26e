//! Patterns with stars.

/// Whether `text` matches `pattern`; a star stands for any number of characters.
pub(super) fn matches(pattern: &str, text: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = text.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        // The first match leaves the most text for the remaining parts.
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::matches;

    #[test]
    fn stars_stand_for_anything() {
        let yes = [
            ("a:b", "a:b"),
            ("a:*", "a:b:c"),
            ("*", ""),
            ("*c", "abc"),
            ("a*b*c", "axxbyc"),
            ("a*a", "aa"),
        ];
        let no = [("a:b", "a:b:c"), ("a*a", "a"), ("a*b*c", "acb"), ("", "a"), ("*b*b", "ab")];
        assert!(yes.iter().all(|(pattern, text)| matches(pattern, text)));
        assert!(no.iter().all(|(pattern, text)| !matches(pattern, text)));
    }
}
