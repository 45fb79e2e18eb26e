//! Words and numbers of a line.

/// `0x29ca00000` or `5771744`.
pub(super) fn number(word: &str) -> Option<u64> {
    match word.strip_prefix("0x") {
        Some(digits) => hex(digits),
        None => decimal(word),
    }
}

/// A decimal number of digits only.
pub(super) fn decimal(word: &str) -> Option<u64> {
    let digits = !word.is_empty() && word.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| word.parse().ok()).flatten()
}

/// A hexadecimal number of digits only.
pub(super) fn hex(digits: &str) -> Option<u64> {
    let is_hex = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex.then(|| u64::from_str_radix(digits, 16).ok()).flatten()
}

/// An address of the 64-bit kernel, which always starts with `f`. With 15 digits, one `f` was lost in
/// copying and is added.
pub(super) fn kernel_address(word: &str) -> Option<u64> {
    let digits = word.strip_prefix("0x").unwrap_or(word);
    let address = hex(digits)?;
    let has_lost_digit = digits.len() == 15 && digits.starts_with('f');
    Some(if has_lost_digit { address | 0xf << 60 } else { address })
}

/// The text after `name`, up to a blank, comma or bracket: `5771744` of `inode:5771744 size:1`.
pub(super) fn value_after<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let rest = rest(text, name)?;
    let end = rest.find([' ', '\t', ',', '(', ')']).unwrap_or(rest.len());
    Some(&rest[..end])
}

/// The number after `name`.
pub(super) fn number_after(text: &str, name: &str) -> Option<u64> {
    number(value_after(text, name)?)
}

/// The text after `name`, if `name` is at the start of a word.
pub(super) fn rest<'t>(text: &'t str, name: &str) -> Option<&'t str> {
    let starts_word =
        |at: &usize| text[..*at].chars().next_back().is_none_or(|before| !before.is_alphanumeric());
    let start = text.match_indices(name).map(|(at, _)| at).find(starts_word)?;
    Some(text[start + name.len()..].trim_start())
}

/// `784(allocator@4.0-s)`: a number and a name.
pub(super) fn number_and_name(word: &str) -> Option<(u64, &str)> {
    let (number, rest) = word.split_once('(')?;
    let name = rest.split_once(')').map_or(rest, |(name, _)| name);
    Some((decimal(number.trim())?, name.trim()))
}

/// `21036K`, `622.5K`, `1.2M` in bytes, by a factor of `thousand`.
pub(super) fn scaled_bytes(word: &str, thousand: u64) -> Option<u64> {
    let scale = match word.as_bytes().last()? {
        b'K' | b'k' => thousand,
        b'M' => thousand.pow(2),
        b'G' => thousand.pow(3),
        _ => return decimal(word),
    };
    let (whole, part) =
        word[..word.len() - 1].split_once('.').unwrap_or((&word[..word.len() - 1], "0"));
    let tenths = decimal(part.get(..1)?)?;
    decimal(whole)?.checked_mul(scale)?.checked_add(tenths * scale / 10)
}

/// The function of `[<ffffffc00015b700>] __get_free_pages+0x30/0x80 [module]`, of
/// `  __get_free_pages+0x30/0x80` and of `kbase_mmap+0x580/0x974 [mali_kbase]`, with its module.
pub(super) fn function(line: &str) -> Option<String> {
    let line = line.trim();
    let line = match line.strip_prefix("[<") {
        Some(rest) => rest.split_once(">]")?.1.trim_start(),
        None => line,
    };
    let (name, rest) = line.split_once('+')?;
    let name = name.trim_end();
    let ours = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'.' | b'$');
    if name.is_empty() || !name.bytes().all(ours) || !rest.trim_start().starts_with("0x") {
        return None;
    }
    let module = rest.split_once('[').and_then(|(_, module)| Some(module.split_once(']')?.0));
    Some(module.map_or_else(|| name.to_owned(), |module| format!("{name} [{module}]")))
}

#[cfg(test)]
mod tests {
    use crate::parse::ledgers::fields::*;

    #[test]
    fn numbers_are_whole_or_none() {
        assert_eq!(number("0x29ca00000"), Some(0x2_9ca0_0000));
        assert_eq!(number("5771744"), Some(5_771_744));
        for bad in
            ["", "0x", "+5", "-1", "0x+1", "5a", "99999999999999999999", "0xfffffffffffffffff"]
        {
            assert_eq!(number(bad), None, "{bad}");
        }
        assert_eq!(scaled_bytes("622.5K", 1000), Some(622_500));
        assert_eq!(scaled_bytes("21036K", 1024), Some(21_540_864));
        assert_eq!(scaled_bytes("18446744073709551615G", 1024), None);
        assert_eq!(kernel_address("fffffc075c07f00"), kernel_address("ffffffc075c07f00"));
    }

    #[test]
    fn functions_have_their_module() {
        assert_eq!(
            function("[<fffffc0001822f8>] alloc_vmap_area.isra.29+0xc4/0x348").as_deref(),
            Some("alloc_vmap_area.isra.29")
        );
        assert_eq!(
            function(" kbase_mmap+0x580/0x974 [mali_kbase] age=1").as_deref(),
            Some("kbase_mmap [mali_kbase]")
        );
        assert_eq!(function("nothing at all"), None);
        assert_eq!(function("two words+0x1/0x2"), None);
    }
}
