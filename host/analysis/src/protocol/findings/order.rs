//! Findings about a wrong order.

use teeleak_steps::OrderRule;

use super::{CALLS, FindingWriter, sentence, subject};
use crate::{
    model::{Evidence, Finding, FindingKind, Severity, StepRef},
    protocol::{
        Protocol, StepAction,
        matching::{
            group::{Group, GroupKey},
            releases::may_be_lost_lines,
        },
        words,
    },
    text,
};

/// What may be wrong with the text rather than with the order, if it is wrong so rarely.
#[derive(Clone, Copy, PartialEq, Eq)]
enum TextFault {
    LostLine,
    SwappedLines,
}

impl TextFault {
    /// The fault that looks like this broken rule: a lost step of the same or the parent resource, or two lines of
    /// different CPUs that changed places. A step that the TEE refused was really wrong.
    fn of_rule(rule: OrderRule, group: &Group) -> Option<Self> {
        use OrderRule::{
            AcquireAfterParent, AcquireBeyondLimit, DoubleRelease, ReleaseAfterParent,
            UseAfterParent, UseAfterRelease,
        };
        match rule {
            AcquireAfterParent | AcquireBeyondLimit | DoubleRelease | UseAfterRelease => {
                Some(Self::LostLine)
            }
            ReleaseAfterParent | UseAfterParent if group.failed == 0 => Some(Self::SwappedLines),
            _ => None,
        }
    }

    fn sentence(self, count: u64) -> String {
        let what = match self {
            Self::LostLine => "missing from the log",
            Self::SwappedLines => "out of place in the log",
        };
        let lines = if count == 1 { "one line".to_owned() } else { text::count(count, "line") };
        format!("{lines} {what} would explain it")
    }
}

impl FindingWriter<'_> {
    pub(super) fn orders(&self) -> Vec<Finding> {
        let wrong = self.groups.iter().filter(|(key, _)| {
            // The release of a parent is proven to be too early by the child's late step. Without one,
            // the child's release is missing, which is not an order fault.
            key.rule.is_order() && key.rule != OrderRule::ReleaseBeforeChildren
        });
        wrong.filter_map(|(key, group)| self.order(key, group)).collect()
    }

    fn order(&self, key: &GroupKey, group: &Group) -> Option<Finding> {
        let (protocol, at) = self.find(key.resource)?;
        let subject = subject(protocol, at)?;
        let events = group.example.iter().filter_map(|at| self.events.get(*at));
        let sequence = words::sequence(protocol, at, events);
        let text_fault = self.text_fault(key, group);
        let is_certain = group.certain > 0 && text_fault.is_none();
        let severity = if is_certain { Severity::Failure } else { Severity::Possible };
        let step = sequence.last().map_or_else(|| "?".into(), |step| step.step.clone());
        let cause = self.what_broke(protocol, at, key.rule, &step);
        let in_run = self.in_run(group);
        let title = format!(
            "{}: {cause}{}, {}{}",
            protocol.name,
            words::of_ta(key.ta),
            text::times(group.count),
            words::rate(in_run, self.length.iterations),
        );
        let right_order = words::right_order(protocol, at);
        let mut evidence = self.order_evidence(group, &step, &sequence);
        evidence.extend(text_fault.map(|fault| sentence(fault.sentence(group.count))));
        let place_evidence = sequence.last().map(|step| Evidence::At(step.event.place.clone()));
        evidence.push(Evidence::Sequence(sequence));
        evidence.extend(place_evidence);
        evidence.push(Evidence::Expected(right_order.as_str().into()));
        Some(Finding {
            kind: FindingKind::Order,
            severity,
            verdict: None,
            fingerprint: self.fingerprint(FindingKind::Order, &subject, key.ta, Some(key.rule)),
            subject,
            title: title.into(),
            headline: None,
            figures: self.figures(CALLS, group.count, in_run, group.iterations),
            evidence,
            cause: None,
            blame: None,
            next_step: format!("call the steps in this order: {right_order}").into(),
        })
    }

    /// The fault of the text that would explain all of this.
    fn text_fault(&self, key: &GroupKey, group: &Group) -> Option<TextFault> {
        let fault = TextFault::of_rule(key.rule, group).filter(|_| key.is_of_text())?;
        let released = self.releases.number((key.resource, key.ta));
        let is_single = fault == TextFault::LostLine && group.count == 1;
        (is_single || may_be_lost_lines(group.count, released)).then_some(fault)
    }

    fn in_run(&self, group: &Group) -> u64 {
        if self.length.iterations > 0 { group.in_iterations } else { 0 }
    }

    /// The broken rule, with the names of the steps.
    fn what_broke(&self, protocol: &Protocol, at: usize, rule: OrderRule, step: &str) -> String {
        let resource = protocol.resources.get(at);
        let name = resource.map_or("", |resource| &resource.name);
        let parent = resource.and_then(|resource| resource.parent);
        let step_names = |at: Option<usize>, action| {
            at.and_then(|at| words::steps(protocol, at, action)).unwrap_or_else(|| "?".into())
        };
        match rule {
            OrderRule::ReleaseAfterParent
            | OrderRule::UseAfterParent
            | OrderRule::ReleaseBeforeChildren => {
                format!("{} came before {step}", step_names(parent, StepAction::Release))
            }
            OrderRule::AcquireAfterParent => {
                format!("{step} came after {}", step_names(parent, StepAction::Release))
            }
            OrderRule::AcquireWithoutParent => {
                format!("{step} came without {}", step_names(parent, StepAction::Acquire))
            }
            OrderRule::DoubleRelease => format!("{step} of a {name} that was already released"),
            OrderRule::ReleaseWithoutAcquire | OrderRule::UseWithoutAcquire => {
                format!("{step} of a {name} that was never acquired")
            }
            OrderRule::UseAfterRelease => format!("{step} of a {name} after its release"),
            OrderRule::AcquireBeyondLimit => format!("{step} of a {name} that is already held"),
            OrderRule::ReleaseFailed => format!("{step} of a held {name} failed"),
        }
    }

    fn order_evidence(&self, group: &Group, step: &str, sequence: &[StepRef]) -> Vec<Evidence> {
        let mut evidence = Vec::new();
        if let Some(result) = &group.result {
            let failed = text::times(group.failed);
            evidence.push(sentence(format!("{step} then failed {failed}, first with {result}")));
        }
        let doers: Vec<_> = sequence
            .iter()
            .filter_map(|step| Some((&step.step, words::doer(&step.event)?)))
            .collect();
        if let Some((_, first)) = doers.first()
            && doers.iter().any(|(_, who)| who != first)
        {
            let doer_texts: Vec<_> =
                doers.iter().map(|(step, who)| format!("{step} by {who}")).collect();
            evidence.push(sentence(format!("by different callers: {}", doer_texts.join(", "))));
        }
        if group.certain < group.count {
            let unsure = text::number(group.count - group.certain);
            let count = text::number(group.count);
            evidence.push(sentence(format!(
                "{unsure} of {count} are uncertain: events before them are missing"
            )));
        }
        evidence
    }
}
