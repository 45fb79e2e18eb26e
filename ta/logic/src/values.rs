//! Requests and replies in value parameters, see [`teeleak_proto::values`].

use teeleak_proto::values::{self, PIECE_BYTES, REPLY_BYTES, REQUEST_BYTES, Words};

use crate::{Auditor, Caller, Pta, Refusal};

/// The values-only exchange: the reply that is being read.
pub struct Kept {
    reply: [u8; REPLY_BYTES],
    used: usize,
    ticket: u32,
}

impl Default for Kept {
    fn default() -> Self {
        Self::new()
    }
}

impl Kept {
    /// An exchange without a reply.
    #[must_use]
    pub const fn new() -> Self {
        Self { reply: [0; REPLY_BYTES], used: 0, ticket: 0 }
    }

    /// Whether a command belongs to this exchange.
    #[must_use]
    pub const fn knows(command: u32) -> bool {
        matches!(command, values::BEGIN | values::READ)
    }

    /// Runs a command; returns the values of its reply.
    ///
    /// # Errors
    /// Why it was refused: see [`Refusal`].
    pub fn exchange(
        &mut self,
        (auditor, pta): (&mut Auditor, &mut dyn Pta),
        caller: Caller,
        command: u32,
        words: &Words,
    ) -> Result<Words, Refusal> {
        match (caller, command) {
            (Caller::Ta(_), _) => Err(Refusal::AccessDenied),
            (Caller::Client, values::BEGIN) => self.begin((auditor, pta), words),
            (Caller::Client, values::READ) => self.read(words),
            _ => Err(Refusal::NotSupported),
        }
    }

    fn begin(
        &mut self,
        (auditor, pta): (&mut Auditor, &mut dyn Pta),
        [command, size, request @ ..]: &Words,
    ) -> Result<Words, Refusal> {
        let size = usize::try_from(*size).unwrap_or(usize::MAX);
        let mut bytes = [0; REQUEST_BYTES];
        values::unpack(request, &mut bytes);
        let request = bytes.get(..size).ok_or(Refusal::BadParameters)?;
        // Discard the old reply, even if this fails.
        self.used = 0;
        self.ticket = self.ticket.wrapping_add(1);
        self.used = auditor.handle(pta, Caller::Client, *command, request, &mut self.reply)?;
        let length = u32::try_from(self.used).unwrap_or(u32::MAX);
        Ok([length, self.ticket, 0, 0, 0, 0, 0, 0])
    }

    fn read(&self, [offset, ticket, ..]: &Words) -> Result<Words, Refusal> {
        if *ticket != self.ticket {
            return Err(Refusal::BadState);
        }
        let offset = usize::try_from(*offset).unwrap_or(usize::MAX);
        let rest = self.reply[..self.used].get(offset..).ok_or(Refusal::BadParameters)?;
        let mut words = Words::default();
        values::pack(&mut words, &rest[..rest.len().min(PIECE_BYTES)]);
        Ok(words)
    }
}
