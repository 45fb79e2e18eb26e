//! Runs commands, one at a time.

use serde::Deserialize;
use teeleak_proto::{
    canary::{Canary, CanaryRequest},
    command::Command,
    hello::{Hello, HelloRequest},
    ledger::LedgerRequest,
    limits,
    mark::{Epoch, MarkRequest},
    pta,
    record::{Record, Writer},
    snapshot::{Cursor, SnapshotRequest},
    version,
};

use crate::{
    Caller, Pta, Query, Refusal, events,
    ledger::{LEDGER_ROOM, Ledger},
    pta::Scratch,
    snapshot::{self, Page},
};

/// Longest end of a reply with its length, in bytes.
const END_BYTES: usize = 2 + 1 + 1 + 1 + 2 * 5;

/// End of the name of the source file that plants the canary: `core/pta/leak_audit/canary.c`.
const CANARY_FILE: &str = "canary.c";

/// The state of the TA.
pub struct Auditor {
    scratch: Scratch,
    ledger: Ledger,
    /// The canary, while it is planted.
    canary: Option<Canary>,
    /// Number of clients that planted it and have not cleared it.
    canaries: u32,
    /// Open sessions.
    clients: u32,
}

impl Default for Auditor {
    fn default() -> Self {
        Self::new()
    }
}

impl Auditor {
    /// An auditor without a bound protocol.
    #[must_use]
    pub const fn new() -> Self {
        Self {
            scratch: Scratch::new(),
            ledger: Ledger::new(),
            canary: None,
            canaries: 0,
            clients: 0,
        }
    }

    /// Runs a command; returns the size of the reply in bytes. The reply is only written, never
    /// read.
    ///
    /// # Errors
    /// See [`Refusal`]. The contents of the reply are then undefined.
    // Called from several places; one copy keeps the TA small.
    #[inline(never)]
    pub fn handle(
        &mut self,
        pta: &mut dyn Pta,
        caller: Caller,
        command: u32,
        request: &[u8],
        reply: &mut [u8],
    ) -> Result<usize, Refusal> {
        let command = Command::from_id(command).ok_or(Refusal::NotSupported)?;
        if matches!(caller, Caller::Ta(_)) && command != Command::Note {
            return Err(Refusal::AccessDenied);
        }
        if request.len() > limits::REQUEST_BYTES {
            return Err(Refusal::BadParameters);
        }
        if reply.len() < limits::REPLY_BYTES_MIN {
            return Err(Refusal::ShortBuffer(limits::REPLY_BYTES_MIN));
        }
        if pta.open_result() != 0 && command != Command::Hello {
            return Err(Refusal::NotSupported);
        }
        let room = reply.len().min(limits::REPLY_BYTES_MAX) - END_BYTES;
        let mut writer = Writer::new(&mut reply[..room]);
        let next = self.dispatch(pta, (caller, command), request, &mut writer)?;
        let length = writer.length();
        let mut writer = Writer::new(&mut reply[length..]);
        push(&mut writer, &Record::End { next })?;
        Ok(length + writer.length())
    }

    fn dispatch(
        &mut self,
        pta: &mut dyn Pta,
        (caller, command): (Caller, Command),
        request: &[u8],
        writer: &mut Writer<'_>,
    ) -> Result<Option<Cursor>, Refusal> {
        match command {
            Command::Hello => self.hello(pta, &decode(request)?, writer)?,
            Command::Snapshot => return self.snapshot(pta, &decode(request)?, writer),
            Command::Events => {
                self.ledger.catch_up(pta, &mut self.scratch);
                events::write(pta, &mut self.scratch, &decode(request)?, writer)?;
            }
            Command::Mark => mark(pta, decode(request)?, writer)?,
            Command::Canary => self.canary(pta, decode(request)?, writer)?,
            Command::Note => {
                let ta = match caller {
                    Caller::Client => None,
                    Caller::Ta(uuid) => Some(uuid),
                };
                let note = decode(request)?;
                self.ledger.catch_up(pta, &mut self.scratch);
                self.ledger.note(&note, ta)?;
            }
            Command::Bind => self.ledger.rebind(decode(request)?, pta, &mut self.scratch)?,
            Command::Ledger => return Ok(self.ledger(pta, &decode(request)?, writer)),
        }
        Ok(None)
    }

    fn hello(
        &mut self,
        pta: &mut dyn Pta,
        request: &HelloRequest,
        writer: &mut Writer<'_>,
    ) -> Result<(), Refusal> {
        if request.min > request.current {
            return Err(Refusal::BadParameters);
        }
        let pta_result = pta.open_result();
        let info = if pta_result == 0 { Some(self.scratch.info(pta)?) } else { None };
        let number = |get: fn(&pta::Info) -> u32| info.as_ref().map_or(0, get);
        let wide = |get: fn(&pta::Info) -> u64| info.as_ref().map_or(0, get);
        let hello = Hello {
            min: version::MIN,
            current: version::CURRENT,
            pta_result,
            pta_version: number(|info| info.version),
            features: number(|info| info.features),
            boot: wide(|info| info.boot),
            ticks: wide(|info| info.ticks),
            tick_hz: wide(|info| info.tick_hz),
            epoch: number(|info| info.epoch),
            era: number(|info| info.era),
            event_room: number(|info| info.event_room),
            max_owners: number(|info| info.max_owners),
            ledger_room: u32::try_from(LEDGER_ROOM).unwrap_or(u32::MAX),
            load_addr: wide(|info| info.load_addr),
            release: info.as_ref().map_or("", |info| info.release.as_str()),
        };
        push(writer, &Record::Hello(hello))
    }

