//! Whether a text is another one with a single damage, as serial lines have it.

/// Bytes in a row that a serial line loses.
const LOST: usize = 4;

/// Whether `damaged` is `whole` without a few bytes in a row, or with one bit flipped.
pub(super) fn is_damaged(damaged: &str, whole: &str) -> bool {
    let (damaged, whole) = (damaged.as_bytes(), whole.as_bytes());
    let common =
        |pairs: &mut dyn Iterator<Item = (&u8, &u8)>| pairs.take_while(|(a, b)| a == b).count();
    let start = common(&mut damaged.iter().zip(whole));
    let end = common(&mut damaged.iter().rev().zip(whole.iter().rev()));
    match whole.len().checked_sub(damaged.len()) {
        Some(0) => {
            let is_flip = |(a, b): (&u8, &u8)| (a ^ b).is_power_of_two();
            start + end + 1 == whole.len()
                && damaged.get(start).zip(whole.get(start)).is_some_and(is_flip)
        }
        Some(lost) => lost <= LOST && start + end >= damaged.len(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::is_damaged;

    #[test]
    fn other_texts_are_no_damage() {
        assert!(!is_damaged("core/mm/mobj.c:166", "core/mm/mobj.c:166"));
        assert!(!is_damaged("core/mm/mobj.c:166", "core/mm/fobj.c:77"));
        assert!(!is_damaged("core/mm/mobj.c:1667", "core/mm/mobj.c:166"));
        assert!(!is_damaged("core", "core/mm/mobj.c:166"));
    }

    proptest! {
        #[test]
        fn each_damage_is_known(whole in "[ -~]{8,40}", at in 0_usize..7, lost in 1_usize..5, bit in 0_u8..7) {
            let mut shorter = whole.clone();
            shorter.drain(at..(at + lost).min(whole.len()));
            prop_assert!(is_damaged(&shorter, &whole));
            let mut flipped = whole.clone().into_bytes();
            flipped[at] ^= 1 << bit;
            prop_assert!(is_damaged(std::str::from_utf8(&flipped).unwrap(), &whole));
        }
    }
}
