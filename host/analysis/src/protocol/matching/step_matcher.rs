//! Matches events to steps.

use rustc_hash::FxHashMap;
use teeleak_proto::Uuid;
use teeleak_steps::SlotKind;

use crate::{
    model::{Event, EventKind, Symbol},
    protocol::{Key, Protocol, ProtocolStep, ResourceEnd, Scope, StepAction, StepEvent},
};

/// A step in the form that the engine uses.
#[derive(Clone)]
pub(crate) struct StepWatch {
    /// Number of the resource over all protocols.
    pub(crate) resource: u32,
    pub(crate) parent: Option<Parent>,
    /// Its action.
    pub(crate) action: StepAction,
    /// Properties of the resource.
    pub(crate) kind: SlotKind,
    pub(crate) scope: Scope,
    /// Whether steps may be missing.
    pub(crate) partial: bool,
    pub(crate) key: Key,
    ta: Option<Uuid>,
    ignore_flags: u32,
}

/// The parent of a resource.
#[derive(Clone)]
pub(crate) struct Parent {
    /// Number of the resource over all protocols.
    pub(crate) resource: u32,
    pub(crate) scope: Scope,
    /// `None` if the engine remembers it from the acquire.
    pub(crate) key: Option<Key>,
}

/// Commands below this number are looked up directly: TAs number theirs from 0.
const LOW: usize = 256;

/// Steps by command.
#[derive(Default)]
struct Commands {
    low: Vec<Vec<StepWatch>>,
    high: FxHashMap<u32, Vec<StepWatch>>,
}

impl Commands {
    fn add(&mut self, cmd: u32, watch: StepWatch) {
        let index = cmd as usize;
        if index >= LOW {
            self.high.entry(cmd).or_default().push(watch);
            return;
        }
        self.low.resize_with(self.low.len().max(index + 1), Vec::new);
        self.low[index].push(watch);
    }

    #[inline]
    fn watches(&self, cmd: u32) -> &[StepWatch] {
        let low = self.low.get(cmd as usize);
        let watches = if (cmd as usize) < LOW { low } else { self.high.get(&cmd) };
        watches.map_or(&[], Vec::as_slice)
    }
}

/// Steps by event.
pub(crate) struct Matcher {
    /// Commands by TA; few TAs, so a linear search costs less than a hash.
    invoke: Vec<(Uuid, Commands)>,
    /// Commands of any TA.
    invoke_any: Commands,
    named: FxHashMap<Symbol, Vec<StepWatch>>,
    /// Steps noted by a TA, by number.
    noted: FxHashMap<u32, Vec<StepWatch>>,
    open: Vec<StepWatch>,
    close: Vec<StepWatch>,
    map: Vec<StepWatch>,
    unmap: Vec<StepWatch>,
}

impl Matcher {
    pub(crate) fn new(protocols: &[Protocol]) -> Self {
        let mut matcher = Self {
            invoke: Vec::new(),
            invoke_any: Commands::default(),
            named: FxHashMap::default(),
            noted: FxHashMap::default(),
            open: Vec::new(),
            close: Vec::new(),
            map: Vec::new(),
            unmap: Vec::new(),
        };
        let mut first = 0;
        for protocol in protocols {
            for step in &protocol.steps {
                matcher.add(first, protocol, step);
            }
            first += u32::try_from(protocol.resources.len()).unwrap_or(u32::MAX);
        }
        matcher
    }

    fn add(&mut self, first: u32, protocol: &Protocol, step: &ProtocolStep) {
        let Some(resource) = protocol.resources.get(step.resource) else { return };
        let number = |at: usize| first + u32::try_from(at).unwrap_or(u32::MAX - first);
        let parent = resource.parent.and_then(|parent| {
            let scope = protocol.resources.get(parent)?.scope;
            Some(Parent { resource: number(parent), scope, key: step.parent.clone() })
        });
        let watch = StepWatch {
            resource: number(step.resource),
            parent,
            action: step.action,
            kind: SlotKind {
                max_held: resource.max_held,
                ends_with_parent: resource.end != ResourceEnd::Release,
            },
            scope: resource.scope,
            partial: resource.partial,
            key: step.key.clone(),
            ta: step.ta,
            ignore_flags: step.ignore_flags,
        };
        match &step.on {
            StepEvent::Invoke(cmd) => {
                self.commands(step.ta).add(*cmd, watch);
            }
            StepEvent::Named(name) => {
                if let Some(number) = noted(*name) {
                    self.noted.entry(number).or_default().push(watch.clone());
                }
                self.named.entry(*name).or_default().push(watch);
            }
            StepEvent::Open => self.open.push(watch),
            StepEvent::Close => self.close.push(watch),
            StepEvent::Map => self.map.push(watch),
            StepEvent::Unmap => self.unmap.push(watch),
        }
    }

    /// Candidate steps for this event: those of its TA, and those of any TA; see [`StepWatch::matches`].
    #[inline]
    pub(crate) fn steps(&self, event: &Event) -> [&[StepWatch]; 2] {
        let watches = match &event.kind {
            EventKind::Invoke => return self.invokes(event),
            EventKind::Open => &self.open,
            EventKind::Close => &self.close,
            EventKind::Map => &self.map,
            EventKind::Unmap => &self.unmap,
            EventKind::Step(name) => self.named.get(name).map_or(&[][..], Vec::as_slice),
            EventKind::Note(number) => self.noted.get(number).map_or(&[][..], Vec::as_slice),
        };
        [&[], watches]
    }

    #[inline]
    fn invokes(&self, event: &Event) -> [&[StepWatch]; 2] {
        let Some(cmd) = event.cmd else { return [&[]; 2] };
        let of_ta = event.uuid.and_then(|ta| self.invoke.iter().find(|(of, _)| *of == ta));
        [of_ta.map_or(&[], |(_, commands)| commands.watches(cmd)), self.invoke_any.watches(cmd)]
    }

    fn commands(&mut self, ta: Option<Uuid>) -> &mut Commands {
        let Some(ta) = ta else { return &mut self.invoke_any };
        let position = self.invoke.iter().position(|(of, _)| *of == ta);
        let index = position.unwrap_or(self.invoke.len());
        if position.is_none() {
            self.invoke.push((ta, Commands::default()));
        }
        &mut self.invoke[index].1
    }
}

/// The number of a noted step, from its name.
fn noted(name: Symbol) -> Option<u32> {
    let number = name.strip_prefix("step ")?.parse().ok()?;
    (format!("step {number}") == *name).then_some(number)
}

impl StepWatch {
    /// Whether a candidate event is this step.
    #[inline]
    pub(crate) fn matches(&self, event: &Event) -> bool {
        // Flags of a region are its seventh value, see `Event::values`.
        let [.., flags, _] = event.values;
        (self.ta.is_none() || self.ta == event.uuid) && flags & self.ignore_flags == 0
    }
}

impl ProtocolStep {
    /// Whether this event is this step.
    pub(crate) fn matches(&self, event: &Event) -> bool {
        let is_kind = match (&self.on, &event.kind) {
            (StepEvent::Invoke(cmd), EventKind::Invoke) => event.cmd == Some(*cmd),
            (StepEvent::Named(name), EventKind::Step(step)) => name == step,
            (StepEvent::Named(name), EventKind::Note(number)) => noted(*name) == Some(*number),
            (StepEvent::Open, EventKind::Open)
            | (StepEvent::Close, EventKind::Close)
            | (StepEvent::Map, EventKind::Map)
            | (StepEvent::Unmap, EventKind::Unmap) => true,
            _ => false,
        };
        is_kind && (self.ta.is_none() || self.ta == event.uuid)
    }
}
