//! Every fixture in `tests/fixtures/log` reads as its `.expect` says. `BLESS=1` rewrites those.

use std::{
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use teeleak_analysis::{
    model::{Completeness, Event, Incident, Observation, Pool, Sample, StepResult},
    parse::{
        console::{
            Assembler, ChunkFacts, IterationSplit, RejectReason, Rules, chunk_end, scan_unframed,
        },
        framing::{BEGIN, Framing, FramingCounts, TextUnframer},
    },
};

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/log")
}

/// Reads `text` in chunks of about `size` bytes; a file `NAME.rules` beside it names its rules, `NAME.mark` has its mark.
fn read(text: &[u8], rules: &Rules, size: usize) -> (Observation, String) {
    let cut = IterationSplit { warmup: 0, marked: rules.has_mark() };
    let mut assembler = Assembler::new("log", cut);
    let mut harvest = ChunkFacts::new(true);
    let mut rejected = String::new();
    let (text, source_lines, counts) = unframed(text);
    let (mut rest, mut from) = (&text[..], 0);
    while !rest.is_empty() {
        let end = chunk_end(rest, size);
        scan_unframed(&rest[..end], &source_lines[from..], rules, &mut harvest);
        from += rest[..end].split_inclusive(|byte| *byte == b'\n').count();
        for (line, why, text) in harvest.rejects() {
            let line = assembler.lines() + u64::from(line) + 1;
            let text = String::from_utf8_lossy(text).escape_debug().to_string();
            let _ = writeln!(rejected, "rejected {line}: {}: {text}", why.text());
        }
        assembler.push(&mut harvest);
        rest = &rest[end..];
    }
    assembler.note_framing(&counts);
    (assembler.finish(), rejected)
}

/// A text without its frames, and the number of lines of the text that end with each of its lines.
fn unframed(text: &[u8]) -> (Vec<u8>, Vec<u32>, FramingCounts) {
    let (mut chunk, mut source_lines) = (Vec::new(), Vec::new());
    let Some(framing) = Framing::detect(&text[..text.len().min(BEGIN)]) else {
        let lines = text.split_inclusive(|byte| *byte == b'\n').count();
        return (text.to_vec(), vec![1; lines], FramingCounts::default());
    };
    let mut take = |line: &[u8], lines: u32| {
        chunk.extend_from_slice(line);
        chunk.push(b'\n');
        source_lines.push(lines);
    };
    let mut unframer = TextUnframer::new(framing);
    unframer.push(text, &mut take);
    unframer.end(&mut take);
    (chunk, source_lines, unframer.counts())
}

fn render(observation: &Observation, rejected: &str) -> String {
    let mut out = String::new();
    let lines = observation.accounting;
    let _ = writeln!(
        out,
        "lines {} = parsed {} + ignored {} + rejected {}",
        lines.read, lines.parsed, lines.ignored, lines.rejected
    );
    out.push_str(rejected);
    if let Some(release) = &observation.platform.release {
        let _ = writeln!(out, "release {release}");
    }
    for sample in &observation.samples {
        render_sample(&mut out, sample);
    }
    for event in &observation.events {
        render_event(&mut out, event);
    }
    for incident in &observation.incidents {
        render_incident(&mut out, incident);
    }
    for text in &observation.assumptions {
        let _ = writeln!(out, "assumed: {text}");
    }
    for gap in &observation.gaps {
        let _ = writeln!(out, "gap: {}: {}, lost {}", gap.what, gap.reason, gap.lost);
    }
    out
}

fn render_sample(out: &mut String, sample: &Sample) {
    let time = sample.time.map_or(String::new(), |time| format!(" at {} ns", time.ns));
    let moment = format!("{:?} {}", sample.moment.stage, sample.moment.iteration);
    let _ = writeln!(out, "sample {moment}, line {}{time}", sample.place.at);
    if let Some(sites) = sample.sites.value() {
        let _ = writeln!(out, "  sites{}", partial(&sample.sites));
        for site in sites {
            let _ = writeln!(
                out,
                "    {} x {} bytes {}:{}",
                site.count, site.size, site.file, site.line
            );
        }
    }
    for dump in &sample.heaps {
        let _ = writeln!(out, "  heap of {}{}", dump.ta, partial(&dump.sites));
        for site in dump.sites.value().into_iter().flatten() {
            let (count, size) = (site.count, site.size);
            let _ = writeln!(out, "    {count} x {size} bytes {}:{}", site.file, site.line);
        }
    }
    for instance in sample.instances.value().into_iter().flatten() {
        let regions = instance.regions.value().map_or(0, Vec::len);
        let part = partial(&instance.regions);
        let _ = writeln!(
            out,
            "  instance {} of {}: {regions} regions{part}",
            instance.id, instance.uuid
        );
        if let Some(heap) = &instance.heap {
            render_pool(out, heap);
        }
        for region in instance.regions.value().into_iter().flatten() {
            let access = region.access;
            let _ = writeln!(out, "    {:#x} + {:#x} access {access:04b}", region.va, region.size);
        }
    }
    for session in sample.sessions.value().into_iter().flatten() {
        let _ =
            writeln!(out, "  session {} to {} ({})", session.id, session.uuid, session.instance);
    }
    for pool in sample.pools.value().into_iter().flatten() {
        render_pool(out, pool);
    }
}

