//! The stories: one row of [`STORIES`] and one function each.

use teeleak_analysis::{
    audit::Conclusion::{Inconclusive, Leak, Order},
    model::{IncidentKind, PoolKind},
};

use crate::story::{Census, Fact, PoolTable, SiteName, Step, Story};

/// Makes a story.
pub(crate) type Teller = fn() -> Story;

/// All stories by name.
pub(crate) const STORIES: &[(&str, Teller)] = &[
    ("no leak", no_leak),
    ("leak of a site", leak_of_a_site),
    ("leak of two sites", leak_of_two_sites),
    ("slow leak", slow_leak),
    ("warm-up", warm_up),
    ("oscillation", oscillation),
    ("regions leak", regions_leak),
    ("sessions leak", sessions_leak),
    ("sessions closed", sessions_closed),
    ("wrong order", wrong_order),
    ("right order", right_order),
    ("one missing release", one_missing_release),
    ("missing release of a trace", missing_release_of_a_trace),
    ("out of memory", out_of_memory),
    ("out of memory by result", out_of_memory_by_result),
    ("TA panic", ta_panic),
    ("core panic", core_panic),
    ("pool growth", pool_growth),
    ("fragmentation", fragmentation),
    ("TA heap growth", ta_heap_growth),
    ("TA dumps grow", ta_dumps_grow),
    ("leak in a small heap", leak_in_a_small_heap),
    ("leak in a large heap", leak_in_a_large_heap),
    ("three objects at once", three_objects_at_once),
    ("leak of every second time", leak_of_every_second_time),
    ("step", step),
    ("regions without dumps", regions_without_dumps),
    ("one dump", one_dump),
    ("one status", one_status),
    ("leak until out of memory", leak_until_out_of_memory),
    ("impossible request", impossible_request),
    ("two panics", two_panics),
    ("refused session", refused_session),
    ("overlapping sessions", overlapping_sessions),
    ("two boots", two_boots),
    ("channels used again", channels_used_again),
];

const PLAYER: &str = "8aaaf200-2450-11e4-abe2-0002a5d5c51b";
const KEYS: &str = "7c0e3a1f-52b4-4d0e-9a6b-3f1d2c4b5a69";

const MOBJ: SiteName = SiteName { place: "core/mm/mobj.c:166", size: 56 };
const OBJECT: SiteName = SiteName { place: "core/tee/tee_obj.c:73", size: 112 };
const SESSION: SiteName = SiteName { place: "core/kernel/tee_ta_manager.c:611", size: 152 };
const REGION: SiteName = SiteName { place: "core/mm/vm.c:306", size: 64 };

/// Iterations of most stories.
const N: usize = 12;

/// A heap that stays as it is, and these objects of these sites.
fn heap(more: &[(SiteName, usize)]) -> Census {
    const STEADY: [(&str, u64, u64); 9] = [
        ("core/mm/tee_mm.c:20", 24, 3),
        ("core/mm/mobj.c:101", 56, 2),
        ("core/kernel/tee_ta_manager.c:701", 16, 1),
        ("core/tee/tee_svc_cryp.c:1200", 120, 1),
        ("core/kernel/user_ta.c:390", 40, 2),
        ("core/mm/fobj.c:77", 32, 1),
        ("core/kernel/callout.c:31", 8, 1),
        ("core/lib/libtomcrypt/hash.c:117", 432, 4),
        ("lib/libutils/isoc/bget_malloc.c:936", 16, 1),
    ];
    let steady = STEADY.map(|(place, size, count)| (SiteName { place, size }, count));
    let mut census = Census::from(steady);
    for (site, count) in more {
        *census.entry(*site).or_default() += *count as u64;
    }
    census.retain(|_, count| *count > 0);
    census
}

fn once(step: Step) -> Step {
    Step::Once(Box::new(step))
}

fn app(n: usize) -> Step {
    Step::App(format!("recorder: clip {n} saved"))
}

/// A dump before and after each iteration, in which `during` happens.
fn dumps(
    iterations: usize,
    census: impl Fn(usize) -> Census,
    during: impl Fn(usize) -> Vec<Step>,
) -> Vec<Step> {
    let mut steps = vec![Step::Dump(census(0))];
    for n in 1..=iterations {
        steps.extend(during(n));
        steps.push(app(n));
        steps.push(Step::Dump(census(n)));
    }
    steps
}

/// Dumps of a heap that stays as it is.
fn steady(during: impl Fn(usize) -> Vec<Step>) -> Vec<Step> {
    dumps(N, |_| heap(&[]), during)
}

