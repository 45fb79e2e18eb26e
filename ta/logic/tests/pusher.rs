//! What the TA pushes by itself, and when.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]
#![allow(clippy::cast_possible_truncation, reason = "test data is small")]

mod fake;

use fake::{Fake, device, entry, send};
use teeleak_proto::{
    Uuid,
    bind::{Bind, BindAction, BindResource, BindScope, BindStep, KeySource},
    canary::CanaryRequest,
    command::TaCommand,
    event::EventRecordKind,
    note::StepNote,
    pta,
    push::{FIRST, LAST, Push, PushCause},
    record::{self, Record},
};
use teeleak_ta_logic::{Auditor, LOOK_NOTES, PAGE_BYTES, PAGES_MAX, Plugin, Pusher, QUIET_NOTES};

const ITEM_NOT_FOUND: u32 = 0xffff_0008;

/// A plugin that keeps pages, or refuses those of some numbers.
struct Kept {
    pages: Vec<(u32, Vec<u8>)>,
    asked: u32,
    refuses: fn(u32) -> bool,
}

impl Plugin for Kept {
    fn append(&mut self, sub_command: u32, page: &[u8]) -> Result<(), u32> {
        self.asked += 1;
        if (self.refuses)(self.asked) {
            return Err(ITEM_NOT_FOUND);
        }
        self.pages.push((sub_command, page.to_vec()));
        Ok(())
    }
}

impl Kept {
    fn heads(&self) -> Vec<Push> {
        let pages = self.pages.iter().flat_map(|(_, page)| record::read(page));
        pages
            .filter_map(|one| if let Ok(Record::Push(push)) = one { Some(push) } else { None })
            .collect()
    }
}

struct Ta {
    auditor: Box<Auditor>,
    pusher: Box<Pusher>,
    pta: Fake,
    plugin: Kept,
}

impl Ta {
    /// One resource, acquired by step 0 and released by step 1.
    fn new(pta: Fake) -> Self {
        let plugin = Kept { pages: Vec::new(), asked: 0, refuses: |_| false };
        let mut ta = Self { auditor: Box::default(), pusher: Box::default(), pta, plugin };
        let step = |action| BindStep {
            resource: 0,
            action,
            kind: EventRecordKind::Note,
            uuid: Uuid::default(),
            cmd: 0,
            scope: BindScope::Global,
            key: KeySource::One,
            parent: KeySource::One,
        };
        ta.ask(
            TaCommand::Bind,
            &Bind {
                resources: [BindResource { parent: None, max_held: 1 }].into_iter().collect(),
                steps: [step(BindAction::Acquire), step(BindAction::Release)].into_iter().collect(),
            },
        );
        ta
    }

    fn ask(&mut self, command: TaCommand, request: &impl serde::Serialize) {
        let mut reply = vec![0; 4096];
        send(&mut self.auditor, &mut self.pta, command as u32, request, &mut reply).unwrap();
        let both = (&mut *self.auditor, &mut self.pta as &mut dyn teeleak_ta_logic::Pta);
        self.pusher.push_if_due(command as u32, both, &mut self.plugin);
    }

    fn note(&mut self, step: u8, key: u64) {
        self.ask(TaCommand::Note, &StepNote { step, key, parent: 0, result: 0 });
    }

    /// Notes that break nothing.
    fn quiet(&mut self, notes: u32) {
        for n in 0..notes {
            self.note((n % 2) as u8, 1);
        }
    }

    fn fail(&mut self, failures: u64) {
        self.pta.pools = vec![entry::<pta::Pool>(&[1, 2, 3, 0, 0, failures], "")];
    }
}

