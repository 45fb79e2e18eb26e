//! Owners of tracks: a process, the normal world if the process is unknown, a TA instance or a PTA.

use std::{
    collections::{HashMap, HashSet},
    io,
    sync::Arc,
};

use teeleak_analysis::model::{Event, Observation};
use teeleak_proto::Uuid;

use super::writer::{Track, Writer};

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(super) enum Whose {
    Process(u32, Arc<str>),
    NormalWorld,
    /// A TA instance, or a PTA if the instance is 0.
    Ta(Option<Uuid>, u32),
}

/// The tracks of all owners, created on first use.
pub(super) struct Tracks {
    known: HashMap<Whose, Track>,
    pids: HashSet<u32>,
    uuids: HashMap<u32, Uuid>,
}

impl Tracks {
    pub(super) fn new(observation: &Observation) -> Self {
        let samples = observation.samples.iter().flat_map(|sample| sample.instances.value());
        let of_samples = samples.flatten().map(|instance| (instance.id, instance.uuid));
        let of_events = observation.events.iter();
        let of_events = of_events.filter_map(|event| Some((event.instance, event.uuid?)));
        let uuids = of_events.chain(of_samples).filter(|(instance, _)| *instance != 0).collect();
        Self { known: HashMap::new(), pids: HashSet::new(), uuids }
    }

    /// Owner of the caller of an event.
    pub(super) fn caller(&self, event: &Event) -> Whose {
        match &event.by {
            Some(by) => Whose::Process(by.pid, Arc::clone(&by.comm)),
            None if event.opener == 0 => Whose::NormalWorld,
            None => self.ta(None, event.opener),
        }
    }

    /// Owner for an instance, with its UUID if that is known from anywhere.
    pub(super) fn ta(&self, uuid: Option<Uuid>, instance: u32) -> Whose {
        Whose::Ta(uuid.or_else(|| self.uuids.get(&instance).copied()), instance)
    }

    pub(super) fn track(&mut self, whose: Whose, trace: &mut Writer<'_>) -> io::Result<Track> {
        if let Some(track) = self.known.get(&whose) {
            return Ok(*track);
        }
        let track = match &whose {
            Whose::Process(pid, comm) => self.process(*pid, comm, trace)?,
            other => trace.track(&name(other), None)?,
        };
        self.known.insert(whose, track);
        Ok(track)
    }

    /// Perfetto identifies processes by pid, so only the first process with a pid gets a process track.
    fn process(&mut self, pid: u32, comm: &str, trace: &mut Writer<'_>) -> io::Result<Track> {
        match i32::try_from(pid) {
            Ok(number) if self.pids.insert(pid) => trace.process(number, comm),
            _ => trace.track(&format!("{comm} pid {pid}, another process with this pid"), None),
        }
    }
}

/// Name of a track.
pub(super) fn name(whose: &Whose) -> String {
    match whose {
        Whose::Process(pid, comm) => format!("{comm} pid {pid}"),
        Whose::NormalWorld => "normal world, process unknown".to_owned(),
        Whose::Ta(Some(uuid), 0) => format!("TA or PTA {uuid}"),
        Whose::Ta(Some(uuid), instance) => format!("TA {uuid} (instance {instance})"),
        Whose::Ta(None, instance) => format!("TA instance {instance}"),
    }
}
