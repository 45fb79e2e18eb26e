//! A TEE core that is nothing but lists, described by what is alive in it.

use teeleak_proto::{
    Uuid,
    pta::{self, CLayout},
    tee_result::{ITEM_NOT_FOUND, NOT_SUPPORTED},
};
use teeleak_ta_logic::{Pta, Query};

use crate::entry::{entry, indexed, reply};

/// Live allocations that are alike.
#[derive(Clone, Debug)]
pub struct Site {
    /// Source file.
    pub file: &'static str,
    /// Source line.
    pub line: u16,
    /// Bytes of each.
    pub size: u32,
    /// Owner number: index of a TA from 1, 0 for the core.
    pub owner: u16,
    /// Epoch they were made in.
    pub epoch: u32,
    /// How many.
    pub count: u32,
}

/// A mapping of a TA.
#[derive(Clone, Copy, Debug)]
pub struct Region {
    /// Instance: index of a TA from 1.
    pub instance: u32,
    /// Where the TA sees it.
    pub va: u64,
    /// Bytes.
    pub size: u64,
}

/// An open session from the normal world.
#[derive(Clone, Copy, Debug)]
pub struct Session {
    /// Its id.
    pub id: u32,
    /// Instance that serves it.
    pub instance: u32,
}

/// Something that happened in a session from the normal world.
#[derive(Clone, Copy, Debug, Default)]
pub struct Event {
    /// `PTA_LEAK_AUDIT_EVENT_*`.
    pub kind: u16,
    /// Command.
    pub cmd: u32,
    /// `TEE_Result`.
    pub result: u32,
    /// Session.
    pub session: u32,
    /// Instance.
    pub instance: u32,
    /// Values.
    pub values: [u32; 8],
}

/// Changes what is alive.
pub type Workload = Box<dyn FnMut(&mut Tee, u32)>;

/// What is alive in the TEE.
pub struct Tee {
    /// `PTA_LEAK_AUDIT_FEATURE_*`.
    pub features: u32,
    /// Random number of the boot.
    pub boot: u64,
    /// TAs with one instance each, numbered from 1.
    pub tas: Vec<Uuid>,
    /// Instances that are busy.
    pub busy: Vec<u32>,
    /// Live allocations.
    pub sites: Vec<Site>,
    /// Mappings.
    pub regions: Vec<Region>,
    /// Sessions.
    pub sessions: Vec<Session>,
    /// All events since boot.
    pub events: Vec<Event>,
    /// Events that are overwritten.
    pub overwritten: usize,
    /// Whether the canary that is planted shows.
    pub canary_works: bool,
    /// Whether the core has no room left to map memory of a client.
    pub exhausted: bool,
    /// Current epoch.
    pub epoch: u32,
    /// What a new epoch does, as if a workload ran: called with the number of the epoch.
    pub workload: Workload,
    /// The canary, once it is planted.
    pub canary: Option<Site>,
    /// Bytes of the core heap.
    pub heap: u64,
    /// Allocations that failed, and bytes of the biggest request among them.
    pub failures: (u64, u64),
    /// Bytes of the memory for TAs, and those in use.
    pub ta_ram: (u64, u64),
    /// What every command is answered with, unless 0.
    pub refusal: u32,
    /// What opening a session is answered with, unless 0.
    pub closed: u32,
    /// How often the TA died: sessions from before are dead.
    pub deaths: u32,
}

impl Default for Tee {
    fn default() -> Self {
        Self {
            features: pta::FEATURE_RECORDS
                | pta::FEATURE_TAGS
                | pta::FEATURE_EVENTS
                | pta::FEATURE_POOLS,
            boot: 0x00c0_ffee,
            tas: Vec::new(),
            busy: Vec::new(),
            sites: Vec::new(),
            regions: Vec::new(),
            sessions: Vec::new(),
            events: Vec::new(),
            overwritten: 0,
            canary_works: true,
            exhausted: false,
            epoch: 0,
            workload: Box::new(|_, _| ()),
            canary: None,
            heap: 196_608,
            failures: (0, 0),
            ta_ram: (0, 0),
            refusal: 0,
            closed: 0,
            deaths: 0,
        }
    }
}

impl Tee {
    fn uuid(&self, instance: u32) -> [u8; 16] {
        let index = (instance as usize).wrapping_sub(1);
        self.tas.get(index).copied().unwrap_or_default().0
    }

