//! Who is to blame, against worlds in which that is known.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a test stops at the first surprise")]

mod birthplaces;
mod stories;
mod truth;
mod world;

use teeleak_analysis::{
    audit::{Options, Report, audit},
    model::{
        Blame, CallOutcome, Certainty, EventKind, Finding, Observation, Region, Session, Severity,
        Side,
    },
};
use world::{OTHER, PTA, Place, PlaceOwner, TA, World};

const BAD_PARAMETERS: u32 = 0xffff_0006;
const ACCESS_DENIED: u32 = 0xffff_0001;

const OBJECT: Place =
    Place { file: "core/tee/tee_obj.c", line: 29, owner: PlaceOwner::Alive, served: false };
const CORE: Place =
    Place { file: "core/kernel/notif.c", line: 81, owner: PlaceOwner::Alive, served: false };

fn report(world: World) -> Report {
    report_of(world.observation())
}

fn report_of(mut observation: Observation) -> Report {
    audit(&mut observation, &Options::default())
}

fn stories(report: &Report) -> Vec<&Finding> {
    report.stories().filter(|finding| finding.severity == Severity::Failure).collect()
}

/// The blame for the only story.
fn blame(world: World) -> Blame {
    let report = report(world);
    let stories = stories(&report);
    assert_eq!(stories.len(), 1, "{stories:#?}");
    stories[0].blame.clone().expect("blame")
}

#[test]
fn memory_of_ended_instances_is_the_cores() {
    let place = Place { owner: PlaceOwner::Gone, ..OBJECT };
    let blame = blame(World::new().run(12, |world, _| world.leak(place, 2)));
    assert_eq!((blame.side(), blame.certainty), (Some(Side::Core), Certainty::Certain));
    assert!(blame.evidence.iter().any(|fact| fact.contains("have ended")), "{blame:#?}");
}

#[test]
fn a_refused_session_is_the_cores_with_its_code() {
    let place = Place { owner: PlaceOwner::Core, ..CORE };
    let blame = blame(World::new().run(12, |world, n| {
        world.open(TA, n, 0);
        world.close(TA, n);
        for _ in 0..n % 3 {
            world.open(TA, 0, ACCESS_DENIED);
            world.leak(place, 3);
        }
    }));
    assert_eq!((blame.side(), blame.certainty), (Some(Side::Core), Certainty::Certain));
    let call = blame.call().unwrap();
    assert_eq!(call.kind, EventKind::Open);
    assert_eq!(call.outcome, CallOutcome::Result(ACCESS_DENIED));
}

#[test]
fn an_error_path_is_named_with_command_and_code() {
    let run = |place: Place| {
        blame(World::new().run(12, |world, n| {
            world.call(TA, 5, 0);
            world.call(TA, 3, 0);
            if n % 2 == 0 || n % 3 == 0 {
                world.call(TA, 3, BAD_PARAMETERS);
                world.leak(place, 1);
            }
        }))
    };
    let of_core = run(CORE);
    assert_eq!((of_core.side(), of_core.certainty), (Some(Side::Core), Certainty::Likely));
    let call = of_core.call().unwrap();
    assert_eq!((call.cmd, call.outcome), (Some(3), CallOutcome::Result(BAD_PARAMETERS)));
    let of_object = run(OBJECT);
    assert_eq!(of_object.side(), None, "a handle that the TA forgets, or the core never gives out");
    assert_eq!(of_object.sides, [Side::Core, Side::Ta(Some(TA))]);
}

#[test]
fn objects_without_a_handle_are_the_cores() {
    let run = |gain: u32| {
        blame(World::with_objects_of_ta(3).run(12, |world, _| {
            world.call(TA, 3, 0);
            world.leak(OBJECT, 1);
            world.objects_of_ta = world.objects_of_ta.map(|count| count + gain);
        }))
    };
    let lost = run(0);
    assert_eq!((lost.side(), lost.certainty), (Some(Side::Core), Certainty::Certain));
    assert!(lost.evidence.iter().any(|fact| fact.contains("3 handles, no more")), "{lost:#?}");
    let held = run(1);
    assert_eq!((held.side(), held.certainty), (Some(Side::Ta(Some(TA))), Certainty::Likely));
}

#[test]
fn every_third_call_of_a_pta_is_named() {
    let place = Place { file: "core/pta/scmi.c", served: true, ..CORE };
    let mut calls = 0;
    let blame = blame(World::new().run(16, |world, n| {
        for _ in 0..=n % 4 {
            world.call(PTA, 7, 0);
            calls += 1;
            if calls % 3 == 0 {
                world.leak(place, 1);
            }
        }
        world.call(PTA, 8, 0);
    }));
    assert_eq!(blame.side(), Some(Side::Pta(Some(PTA))));
    let call = blame.call().unwrap();
    assert_eq!((call.cmd, call.every, call.pta), (Some(7), 3, true));
}

#[test]
fn calls_that_fit_equally_are_all_named() {
    let blame = blame(World::new().run(12, |world, n| {
        for _ in 0..=n % 3 {
            world.call(TA, 3, 0);
            world.call(TA, 5, 0);
            world.leak(CORE, 1);
        }
        world.call(TA, 6, 0);
    }));
    let commands: Vec<_> = blame.calls.iter().filter_map(|call| call.cmd).collect();
    assert_eq!((commands, blame.call()), (vec![3, 5], None));
}

#[test]
fn lost_events_name_no_call() {
    let world = World::new().run(12, |world, n| {
        world.call(TA, 3, 0);
        world.leak(CORE, u64::from(n % 3));
    });
    let mut observation = world.observation();
    observation.events[6].lost_before = 1;
    let report = report_of(observation);
    assert!(stories(&report)[0].blame.as_ref().unwrap().calls.is_empty());
}

#[test]
fn a_session_that_a_client_forgets_is_the_clients() {
    let blame = blame(World::new().run(12, |world, n| {
        world.open(OTHER, n, 0);
        let session =
            Session { id: n, opener: 0, uuid: OTHER, instance: 2, login: None, client: None };
        world.sessions.push(session);
    }));
    assert_eq!(blame.side(), Some(Side::Client));
}

#[test]
fn regions_of_a_living_ta_are_its_own() {
    let vm = Place { file: "core/mm/vm.c", line: 309, ..CORE };
    let blame = blame(World::new().run(12, |world, n| {
        let va = u64::from(n) * 0x1000;
        world.regions.push(Region { va, size: 4096, pa: None, hashed: false, access: 3, flags: 0 });
        world.leak(vm, 1);
    }));
    assert_eq!(blame.side(), Some(Side::Ta(Some(TA))));
}

#[test]
fn memory_that_nothing_maps_is_the_cores() {
    let mobj = Place { file: "core/mm/mobj.c", line: 377, ..CORE };
    let blame = blame(World::new().run(12, |world, _| world.leak(mobj, 1)));
    assert_eq!(blame.side(), Some(Side::Core));
}

#[test]
fn registered_shared_memory_without_recorded_clients_is_unsure() {
    let place = Place { file: "core/mm/mobj_dyn_shm.c", owner: PlaceOwner::Core, ..CORE };
    let blame = blame(World::new().run(12, |world, _| world.leak(place, 1)));
    assert_eq!((blame.side(), blame.side_name()), (None, "unsure"));
    assert_eq!(blame.sides, [Side::Core, Side::Client, Side::Kernel]);
}