/// Dumps with so many objects of a site, and nothing else.
fn counted(iterations: usize, site: SiteName, count: impl Fn(usize) -> usize) -> Vec<Step> {
    dumps(iterations, |n| heap(&[(site, count(n))]), |_| Vec::new())
}

fn no_leak() -> Story {
    Story::innocent(steady(|_| Vec::new()))
}

fn leak_of_a_site() -> Story {
    let steps = counted(N, OBJECT, |n| 1 + n);
    Story::guilty(steps, &[Leak], vec![Fact::Site(OBJECT, 1.0)])
}

fn leak_of_two_sites() -> Story {
    let both = |n| heap(&[(MOBJ, 2 + n), (REGION, 1 + n)]);
    let steps = dumps(N, both, |_| vec![Step::Open(PLAYER), Step::Close(PLAYER)]);
    Story::guilty(steps, &[Leak], vec![Fact::Site(MOBJ, 1.0), Fact::Site(REGION, 1.0)])
}

fn slow_leak() -> Story {
    let steps = counted(32, OBJECT, |n| 1 + n / 4);
    Story::guilty(steps, &[Leak], vec![Fact::Site(OBJECT, 0.25)])
}

fn warm_up() -> Story {
    Story::innocent(counted(16, OBJECT, |n| 1 + n.min(3)))
}

fn oscillation() -> Story {
    Story::innocent(counted(16, OBJECT, |n| [1, 2, 1, 3][n % 4]))
}

fn regions_leak() -> Story {
    let steps = steady(|n| vec![Step::Regions(PLAYER, 2 + n)]);
    Story::guilty(steps, &[Leak], vec![Fact::Regions(PLAYER, 1.0)])
}

fn sessions_leak() -> Story {
    let during = |_| vec![Step::Open(KEYS), Step::Open(PLAYER), Step::Close(PLAYER)];
    let steps = dumps(N, |n| heap(&[(SESSION, 1 + n)]), during);
    let musts = vec![Fact::Site(SESSION, 1.0), Fact::Sessions(KEYS, N as u64)];
    Story::guilty(steps, &[Leak], musts)
}

fn sessions_closed() -> Story {
    let during =
        |_| vec![Step::Open(KEYS), Step::Open(PLAYER), Step::Close(PLAYER), Step::Close(KEYS)];
    Story::innocent(steady(during))
}

/// A step of the video path, with what its line says behind the channel.
fn video(function: &'static str, channel: usize, keys: &str, result: &str) -> Step {
    let pid = 2100 + channel;
    Step::Ta(function, format!("channel {channel} {keys}pid {pid} ret {result}"))
}

fn open(n: usize) -> Step {
    video("tee_tvp_open_channel:212", n, "", "0x0")
}

fn close(n: usize) -> Step {
    video("tee_tvp_close_channel:251", n, "", "0x0")
}

fn buffer(n: usize) -> String {
    format!("pa {:#x} size 0x1000 ", 0x6c00_0000 + n * 0x1000)
}

fn map(n: usize) -> Step {
    video("tee_tvp_vdec_input_buf_map:288", n, &buffer(n), "0x0")
}

fn unmap(n: usize, result: &str) -> Step {
    video("tee_tvp_vdec_input_buf_unmap:340", n, &buffer(n), result)
}

fn wrong_order() -> Story {
    let during = |n| vec![open(n), map(n), close(n), unmap(n, "0xffff0008")];
    let steps = dumps(N, |n| heap(&[(MOBJ, 1 + n)]), during);
    Story::guilty(steps, &[Order], vec![Fact::Order("release-after-parent", N as u64)])
        .or(Fact::Unreleased("mapping", N as u64))
        .or(Fact::Site(MOBJ, 1.0))
}

fn right_order() -> Story {
    Story::innocent(steady(|n| vec![open(n), map(n), unmap(n, "0x0"), close(n)]))
}

/// The video path, in which the channel of the fifth iteration stays open.
fn with_a_missing_close(n: usize) -> Vec<Step> {
    match n {
        5 => vec![once(open(n)), map(n), unmap(n, "0x0")],
        _ => vec![open(n), map(n), unmap(n, "0x0"), close(n)],
    }
}

/// Nothing grows, so that one channel among many is worth a remark.
fn one_missing_release() -> Story {
    Story::innocent(steady(with_a_missing_close))
        .or_ends_with(&[Leak, Inconclusive])
        .and(Fact::Unreleased("channel", 1))
}

fn missing_release_of_a_trace() -> Story {
    let steps = (1..=N).flat_map(with_a_missing_close).collect();
    Story::guilty(steps, &[Leak, Inconclusive], vec![Fact::Unreleased("channel", 1)])
}