    fn pools(&self) -> Vec<Vec<u8>> {
        let used = self.sites.iter().map(|site| u64::from(site.size * site.count)).sum();
        let (failures, biggest) = self.failures;
        let failed = pta::KNOWN_FAIL;
        let known = pta::KNOWN_ALLOCATED | pta::KNOWN_SIZE;
        let known = if failures > 0 { known | failed } else { known };
        let pool = |kind: u16, used: u64, size: u64, failed: [u64; 3]| {
            let kinds = (u64::from(kind), u64::from(pta::UNIT_BYTES));
            let [count, biggest, then] = failed;
            let values =
                [used, 0, size, 0, 0, count, biggest, then, kinds.0, kinds.1, known.into()];
            entry::<pta::Pool>(&values, &[])
        };
        let then = if failures > 0 { used } else { 0 };
        let mut pools = vec![pool(pta::POOL_CORE_HEAP, used, self.heap, [failures, biggest, then])];
        let (size, used) = self.ta_ram;
        pools.extend((size > 0).then(|| pool(pta::POOL_TA_RAM, used, size, [0; 3])));
        pools
    }

    fn site_rows(&self) -> Vec<Vec<u8>> {
        let canary = self.canary.iter().filter(|_| self.canary_works);
        let row = |site: &Site| {
            let bytes = u64::from(site.size) * u64::from(site.count);
            let [count, size, line] = [site.count, site.size, site.line.into()].map(u64::from);
            let owner = u64::from(site.owner);
            let values = [bytes, count, size, line, owner, 0, 0, site.epoch.into(), 0x1234];
            entry::<pta::Site>(&values, &[site.file.as_bytes()])
        };
        self.sites.iter().chain(canary).map(row).collect()
    }

    fn owners(&self) -> Vec<Vec<u8>> {
        let number = |n: usize| [n as u64, n as u64, pta::OWNER_TA.into()];
        let tas = (1..).zip(&self.tas);
        tas.map(|(n, uuid)| entry::<pta::Owner>(&number(n), &[&uuid.0])).collect()
    }

    fn instances(&self) -> Vec<Vec<u8>> {
        let row = |(n, uuid): (u32, &Uuid)| {
            let sessions = self.sessions.iter().filter(|session| session.instance == n).count();
            let busy = u64::from(self.busy.contains(&n)) * u64::from(pta::INSTANCE_BUSY);
            entry::<pta::Instance>(&[n.into(), busy, 0, sessions as u64], &[&uuid.0])
        };
        (1..).zip(&self.tas).map(row).collect()
    }

    fn session_rows(&self) -> Vec<Vec<u8>> {
        let row = |session: &Session| {
            let (id, instance) = (session.id.into(), session.instance.into());
            entry::<pta::Session>(&[1, id, 0, instance], &[&self.uuid(session.instance), &[]])
        };
        self.sessions.iter().map(row).collect()
    }

    fn region_rows(&self, instance: u32) -> Vec<Vec<u8>> {
        let access = pta::REGION_READ | pta::REGION_WRITE;
        let mine = self.regions.iter().filter(|region| region.instance == instance);
        let row = |region: &Region| {
            entry::<pta::Region>(&[region.va, region.size, 0, 0, access.into()], &[])
        };
        mine.map(row).collect()
    }

    fn regions(&self, instance: u32, from: u32, out: &mut [u8]) -> Result<usize, u32> {
        if instance == 0 || instance as usize > self.tas.len() {
            return Err(ITEM_NOT_FOUND);
        }
        if self.busy.contains(&instance) {
            let head = [0, 0, 0, pta::REPLY_BUSY.into(), 0, 0];
            return Ok(reply::<pta::Region>(&head, &[], out));
        }
        Ok(indexed::<pta::Region>(&self.region_rows(instance), from, out))
    }

    fn slice(&self, [slice, slices]: [u32; 2], out: &mut [u8]) -> usize {
        let all = self.site_rows();
        let total = self.sites.iter().map(|site| u64::from(site.count)).sum();
        let mine = all.into_iter().zip(0..).filter(|(_, n)| n % slices.max(1) == slice);
        let mut rows: Vec<_> = mine.map(|(row, _)| row).collect();
        let room = (out.len() - pta::Reply::SIZE) / pta::Site::SIZE;
        let lost = rows.len().saturating_sub(room) as u64;
        rows.truncate(room);
        reply::<pta::Site>(&[total, lost, 0, 0, 7, 100], &rows, out)
    }

