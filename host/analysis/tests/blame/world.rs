//! A TEE in which everything is known: who leaks, in which calls, for whom.

use std::collections::BTreeMap;

use teeleak_analysis::model::{
    Caller, Completeness, Event, EventKind, Handles, Holder, Instance, Keys, LedgerEntry,
    LedgerKind, LedgerSnapshot, Moment, Observation, Origin, Owner, OwnerId, Pool, Region, Sample,
    Session, Site, SourceLocation, Stage,
};
use teeleak_proto::Uuid;

/// The TA of the workload.
pub(crate) const TA: Uuid = Uuid([7; 16]);
/// Another TA.
pub(crate) const OTHER: Uuid = Uuid([8; 16]);
/// A PTA.
pub(crate) const PTA: Uuid = Uuid([9; 16]);

/// Owner numbers: of the living TA, of the other TA and of the PTA.
pub(crate) const TA_OWNER: u16 = 70;
pub(crate) const OTHER_OWNER: u16 = 71;
pub(crate) const PTA_OWNER: u16 = 3;
/// Owner number of the instance that iteration 1 creates and destroys; one more for each next one.
pub(crate) const FIRST_GONE: u16 = 100;

/// Where objects are allocated, and for whom.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) struct Place {
    pub(crate) file: &'static str,
    pub(crate) line: u32,
    pub(crate) owner: PlaceOwner,
    /// Whether the PTA was serving.
    pub(crate) served: bool,
}

/// For whom objects are allocated.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum PlaceOwner {
    Core,
    /// An instance that lives through the run.
    Alive,
    /// The same of the other TA.
    Other,
    /// An instance that ends with its iteration.
    Gone,
}

/// One iteration at a time.
#[derive(Default)]
pub(crate) struct World {
    iteration: u32,
    objects: BTreeMap<(Place, u32), u64>,
    pub(crate) regions: Vec<Region>,
    pub(crate) sessions: Vec<Session>,
    /// Instances beside the two that live through the run.
    pub(crate) instances: Vec<u32>,
    pub(crate) pools: Vec<Pool>,
    pub(crate) heap: Option<Pool>,
    /// Objects that the TA of the workload has handles of, if they are counted.
    pub(crate) objects_of_ta: Option<u32>,
    /// Descriptors of tee-supplicant, which each run counts.
    pub(crate) descriptors: u64,
    observation: Observation,
}

impl World {
    pub(crate) fn new() -> Self {
        Self::before(Self::default())
    }

    /// The TEE counts what the TA of the workload has handles of: so many objects at first.
    pub(crate) fn with_objects_of_ta(count: u32) -> Self {
        Self::before(Self { objects_of_ta: Some(count), ..Self::default() })
    }

    fn before(mut world: Self) -> Self {
        world.sample(Stage::Before);
        world
    }

    /// Runs iterations, each of which `workload` does.
    pub(crate) fn run(mut self, iterations: u32, mut workload: impl FnMut(&mut Self, u32)) -> Self {
        for iteration in 1..=iterations {
            self.iteration = iteration;
            workload(&mut self, iteration);
            self.sample(Stage::Measured);
        }
        self
    }

    pub(crate) fn observation(self) -> Observation {
        self.observation
    }

    pub(crate) fn leak(&mut self, place: Place, count: u64) {
        *self.objects.entry((place, self.iteration)).or_default() += count;
    }

    pub(crate) fn call(&mut self, uuid: Uuid, cmd: u32, result: u32) {
        self.event(EventKind::Invoke, uuid, Some(cmd), result, 0);
    }

    pub(crate) fn open(&mut self, uuid: Uuid, session: u32, result: u32) {
        self.event(EventKind::Open, uuid, None, result, session);
    }

    pub(crate) fn close(&mut self, uuid: Uuid, session: u32) {
        self.event(EventKind::Close, uuid, None, 0, session);
    }

    /// The TA of the workload maps a region, in the call that it finishes next.
    pub(crate) fn map(&mut self, va: u32) {
        self.event(EventKind::Map, TA, None, 0, 0);
        if let Some(event) = self.observation.events.last_mut() {
            (event.session, event.values) = (None, [va, 0, 4096, 0, 0, 0, 0, 0]);
        }
        let region =
            Region { va: va.into(), size: 4096, pa: None, hashed: false, access: 3, flags: 0 };
        self.regions.push(region);
    }

    /// The TA of the workload opens a session to the other one, in the call that it finishes next.
    pub(crate) fn open_by_ta(&mut self, session: u32) {
        self.open(OTHER, session, 0);
        if let Some(event) = self.observation.events.last_mut() {
            event.opener = 1;
        }
        let (opener, instance) = (1, 2);
        let session =
            Session { id: session, opener, uuid: OTHER, instance, login: None, client: None };
        self.sessions.push(session);
    }

