//! Numbers in reports.

/// With thousands separators: `1,234,567`.
#[must_use]
pub fn number(number: u64) -> String {
    separate(&number.to_string())
}

/// Like [`number`], always with a sign: `+4,096`.
#[must_use]
pub fn signed_number(number: i64) -> String {
    let sign = if number < 0 { '-' } else { '+' };
    format!("{sign}{}", super::number::number(number.unsigned_abs()))
}

/// An integer if it is whole, else two decimals.
#[must_use]
pub fn decimal(value: f64) -> String {
    separate(&if value.fract() == 0.0 { format!("{value:.0}") } else { format!("{value:.2}") })
}

/// Significant digits only: an integer if it is nearly whole or large, else two decimals.
#[must_use]
pub fn approximation(value: f64) -> String {
    separate(&if (value - value.round()).abs() < 5e-4 {
        format!("{}", value.round())
    } else if value.abs() >= 100.0 {
        format!("{value:.0}")
    } else {
        format!("{value:.2}")
    })
}

/// Puts commas into the integer part; text that is not a number, such as infinity, stays.
fn separate(number: &str) -> String {
    let begin = usize::from(number.starts_with('-'));
    let end = begin + number.bytes().skip(begin).take_while(u8::is_ascii_digit).count();
    let mut text = String::new();
    for (n, letter) in number.char_indices() {
        if n > begin && n < end && (end - n).is_multiple_of(3) {
            text.push(',');
        }
        text.push(letter);
    }
    text
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use crate::text::number::*;

    #[test]
    fn thousands_are_apart() {
        let texts = [0, 999, 1_000, 1_234_567, u64::MAX].map(number);
        assert_eq!(texts, ["0", "999", "1,000", "1,234,567", "18,446,744,073,709,551,615"]);
        assert_eq!([-4096, 0, 7].map(signed_number), ["-4,096", "+0", "+7"]);
    }

    #[test]
    fn fractions_have_two_digits() {
        assert_eq!([3.0, -0.5, 123.456].map(decimal), ["3", "-0.50", "123.46"]);
        assert_eq!([3.0001, 0.5, 123.456].map(approximation), ["3", "0.50", "123"]);
        assert_eq!([1e6, -4096.0, 12_345.5].map(decimal), ["1,000,000", "-4,096", "12,345.50"]);
        assert_eq!([1e6, -4096.0, 12_345.5].map(approximation), ["1,000,000", "-4,096", "12,346"]);
        assert_eq!([f64::INFINITY, f64::NAN].map(decimal), ["inf", "NaN"]);
    }

    proptest! {
        #[test]
        fn groups_have_three_digits_and_give_the_number_back(value in any::<u64>()) {
            let text = number(value);
            let (first, others) = text.split_once(',').unwrap_or((&text, ""));
            prop_assert!((1..=3).contains(&first.len()));
            prop_assert!(others.is_empty() || others.split(',').all(|group| group.len() == 3));
            prop_assert_eq!(text.replace(',', "").parse(), Ok(value));
        }
    }
}
