//! Compiles a protocol file into protocols, or reports all mistakes in it.

use std::{ops::Range, sync::Arc};

use teeleak_proto::Uuid;
use toml::Spanned;

use super::{
    key,
    toml_file::{FileText, KeyText, ProtocolText, ResourceText, SpannedMap, StepText},
};
use crate::{
    mistake::{Mistake, suggest},
    protocol::{
        Key, KeyPart, Protocol, ProtocolStep, Resource, ResourceEnd, Scope, StepAction, StepEvent,
    },
};

pub(crate) fn compile(source: &str, text: &str) -> Result<Vec<Protocol>, Vec<Mistake>> {
    let file: FileText = toml::from_str(text).map_err(|error| {
        let span = error.span().unwrap_or(0..text.len().min(1));
        vec![Mistake::new((source, text), span, error.message(), None)]
    })?;
    let mut reader = ProtocolReader { source, text, mistakes: Vec::new() };
    let protocols =
        in_order(&file.protocol).map(|(name, protocol)| reader.protocol(name, protocol)).collect();
    reader.mistakes.sort_by_key(|mistake| mistake.span.start);
    if reader.mistakes.is_empty() { Ok(protocols) } else { Err(reader.mistakes) }
}

/// Entries in the order of the file, by their spans: serde's map does not keep it.
fn in_order<T>(named: &SpannedMap<T>) -> impl Iterator<Item = (&Spanned<String>, &T)> {
    let mut entries: Vec<_> = named.iter().collect();
    entries.sort_by_key(|(name, _)| name.span().start);
    entries.into_iter()
}

struct ProtocolReader<'a> {
    source: &'a str,
    text: &'a str,
    mistakes: Vec<Mistake>,
}

