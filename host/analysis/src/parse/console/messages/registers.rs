//! Registers that the TEE core prints after an abort (`core/arch/*/kernel/abort.c` of optee_os):
//! `x0  0000000000000014 x1  000000004009b2e0`, `cpu #2          cpsr 0x60000100`.

use crate::{model::Registers, parse::console::lines::bytes::hex};

/// Reads a line of pairs of a register and its value; `None` if anything else is in it.
pub(crate) fn read(message: &[u8]) -> Option<Registers> {
    let mut words = message.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty());
    let mut registers = Registers::default();
    let mut first = Some(words.next()?);
    while let Some(name) = first {
        let value = words.next()?;
        let (value, rest) = hex(value.strip_prefix(b"#").unwrap_or(value))?;
        if !rest.is_empty() || !registers.set(name, value) {
            return None;
        }
        first = words.next();
    }
    Some(registers)
}

#[cfg(test)]
mod tests {
    use super::read;

    #[test]
    fn registers_of_every_architecture_are_read() {
        let arm64 = read(b"x30 000000004007a3f4 elr 0000000040088e1c").unwrap();
        assert_eq!((arm64.lr, arm64.pc), (Some(0x4007_a3f4), Some(0x4008_8e1c)));
        let arm =
            read(b"r2 0x00000000      r6 0x00000001   r10 0x00000000   lr 0x00108d3f").unwrap();
        assert_eq!(arm.lr, Some(0x10_8d3f));
        let cpu = read(b"cpu #2          cpsr 0x60000100").unwrap();
        assert_eq!(cpu.cpu, Some(2));
        let status = read(b"esr 0x92000006  ttbr0 0x200000e2fd000   ttbr1 0x0   cidr 0x0").unwrap();
        assert_eq!(status.status, Some(0x9200_0006));
        for other in ["", "x0", "frame 81224", "x0 zz", "cpu #2 is busy", "sp"] {
            assert!(read(other.as_bytes()).is_none(), "{other}");
        }
    }
}
