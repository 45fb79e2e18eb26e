//! Registers that the TEE core prints when code aborts.

/// The registers of an abort that say where it was.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Default)]
pub struct Registers {
    /// Program counter: `elr` of 64-bit cores, `pc` of 32-bit ones.
    pub pc: Option<u64>,
    /// Return address: `x30` or `lr`.
    pub lr: Option<u64>,
    /// Stack pointer.
    pub sp: Option<u64>,
    /// Number of the CPU.
    pub cpu: Option<u64>,
    /// Fault status: `esr` or `fsr`.
    pub status: Option<u64>,
}

impl Registers {
    /// Sets the register that is printed under this name. Returns whether the name is that of any
    /// register.
    pub fn set(&mut self, name: &[u8], value: u64) -> bool {
        let register = match name {
            b"elr" | b"pc" | b"epc" => &mut self.pc,
            b"x30" | b"lr" | b"ra" => &mut self.lr,
            b"sp" | b"sp_el0" => &mut self.sp,
            b"cpu" => &mut self.cpu,
            b"esr" | b"fsr" | b"cause" => &mut self.status,
            other => return is_other(other),
        };
        *register = Some(value);
        true
    }

    /// Adds the registers that `other` has.
    pub fn merge(&mut self, other: Self) {
        self.pc = other.pc.or(self.pc);
        self.lr = other.lr.or(self.lr);
        self.sp = other.sp.or(self.sp);
        self.cpu = other.cpu.or(self.cpu);
        self.status = other.status.or(self.status);
    }
}

/// Whether `name` is a register that nothing is made of: `x0`, `r12`, `ttbr0`, `cpsr`.
fn is_other(name: &[u8]) -> bool {
    match name {
        b"ttbr0" | b"ttbr1" | b"cidr" | b"cpsr" | b"gp" | b"tp" | b"tval" | b"status" | b"ie" => {
            true
        }
        [b'x' | b'r' | b'a' | b's' | b't', number @ ..] => {
            (1..=2).contains(&number.len()) && number.iter().all(u8::is_ascii_digit)
        }
        _ => false,
    }
}
