//! One bug is one story, and two bugs are two.

use teeleak_analysis::{
    audit,
    model::{Blame, FindingKind, Pool, PoolKind, PoolUnit, Session, Side, TaName, Unit},
};

use crate::{
    ACCESS_DENIED, CORE, OBJECT, report, stories,
    world::{OTHER, Place, PlaceOwner, TA, World},
};

fn pool(kind: PoolKind, allocated: u64, size: u64) -> Pool {
    Pool {
        allocated: Some(allocated),
        size: Some(size),
        ..Pool::without_figures(kind, PoolUnit::Bytes)
    }
}

/// A refused session that keeps sites, an instance and its memory.
fn refused(iterations: u32) -> World {
    let sites = ["core/kernel/user_ta.c", "core/mm/fobj.c", "core/mm/vm.c", "core/kernel/notif.c"];
    World::new().run(iterations, |world, n| {
        world.open(TA, 0, ACCESS_DENIED);
        world.instances.push(500 + n);
        for (line, file) in (1..).zip(sites) {
            let owner = if line < 3 { PlaceOwner::Core } else { PlaceOwner::Gone };
            world.leak(Place { file, line, owner, served: false }, u64::from(line));
        }
        world.pools = vec![
            pool(PoolKind::CoreHeap, 50_000 + 416 * u64::from(n), 1_000_000),
            pool(PoolKind::TaRam, 61_440 * u64::from(n), 61_440 * u64::from(iterations + 3)),
        ];
    })
}

#[test]
fn a_refused_session_is_one_story_with_its_effects() {
    let report = report(refused(12));
    let stories = stories(&report);
    assert_eq!(stories.len(), 1, "{:#?}", report.findings);
    assert_eq!(stories[0].kind, FindingKind::InstanceGrowth);
    let bytes = stories[0].figures.iter().find(|one| one.unit == Unit::BytesPerIteration);
    assert_eq!(bytes.map(|figure| figure.value), Some(61_440.0));
    let n_effects = audit::effects(stories[0], &report.findings).count();
    assert_eq!(n_effects, report.findings.len() - 1, "{:#?}", report.findings);
    let forecast = report.forecast.as_deref();
    assert_eq!(
        forecast,
        Some("61,440 bytes of TA memory per iteration, full after 3 more iterations")
    );
    let numbers: Vec<_> =
        report.findings.iter().map(|one| report.number(&one.fingerprint)).collect();
    assert_eq!(numbers.iter().flatten().count(), 1);
}

#[test]
fn two_leaks_of_one_ta_with_different_patterns_are_two_stories() {
    let world = World::new().run(18, |world, n| {
        world.leak(OBJECT, 2);
        if n % 3 == 0 {
            world.leak(CORE, 1);
        }
    });
    let report = report(world);
    assert_eq!(stories(&report).len(), 2, "{:#?}", report.findings);
}

#[test]
fn two_tas_that_leak_in_each_iteration_are_two_stories() {
    let world = World::new().run(12, |world, _| {
        world.leak(OBJECT, 1);
        world.leak(Place { owner: PlaceOwner::Other, ..OBJECT }, 1);
    });
    let report = report(world);
    let mut sides: Vec<_> =
        stories(&report).iter().filter_map(|one| one.blame.as_ref()?.side()).collect();
    sides.sort_unstable();
    assert_eq!(sides, [Side::Ta(Some(TA)), Side::Ta(Some(OTHER))], "{:#?}", report.findings);
}

#[test]
fn what_rises_with_sessions_is_an_effect_of_them() {
    let site = Place { file: "core/kernel/tee_ta_manager.c", owner: PlaceOwner::Core, ..CORE };
    let world = World::new().run(12, |world, n| {
        world.open(TA, n, 0);
        world.leak(site, 1);
        let session =
            Session { id: n, opener: 0, uuid: TA, instance: 1, login: None, client: None };
        world.sessions.push(session);
    });
    let report = report(world);
    let stories = stories(&report);
    assert_eq!(stories.len(), 1, "{:#?}", report.findings);
    assert_eq!(stories[0].kind, FindingKind::Unpaired);
    assert_eq!(stories[0].blame.as_ref().and_then(Blame::side), Some(Side::Client));
}