    fn event_rows(&self, [low, high]: [u32; 2], out: &mut [u8]) -> usize {
        let from = (u64::from(high) << 32 | u64::from(low)).max(1);
        let first = self.overwritten as u64 + 1;
        let skip = usize::try_from(from.max(first) - 1).unwrap_or(usize::MAX);
        let room = (out.len() - pta::Reply::SIZE) / pta::Event::SIZE;
        let rows: Vec<_> =
            (skip..self.events.len()).take(room).map(|index| self.event_row(index)).collect();
        let next = (skip + rows.len()) as u64 + 1;
        let more = u64::from(next <= self.events.len() as u64);
        let total = self.events.len() as u64;
        reply::<pta::Event>(&[total, first.saturating_sub(from), more, 0, next, 0], &rows, out)
    }

    fn event_row(&self, index: usize) -> Vec<u8> {
        let event = &self.events[index];
        let seq = index as u64 + 1;
        let [result, cmd, session] = [event.result, event.cmd, event.session].map(u64::from);
        let (kind, instance) = (event.kind.into(), event.instance.into());
        let mut values = vec![seq, seq * 1000, 100, kind, 0, result, cmd, session, 0, instance, 0];
        values.extend(event.values.map(u64::from));
        entry::<pta::Event>(&values, &[&self.uuid(event.instance)])
    }

    fn mark(&mut self, flags: u32) -> [u32; 2] {
        if flags & pta::MARK_RESTART != 0 {
            self.sites.iter_mut().for_each(|site| site.epoch = 0);
            self.epoch = 1;
            return [1, 1];
        }
        self.epoch += 1;
        let mut workload = std::mem::replace(&mut self.workload, Box::new(|_, _| ()));
        workload(self, self.epoch);
        self.workload = workload;
        [self.epoch, 1]
    }
}

impl Pta for Tee {
    fn open_result(&self) -> u32 {
        0
    }

    fn info(&mut self, out: &mut [u8]) -> Result<usize, u32> {
        let (features, epoch) = (self.features.into(), self.epoch.into());
        let values = [1, features, self.boot, 5, 62_500_000, 0, epoch, 0, 512, 128];
        let bytes = entry::<pta::Info>(&values, &[b"4.10.0"]);
        out[..bytes.len()].copy_from_slice(&bytes);
        Ok(bytes.len())
    }

    fn list(&mut self, query: &Query, out: &mut [u8]) -> Result<usize, u32> {
        let [a, b] = query.first;
        let has = |feature| if self.features & feature == 0 { Err(NOT_SUPPORTED) } else { Ok(()) };
        match query.cmd {
            pta::CMD_POOLS => Ok(indexed::<pta::Pool>(&self.pools(), a, out)),
            pta::CMD_SITES => has(pta::FEATURE_RECORDS).map(|()| self.slice(query.second, out)),
            pta::CMD_OWNERS => Ok(indexed::<pta::Owner>(&self.owners(), a, out)),
            pta::CMD_INSTANCES => Ok(indexed::<pta::Instance>(&self.instances(), a, out)),
            pta::CMD_SESSIONS => Ok(indexed::<pta::Session>(&self.session_rows(), a, out)),
            pta::CMD_REGIONS => self.regions(a, b, out),
            pta::CMD_EVENTS => has(pta::FEATURE_EVENTS).map(|()| self.event_rows(query.first, out)),
            _ => Err(NOT_SUPPORTED),
        }
    }

    fn exchange(&mut self, cmd: u32, [a, b]: [u32; 2]) -> Result<[u32; 2], u32> {
        match cmd {
            pta::CMD_MARK => Ok(self.mark(a)),
            pta::CMD_CANARY => {
                let epoch = self.epoch;
                let file = "core/pta/leak_audit/canary.c";
                let site = Site { file, line: 42, size: b, owner: 0, epoch, count: 1 };
                self.canary = (a == pta::CANARY_PLANT).then_some(site);
                Ok([42, epoch])
            }
            _ => Err(NOT_SUPPORTED),
        }
    }
}
