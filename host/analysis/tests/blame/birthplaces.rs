//! In which calls the objects were made that stay, against worlds in which that is known.

use teeleak_analysis::{
    birthplace,
    model::{Finding, FindingKind},
};

use crate::{
    OBJECT, report,
    world::{OTHER, TA, World},
};

const N: u32 = 12;

fn sentences(world: World, kind: FindingKind) -> Vec<String> {
    let report = report(world);
    let is_such = |finding: &&Finding| finding.kind == kind;
    let finding = report.findings.iter().find(is_such).expect("finding");
    finding.birthplaces().iter().map(birthplace::sentence).collect()
}

/// Calls that map nothing, then one that does, by a player with this process id.
fn mapping(world: &mut World, n: u32, pid: u32) {
    world.call(TA, 0, 0);
    world.by("other", 7);
    world.map(0x10_0000 + n * 0x1000);
    world.call(TA, 3, 0);
    world.by("player", pid);
    world.call(TA, 4, 0);
    world.by("other", 7);
}

#[test]
fn regions_are_made_in_the_call_that_encloses_their_map() {
    let world = World::new().run(N, |world, n| mapping(world, n, 812));
    assert_eq!(
        sentences(world, FindingKind::RegionGrowth),
        [format!("command 3 of TA {TA} by player (pid 812), 12 of 12")]
    );
    let world = World::new().run(N, |world, n| mapping(world, n, n));
    assert_eq!(
        sentences(world, FindingKind::RegionGrowth),
        [format!("command 3 of TA {TA} by player (12 processes), 12 of 12")]
    );
}

#[test]
fn what_was_made_before_events_were_lost_is_not_guessed() {
    let world = World::new().run(N, |world, n| {
        mapping(world, n, 812);
        if n == 9 {
            world.lose(1);
        }
    });
    assert_eq!(
        sentences(world, FindingKind::RegionGrowth),
        [
            "calls that are not recorded, 9 of 12".to_owned(),
            format!("command 3 of TA {TA} by player (pid 812), 3 of 12"),
        ]
    );
}

#[test]
fn a_session_of_a_ta_is_opened_in_its_command() {
    let world = World::new().run(N, |world, n| {
        world.open_by_ta(n);
        world.call(TA, 5, 0);
        world.by("player", 812);
    });
    assert_eq!(
        sentences(world, FindingKind::SessionGrowth),
        [format!("command 5 of TA {TA} by player (pid 812), 12 of 12")]
    );
}

#[test]
fn allocations_are_made_in_one_of_the_calls_of_their_iterations() {
    let world = World::new().run(N, |world, n| {
        world.open(TA, n, 0);
        world.call(TA, 3, 0);
        world.call(OTHER, 8, 0);
        world.leak(OBJECT, 1);
    });
    assert_eq!(
        sentences(world, FindingKind::SiteGrowth),
        [format!("iterations with the open and command 3 of TA {TA}, 12 of 12")]
    );
    let world = World::new().run(N, |world, _| {
        world.call(TA, 3, 0);
        world.call(TA, 3, 0);
        world.leak(OBJECT, 2);
    });
    assert_eq!(
        sentences(world, FindingKind::SiteGrowth),
        [format!("command 3 of TA {TA}, 24 of 24")]
    );
}

#[test]
fn of_several_programs_in_an_iteration_none_is_named() {
    let world = World::new().run(N, |world, _| {
        world.call(TA, 3, 0);
        world.by("player", 812);
        world.call(TA, 4, 0);
        world.by("other", 7);
        world.leak(OBJECT, 1);
    });
    assert_eq!(
        sentences(world, FindingKind::SiteGrowth),
        [format!("iterations with command 3 and 4 of TA {TA}, 12 of 12")]
    );
}