    fn snapshot(
        &mut self,
        pta: &mut dyn Pta,
        request: &SnapshotRequest,
        writer: &mut Writer<'_>,
    ) -> Result<Option<Cursor>, Refusal> {
        snapshot::check(request)?;
        if request.cursor == Cursor::START {
            self.ledger.catch_up(pta, &mut self.scratch);
        }
        let scratch = &mut self.scratch;
        let epoch_from = request.epoch_from;
        let mut page = Page { pta, scratch, writer, epoch_from, census_asked: false };
        Ok(page.fill(request))
    }

    fn canary(
        &mut self,
        pta: &mut dyn Pta,
        request: CanaryRequest,
        writer: &mut Writer<'_>,
    ) -> Result<(), Refusal> {
        let size = request.size;
        if size > pta::CANARY_MAX {
            return Err(Refusal::BadParameters);
        }
        if let (0, 2.., Some(canary)) = (size, self.canaries, self.canary) {
            // Another client still needs it.
            self.canaries -= 1;
            return push(writer, &Record::Canary(canary));
        }
        self.canaries = if size == 0 { 0 } else { self.canaries.saturating_add(1) };
        let action = if size == 0 { pta::CANARY_CLEAR } else { pta::CANARY_PLANT };
        // The PTA clears the old canary first, even if planting fails.
        self.canary = None;
        let [line, epoch] = pta.exchange(pta::CMD_CANARY, [action, size]).map_err(Refusal::Pta)?;
        let canary = Canary { size, line, epoch };
        self.canary = (size > 0).then_some(canary);
        push(writer, &Record::Canary(canary))
    }

    /// Counts a new client.
    pub fn add_client(&mut self) {
        self.clients = self.clients.saturating_add(1);
    }

    /// Removes a client. A killed client leaves its canary, so the last client clears it.
    pub fn remove_client(&mut self, pta: &mut dyn Pta) {
        self.clients = self.clients.saturating_sub(1);
        if self.clients == 0 && self.canary.take().is_some() {
            self.canaries = 0;
            // Ignore errors: the next client that plants a canary checks it.
            let _ = pta.exchange(pta::CMD_CANARY, [pta::CANARY_CLEAR, 0]);
        }
    }

    /// Violations in the ledger since the last bind.
    pub(crate) fn violations(&self) -> u32 {
        self.ledger.noticed()
    }

    /// Failed allocations of all pools; `None` if the PTA does not report them.
    pub(crate) fn failures(&mut self, pta: &mut dyn Pta) -> Option<u64> {
        let query = Query::from_index(pta::CMD_POOLS, 0);
        let pools = self.scratch.ask::<pta::Pool>(pta, &query).ok()?;
        let failures = pools.rows().map(|pool| pool.num_alloc_fail);
        Some(failures.fold(0, u64::saturating_add))
    }

    /// Whether the canary is planted but missing in the heap; `None` if unknown.
    pub(crate) fn misses_canary(&mut self, pta: &mut dyn Pta) -> Option<bool> {
        let canary = self.canary?;
        let first = [canary.epoch, 0];
        let query = Query { cmd: pta::CMD_SITES, first, second: [0, 0] };
        let sites = self.scratch.ask::<pta::Site>(pta, &query).ok()?;
        let is_canary = |site: &pta::Site| {
            // Both are as long as mdbg keeps them.
            let line = u32::from(site.line) == canary.line & 0xffff;
            line && site.size == canary.size && site.file.as_str().ends_with(CANARY_FILE)
        };
        let is_found = sites.rows().any(|site| is_canary(&site));
        // A lost site may be the canary.
        if is_found || sites.head.lost == 0 { Some(!is_found) } else { None }
    }

    fn ledger(
        &mut self,
        pta: &mut dyn Pta,
        request: &LedgerRequest,
        writer: &mut Writer<'_>,
    ) -> Option<Cursor> {
        // Later pages continue the same state of the ledger.
        if request.from == 0 {
            self.ledger.catch_up(pta, &mut self.scratch);
        }
        self.ledger.write(request, writer)
    }
}

fn mark(pta: &mut dyn Pta, request: MarkRequest, writer: &mut Writer<'_>) -> Result<(), Refusal> {
    let flags = if request.restart { pta::MARK_RESTART } else { 0 };
    let [epoch, era] = pta.exchange(pta::CMD_MARK, [flags, 0]).map_err(Refusal::Pta)?;
    push(writer, &Record::Epoch(Epoch { epoch, era }))
}

/// Decodes a request. Trailing bytes are fields of a newer client and are ignored.
fn decode<'a, T: Deserialize<'a>>(request: &'a [u8]) -> Result<T, Refusal> {
    postcard::from_bytes(request).map_err(|_| Refusal::BadParameters)
}

fn push(writer: &mut Writer<'_>, record: &Record<'_>) -> Result<(), Refusal> {
    writer.push(record).map_err(|_| Refusal::ShortBuffer(limits::REPLY_BYTES_MIN))
}