    /// The process that made the last call, which was recorded.
    pub(crate) fn by(&mut self, comm: &str, pid: u32) {
        if let Some(event) = self.observation.events.last_mut() {
            let caller = Caller { pid, tid: pid, comm: comm.into(), by_kernel: false };
            event.by = Some(caller.into());
        }
    }

    /// Events are lost before the last one.
    pub(crate) fn lose(&mut self, count: u64) {
        if let Some(event) = self.observation.events.last_mut() {
            event.lost_before = count;
        }
    }

    fn event(&mut self, kind: EventKind, uuid: Uuid, cmd: Option<u32>, result: u32, session: u32) {
        let seq = self.observation.events.len() as u64 + 1;
        let instance = u32::from(uuid == TA) + 2 * u32::from(uuid == OTHER);
        self.observation.events.push(Event {
            origin: Origin::Tee,
            seq,
            lost_before: 0,
            time: None,
            duration_ns: None,
            place: SourceLocation { source: "world".into(), at: seq },
            iteration: Some(self.iteration),
            kind,
            result: Some(result.into()),
            session: Some(session),
            opener: 0,
            instance,
            uuid: Some(uuid),
            cmd,
            values: [0; 8],
            keys: Keys::default(),
            by: None,
        });
    }

    fn sample(&mut self, stage: Stage) {
        let descriptors = self.descriptors_of_supplicant(stage);
        self.observation.normal.censuses.push(descriptors);
        let sites = self.objects.iter().map(|((place, born), count)| site(*place, *born, *count));
        let sample = Sample {
            heaps: Vec::new(),
            moment: Moment { stage, iteration: self.iteration },
            time: None,
            place: SourceLocation { source: "world".into(), at: 1 },
            epoch: Some(self.iteration + 1),
            sites: Completeness::Complete(sites.collect()),
            owners: Completeness::Complete(self.owners()),
            instances: Completeness::Complete(self.instances()),
            sessions: Completeness::Complete(self.sessions.clone()),
            pools: Completeness::Complete(self.pools.clone()),
        };
        self.observation.samples.push(sample);
    }

    fn descriptors_of_supplicant(&self, stage: Stage) -> LedgerSnapshot {
        let place = SourceLocation { source: "world".into(), at: 1 };
        let holder = Holder { pid: 77, comm: "tee-supplicant".into() };
        let entry = LedgerEntry::new(place.clone(), "", self.descriptors, 0);
        let mut snapshot = LedgerSnapshot::new(LedgerKind::Supplicant, "", place);
        snapshot.moment = Some(Moment { stage, iteration: self.iteration });
        snapshot.rows.push(LedgerEntry { holder: Some(holder), ..entry });
        snapshot
    }

    fn owners(&self) -> Vec<Owner> {
        let owner = |number, uuid, instance, pta, gone| Owner {
            number,
            uuid: Some(uuid),
            instance,
            pta,
            gone,
        };
        let mut owners = vec![
            owner(PTA_OWNER, PTA, 0, true, false),
            owner(TA_OWNER, TA, 1, false, false),
            owner(OTHER_OWNER, OTHER, 2, false, false),
        ];
        let ended =
            (1..=self.iteration).map(|n| (FIRST_GONE + u16::try_from(n).unwrap(), n + 1000));
        owners.extend(ended.map(|(number, instance)| owner(number, TA, instance, false, true)));
        owners
    }

    fn handles(&self, uuid: Uuid) -> Option<Handles> {
        let counted = self.objects_of_ta.filter(|_| uuid == TA);
        counted.map(|objects| Handles { objects, ..Handles::default() })
    }

    fn instances(&self) -> Vec<Instance> {
        let instance = |id, uuid, regions: &[Region], heap: Option<Pool>| Instance {
            id,
            uuid,
            panicked: false,
            ref_count: None,
            regions: Completeness::Complete(regions.to_vec()),
            heap,
            handles: self.handles(uuid),
        };
        let mut instances =
            vec![instance(1, TA, &self.regions, self.heap.clone()), instance(2, OTHER, &[], None)];
        let code =
            Region { va: 0x1000, size: 61_440, pa: None, hashed: false, access: 5, flags: 0 };
        instances.extend(self.instances.iter().map(|id| instance(*id, TA, &[code], None)));
        instances
    }
}

fn site(place: Place, born: u32, count: u64) -> Site {
    let owner = match place.owner {
        PlaceOwner::Core => OwnerId::Core,
        PlaceOwner::Alive => OwnerId::Number(TA_OWNER),
        PlaceOwner::Other => OwnerId::Number(OTHER_OWNER),
        PlaceOwner::Gone => OwnerId::Number(FIRST_GONE + u16::try_from(born).unwrap()),
    };
    Site {
        file: place.file.into(),
        line: place.line,
        size: 32,
        count,
        owner,
        server: if place.served { OwnerId::Number(PTA_OWNER) } else { OwnerId::Core },
        session: None,
        epoch: Some(born),
        caller: None,
        stack: None,
    }
}