#[test]
fn a_broken_order_is_pushed_with_all_there_is() {
    let mut ta = Ta::new(device(40));
    ta.quiet(2);
    assert!(ta.plugin.pages.is_empty());
    ta.note(1, 7);
    let pages = std::mem::take(&mut ta.plugin.pages);
    let subs: Vec<u32> = pages.iter().map(|(sub, _)| *sub).collect();
    let middle = vec![0; pages.len() - 2];
    assert_eq!(subs, [vec![FIRST], middle, vec![LAST]].concat());
    let records: Vec<_> =
        pages.iter().flat_map(|(_, page)| record::read(page)).map(Result::unwrap).collect();
    assert!(matches!(records[0], Record::Hello(_)));
    let head = Push { cause: PushCause::Violation, number: 1, held_back: 0, lost: 0, result: 0 };
    assert!(records.contains(&Record::Push(head)));
    let count = |is: fn(&Record<'_>) -> bool| records.iter().filter(|one| is(one)).count();
    assert_eq!(count(|one| matches!(one, Record::Violation(_))), 1);
    assert_eq!(count(|one| matches!(one, Record::Site(_))), 40);
    assert_eq!(count(|one| matches!(one, Record::Region(_))), 3 + 40 + 3);
    assert_eq!(count(|one| matches!(one, Record::Block(_))), 0);
}

#[test]
fn one_cause_does_not_push_all_the_time() {
    let mut ta = Ta::new(device(4));
    for key in 0..u64::from(QUIET_NOTES) + 1 {
        ta.note(1, key + 10);
    }
    let heads = ta.plugin.heads();
    assert_eq!(heads.len(), 2);
    assert_eq!((heads[1].number, heads[1].held_back), (2, QUIET_NOTES - 1));
}

#[test]
fn a_failure_that_was_there_before_is_none() {
    let mut ta = Ta::new(device(4));
    ta.fail(3);
    ta.quiet(4 * LOOK_NOTES);
    assert!(ta.plugin.pages.is_empty());
    ta.fail(4);
    ta.quiet(4 * LOOK_NOTES);
    let heads = ta.plugin.heads();
    assert_eq!(heads.iter().map(|head| head.cause).collect::<Vec<_>>(), [PushCause::Failure]);
}

#[test]
fn a_canary_that_is_gone_is_reported_once() {
    let mut pta = device(4);
    let canary =
        entry::<pta::Site>(&[100, 1, 100, 1100, 0, 0, 0, 4], "core/pta/leak_audit/canary.c");
    pta.sites.push(canary);
    let mut ta = Ta::new(pta);
    ta.ask(TaCommand::Canary, &CanaryRequest { size: 100 });
    ta.quiet(300);
    assert!(ta.plugin.heads().is_empty());
    ta.pta.sites.pop();
    ta.quiet(300);
    let causes: Vec<_> = ta.plugin.heads().iter().map(|head| head.cause).collect();
    assert_eq!(causes, [PushCause::Canary]);
    ta.ask(TaCommand::Canary, &CanaryRequest { size: 0 });
    ta.quiet(300);
    assert_eq!(ta.plugin.heads().len(), 1);
}

#[test]
fn the_canary_of_a_client_that_was_killed_goes_with_the_last_one() {
    let mut ta = Ta::new(device(4));
    ta.auditor.add_client();
    ta.auditor.add_client();
    ta.ask(TaCommand::Canary, &CanaryRequest { size: 100 });
    ta.auditor.remove_client(&mut ta.pta);
    assert!(!ta.pta.cleared);
    ta.auditor.remove_client(&mut ta.pta);
    assert!(ta.pta.cleared);
    ta.auditor.add_client();
    ta.quiet(300);
    assert!(ta.plugin.heads().is_empty(), "nobody looks for it any more");
}

#[test]
fn without_a_plugin_two_pages_are_lost_and_reported_later() {
    let mut ta = Ta::new(device(400));
    ta.plugin.refuses = |_| true;
    ta.note(1, 7);
    assert_eq!(ta.plugin.asked, 2);
    ta.plugin.refuses = |_| false;
    ta.quiet(QUIET_NOTES);
    ta.note(1, 8);
    let head = ta.plugin.heads()[0];
    assert_eq!((head.number, head.lost, head.result), (2, 2, ITEM_NOT_FOUND));
}

#[test]
fn a_page_that_is_lost_costs_no_other() {
    let mut whole = Ta::new(device(400));
    whole.note(1, 7);
    let mut ta = Ta::new(device(400));
    ta.plugin.refuses = |page| page == 3;
    ta.note(1, 7);
    let mut expected = whole.plugin.pages;
    expected.remove(2);
    assert_eq!(ta.plugin.pages, expected);
}

#[test]
fn a_push_has_an_end() {
    let mut ta = Ta::new(device(40_000));
    ta.note(1, 7);
    assert!(ta.plugin.asked <= PAGES_MAX);
    assert!(ta.plugin.pages.iter().all(|(_, page)| page.len() <= PAGE_BYTES));
    assert_eq!(ta.plugin.pages.last().unwrap().0, LAST);
}

#[test]
fn other_commands_push_nothing() {
    let mut ta = Ta::new(device(4));
    ta.plugin.refuses = |_| panic!("asked");
    ta.ask(TaCommand::Canary, &CanaryRequest { size: 100 });
    ta.fail(9);
    ta.ask(TaCommand::Ledger, &0u32);
}
