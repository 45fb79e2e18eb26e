//! Converts a protocol into the form that the TA's ledger checks.

use std::{error::Error, fmt, sync::Arc};

use teeleak_proto::{
    Uuid,
    bind::{self, Action, Bind, KeySource},
    event::EventKind,
};

use crate::protocol::{End, Key, KeyPart, On, Protocol, Resource, Scope, Step, StepAction};

/// Why the TA's ledger can't check a protocol; the host's engine still can.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Unbindable {
    /// Name of the protocol.
    pub protocol: Arc<str>,
    /// Name of the resource or step.
    pub name: Arc<str>,
    /// The feature that the ledger lacks.
    pub needs: &'static str,
}

impl fmt::Display for Unbindable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { protocol, name, needs } = self;
        write!(f, "the TA's ledger can't check `{protocol}`: `{name}` needs {needs}")
    }
}

impl Error for Unbindable {}

impl Protocol {
    /// The protocol in the form of the TA's ledger.
    ///
    /// # Errors
    /// A feature that the ledger lacks: keys by name or process, more resources or steps than fit, ends
    /// other than a release.
    pub fn bind(&self) -> Result<Bind, Unbindable> {
        let mut binding = Bind { resources: heapless::Vec::new(), steps: heapless::Vec::new() };
        for resource in &self.resources {
            let fail = |needs| self.unbindable(&resource.name, needs);
            let room = binding.resources.push(bind_resource(resource).map_err(fail)?);
            room.map_err(|_| fail("more room for resources"))?;
        }
        for step in &self.steps {
            let fail = |needs| self.unbindable(&step.name, needs);
            let room = binding.steps.push(self.bind_step(step).map_err(fail)?);
            room.map_err(|_| fail("more room for steps"))?;
        }
        Ok(binding)
    }

    fn unbindable(&self, name: &Arc<str>, needs: &'static str) -> Unbindable {
        Unbindable { protocol: self.name.clone(), name: name.clone(), needs }
    }

    fn bind_step(&self, step: &Step) -> Result<bind::Step, &'static str> {
        let resource = self.resources.get(step.resource).ok_or("a resource")?;
        let (kind, cmd) = match step.on {
            On::Invoke(cmd) => (EventKind::Invoke, cmd),
            On::Open => (EventKind::Open, 0),
            On::Close => (EventKind::Close, 0),
            On::Map => (EventKind::Map, 0),
            On::Unmap => (EventKind::Unmap, 0),
            On::Named(_) => (EventKind::Note, 0),
        };
        let scope = match resource.scope {
            Scope::Global => bind::Scope::Global,
            Scope::Instance => bind::Scope::Instance,
            Scope::Session => bind::Scope::Session,
            Scope::Process => return Err("the process"),
        };
        // A note carries its own keys.
        let key = match kind {
            EventKind::Note => KeySource::One,
            _ => step.key.source().ok_or("a key by name or process")?,
        };
        let parent = match (&step.parent, resource.parent, kind) {
            (_, None, _) | (_, _, EventKind::Note) => KeySource::One,
            (None, Some(_), _) => return Err("a `parent_key`"),
            (Some(key), Some(_), _) => key.source().ok_or("a parent's key by name or process")?,
        };
        if step.ignore_flags != 0 {
            return Err("`ignore_flags`");
        }
        Ok(bind::Step {
            resource: u8::try_from(step.resource).map_err(|_| "more room for resources")?,
            action: step.action.into(),
            kind,
            uuid: step.ta.unwrap_or(Uuid([0; 16])),
            cmd,
            scope,
            key,
            parent,
        })
    }
}

fn bind_resource(resource: &Resource) -> Result<bind::Resource, &'static str> {
    if resource.end != End::Release {
        return Err("an `end` other than `release`");
    }
    if resource.partial {
        return Err("`partial`");
    }
    let parent = resource.parent.map(u8::try_from).transpose();
    let parent = parent.map_err(|_| "more room for resources")?;
    Ok(bind::Resource { parent, max_held: resource.max_held })
}

impl From<StepAction> for Action {
    #[inline]
    fn from(action: StepAction) -> Self {
        match action {
            StepAction::Acquire => Self::Acquire,
            StepAction::Use => Self::Use,
            StepAction::Release => Self::Release,
        }
    }
}

impl Key {
    /// The key in the form of the TA's ledger; `None` if not supported.
    fn source(&self) -> Option<KeySource> {
        Some(match self {
            Self::Single(KeyPart::One) => KeySource::One,
            Self::Single(KeyPart::Session) => KeySource::Session,
            Self::Single(KeyPart::Value(at)) => KeySource::Value(*at),
            Self::Single(KeyPart::Wide(at)) => KeySource::Wide(*at),
            Self::Double(KeyPart::Value(high), KeyPart::Value(low)) => KeySource::Pair(*high, *low),
            Self::Single(KeyPart::Pid | KeyPart::Named(_)) | Self::Double(..) => return None,
        })
    }
}
