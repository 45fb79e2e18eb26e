//! Leaks that share their allocation sites fall apart by who wanted the allocations, and by nothing else.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use std::{collections::BTreeMap, sync::Arc};

use proptest::prelude::*;
use teeleak_analysis::{
    growth::{GrowthOptions, findings},
    model::{
        CallStack, Completeness, CoreFunctions, Evidence, Finding, Function, Gap, Moment,
        Observation, Owner, OwnerId, Reason, Sample, Severity, Site, SourceLocation, Stage,
        Subject,
    },
};
use teeleak_proto::Uuid;

/// Sites of the shared allocators: file, line, size, and how many levels lie below the function that
/// wants the object.
const SHARED: [(&str, u32, u64, usize); 3] =
    [("core/mm/mobj.c", 481, 56, 1), ("core/mm/fobj.c", 530, 72, 1), ("core/mm/vm.c", 213, 80, 2)];

/// Iterations of a run.
const ITERATIONS: u32 = 16;

/// A live object: site, call stack, epoch.
type Object = (usize, Option<CallStack>, u32);

/// Address of a call in function `n` that leads to a site.
fn call_in(function: u64, site: usize) -> u64 {
    0x10_0000 + function * 0x1000 + site as u64 * 8
}

/// Address of the call in the dispatcher of all functions.
const DISPATCHER: u64 = 0x20_0000;

/// The call stack of what function `n` wants at a shared site.
fn stack(function: u64, site: usize) -> CallStack {
    let helpers = (0..SHARED[site].3).map(|level| 0x1000 * (site as u64 + 1) + level as u64 * 8);
    let above = [call_in(function, site), DISPATCHER, 0x30_0000];
    CallStack::new(helpers.chain(above).take(4))
}

/// The symbols of the core: helpers, functions `wanter_0` and so on, a dispatcher.
fn symbols(n_functions: u64) -> CoreFunctions {
    let mut symbols = CoreFunctions::default();
    let mut add = |address, name: &str, file: &str| {
        let at = Some((Arc::from(format!("/build/{file}")), 7));
        symbols.insert(address, vec![Function { name: name.into(), at }]);
    };
    for (site, (file, _, _, levels)) in (0u64..).zip(SHARED) {
        (0..levels as u64).for_each(|level| add(0x1000 * (site + 1) + level * 8, "helper", file));
    }
    for function in 0..n_functions {
        for site in 0..SHARED.len() {
            add(call_in(function, site), &format!("wanter_{function}"), "core/pta/lab.c");
        }
    }
    add(DISPATCHER, "dispatch", "core/kernel/pseudo_ta.c");
    symbols
}

fn unseen<T>() -> Completeness<T> {
    let gap = Gap { what: "it".into(), reason: Reason::NotOffered, remedy: None, lost: 0 };
    Completeness::Unobserved(gap)
}

fn sites(objects: &[Object]) -> Vec<Site> {
    let mut counts: BTreeMap<_, u64> = BTreeMap::new();
    objects.iter().for_each(|object| *counts.entry(object).or_default() += 1);
    let site = |((site, stack, epoch), count): (&Object, u64)| {
        let (file, line, size, _) = SHARED[*site];
        Site {
            file: file.into(),
            line,
            size,
            count,
            owner: OwnerId::Number(1),
            server: OwnerId::Core,
            session: None,
            epoch: Some(*epoch),
            caller: Some(0x1000 * (*site as u64 + 1)),
            stack: stack.clone(),
        }
    };
    counts.into_iter().map(site).collect()
}

fn sample(iteration: u32, objects: &[Object]) -> Sample {
    let uuid = Some(Uuid([7; 16]));
    Sample {
        moment: Moment { stage: Stage::Measured, iteration },
        time: None,
        place: SourceLocation { source: "test".into(), at: 1 },
        epoch: Some(iteration + 1),
        sites: Completeness::Complete(sites(objects)),
        owners: Completeness::Complete(vec![Owner {
            number: 1,
            uuid,
            instance: 1,
            pta: false,
            gone: false,
        }]),
        instances: unseen(),
        sessions: unseen(),
        pools: unseen(),
        heaps: Vec::new(),
    }
}

/// A run whose iterations change what is alive.
fn run(mut objects: Vec<Object>, change: impl Fn(u32, &mut Vec<Object>)) -> Observation {
    let mut observation = Observation::default();
    for iteration in 0..=ITERATIONS {
        if iteration > 0 {
            change(iteration, &mut objects);
        }
        observation.samples.push(sample(iteration, &objects));
    }
    observation
}

/// The objects that function `n` loses at these shared sites.
fn lose(function: u64, sites: &[usize], epoch: u32, objects: &mut Vec<Object>) {
    objects.extend(sites.iter().map(|site| (*site, Some(stack(function, *site)), epoch)));
}

fn leaks(observation: &Observation) -> Vec<Finding> {
    let mut all = findings(observation, &GrowthOptions::default());
    all.retain(|finding| finding.severity == Severity::Failure);
    all
}

