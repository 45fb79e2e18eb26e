//! Converts a protocol into the form that the TA's ledger checks.

use std::{error::Error, fmt, sync::Arc};

use teeleak_proto::{
    Uuid,
    bind::{self, Bind, BindAction, KeySource},
    event::EventRecordKind,
};

use crate::protocol::{
    Key, KeyPart, Protocol, ProtocolStep, Resource, ResourceEnd, Scope, StepAction, StepEvent,
};

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

    fn bind_step(&self, step: &ProtocolStep) -> Result<bind::BindStep, &'static str> {
        let resource = self.resources.get(step.resource).ok_or("a resource")?;
        let (kind, cmd) = match step.on {
            StepEvent::Invoke(cmd) => (EventRecordKind::Invoke, cmd),
            StepEvent::Open => (EventRecordKind::Open, 0),
            StepEvent::Close => (EventRecordKind::Close, 0),
            StepEvent::Map => (EventRecordKind::Map, 0),
            StepEvent::Unmap => (EventRecordKind::Unmap, 0),
            StepEvent::Named(_) => (EventRecordKind::Note, 0),
        };
        let scope = match resource.scope {
            Scope::Global => bind::BindScope::Global,
            Scope::Instance => bind::BindScope::Instance,
            Scope::Session => bind::BindScope::Session,
            Scope::Process => return Err("the process"),
        };
        // A note carries its own keys.
        let key = match kind {
            EventRecordKind::Note => KeySource::One,
            _ => step.key.source().ok_or("a key by name or process")?,
        };
        let parent = match (&step.parent, resource.parent, kind) {
            (_, None, _) | (_, _, EventRecordKind::Note) => KeySource::One,
            (None, Some(_), _) => return Err("a `parent_key`"),
            (Some(key), Some(_), _) => key.source().ok_or("a parent's key by name or process")?,
        };
        if step.ignore_flags != 0 {
            return Err("`ignore_flags`");
        }
        Ok(bind::BindStep {
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

fn bind_resource(resource: &Resource) -> Result<bind::BindResource, &'static str> {
    if resource.end != ResourceEnd::Release {
        return Err("an `end` other than `release`");
    }
    if resource.partial {
        return Err("`partial`");
    }
    let parent = resource.parent.map(u8::try_from).transpose();
    let parent = parent.map_err(|_| "more room for resources")?;
    Ok(bind::BindResource { parent, max_held: resource.max_held })
}

impl From<StepAction> for BindAction {
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