fn out_of_memory() -> Story {
    let mut steps = steady(|_| Vec::new());
    steps.extend([once(Step::OutOfMemory(7689)), app(N + 1)]);
    let musts = vec![Fact::OutOfMemory, Fact::PoolShortage(PoolKind::CoreHeap)];
    let kind = IncidentKind::OutOfMemory { requested: 7689, context: Some(0x24b6_2694) };
    Story::guilty(steps, &[Leak, Inconclusive], musts).and(Fact::Incident(kind, 1))
}

fn out_of_memory_by_result() -> Story {
    let mut steps = steady(|_| Vec::new());
    steps.extend([once(Step::FailedOpen(KEYS, "0xffff000c")), app(N + 1)]);
    Story::guilty(steps, &[Leak, Inconclusive], vec![Fact::OutOfMemory])
}

fn ta_panic() -> Story {
    let steps =
        steady(|n| if n == 5 { vec![once(Step::TaPanic(KEYS, 0xdead))] } else { Vec::new() });
    let kind = IncidentKind::TaPanic { code: 0xdead };
    Story::innocent(steps).and(Fact::Incident(kind, 1))
}

fn core_panic() -> Story {
    let mut steps = steady(|_| Vec::new());
    steps.push(once(Step::CorePanic));
    let musts = vec![Fact::Incident(IncidentKind::CorePanic, 1)];
    Story::guilty(steps, &[Inconclusive], musts)
}

fn pools(table: impl Fn(usize) -> PoolTable) -> Vec<Step> {
    (0..=N).flat_map(|n| [app(n), Step::Pool(table(n))]).collect()
}

fn pool_growth() -> Story {
    let table = |n| PoolTable { allocated: 56_064 + 1024 * n as u64, failed: 0, biggest_failed: 0 };
    let fact = Fact::PoolGrowth(PoolKind::CoreHeap, 1024.0);
    Story::guilty(pools(table), &[Leak], vec![fact])
}

fn fragmentation() -> Story {
    let table = |n: usize| PoolTable {
        allocated: 90_112,
        failed: n.saturating_sub(6) as u64,
        biggest_failed: if n > 6 { 20_480 } else { 0 },
    };
    let fact = Fact::PoolShortage(PoolKind::CoreHeap);
    Story::guilty(pools(table), &[Leak, Inconclusive], vec![fact])
}

fn ta_heap_growth() -> Story {
    let steps = (0..=N).flat_map(|n| [app(n), Step::TaHeap(KEYS, 1024 + 64 * n as u64)]);
    Story::guilty(steps.collect(), &[Leak], vec![Fact::TaHeap(KEYS, 64.0)])
}

fn ta_dumps_grow() -> Story {
    const SLOT: SiteName = SiteName { place: "src/keyslot.c:142", size: 56 };
    const ENTRY: SiteName = SiteName { place: "src/entry.c:91", size: 1024 };
    const TABLE: SiteName = SiteName { place: "lib/libutils/isoc/bget_malloc.c:789", size: 40 };
    let census = |n| Census::from([(ENTRY, 1), (SLOT, 1 + n as u64), (TABLE, 1)]);
    let dumps = (0..=N).flat_map(|n| [app(n), Step::TaDump(census(n))]);
    let steps = [Step::Open(KEYS)].into_iter().chain(dumps).collect();
    Story::guilty(steps, &[Leak], vec![Fact::Site(SLOT, 1.0)])
}

/// A heap of three sites.
fn small_heap(objects: usize) -> Census {
    const TABLE: SiteName = SiteName { place: "lib/libutils/isoc/bget_malloc.c:833", size: 48 };
    Census::from([(SESSION, 1), (OBJECT, objects as u64), (TABLE, 1)])
}

fn leak_in_a_small_heap() -> Story {
    let steps = dumps(10, |n| small_heap(1 + n), |_| Vec::new());
    Story::guilty(steps, &[Leak], vec![Fact::Site(OBJECT, 1.0)])
}

fn leak_in_a_large_heap() -> Story {
    const PLACES: [&str; 6] = [
        "core/kernel/pm.c:44",
        "core/drivers/clk/clk.c:21",
        "core/kernel/dt_driver.c:161",
        "core/pta/scmi.c:230",
        "core/crypto/rng_fortuna.c:118",
        "core/tee/fs_htree.c:310",
    ];
    let many = |n: usize| {
        let places = PLACES.iter().enumerate();
        let sites = places.flat_map(|(at, place)| {
            (1..5).map(move |size| (SiteName { place, size: 24 * size }, 2 + at))
        });
        heap(&sites.chain([(OBJECT, 1 + n)]).collect::<Vec<_>>())
    };
    let steps = dumps(N, many, |_| Vec::new());
    Story::guilty(steps, &[Leak], vec![Fact::Site(OBJECT, 1.0)])
}

