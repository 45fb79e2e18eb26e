//! What no output may lose, whatever kind of pool or finding it is about.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test stops at the first surprise")]

use serde_json::Value;
use teeleak_analysis::{
    alarm::Alarms,
    audit::{self, Options},
    model::{
        AlarmRule, Completeness, Finding, FindingKind, Fingerprint, Gap, Moment, Observation, Pool,
        PoolKind, PoolUnit, Reason, Sample, Severity, SourceLocation, Stage, Subject, Verdict,
    },
};

use crate::render::{
    ci::{junit, sarif},
    csv,
    json::schema,
    plot_points::PlotPoints,
    view::ReportView,
};

/// What the TEE core's statistics count.
const POOLS: [PoolKind; 7] = [
    PoolKind::CoreHeap,
    PoolKind::NexusHeap,
    PoolKind::TaRam,
    PoolKind::Crypto,
    PoolKind::PageTables,
    PoolKind::Sessions,
    PoolKind::Threads,
];

fn unobserved<T>() -> Completeness<T> {
    Completeness::Unobserved(Gap {
        what: "it".into(),
        reason: Reason::NotOffered,
        remedy: None,
        lost: 0,
    })
}

fn sample(stage: Stage, iteration: u32, pool: PoolKind, used: u64) -> Sample {
    Sample {
        heaps: Vec::new(),
        moment: Moment { stage, iteration },
        time: None,
        place: SourceLocation { source: "capture".into(), at: 1 },
        epoch: None,
        sites: unobserved(),
        owners: unobserved(),
        instances: unobserved(),
        sessions: unobserved(),
        pools: Completeness::Complete(vec![Pool {
            allocated: Some(used),
            ..Pool::without_figures(pool, PoolUnit::Objects)
        }]),
    }
}

/// A run in which one pool grows by one in each iteration.
fn growing(pool: &PoolKind) -> Observation {
    let warmup = (1..=3).map(|n| sample(Stage::Warmup, n, pool.clone(), 100));
    let measured = (1..=20).map(|n| sample(Stage::Measured, n, pool.clone(), 100 + u64::from(n)));
    Observation { samples: warmup.chain(measured).collect(), ..Observation::default() }
}

#[test]
fn a_finding_about_a_pool_is_in_its_rows_and_its_plot_begins_before_it() {
    for pool in POOLS {
        let mut observation = growing(&pool);
        let report = audit::audit(&mut observation, &Options::default());
        let [finding] = &report.findings[..] else { panic!("{pool:?}: {:#?}", report.findings) };
        let mut table = Vec::new();
        let view = ReportView { observation: &observation, report: &report, short: None };
        csv::write(&view, &mut table).unwrap();
        let table = String::from_utf8(table).unwrap();
        let rows: Vec<_> = table.lines().filter(|row| row.contains(",allocated,")).collect();
        let verdict = format!(",leak,{}", finding.fingerprint);
        assert_eq!(rows.len(), 23);
        assert!(rows.iter().all(|row| row.ends_with(&verdict)), "{pool:?}: {}", rows[0]);
        let points = PlotPoints::from_finding(finding, &observation).unwrap();
        assert_eq!(points.before.len(), 2, "{pool:?}");
    }
}

fn failure(kind: FindingKind) -> Finding {
    Finding {
        kind,
        severity: Severity::Failure,
        verdict: Some(Verdict::Leak),
        subject: Subject::Pool(PoolKind::CoreHeap),
        title: format!("title of {kind:?}").into(),
        headline: None,
        figures: Vec::new(),
        evidence: Vec::new(),
        fingerprint: Fingerprint(format!("v1:{kind:?}").into()),
        cause: None,
        blame: None,
        next_step: "look".into(),
    }
}

#[test]
fn a_finding_of_each_kind_is_in_every_output() {
    let mut observation = growing(&PoolKind::CoreHeap);
    let mut report = audit::audit(&mut observation, &Options::default());
    let schema = schema::document_schema(schema::DocumentKind::Report).to_string();
    for kind in FindingKind::ALL {
        report.findings = vec![failure(kind)];

        let mut log = Vec::new();
        sarif::write(&report, &mut log).unwrap();
        let log: Value = serde_json::from_slice(&log).unwrap();
        let (run, result) = (&log["runs"][0], &log["runs"][0]["results"][0]);
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        let rule = &run["tool"]["driver"]["rules"][index];
        assert_eq!(rule["id"], result["ruleId"]);
        assert_eq!(rule["shortDescription"]["text"], kind.info().meaning);

        let mut cases = Vec::new();
        junit::write(&observation, &report, &mut cases).unwrap();
        let cases = String::from_utf8(cases).unwrap();
        assert!(cases.contains(&format!("message=\"title of {kind:?}\"")), "{cases}");

        assert!(schema.contains(&format!("\"{}\"", kind.info().json)), "{kind:?}");
    }
}

#[test]
fn each_kind_decides_whether_it_raises_an_alarm() {
    for kind in FindingKind::ALL {
        let grows = failure(kind);
        let stays = Finding { verdict: Some(Verdict::Step), ..grows.clone() };
        let raised = |finding: Finding| Alarms::new(10).findings(&[finding]).len();
        let expected = match kind.info().alarm {
            AlarmRule::Failure => (1, 1),
            AlarmRule::Leak => (1, 0),
            AlarmRule::Never => (0, 0),
        };
        assert_eq!((raised(grows), raised(stays)), expected, "{kind:?}");
    }
}