#[test]
fn a_heap_of_a_ta_that_rises_is_a_leak_of_that_ta() {
    let kind = PoolKind::TaHeap(TaName::Uuid(TA));
    let world = World::new().run(12, |world, n| {
        world.call(TA, 7, 0);
        world.heap = Some(pool(kind.clone(), 4096 + 96 * u64::from(n), 65_536));
    });
    let report = report(world);
    let stories = stories(&report);
    assert_eq!(stories.len(), 1, "{:#?}", report.findings);
    assert!(stories[0].title.contains("96 bytes per iteration"), "{}", stories[0].title);
    let blame = stories[0].blame.as_ref().unwrap();
    assert_eq!(blame.side(), Some(Side::Ta(Some(TA))));
    assert_eq!(blame.call().and_then(|call| call.cmd), Some(7));
}

#[test]
fn tee_supplicant_is_to_blame_for_its_descriptors_in_the_calls_that_leave_them() {
    let world = World::new().run(18, |world, n| {
        world.open(TA, n, 0);
        for _ in 0..1 + n % 4 {
            world.call(TA, 9, 0);
        }
        world.close(TA, n);
        world.descriptors += 1 + u64::from(n % 4);
    });
    let report = report(world);
    let stories = stories(&report);
    assert_eq!(stories.len(), 1, "{:#?}", report.findings);
    let blame = stories[0].blame.as_ref().unwrap();
    assert_eq!(blame.side(), Some(Side::Supplicant));
    assert_eq!(blame.call().map(|call| (call.uuid, call.cmd, call.every)), Some((TA, Some(9), 1)));
}

/// The core forgets to end an instance: it is in no list any more, but all its memory stays.
#[test]
fn an_instance_that_is_never_ended_is_one_story_with_its_memory() {
    let report = report(World::new().run(12, |world, n| {
        world.open(TA, n, 0);
        world.close(TA, n);
        world.leak(Place { file: "core/kernel/user_ta.c", owner: PlaceOwner::Core, ..CORE }, 1);
        for (count, file) in [(1, "core/mm/vm.c"), (4, "core/mm/fobj.c"), (2, "core/mm/mobj.c")] {
            world.leak(Place { file, owner: PlaceOwner::Gone, ..CORE }, count);
        }
        world.leak(Place { file: "core/mm/vm.c", owner: PlaceOwner::Core, ..CORE }, 1);
        world.pools = vec![pool(PoolKind::TaRam, 61_440 * u64::from(n), 1 << 20)];
    }));
    let stories = stories(&report);
    assert_eq!(stories.len(), 1, "{:#?}", report.findings);
    assert!(stories[0].title.contains("user_ta.c"), "{}", stories[0].title);
    let forecast = report.forecast.as_deref().unwrap_or_default();
    assert!(forecast.starts_with("61,440 bytes of TA memory"), "{forecast}");
    assert_eq!(audit::effects(stories[0], &report.findings).count(), report.findings.len() - 1);
}

/// No malloc debug records them: the sites, which do not grow, are no evidence against a leak.
#[test]
fn big_numbers_that_stay_are_the_cores_though_no_site_grows() {
    let report = report(World::new().run(12, |world, n| {
        world.call(TA, 3, 0);
        world.pools = vec![pool(PoolKind::Crypto, 5_904 + 2_912 * u64::from(n), 47_104)];
    }));
    let stories = stories(&report);
    assert_eq!(stories.len(), 1, "{:#?}", report.findings);
    assert_eq!(stories[0].blame.as_ref().and_then(Blame::side), Some(Side::Core));
    assert!(stories[0].next_step.contains("big number"), "{}", stories[0].next_step);
}
