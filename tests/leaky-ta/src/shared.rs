//! Memory of clients that the TA keeps mapped beyond the call that brought it.

use alloc::vec::Vec;

use leaky_interface::LOSE;
use optee_utee::{
    ErrorKind, ParamIndex, ParameterMemrefInput, ParametersAny, Result, TaSessionBuilder,
    TeeParams, Uuid, prelude::*,
};

use crate::{channels, halves};

/// The one command of the stand-in for a vendor's memory service.
const KEEP: u32 = 0;

/// What is mapped: addresses and sizes.
pub(crate) struct Shared {
    mapped: Vec<(u64, usize)>,
    lost: Vec<(u64, usize)>,
}

impl Shared {
    pub(crate) const fn new() -> Self {
        Self { mapped: Vec::new(), lost: Vec::new() }
    }

    pub(crate) fn map(&mut self, params: &mut ParametersAny) -> Result<()> {
        self.mapped.try_reserve(1).map_err(|_| ErrorKind::OutOfMemory)?;
        let memory = params.0.as_memref_input()?;
        self.mapped.push((keep(memory)?, memory.buffer_len()));
        Ok(())
    }

    /// Unmaps what came last, or, where the client wants that, only says so.
    pub(crate) fn unmap(&mut self, params: &mut ParametersAny) -> Result<()> {
        let mut first = [0];
        params.0.as_memref_input()?.read_at(0, &mut first)?;
        let last = self.mapped.pop().ok_or(ErrorKind::ItemNotFound)?;
        if first == [LOSE] {
            self.lost.push(last);
            return Ok(());
        }
        channels::unmap(last.0, last.1)
    }

    /// Unmaps all.
    pub(crate) fn free(&mut self) -> Result<()> {
        let all = self.mapped.drain(..).chain(self.lost.drain(..));
        all.into_iter().try_for_each(|(address, size)| channels::unmap(address, size))
    }
}

/// Has a client's memory mapped a second time; gives where.
fn keep(memory: &ParameterMemrefInput<'_>) -> Result<u64> {
    let (low, high) = halves(memory.buffer_ptr().expose_provenance() as u64);
    let size = u32::try_from(memory.buffer_len()).map_err(|_| ErrorKind::BadParameters)?;
    let mut params = TeeParams::new()
        .with_value_in(ParamIndex::Arg0, high, low)
        .with_value_in(ParamIndex::Arg1, size, 0)
        .with_value_out(ParamIndex::Arg2, 0, 0);
    let uuid = Uuid::parse_str(leaky_interface::LEAKY_MAP).map_err(|_| ErrorKind::Generic)?;
    TaSessionBuilder::new(uuid).build()?.invoke_command(KEEP, &mut params)?;
    let (high, low) = params[ParamIndex::Arg2].output_value().ok_or(ErrorKind::Generic)?;
    Ok(u64::from(high) << 32 | u64::from(low))
}