fn three_objects_at_once() -> Story {
    let steps = counted(N, OBJECT, |n| 3 * n);
    Story::guilty(steps, &[Leak], vec![Fact::Site(OBJECT, 3.0)])
}

fn leak_of_every_second_time() -> Story {
    let steps = counted(2 * N, OBJECT, |n| 1 + n / 2);
    Story::guilty(steps, &[Leak], vec![Fact::Site(OBJECT, 0.5)])
}

fn step() -> Story {
    let steps = counted(16, OBJECT, |n| if n < 6 { 1 } else { 4 });
    Story::innocent(steps).or_ends_with(&[Inconclusive])
}

fn regions_without_dumps() -> Story {
    let steps = (0..=N).flat_map(|n| [app(n), Step::Regions(PLAYER, 3 + 2 * n)]).collect();
    Story::guilty(steps, &[Leak], vec![Fact::Regions(PLAYER, 2.0)])
}

fn one_dump() -> Story {
    Story::guilty(vec![app(0), Step::Dump(heap(&[(OBJECT, 40)]))], &[Inconclusive], Vec::new())
}

fn one_status() -> Story {
    Story::guilty(vec![app(0), Step::Regions(PLAYER, 22)], &[Inconclusive], Vec::new())
}

fn leak_until_out_of_memory() -> Story {
    let mut steps = counted(N, OBJECT, |n| 1 + 2 * n);
    steps.extend([once(Step::OutOfMemory(112)), app(N + 1)]);
    let musts = vec![Fact::Site(OBJECT, 2.0), Fact::OutOfMemory];
    Story::guilty(steps, &[Leak], musts).or(Fact::PoolShortage(PoolKind::CoreHeap))
}

fn impossible_request() -> Story {
    let table = |_| PoolTable { allocated: 56_064, failed: 0, biggest_failed: 0 };
    let mut steps = pools(table);
    steps.extend([once(Step::OutOfMemory(16_777_216)), app(N + 1)]);
    let musts = vec![Fact::OutOfMemory];
    Story::guilty(steps, &[Leak, Inconclusive], musts).or(Fact::PoolShortage(PoolKind::CoreHeap))
}

fn two_panics() -> Story {
    let steps = steady(|n| match n {
        5 => vec![once(Step::TaPanic(KEYS, 0xdead))],
        9 => vec![once(Step::TaPanic(PLAYER, 0x1234))],
        _ => Vec::new(),
    });
    let panic = |code| Fact::Incident(IncidentKind::TaPanic { code }, 1);
    Story::innocent(steps).and(panic(0xdead)).and(panic(0x1234))
}

fn refused_session() -> Story {
    let refusal = || once(Step::FailedOpen(KEYS, "0xffff0001"));
    let steps = steady(|n| if n == 5 { vec![refusal()] } else { Vec::new() });
    Story::innocent(steps).or_ends_with(&[Inconclusive])
}

fn overlapping_sessions() -> Story {
    let during = |_| {
        let opens = [Step::Open(KEYS), Step::Open(PLAYER), Step::Open(KEYS)];
        let closes = [Step::Close(KEYS), Step::Close(KEYS), Step::Close(PLAYER)];
        opens.into_iter().chain(closes).collect()
    };
    Story::innocent(steady(during))
}

/// The first boot ends with an open session.
fn two_boots() -> Story {
    let work = |_| vec![Step::Open(PLAYER), Step::Close(PLAYER)];
    let mut steps = dumps(5, |_| heap(&[]), work);
    steps.extend([Step::Open(KEYS), Step::Boot]);
    steps.extend(steady(work));
    Story::innocent(steps)
}

/// Three channels with two mappings each take turns.
fn channels_used_again() -> Story {
    let during = |n: usize| {
        let (channel, first, second) = (n % 3, 2 * (n % 3), 2 * (n % 3) + 1);
        let on = |function, buffer_of, result| video(function, channel, &buffer(buffer_of), result);
        let (mapped, unmapped) =
            ("tee_tvp_vdec_input_buf_map:288", "tee_tvp_vdec_input_buf_unmap:340");
        vec![
            open(channel),
            on(mapped, first, "0x0"),
            on(mapped, second, "0x0"),
            on(unmapped, second, "0x0"),
            on(unmapped, first, "0x0"),
            close(channel),
        ]
    };
    Story::innocent(steady(during))
}
