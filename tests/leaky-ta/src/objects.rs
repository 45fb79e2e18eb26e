//! Transient objects: each costs the TEE core two allocations, `struct tee_obj` and its attributes
//! (`core/tee/tee_svc_cryp.c` of optee_os 4.10.0), and the TA nothing but a number.

use alloc::{collections::VecDeque, vec::Vec};
use core::ptr;

use optee_utee::{
    Error, ErrorKind, Result,
    raw::{TEE_AllocateTransientObject, TEE_FreeTransientObject, TEE_ObjectHandle, TEE_TYPE_AES},
};

/// Largest key of the objects, in bits.
const KEY_BITS: u32 = 256;

/// Calls of [`Objects::slow_leak`] for one lost object.
const SLOW: u32 = 4;

/// An object of the TEE core, freed when dropped.
struct Object(TEE_ObjectHandle);

impl Object {
    fn new() -> Result<Self> {
        let mut handle = ptr::null_mut();
        // SAFETY: `handle` outlives the call.
        let code = unsafe { TEE_AllocateTransientObject(TEE_TYPE_AES, KEY_BITS, &raw mut handle) };
        if code == 0 { Ok(Self(handle)) } else { Err(Error::from_raw_error(code)) }
    }
}

impl Drop for Object {
    fn drop(&mut self) {
        // SAFETY: The handle came from `TEE_AllocateTransientObject` and is freed once.
        unsafe { TEE_FreeTransientObject(self.0) };
    }
}

/// All objects that the TA holds.
pub(crate) struct Objects {
    cached: Vec<Object>,
    filled: u32,
    swinging: VecDeque<Object>,
    swings: u32,
    lost: Vec<Object>,
    slow: u32,
}

impl Objects {
    pub(crate) const fn new() -> Self {
        Self {
            cached: Vec::new(),
            filled: 0,
            swinging: VecDeque::new(),
            swings: 0,
            lost: Vec::new(),
            slow: 0,
        }
    }

    pub(crate) fn cache_fill(&mut self, count: u32, times: u32) -> Result<()> {
        if self.filled >= times {
            return Ok(());
        }
        self.filled += 1;
        add(&mut self.cached, count)
    }

    /// Frees between a quarter and three quarters of what there is, the oldest first, and allocates
    /// up to a number between half and one and a half times the mean.
    pub(crate) fn oscillate(&mut self, seed: u32, mean: u32) -> Result<()> {
        self.swings += 1;
        let random = scramble(u64::from(seed) << 32 | u64::from(self.swings));
        let held = self.swinging.len();
        let part = usize::try_from(random % 33).unwrap_or(0) + 16;
        drop(self.swinging.drain(..(held * part).div_ceil(64).min(held)));
        let goal = u64::from(mean) / 2 + (random >> 32) % (u64::from(mean) + 1);
        let goal = usize::try_from(goal).unwrap_or(0);
        while self.swinging.len() < goal {
            self.swinging.push_back(Object::new()?);
        }
        Ok(())
    }

    pub(crate) fn slow_leak(&mut self) -> Result<()> {
        self.slow += 1;
        if self.slow.is_multiple_of(SLOW) { self.leak(1) } else { Ok(()) }
    }

    pub(crate) fn leak(&mut self, count: u32) -> Result<()> {
        add(&mut self.lost, count)
    }

    pub(crate) fn free(&mut self) {
        *self = Self::new();
    }
}

fn add(to: &mut Vec<Object>, count: u32) -> Result<()> {
    for _ in 0..count {
        to.try_reserve(1).map_err(|_| ErrorKind::OutOfMemory)?;
        to.push(Object::new()?);
    }
    Ok(())
}

/// SplitMix64: a number that looks random for each number.
fn scramble(number: u64) -> u64 {
    let mixed = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let mixed = (mixed ^ mixed >> 30).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let mixed = (mixed ^ mixed >> 27).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ mixed >> 31
}
