//! Ordinal numbers.

/// `second`, `third`, `11th`: the number in words up to ten, `1st` for one.
#[must_use]
pub fn ordinal(n: u64) -> String {
    const SMALL: [&str; 9] =
        ["second", "third", "fourth", "fifth", "sixth", "seventh", "eighth", "ninth", "tenth"];
    let small = n.checked_sub(2).and_then(|at| SMALL.get(usize::try_from(at).ok()?));
    match (small, n % 10, n % 100) {
        (Some(word), ..) => (*word).to_owned(),
        (_, 1, tens) if tens != 11 => format!("{n}st"),
        (_, 2, tens) if tens != 12 => format!("{n}nd"),
        (_, 3, tens) if tens != 13 => format!("{n}rd"),
        _ => format!("{n}th"),
    }
}

#[cfg(test)]
mod tests {
    use crate::text::ordinal;

    #[test]
    fn ordinals_end_as_they_are_spoken() {
        let words = [1, 2, 10, 11, 13, 21, 22, 112].map(ordinal);
        assert_eq!(words, ["1st", "second", "tenth", "11th", "13th", "21st", "22nd", "112th"]);
    }
}
