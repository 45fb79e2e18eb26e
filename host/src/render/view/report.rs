//! A report in a few words: its verdict, its scope, its snapshots.

use teeleak_analysis::{
    audit::{self, Conclusion, Report},
    model::{Completeness, Observation, Sample, Severity, Stage},
    normal_world,
    text::{self, count, number},
};

use crate::render::labels;

/// Reason for the verdict, in a few words.
pub(crate) fn headline(report: &Report) -> String {
    let count_of = |severity| report.findings.iter().filter(|one| one.severity == severity).count();
    match report.conclusion {
        Conclusion::Clean if !report.accepted.is_empty() => {
            let n = count(report.accepted.len() as u64, "accepted finding");
            format!("nothing except {n}")
        }
        Conclusion::Clean => "no growth, nothing outstanding".to_owned(),
        Conclusion::Leak | Conclusion::Order => failures(report),
        Conclusion::Inconclusive => match &report.news {
            Some(news) => news.to_string(),
            None => undecided(report, count_of(Severity::Possible)),
        },
    }
}

/// What hurts first, and how many bugs there are: `128 bytes of core heap per iteration, full after 9
/// more iterations; 2 findings with 3 effects`.
fn failures(report: &Report) -> String {
    let effects = |story| audit::effects(story, &report.findings).count();
    let n_effects: usize = report.stories().map(effects).sum();
    let findings = count(report.stories().count() as u64, "finding");
    let effects = match n_effects {
        0 => String::new(),
        n => format!(" with {}", count(n as u64, "effect")),
    };
    let forecast = report.forecast.as_ref();
    let forecast = forecast.map_or(String::new(), |forecast| format!("{forecast}; "));
    format!("{forecast}{findings}{effects}")
}

fn undecided(report: &Report, possible: usize) -> String {
    if let Some(look) = &report.look {
        match report.counted() {
            [] if look.is_short() => return look.headline(),
            [first, ..] if look.is_short() && look.shows_objects() => {
                return format!("{}; {}", first.title, look.headline());
            }
            [first, ..] if !look.shows_objects() => return first.title.to_string(),
            _ => {}
        }
    }
    match report.doubts.as_slice() {
        [] => count(possible as u64, "possible finding"),
        [doubt] => doubt.to_string(),
        [doubt, more @ ..] => format!("{doubt}, and {}", count(more.len() as u64, "more doubt")),
    }
}

/// Scope of the observation: `20 iterations of drm-player, OP-TEE 4.10.0`.
pub(crate) fn scope(observation: &Observation) -> String {
    let ledgers = observation.normal.censuses.len() as u64;
    let is_normal_world_only =
        observation.samples.is_empty() && normal_world::is_observed(&observation.normal);
    let live = normal_world::live(&observation.normal);
    let iterations = match (is_normal_world_only, live) {
        (true, true) => count(normal_world::iterations(&observation.normal), "iteration"),
        (true, false) => count(ledgers, "ledger snapshot") + " of the normal world",
        _ => count(n_measured(observation), "iteration"),
    };
    let worlds = match (is_normal_world_only && live, live) {
        (true, _) => ", normal world only",
        (_, true) => ", both worlds",
        _ => "",
    };
    let workload = observation.platform.workload.join(" ");
    let workload_text =
        if workload.is_empty() { String::new() } else { format!(" of `{workload}`") };
    let release = labels::release(observation);
    let release = release.map_or(String::new(), |release| format!(", OP-TEE {release}"));
    format!("{iterations}{workload_text}{release}{worlds}")
}

fn n_measured(observation: &Observation) -> u64 {
    observation.samples.iter().filter(|sample| sample.moment.stage == Stage::Measured).count()
        as u64
}

/// Number of snapshots by stage.
pub(crate) fn stages(samples: &[Sample]) -> String {
    let order = [Stage::Before, Stage::Idle, Stage::Warmup, Stage::Measured, Stage::After];
    let count_of = |stage| samples.iter().filter(|sample| sample.moment.stage == stage).count();
    let counts = order.into_iter().map(|stage| (count_of(stage), text::stage_label(stage)));
    let texts: Vec<_> = counts
        .filter(|(n, _)| *n > 0)
        .map(|(n, name)| format!("{} {name}", number(n as u64)))
        .collect();
    texts.join(", ")
}

/// Number of snapshots in which each part is complete.
pub(crate) fn complete(samples: &[Sample]) -> String {
    fn is_complete<T>(part: &Completeness<T>) -> bool {
        matches!(part, Completeness::Complete(_))
    }
    fn regions(sample: &Sample) -> bool {
        let instances = sample.instances.value().into_iter().flatten();
        is_complete(&sample.instances) && { instances }
            .all(|instance| is_complete(&instance.regions))
    }
    let in_how_many =
        |is: fn(&Sample) -> bool| number(samples.iter().filter(|sample| is(sample)).count() as u64);
    format!(
        "sites {}, regions {}, sessions {}, pools {} of {}",
        in_how_many(|sample| is_complete(&sample.sites)),
        in_how_many(regions),
        in_how_many(|sample| is_complete(&sample.sessions)),
        in_how_many(|sample| is_complete(&sample.pools)),
        number(samples.len() as u64)
    )
}
