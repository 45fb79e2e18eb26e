//! A small TEE core to run workloads in: a heap with epochs, one TA with regions, sessions.

use std::collections::{BTreeMap, BTreeSet};

use teeleak_analysis::model::{
    Clock, Completeness, Gap, Instance, Moment, Observation, Owner, OwnerId, Pool, Reason, Region,
    Sample, Session, Site, SourceLocation, Stage, Time,
};
use teeleak_proto::Uuid;

/// The TA of the workload.
pub(crate) const PLAYER: Uuid = Uuid([7; 16]);
/// Another one.
pub(crate) const SYSTEM: Uuid = Uuid([9; 16]);

/// SplitMix64.
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
    }

    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((z ^ (z >> 31)) % limit as u64).unwrap_or(0)
    }
}

#[derive(Default)]
pub(crate) struct Heap {
    epoch: u32,
    next: u32,
    objects: BTreeMap<u32, (&'static str, u32, u64, u32)>,
    regions: Vec<Region>,
    sessions: Vec<Session>,
    pub(crate) pools: Vec<Pool>,
}

impl Heap {
    pub(crate) fn allocate(&mut self, file: &'static str, line: u32, size: u64) -> u32 {
        self.next += 1;
        self.objects.insert(self.next, (file, line, size, self.epoch));
        self.next
    }

    pub(crate) fn free(&mut self, object: u32) {
        assert!(self.objects.remove(&object).is_some(), "freed twice");
    }

    pub(crate) fn map(&mut self, size: u64) {
        let va = 0x10_0000 + 0x10_0000 * self.regions.len() as u64;
        self.regions.push(Region { va, size, pa: None, hashed: false, access: 3, flags: 0 });
    }

    pub(crate) fn open(&mut self, uuid: Uuid) {
        let id = self.sessions.last().map_or(0, |session| session.id + 1);
        let session = Session { id, opener: 0, uuid, instance: 1, login: None, client: None };
        self.sessions.push(session);
    }

    fn sites(&self) -> Vec<Site> {
        let mut counts: BTreeMap<_, u64> = BTreeMap::new();
        for object in self.objects.values() {
            *counts.entry(*object).or_default() += 1;
        }
        let site = |((file, line, size, epoch), count): ((&str, u32, u64, u32), u64)| Site {
            file: file.into(),
            line,
            size,
            count,
            owner: OwnerId::Number(1),
            server: OwnerId::Unknown,
            session: Some(epoch % 3),
            epoch: Some(epoch),
            caller: None,
            stack: None,
        };
        counts.into_iter().map(site).collect()
    }

    fn sample(&mut self, stage: Stage, iteration: u32) -> Sample {
        self.epoch += 1;
        let owner = Owner { number: 1, uuid: Some(PLAYER), instance: 1, pta: false, gone: false };
        let instance = Instance {
            id: 1,
            uuid: PLAYER,
            panicked: false,
            ref_count: None,
            regions: Completeness::Complete(self.regions.clone()),
            heap: None,
            handles: None,
        };
        Sample {
            heaps: Vec::new(),
            moment: Moment { stage, iteration },
            time: Some(Time { clock: Clock::Monotonic, ns: u64::from(self.epoch) * 2_000_000 }),
            place: SourceLocation { source: "simulation".into(), at: 1 },
            epoch: Some(self.epoch),
            sites: Completeness::Complete(self.sites()),
            owners: Completeness::Complete(vec![owner]),
            instances: Completeness::Complete(vec![instance]),
            sessions: Completeness::Complete(self.sessions.clone()),
            pools: Completeness::Complete(self.pools.clone()),
        }
    }
}

/// A run: one sample before, idle iterations, measured iterations.
pub(crate) struct Run {
    heap: Heap,
    idle: u32,
    sampling: Box<dyn FnMut(&mut Heap)>,
    hidden: BTreeSet<u32>,
    observation: Observation,
}

impl Run {
    pub(crate) fn new(idle: u32) -> Self {
        let observation = Observation::default();
        let sampling = Box::new(|_: &mut Heap| {});
        Self { heap: Heap::default(), idle, sampling, hidden: BTreeSet::new(), observation }
    }

    pub(crate) fn heap(&mut self) -> &mut Heap {
        &mut self.heap
    }

    /// What each sampling does by itself.
    pub(crate) fn sampling(&mut self, by: impl FnMut(&mut Heap) + 'static) {
        self.sampling = Box::new(by);
    }

    /// Measured iterations after which neither sites nor instances can be seen.
    pub(crate) fn hide(&mut self, iterations: impl IntoIterator<Item = u32>) {
        self.hidden.extend(iterations);
    }

    pub(crate) fn measure(&mut self, iterations: u32, mut workload: impl FnMut(&mut Heap, u32)) {
        self.take(Stage::Before, 0);
        for iteration in 1..=self.idle {
            self.take(Stage::Idle, iteration);
        }
        for iteration in 1..=iterations {
            workload(&mut self.heap, iteration);
            self.take(Stage::Measured, iteration);
        }
    }

    fn take(&mut self, stage: Stage, iteration: u32) {
        (self.sampling)(&mut self.heap);
        let mut sample = self.heap.sample(stage, iteration);
        if stage == Stage::Measured && self.hidden.contains(&iteration) {
            let gap = Gap { what: "all".into(), reason: Reason::Busy, remedy: None, lost: 0 };
            sample.sites = Completeness::Unobserved(gap.clone());
            sample.instances = Completeness::Unobserved(gap);
        }
        self.observation.samples.push(sample);
    }

    /// Sites are not offered, as on stock OP-TEE.
    pub(crate) fn without_sites(&mut self) {
        let gap = Gap {
            what: "allocation sites".into(),
            reason: Reason::NotBuilt,
            remedy: None,
            lost: 0,
        };
        for sample in &mut self.observation.samples {
            sample.sites = Completeness::Unobserved(gap.clone());
        }
    }

    pub(crate) fn observation(&self) -> Observation {
        self.observation.clone()
    }
}
