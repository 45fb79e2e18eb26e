//! Regions are written by hand: byte by byte what postcard writes, wherever the buffer ends.
#![allow(clippy::unwrap_used, reason = "a test stops at the first surprise")]

use proptest::prelude::*;
use teeleak_proto::{
    census::Region,
    record::{Record, Writer},
};

/// Numbers of every length.
fn number() -> impl Strategy<Value = u64> {
    (any::<u64>(), 0..=64u32).prop_map(|(value, bits)| value.checked_shr(bits).unwrap_or(0))
}

fn region() -> impl Strategy<Value = Region> {
    let half = || number().prop_map(|value| u32::try_from(value & 0xffff_ffff).unwrap());
    (number(), number(), number(), half(), half()).prop_map(|(va, size, pa, attr, flags)| Region {
        va,
        size,
        pa,
        attr,
        flags,
    })
}

proptest! {
    #[test]
    fn a_region_is_what_postcard_writes(region in region(), room in 0..80usize) {
        let record = Record::Region(region);
        let mut expected = [0; 64];
        let length = postcard::to_slice(&record, &mut expected[2..]).unwrap().len();
        expected[..2].copy_from_slice(&u16::try_from(length).unwrap().to_le_bytes());
        let mut buffer = vec![0; room];
        let mut writer = Writer::new(&mut buffer);
        let pushed = writer.push(&record);
        let used = writer.length();
        prop_assert_eq!(pushed.is_ok(), room >= 2 + length);
        prop_assert_eq!(used, if pushed.is_ok() { 2 + length } else { 0 });
        prop_assert_eq!(&buffer[..used], &expected[..used]);
    }
}