impl ProtocolReader<'_> {
    fn mistake(&mut self, span: Range<usize>, message: String, hint: Option<String>) {
        self.mistakes.push(Mistake::new((self.source, self.text), span, message, hint));
    }

    fn protocol(&mut self, name: &Spanned<String>, text: &ProtocolText) -> Protocol {
        let resources = self.resources(&text.resource);
        let ta = text.ta.as_ref().and_then(|ta| self.ta(ta));
        let mut steps = Vec::new();
        for (name, step) in in_order(&text.step) {
            let step_ta = step.ta.as_ref().map_or(ta, |ta| self.ta(ta));
            steps.extend(self.step(name, step, step_ta, &resources));
        }
        for (at, (name, _)) in sort_parents_first(&text.resource).into_iter().enumerate() {
            let acquires =
                |step: &ProtocolStep| step.resource == at && step.action == StepAction::Acquire;
            if self.mistakes.is_empty() && !steps.iter().any(acquires) {
                let message = format!("no step acquires `{}`", name.get_ref());
                self.mistake(name.span(), message, Some("add a step with `acquire`".into()));
            }
        }
        let summary = text.about.as_deref().map(Arc::from);
        Protocol { name: name.get_ref().as_str().into(), about: summary, resources, steps }
    }

    fn resources(&mut self, named: &SpannedMap<ResourceText>) -> Vec<Resource> {
        let order = sort_parents_first(named);
        let mut resources: Vec<Resource> = Vec::new();
        for (name, text) in &order {
            let parent = text.parent.as_ref().and_then(|parent| {
                let parent_names = resources.iter().map(|resource| &*resource.name);
                let index = parent_names.clone().position(|name| name == parent.get_ref());
                if index.is_none() {
                    let names = named.keys().map(|name| name.get_ref().as_str());
                    self.unknown_parent(parent, names);
                }
                index
            });
            resources.push(Resource {
                name: name.get_ref().as_str().into(),
                parent,
                scope: text.scope.unwrap_or(Scope::Instance),
                max_held: text.max_held.unwrap_or(0),
                end: text.end.unwrap_or(ResourceEnd::Release),
                partial: text.partial.unwrap_or(false),
            });
        }
        resources
    }

    fn unknown_parent<'n>(
        &mut self,
        parent: &Spanned<String>,
        names: impl Iterator<Item = &'n str> + Clone,
    ) {
        let circle = names.clone().any(|name| name == parent.get_ref());
        let (message, hint) = if circle {
            (format!("`{}` is its own parent", parent.get_ref()), None)
        } else {
            (format!("unknown resource `{}`", parent.get_ref()), suggest(parent.get_ref(), names))
        };
        self.mistake(parent.span(), message, hint);
    }

    fn ta(&mut self, ta: &Spanned<String>) -> Option<Uuid> {
        let uuid = Uuid::parse(ta.get_ref());
        if uuid.is_none() && ta.get_ref() != "any" {
            let message = format!("expected a UUID, found `{}`", ta.get_ref());
            let hint = "write 8-4-4-4-12 hexadecimal digits, or \"any\"";
            self.mistake(ta.span(), message, Some(hint.into()));
        }
        uuid
    }

    fn step(
        &mut self,
        name: &Spanned<String>,
        text: &StepText,
        ta: Option<Uuid>,
        resources: &[Resource],
    ) -> Option<ProtocolStep> {
        let (action, resource) = self.action(name, text)?;
        let event = self.step_event(name, text)?;
        let resource_names = resources.iter().map(|resource| &*resource.name);
        let Some(at) = resource_names.clone().position(|name| name == resource.get_ref()) else {
            let message = format!("unknown resource `{}`", resource.get_ref());
            self.mistake(resource.span(), message, suggest(resource.get_ref(), resource_names));
            return None;
        };
        if let (StepEvent::Invoke(_), None, None) = (&event, ta, &text.ta) {
            let message = format!("step `{}` has `invoke` but no `ta`", name.get_ref());
            let hint = "add `ta = \"UUID\"` to the step or to the protocol";
            self.mistake(name.span(), message, Some(hint.into()));
        }
        let key = self.key(name, text, &event)?;
        let ignore_flags = self.ignore_flags(text, &event);
        let parent = self.parent_key(name, text, action, (at, resources));
        Some(ProtocolStep {
            name: name.get_ref().as_str().into(),
            resource: at,
            action,
            ta: ta.filter(|_| !matches!(event, StepEvent::Named(_)) || text.ta.is_some()),
            on: event,
            key,
            parent,
            ignore_flags,
        })
    }

    fn action<'t>(
        &mut self,
        name: &Spanned<String>,
        text: &'t StepText,
    ) -> Option<(StepAction, &'t Spanned<String>)> {
        let actions = [
            (StepAction::Acquire, &text.acquire),
            (StepAction::Use, &text.uses),
            (StepAction::Release, &text.release),
        ];
        let mut given_actions =
            actions.into_iter().filter_map(|(action, on)| Some((action, on.as_ref()?)));
        let (first, second) = (given_actions.next(), given_actions.next());
        if first.is_some() && second.is_none() {
            return first;
        }
        let count_text = if first.is_none() { "none" } else { "more than one" };
        let message =
            format!("step `{}` has {count_text} of `acquire`, `use`, `release`", name.get_ref());
        self.mistake(name.span(), message, Some("give exactly one".into()));
        None
    }

    fn step_event(&mut self, name: &Spanned<String>, text: &StepText) -> Option<StepEvent> {
        match (&text.invoke, &text.on) {
            (Some(cmd), None) => Some(StepEvent::Invoke(*cmd.get_ref())),
            (None, None) => Some(StepEvent::Named(name.get_ref().as_str().into())),
            (None, Some(on)) => self.occasion(on),
            (Some(_), Some(on)) => {
                let message = format!("step `{}` has both `invoke` and `on`", name.get_ref());
                self.mistake(on.span(), message, Some("remove one of them".into()));
                None
            }
        }
    }

    fn occasion(&mut self, on: &Spanned<String>) -> Option<StepEvent> {
        let words = ["open", "close", "map", "unmap", "named NAME"];
        match on.get_ref().split_once(' ') {
            Some(("named", name)) if !name.is_empty() => {
                return Some(StepEvent::Named(name.into()));
            }
            Some(_) => {}
            None => match on.get_ref().as_str() {
                "open" => return Some(StepEvent::Open),
                "close" => return Some(StepEvent::Close),
                "map" => return Some(StepEvent::Map),
                "unmap" => return Some(StepEvent::Unmap),
                _ => {}
            },
        }
        let message = format!("unknown event `{}`", on.get_ref());
        self.mistake(on.span(), message, suggest(on.get_ref(), words.into_iter()));
        None
    }

    fn ignore_flags(&mut self, text: &StepText, on: &StepEvent) -> u32 {
        let Some(flags) = &text.ignore_flags else { return 0 };
        if !matches!(on, StepEvent::Map | StepEvent::Unmap) {
            let hint = "remove `ignore_flags`, or use `on = \"map\"` or `on = \"unmap\"`";
            self.mistake(flags.span(), "only regions have flags".into(), Some(hint.into()));
        }
        *flags.get_ref()
    }

    fn key(&mut self, name: &Spanned<String>, text: &StepText, on: &StepEvent) -> Option<Key> {
        if let Some(key) = &text.key {
            return self.parse_key(key);
        }
        match on {
            StepEvent::Open | StepEvent::Close => Some(Key::Single(KeyPart::Session)),
            StepEvent::Map | StepEvent::Unmap => Some(Key::Single(KeyPart::Wide(0))),
            StepEvent::Invoke(_) | StepEvent::Named(_) => {
                let message = format!("step `{}` has no key", name.get_ref());
                self.mistake(name.span(), message, Some(key::FORMS.into()));
                None
            }
        }
    }

    fn parent_key(
        &mut self,
        name: &Spanned<String>,
        text: &StepText,
        action: StepAction,
        (at, resources): (usize, &[Resource]),
    ) -> Option<Key> {
        let resource = resources.get(at)?;
        match (&text.parent_key, resource.parent) {
            (Some(key), Some(_)) => self.parse_key(key),
            (Some(key), None) => {
                let message = format!("`{}` has no parent", resource.name);
                let hint = "remove `parent_key`, or give the resource a `parent`";
                self.mistake(key.span(), message, Some(hint.into()));
                None
            }
            (None, Some(parent)) if action == StepAction::Acquire => {
                let parent = resources.get(parent).map_or("", |parent| &parent.name);
                let message =
                    format!("step `{}` has no `parent_key` for its {parent}", name.get_ref());
                self.mistake(name.span(), message, Some("add `parent_key`".into()));
                None
            }
            (None, _) => None,
        }
    }

    fn parse_key(&mut self, key: &Spanned<KeyText>) -> Option<Key> {
        let parsed_key = match key.get_ref() {
            KeyText::Single(part) => KeyPart::parse(part).map(Key::Single),
            KeyText::Double([high, low]) => {
                KeyPart::parse(high).and_then(|high| Some(Key::Double(high, KeyPart::parse(low)?)))
            }
        };
        if parsed_key.is_none() {
            self.mistake(key.span(), "expected a key".into(), Some(key::FORMS.into()));
        }
        parsed_key
    }
}

/// Sorts parents first, otherwise in the order of the file; cycles last.
fn sort_parents_first(named: &SpannedMap<ResourceText>) -> Vec<(&Spanned<String>, &ResourceText)> {
    let mut rest: Vec<_> = in_order(named).collect();
    let mut sorted_resources: Vec<(&Spanned<String>, &ResourceText)> = Vec::new();
    loop {
        let ready = rest.iter().position(|(_, text)| match &text.parent {
            None => true,
            Some(parent) => {
                sorted_resources.iter().any(|(name, _)| name.get_ref() == parent.get_ref())
            }
        });
        match ready {
            Some(at) => sorted_resources.push(rest.remove(at)),
            None => break,
        }
    }
    sorted_resources.append(&mut rest);
    sorted_resources
}
