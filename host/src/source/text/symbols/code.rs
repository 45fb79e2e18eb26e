//! Instructions of an image, to check return addresses against.

use std::path::Path;

use object::{Architecture, Object as _, ObjectSection as _};

/// The `.text` of an AArch64 image; instructions are always little-endian.
pub(super) struct Code {
    /// Link address of its first byte.
    base: u64,
    bytes: Vec<u8>,
}

impl Code {
    /// Reads the ELF file at `path`; `None` for other architectures.
    pub(super) fn read(path: &Path) -> Option<Self> {
        let file = std::fs::read(path).ok()?;
        let file = object::File::parse(&*file).ok()?;
        if file.architecture() != Architecture::Aarch64 {
            return None;
        }
        let text = file.section_by_name(".text")?;
        Some(Self { base: text.address(), bytes: text.data().ok()?.to_vec() })
    }

    /// Number of addresses that are call instructions, and number of all addresses.
    pub(super) fn calls(&self, addresses: impl Iterator<Item = u64>) -> (usize, usize) {
        addresses.fold((0, 0), |(calls, of), address| {
            (calls + usize::from(self.is_call(address)), of + 1)
        })
    }

    /// OP-TEE prints the return address minus 4 (`unwind_stack_arm64()` of optee_os
    /// `lib/libunw/unwind_arm64.c`), which is the call.
    fn is_call(&self, address: u64) -> bool {
        let offset = address.checked_sub(self.base).and_then(|at| usize::try_from(at).ok());
        let word = offset.and_then(|at| self.bytes.get(at..)?.first_chunk());
        word.is_some_and(|word| is_call(u32::from_le_bytes(*word)))
    }
}

/// BL, BLR, and the forms of BLR with pointer authentication (Arm ARM DDI 0487, C6.2).
const fn is_call(word: u32) -> bool {
    word & 0xfc00_0000 == 0x9400_0000 || word & 0xfeff_f000 == 0xd63f_0000
}

#[cfg(test)]
mod tests {
    use super::{Code, is_call};

    #[test]
    fn calls_are_distinguished_from_jumps_and_returns() {
        // bl .; blr x8; blraaz x8; blraa x8, x9
        for word in [0x9400_0000, 0xd63f_0100, 0xd63f_091f, 0xd73f_0909] {
            assert!(is_call(word), "{word:#x}");
        }
        // b .; br x8; ret; nop; mov x0, x1
        for word in [0x1400_0000, 0xd61f_0100, 0xd65f_03c0, 0xd503_201f, 0xaa01_03e0] {
            assert!(!is_call(word), "{word:#x}");
        }
    }

    #[test]
    fn addresses_outside_are_no_calls() {
        let words = [0xd503_201f_u32, 0x9400_0000];
        let code = Code { base: 0x1000, bytes: words.map(u32::to_le_bytes).concat() };
        let addresses = [0xff0, 0x1000, 0x1004, 0x1006, 0x1008];
        assert_eq!(code.calls(addresses.into_iter()), (1, 5));
    }
}
