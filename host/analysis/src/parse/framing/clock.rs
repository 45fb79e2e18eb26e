//! Dates and times of day, as stamps have them.

use super::decoration::{blanks, digits, text_beyond};

/// Length of a date before a time of day: `Tue Mar 11 `, `Mar  1 `, `2025-03-11T`, `03-11 `, `250311_`.
pub(super) fn date(text: &[u8]) -> usize {
    let text_of_program = text_beyond(text, |text| {
        let letters = text.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let is_name = letters == 3 && text[0].is_ascii_uppercase() && text.get(3) == Some(&b' ');
        is_name.then_some(4)
    });
    let position = text.len() - text_of_program.len();
    let position = position + blanks(text_of_program);
    let is_of_date = |byte: &&u8| byte.is_ascii_digit() || b"-/.".contains(*byte);
    let numbers = text[position..].iter().take_while(is_of_date).count();
    let is_date = numbers > 0 && matches!(text.get(position + numbers), Some(b' ' | b'T' | b'_'));
    if is_date { position + numbers + 1 } else { position }
}

/// Length of ` 2025` after a time.
pub(super) fn year(text: &[u8]) -> usize {
    let is_year = text.first() == Some(&b' ') && digits(&text[1..]) == 4;
    if is_year && text.get(5).is_none_or(|byte| *byte == b' ') { 5 } else { 0 }
}

/// `  +0.000013`, `Mar11 10:20`: the forms of `dmesg -H`.
pub(super) fn is_of_human(text: &[u8]) -> bool {
    let later = text[blanks(text)..].strip_prefix(b"+").is_some_and(is_seconds);
    let is_minute = |text: &[u8]| {
        let [month @ .., b' ', a, b, b':', c, d] = text else { return false };
        [a, b, c, d].iter().all(|digit| digit.is_ascii_digit())
            && month.len() == 5
            && month[..3].iter().all(u8::is_ascii_alphabetic)
    };
    later || is_minute(text)
}

/// Whether a text in brackets has a time of day, and nothing but a date beside it.
pub(super) fn clock_time(text: &[u8]) -> Option<()> {
    let time = date(text);
    let end = time + clock_time_at_start(&text[time..])?;
    (end + year(&text[end..]) == text.len()).then_some(())
}

/// Length of `10:20:01`, `10:20:01.007`, `10:20:01:007`, `10:20.01`, `10:20:01,007+01:00`.
pub(super) fn clock_time_at_start(text: &[u8]) -> Option<usize> {
    let is_time = |at: usize, byte: &u8| {
        match at {
            2 => *byte == b':',
            // MobaXterm has a point before the seconds.
            5 => matches!(byte, b':' | b'.'),
            _ => byte.is_ascii_digit(),
        }
    };
    let clock = text.get(..8)?;
    clock.iter().enumerate().all(|(at, byte)| is_time(at, byte)).then_some(())?;
    let mut position = 8;
    if let Some(b'.' | b',' | b':') = text.get(position)
        && let fraction @ 1.. = digits(&text[position + 1..])
    {
        position += 1 + fraction;
    }
    match text.get(position) {
        Some(b'Z') => position += 1,
        Some(b'+' | b'-') => {
            let zone = text[position + 1..]
                .iter()
                .take_while(|byte| byte.is_ascii_digit() || **byte == b':');
            position += 1 + zone.count();
        }
        _ => {}
    }
    Some(position)
}

/// `  12.345678`, `57288.043962@2`, `  12.345678][T12@1`, `T12@1`.
pub(super) fn is_seconds(text: &[u8]) -> bool {
    let text = &text[blanks(text)..];
    let n_digits = digits(text);
    let Some(rest) = text[n_digits..].strip_prefix(b".").filter(|_| n_digits > 0) else {
        return is_caller(text);
    };
    let fraction = digits(rest);
    fraction > 0
        && rest[fraction..].iter().all(|byte| byte.is_ascii_digit() || b"@, ".contains(byte))
}

/// `T12`, `C1`, `T12@1`: the caller that CONFIG_PRINTK_CALLER adds.
fn is_caller(text: &[u8]) -> bool {
    let [b' ' | b'T' | b'C', rest @ ..] = text else { return false };
    let rest = rest.trim_ascii_start();
    let rest = rest.strip_prefix(b"T").or_else(|| rest.strip_prefix(b"C")).unwrap_or(rest);
    !rest.is_empty() && rest.iter().all(|byte| byte.is_ascii_digit() || *byte == b'@')
}
