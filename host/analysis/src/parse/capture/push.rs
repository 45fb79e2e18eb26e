//! Pages that the TA pushed on its own, and the lost ones.

use teeleak_proto::{
    ledger::Violation,
    push::{Push, UnwrittenCount},
    record::Record,
};

use super::ObservationBuilder;
use crate::model::{Gap, Incident, IncidentDetails, IncidentKind, Reason, rule_name};

impl ObservationBuilder {
    /// Reads a record that only a push has, or that means more in a push.
    pub(super) fn pushed(&mut self, record: &Record<'_>) {
        match record {
            Record::Push(push) => {
                self.is_push = true;
                self.observation.gaps.extend(of_push(push));
            }
            Record::Unwritten(unwritten) => self.observation.gaps.push(of_disk(unwritten)),
            Record::Violation(violation) if self.is_push => self.record_violation(violation),
            _ => {}
        }
    }

    fn record_violation(&mut self, violation: &Violation) {
        let Violation { rule, resource, key, .. } = *violation;
        let rule = rule_name(rule);
        self.observation.incidents.push(Incident {
            kind: IncidentKind::RuleBroken,
            place: self.place(),
            time: None,
            iteration: None,
            uuid: None,
            text: format!("detected by the TA: {rule}, resource {resource}, key {key:#x}").into(),
            load_address: None,
            images: Vec::new(),
            stack: Vec::new(),
            details: IncidentDetails::default(),
        });
    }
}

fn of_push(push: &Push) -> Option<Gap> {
    let label = "pages of earlier pushes".into();
    let lost_pages = push.lost.into();
    (lost_pages > 0).then_some(Gap {
        what: label,
        reason: Reason::Failed(push.result),
        remedy: None,
        lost: lost_pages,
    })
}

fn of_disk(unwritten: &UnwrittenCount) -> Gap {
    let remedy = Some("free disk space for the spool".into());
    let lost_pages = unwritten.pages;
    Gap {
        what: "pages received by the plugin".into(),
        reason: Reason::NoRoom,
        remedy,
        lost: lost_pages,
    }
}

#[cfg(test)]
mod tests {
    use teeleak_proto::{
        frame::FrameKind, push::PushCause, record::RecordWriter, tee_result::ITEM_NOT_FOUND,
    };

    use crate::parse::capture::push::*;

    fn observe(records: &[Record<'_>]) -> crate::model::Observation {
        let mut page = [0; 512];
        let mut writer = RecordWriter::new(&mut page);
        for record in records {
            writer.push(record).unwrap();
        }
        let used = writer.length();
        let mut builder = ObservationBuilder::new("push");
        builder.frame(Some(FrameKind::Records), &page[..used]);
        builder.finish()
    }

    fn violation() -> Record<'static> {
        let proof = Default::default();
        Record::Violation(Violation { rule: 7, resource: 0, scope: 0, key: 0x2a, proof })
    }

    #[test]
    fn a_push_reports_what_was_broken_and_what_is_lost() {
        let (cause, result) = (PushCause::Violation, ITEM_NOT_FOUND);
        let push = Push { cause, number: 2, held_back: 0, lost: 3, result };
        let unwritten = UnwrittenCount { pages: 4, bytes: 100 };
        let seen = observe(&[Record::Push(push), Record::Unwritten(unwritten), violation()]);
        let texts: Vec<_> = seen.incidents.iter().map(|incident| &*incident.text).collect();
        assert_eq!(texts, ["detected by the TA: release-without-acquire, resource 0, key 0x2a"]);
        assert_eq!(seen.gaps.iter().map(|gap| gap.lost).collect::<Vec<_>>(), [3, 4]);
    }

    #[test]
    fn elsewhere_the_host_looks_for_itself() {
        assert!(observe(&[violation()]).incidents.is_empty());
    }
}
