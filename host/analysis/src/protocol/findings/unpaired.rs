//! Findings about missing releases.

use std::{
    collections::{BTreeMap, HashSet},
    sync::Arc,
};

use teeleak_proto::Uuid;
use teeleak_steps::OrderRule;

use super::{FindingWriter, OBJECTS, TIED, Tie, sentence, subject};
use crate::{
    model::{Event, Evidence, Finding, FindingKind, Fingerprint, Subject},
    protocol::{
        Protocol, StepAction,
        matching::{group::GroupKey, unpaired, unpaired::Hold},
        words,
    },
    text,
};

/// Maximum number of acquires and of callers listed; the figures count all.
const LISTED: usize = 3;

impl FindingWriter<'_> {
    pub(super) fn unpaired(
        &self,
        resource: u32,
        ta: Option<Uuid>,
        holds: &[Hold],
    ) -> Option<(Finding, Tie)> {
        let (protocol, at) = self.find(resource)?;
        let run = self.length.iterations > 0;
        // Resources acquired before the run are not the run's fault.
        let run_holds: Vec<Hold> =
            holds.iter().copied().filter(|hold| !run || hold.iteration.is_some()).collect();
        // The parent's steps are its last ones, so the last hold has the shortest proof.
        let rank = |hold: &&Hold| (hold.certain, hold.parent.is_some(), hold.at);
        let example = *run_holds.iter().max_by_key(rank)?;
        let (severity, verdict) = unpaired::judge(&run_holds, self.length);
        let subject = subject(protocol, at)?;
        let name = &protocol.resources.get(at)?.name;
        let count = run_holds.len() as u64;
        let missing =
            words::steps(protocol, at, StepAction::Release).unwrap_or_else(|| "release".into());
        let in_run = if run { count } else { 0 };
        let title = self.unpaired_title((protocol, name), ta, (count, in_run), &missing);
        let iterations: HashSet<_> = run_holds.iter().filter_map(|hold| hold.iteration).collect();
        let spread = u32::try_from(iterations.len()).unwrap_or(u32::MAX);
        let fingerprint = self.fingerprint(FindingKind::Unpaired, &subject, ta, None);
        let right_order = words::right_order(protocol, at);
        let finding = Finding {
            kind: FindingKind::Unpaired,
            severity,
            verdict: Some(verdict),
            title: title.into(),
            headline: None,
            figures: self.figures(OBJECTS, count, in_run, spread),
            evidence: self.unpaired_evidence((protocol, at), &run_holds, example, resource),
            fingerprint: fingerprint.clone(),
            cause: self.late_release(resource, ta, &run_holds, &subject),
            blame: None,
            subject,
            next_step: format!("make sure that every {name} reaches {missing}: {right_order}")
                .into(),
        };
        let tie = Tie {
            fingerprint,
            ta,
            what: resources_text(protocol, name),
            acquires: self.acquires(&run_holds),
            held: count,
        };
        Some((finding, tie))
    }

    fn unpaired_title(
        &self,
        (protocol, name): (&Protocol, &str),
        ta: Option<Uuid>,
        (count, in_run): (u64, u64),
        missing: &str,
    ) -> String {
        format!(
            "{}: {}{} acquired and never released{}: no {missing}",
            protocol.name,
            text::count(count, name),
            words::of_ta(ta),
            words::rate(in_run, self.length.iterations),
        )
    }

    /// Indices of the acquiring events, in order.
    fn acquires(&self, holds: &[Hold]) -> Vec<usize> {
        let first_holds = holds.iter().take(TIED);
        let mut acquires: Vec<_> =
            first_holds.filter_map(|hold| self.events.index(hold.at)).collect();
        acquires.sort_unstable();
        acquires
    }

    /// The order finding that caused these missing releases, if any.
    fn late_release(
        &self,
        resource: u32,
        ta: Option<Uuid>,
        holds: &[Hold],
        subject: &Subject,
    ) -> Option<(Fingerprint, Arc<str>)> {
        let orphans = holds.iter().filter(|hold| hold.orphaned.is_some()).count() as u64;
        let key = GroupKey { resource, rule: OrderRule::ReleaseAfterParent, ta };
        let (_, late) = self.groups.iter().find(|(group, _)| *group == key)?;
        if orphans == 0 || late.failed == 0 {
            return None;
        }
        let reason = format!(
            "{} of {} were still held when their parent was closed; {} later releases failed",
            text::number(orphans),
            text::number(holds.len() as u64),
            text::number(late.failed),
        );
        let cause =
            self.fingerprint(FindingKind::Order, subject, ta, Some(OrderRule::ReleaseAfterParent));
        Some((cause, reason.into()))
    }

    /// Which resources are held, who acquired them, and in which iterations.
    fn held_evidence(&self, protocol: &Protocol, at: usize, holds: &[Hold]) -> Vec<Evidence> {
        let mut evidence = vec![Evidence::Outstanding(self.list_text(protocol, at, holds).into())];
        let mut doers = BTreeMap::<_, u64>::new();
        let events = holds.iter().filter_map(|hold| self.events.get(hold.at));
        for who in events.filter_map(words::doer) {
            *doers.entry(who).or_default() += 1;
        }
        if !doers.is_empty() && doers.len() <= LISTED {
            let doer_texts: Vec<_> =
                doers.iter().map(|(who, n)| format!("{who} {}", text::times(*n))).collect();
            evidence.push(sentence(format!("acquired by {}", doer_texts.join(", "))));
        }
        let mut births = BTreeMap::<_, u64>::new();
        for iteration in holds.iter().filter_map(|hold| hold.iteration) {
            *births.entry(iteration).or_default() += 1;
        }
        if !births.is_empty() {
            evidence.push(Evidence::Survivors(births.into_iter().collect()));
        }
        evidence
    }

    /// The first held resources and the last one, with their keys and places.
    fn list_text(&self, protocol: &Protocol, at: usize, holds: &[Hold]) -> String {
        let events: Vec<_> = holds.iter().filter_map(|hold| self.events.get(hold.at)).collect();
        let source = events.first().map(|event| event.place.source);
        // A common source is named once.
        let is_one_source = events.iter().all(|event| Some(event.place.source) == source);
        let item_text = |event: &Event| {
            let keys = words::step_ref(protocol, at, event).keys;
            let name = if is_one_source { "" } else { &*event.place.source };
            format!("{keys} (event {}, {name}:{})", event.seq, event.place.at)
        };
        let (head, rest) = events.split_at(events.len().min(LISTED));
        let mut items: Vec<_> = head.iter().map(|event| item_text(event)).collect();
        if let [more @ .., last] = rest {
            if !more.is_empty() {
                items.push(format!("{} more", text::number(more.len() as u64)));
            }
            items.push(item_text(last));
        }
        let place = source.filter(|_| is_one_source);
        let place = place.map_or_else(String::new, |source| format!(" in {source}"));
        format!("outstanding: {}{place}", items.join(", "))
    }

    fn unpaired_evidence(
        &self,
        (protocol, at): (&Protocol, usize),
        holds: &[Hold],
        example: Hold,
        resource: u32,
    ) -> Vec<Evidence> {
        let mut evidence = self.held_evidence(protocol, at, holds);
        let orphans = holds.iter().filter(|hold| hold.orphaned.is_some()).count();
        if let Some(parent) = protocol.resources.get(at).and_then(|resource| resource.parent)
            && orphans > 0
        {
            let close = words::steps(protocol, parent, StepAction::Release).unwrap_or_default();
            evidence.push(sentence(format!(
                "{close} came while {} were still held",
                text::number(orphans as u64)
            )));
        }
        let unsure = holds.iter().filter(|hold| !hold.certain).count();
        if unsure > 0 {
            evidence.push(sentence(format!(
                "{} are uncertain: events were lost after them",
                text::number(unsure as u64)
            )));
        }
        let is_failed_release =
            |key: &GroupKey| key.resource == resource && key.rule == OrderRule::ReleaseFailed;
        if let Some((_, group)) = self.groups.iter().find(|(key, _)| is_failed_release(key)) {
            let count = text::times(group.count);
            let first =
                group.result.as_ref().map_or_else(String::new, |it| format!(", first with {it}"));
            evidence.push(sentence(format!("a release failed {count}{first}")));
        }
        let proof = [example.parent, Some(example.at), example.orphaned];
        let events = proof.into_iter().flatten().filter_map(|at| self.events.get(at));
        evidence.push(Evidence::Sequence(words::sequence(protocol, at, events)));
        evidence.push(Evidence::Expected(words::right_order(protocol, at).into()));
        let releases = words::step_names(protocol, at, StepAction::Release);
        evidence.push(Evidence::Missing(releases));
        evidence
    }
}

/// Several resources, with their protocol where its name is another: "mappings of player".
fn resources_text(protocol: &Protocol, name: &str) -> Arc<str> {
    let names = text::plural(name);
    if *names == *protocol.name {
        return names.into();
    }
    format!("{names} of {}", protocol.name).into()
}
