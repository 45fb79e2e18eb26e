//! The bytes of the PTA's structures.

use teeleak_proto::pta::{self, CLayout};

/// Bytes of a structure: number fields take `values` in their order, text fields and UUIDs `bytes`.
pub(crate) fn entry<T: CLayout>(values: &[u64], bytes: &[&[u8]]) -> Vec<u8> {
    let mut out = vec![0; T::SIZE];
    let (mut values, mut bytes) = (values.iter(), bytes.iter());
    for field in T::FIELDS {
        let at = &mut out[field.offset..];
        let width = match field.c_type {
            "char" | "uint8_t" => {
                let text = bytes.next().expect("bytes for a field");
                at[..text.len()].copy_from_slice(text);
                continue;
            }
            "uint16_t" => 2,
            "uint32_t" => 4,
            _ => 8,
        };
        for n in 0..field.elements.max(1) {
            let value = values.next().copied().unwrap_or_default().to_le_bytes();
            at[n * width..][..width].copy_from_slice(&value[..width]);
        }
    }
    out
}

/// A list reply that begins at an index.
pub(crate) fn indexed<T: CLayout>(all: &[Vec<u8>], from: u32, out: &mut [u8]) -> usize {
    let from = (from as usize).min(all.len());
    let room = (out.len() - pta::Reply::SIZE) / T::SIZE;
    let end = all.len().min(from + room);
    let next = if end < all.len() { end as u64 } else { 0 };
    reply::<T>(&[all.len() as u64, 0, next, 0, 7, 100], &all[from..end], out)
}

/// A list reply: `head` is total, lost, next, flags, generation, lock ticks.
pub(crate) fn reply<T: CLayout>(head: &[u64; 6], rows: &[Vec<u8>], out: &mut [u8]) -> usize {
    let [total, lost, next, flags, generation, ticks] = *head;
    let size = T::SIZE as u64;
    let values = [1, size, rows.len() as u64, total, lost, next, flags, generation, ticks];
    let mut bytes = entry::<pta::Reply>(&values, &[]);
    rows.iter().for_each(|row| bytes.extend_from_slice(row));
    out[..bytes.len()].copy_from_slice(&bytes);
    bytes.len()
}
