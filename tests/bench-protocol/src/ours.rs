//! What teeleak says of a trace, and how long it takes.

use std::hint::black_box;

use anyhow::{Context as _, Result, anyhow};
use teeleak_analysis::{
    audit::Options,
    model::{Event, EventKind, Finding, Keys, Observation, Origin, SourceLocation, Unit},
    parse::console::{Assembler, ChunkFacts, IterationSplit, Rules, chunk_end, scan},
    protocol::{Limits, Pack, Protocol, check},
};
use teeleak_bench_measure::cpu_seconds;
use teeleak_proto::Uuid;

use crate::trace::{Step, Verdict};

/// Bytes of text that are read at once, as `teeleak analyze` does.
const CHUNK: usize = 128 * 1024;

const DRM: &str = r#"
[protocol.drm]
ta = "07070707-0707-0707-0707-070707070707"
resource.channel = { max_held = 1 }
resource.mapping = { parent = "channel" }
step.open_channel = { acquire = "channel", invoke = 0, key = "value 0.a" }
step.map = { acquire = "mapping", invoke = 1, key = "wide 1", parent_key = "value 0.a" }
step.unmap = { release = "mapping", invoke = 2, key = "wide 1", parent_key = "value 0.a" }
step.close_channel = { release = "channel", invoke = 3, key = "value 0.a" }
"#;

/// Checks that run beside the one that is asked for: all that come with teeleak and need no binding.
fn protocols(name: &str, text: &str) -> Result<Vec<Protocol>> {
    let mut protocols = Options::default().protocols;
    let read = Protocol::read(name, text);
    protocols.extend(read.map_err(|mistakes| anyhow!("{name} has {} mistakes", mistakes.len()))?);
    Ok(protocols)
}

/// Events as the TEE's ring has them.
fn typed(steps: &[Step]) -> Observation {
    let place = SourceLocation { source: "bench".into(), at: 1 };
    let event = |(seq, step): (u64, &Step)| Event {
        origin: Origin::Tee,
        seq,
        lost_before: 0,
        time: None,
        duration_ns: None,
        place: place.clone(),
        iteration: u32::try_from(seq / 10_000).ok(),
        kind: EventKind::Invoke,
        result: Some(0.into()),
        session: Some(1),
        opener: 0,
        instance: 1,
        uuid: Some(Uuid([7; 16])),
        cmd: Some(step.cmd),
        values: [step.channel, 0, step.buffer, 0, 0, 0, 0, 0],
        keys: Keys::default(),
        by: None,
    };
    let events = (1..).zip(steps).map(event).collect();
    Observation { events, ..Observation::default() }
}

/// Typed events, and the protocols that they are checked against.
pub(crate) struct Typed {
    observation: Observation,
    protocols: Vec<Protocol>,
}

impl Typed {
    /// The events of a trace.
    pub(crate) fn new(steps: &[Step]) -> Result<Self> {
        Ok(Self { observation: typed(steps), protocols: protocols("drm.toml", DRM)? })
    }

    /// Checks them: the verdict, and the seconds that it took.
    pub(crate) fn check(&self) -> Result<(Verdict, f64)> {
        let begin = cpu_seconds()?;
        let checked = check(black_box(&self.observation), &self.protocols, Limits::default());
        Ok((verdict(&checked.findings), cpu_seconds()? - begin))
    }
}

/// Texts, and what they are read and checked with.
pub(crate) struct Texts {
    texts: Vec<String>,
    rules: Rules,
    protocols: Vec<Protocol>,
}

impl Texts {
    /// Of one text for each trace.
    pub(crate) fn new(texts: Vec<String>) -> Result<Self> {
        let pack = Pack::find("secure-video").context("the pack secure-video is gone")?;
        let protocols = protocols(pack.name, pack.text)?;
        let mut rules = Rules::default();
        let text = Rules::built_in("secure-video").context("the rules secure-video are gone")?;
        rules.add_file("secure-video", text)?;
        Ok(Self { texts, rules, protocols })
    }

    /// Reads each by itself and checks what it says: the verdicts, and the seconds that it took.
    pub(crate) fn check(&self) -> Result<(Vec<Verdict>, f64)> {
        let begin = cpu_seconds()?;
        let verdicts = self.texts.iter().map(|text| {
            let observation = read(text.as_bytes(), &self.rules);
            verdict(&check(&observation, &self.protocols, Limits::default()).findings)
        });
        let verdicts = verdicts.collect();
        Ok((verdicts, cpu_seconds()? - begin))
    }
}

fn read(mut text: &[u8], rules: &Rules) -> Observation {
    let mut assembler = Assembler::new("bench", IterationSplit::default());
    let mut harvest = ChunkFacts::new(false);
    while !text.is_empty() {
        let end = chunk_end(text, CHUNK);
        scan(&text[..end], rules, &mut harvest);
        assembler.push(&mut harvest);
        text = &text[end..];
    }
    assembler.finish()
}

/// How often each of these rules was broken.
pub(crate) fn broken<const N: usize>(steps: &[Step], rules: [&str; N]) -> Result<[u64; N]> {
    let checked = check(&typed(steps), &protocols("drm.toml", DRM)?, Limits::default());
    Ok(rules.map(|rule| count(&checked.findings, rule)))
}

fn verdict(findings: &[Finding]) -> Verdict {
    Verdict {
        late_unmap: count(findings, "release-after-parent"),
        late_map: count(findings, "acquire-after-parent"),
    }
}

fn count(findings: &[Finding], rule: &str) -> u64 {
    let about = |finding: &&Finding| finding.fingerprint.0.split(':').nth(4) == Some(rule);
    let figures = findings.iter().filter(about).filter_map(|finding| {
        let count = finding.figures.iter().find(|figure| figure.unit == Unit::Objects)?;
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count")]
        Some(count.value as u64)
    });
    figures.sum()
}