fn render_pool(out: &mut String, pool: &Pool) {
    let _ = writeln!(
        out,
        "  pool {:?}: {:?} of {:?}, most {:?}, failed {:?}",
        pool.kind, pool.allocated, pool.size, pool.max_allocated, pool.num_alloc_fail
    );
}

fn partial<T>(part: &Completeness<T>) -> String {
    part.gap().map_or(String::new(), |gap| format!(" (lost {}: {})", gap.lost, gap.what))
}

fn render_event(out: &mut String, event: &Event) {
    let _ = write!(out, "event {:?}, line {}", event.kind, event.place.at);
    if let Some(id) = event.session {
        let _ = write!(out, ", session {id}");
    }
    if let Some(uuid) = event.uuid {
        let _ = write!(out, ", ta {uuid}");
    }
    match &event.result {
        Some(StepResult::Code(code)) => drop(write!(out, ", result {code:#x}")),
        Some(words @ StepResult::Words(_)) => drop(write!(out, ", result {words}")),
        None => {}
    }
    for (key, value) in event.keys.iter() {
        let _ = write!(out, ", {key} {value:#x}");
    }
    if let Some(by) = &event.by {
        let _ = write!(out, ", by {} {}", by.pid, by.comm);
    }
    out.push('\n');
}

fn render_details(out: &mut String, incident: &Incident) {
    let details = &incident.details;
    if let Some(code) = details.code {
        let _ = writeln!(out, "  result {code}, origin {:?}", details.origin);
    }
    if incident.times() > 1 {
        let last = details.repeats.last.as_ref().map(|(place, _)| place.at);
        let _ = writeln!(out, "  {} times, last in line {last:?}", incident.times());
    }
    if !details.meaning.resources.is_empty() {
        let _ = writeln!(out, "  lacked {:?}", details.meaning.resources);
    }
    if let (Some(pc), lr) = (details.registers.pc, details.registers.lr) {
        let _ = writeln!(out, "  pc {pc:#x}, lr {lr:x?}");
    }
    for note in &details.notes {
        let _ = writeln!(out, "  {note}");
    }
}

fn render_incident(out: &mut String, incident: &Incident) {
    let _ = writeln!(
        out,
        "incident {:?}, line {}: {}",
        incident.kind, incident.place.at, incident.text
    );
    if let Some(uuid) = incident.uuid {
        let _ = writeln!(out, "  about {uuid}");
    }
    render_details(out, incident);
    let image = if incident.images.is_empty() { "core" } else { "ta" };
    for frame in &incident.stack {
        let offset = frame.offset.map_or(String::new(), |offset| format!(" {image}+{offset:#x}"));
        let _ = write!(out, "  {:#x}{offset}", frame.address);
        for function in &frame.functions {
            let _ = write!(out, " {} {:?}", function.name, function.at);
        }
        out.push('\n');
    }
}

#[expect(clippy::unwrap_used, reason = "a fixture's own mistake has to show")]
fn rules_of(log: &Path) -> Rules {
    let mut rules = Rules::default();
    if let Ok(name) = fs::read_to_string(log.with_extension("rules")) {
        rules.add_file(&name, Rules::built_in(name.trim()).unwrap()).unwrap();
    }
    if let Ok(text) = fs::read_to_string(log.with_extension("mark")) {
        rules.add_mark(text.trim()).unwrap();
    }
    rules
}

#[test]
fn fixtures_read_as_expected_however_they_are_cut() {
    let mut logs: Vec<_> = fs::read_dir(fixtures())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "log"))
        .collect();
    logs.sort();
    assert!(logs.len() > 20, "fixtures are missing");
    let mut differing = Vec::new();
    for log in logs {
        let text = fs::read(&log).unwrap();
        let rules = rules_of(&log);
        let (observation, rejected) = read(&text, &rules, usize::MAX);
        let found = render(&observation, &rejected);
        for size in [1, 97, 1024] {
            let (observation, rejected) = read(&text, &rules, size);
            assert_eq!(render(&observation, &rejected), found, "{} by {size}", log.display());
        }
        let expect = log.with_extension("expect");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&expect, &found).unwrap();
        } else if fs::read_to_string(&expect).unwrap_or_default() != found {
            differing.push(format!("{}:\n{found}", log.display()));
        }
    }
    assert!(differing.is_empty(), "BLESS=1 rewrites these:\n{}", differing.join("\n"));
}

#[test]
fn every_reason_has_its_own_number_and_text() {
    for (n, why) in RejectReason::ALL.into_iter().enumerate() {
        assert_eq!(why as usize, n);
    }
}