/// The files of a finding, in order.
fn files(finding: &Finding) -> Vec<String> {
    let members = finding.evidence.iter().filter_map(|evidence| match evidence {
        Evidence::Member(subject, _) => Some(subject),
        _ => None,
    });
    let file = |subject: &Subject| match subject {
        Subject::Site { file, .. } => file.to_string(),
        other => panic!("{other:?}"),
    };
    let mut files: Vec<_> = [&finding.subject].into_iter().chain(members).map(file).collect();
    files.sort();
    files
}

#[test]
fn two_bugs_at_the_same_sites_have_two_names() {
    let mut observation = run(Vec::new(), |iteration, objects| {
        lose(0, &[0, 1, 2], iteration, objects);
        lose(1, &[0, 1, 2], iteration, objects);
    });
    let unnamed = leaks(&observation);
    assert_eq!(unnamed.len(), 2, "{unnamed:#?}");
    for leak in &unnamed {
        assert_eq!(files(leak), ["core/mm/fobj.c", "core/mm/mobj.c", "core/mm/vm.c"]);
        assert!(leak.next_step.contains("--tee tee.elf"), "{}", leak.next_step);
        assert!(leak.fingerprint.0.starts_with("v1:site-growth:core/mm/vm.c:07"), "{leak:#?}");
    }
    observation.core_functions = symbols(2);
    let named = leaks(&observation);
    let titles: Vec<_> = named.iter().map(|leak| leak.title.to_string()).collect();
    assert_eq!(named.len(), 2, "{titles:#?}");
    for (n, leak) in named.iter().enumerate() {
        let wanted = format!(", wanted by wanter_{n} (core/pta/lab.c:7)");
        assert!(leak.title.ends_with(&wanted), "{titles:#?}");
        assert!(leak.fingerprint.0.ends_with(&format!(":wanter_{n}")), "{leak:#?}");
    }
}

#[test]
fn one_bug_stays_one_finding() {
    let mut observation =
        run(Vec::new(), |iteration, objects| lose(0, &[0, 1, 2], iteration, objects));
    assert_eq!(leaks(&observation).len(), 1);
    observation.core_functions = symbols(1);
    assert_eq!(leaks(&observation).len(), 1);
}

/// What is older than the first epoch has no call stack: that it is replaced is no growth.
#[test]
fn objects_that_replace_older_ones_are_no_leak() {
    let old = vec![(0, None, 0); ITERATIONS as usize];
    let observation = run(old, |iteration, objects| {
        objects.remove(0);
        lose(0, &[0], iteration, objects);
    });
    assert_eq!(findings(&observation, &GrowthOptions::default()), []);
}

/// One object stays in each iteration, from whichever of many call stacks it is.
#[test]
fn a_leak_over_many_call_stacks_stays_one_leak() {
    let observation = run(Vec::new(), |iteration, objects| {
        lose(u64::from(iteration * iteration % 11), &[0], iteration, objects);
    });
    let [leak] = &leaks(&observation)[..] else { panic!("one leak") };
    assert!(leak.evidence.iter().any(|evidence| matches!(evidence, Evidence::CallStack(_))));
}

proptest! {
    /// With names each bug is one finding, whatever the others do.
    #[test]
    fn each_bug_is_named(
        bugs in proptest::collection::vec((proptest::sample::subsequence(vec![0, 1, 2], 1..=3), 1u32..3), 1..5),
    ) {
        let mut observation = run(Vec::new(), |iteration, objects| {
            for (function, (sites, count)) in (0..).zip(&bugs) {
                (0..*count).for_each(|_| lose(function, sites, iteration, objects));
            }
        });
        observation.core_functions = symbols(bugs.len() as u64);
        let found = leaks(&observation);
        prop_assert_eq!(found.len(), bugs.len());
        for (function, (sites, _)) in bugs.iter().enumerate() {
            let wanted = format!(", wanted by wanter_{function} (");
            let leak = found.iter().find(|leak| leak.title.contains(&wanted)).unwrap();
            let mut expected: Vec<_> = sites.iter().map(|site| SHARED[*site].0.to_owned()).collect();
            expected.sort();
            prop_assert_eq!(files(leak), expected);
        }
    }

    /// Without names no finding has one site from two call stacks, and none is lost.
    #[test]
    fn no_unnamed_finding_mixes_bugs(
        bugs in proptest::collection::vec(proptest::sample::subsequence(vec![0, 1, 2], 1..=3), 1..5),
    ) {
        let observation = run(Vec::new(), |iteration, objects| {
            for (function, sites) in (0..).zip(&bugs) {
                lose(function, sites, iteration, objects);
            }
        });
        let all: Vec<_> = leaks(&observation).iter().map(files).collect();
        for files in &all {
            prop_assert!(files.windows(2).all(|pair| pair[0] != pair[1]), "{:?}", all);
        }
        let n_sites = all.iter().map(Vec::len).sum::<usize>();
        prop_assert_eq!(n_sites, bugs.iter().map(Vec::len).sum::<usize>());
    }
}
