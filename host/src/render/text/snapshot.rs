//! A snapshot as text.

use std::{collections::BTreeMap, io};

use teeleak_analysis::{
    model::{Instance, Observation, Pool, Sample, saturating_sum},
    text::{self, count, number},
};

use super::{TextLine, TextPage, gaps, holdings};
use crate::{
    compare::snapshots,
    render::{labels, normal_world::Holdings},
};

/// Columns that names of pools have at least, and at most.
const NARROW: usize = 15;
const WIDE: usize = 32;

/// Writes a snapshot; of the sites the `top` ones by bytes.
pub(crate) fn write(
    observation: &Observation,
    sample: Option<&Sample>,
    held: Option<&Holdings<'_>>,
    top: usize,
    page: &mut TextPage<'_>,
) -> io::Result<()> {
    if let Some(sample) = sample {
        secure(observation, sample, top, page)?;
    }
    if let Some(held) = held {
        if sample.is_some() {
            page.blank()?;
        }
        holdings::write(held, top, page)?;
    }
    let mut gaps = observation.gaps.clone();
    gaps.extend(sample.map(snapshots::gaps).into_iter().flatten());
    gaps::write(&gaps, page)
}

fn secure(
    observation: &Observation,
    sample: &Sample,
    top: usize,
    page: &mut TextPage<'_>,
) -> io::Result<()> {
    let release = labels::release(observation).unwrap_or("version unknown");
    let line = TextLine::default().head("secure world");
    page.write_line(line.dim(format_args!(" (OP-TEE {release})")))?;
    sites(sample, top, page)?;
    instances(sample, page)?;
    sessions(sample, page)?;
    pools(sample, page)
}

fn sites(sample: &Sample, top: usize, page: &mut TextPage<'_>) -> io::Result<()> {
    if sample.sites.value().is_none() {
        return Ok(());
    }
    let mut sites: Vec<_> = snapshots::sites(sample).into_iter().collect();
    sites.sort_by_key(|(key, sum)| (std::cmp::Reverse(sum.bytes), key.clone()));
    let (n, bytes) =
        sites.iter().fold((0, 0), |(n, bytes), (_, sum)| (n + sum.count, bytes + sum.bytes));
    page.blank()?;
    page.write_line(TextLine::default().head("core heap").text(format_args!(
        ": {} of {} bytes at {}",
        count(n, "allocation"),
        number(bytes),
        count(sites.len() as u64, "site")
    )))?;
    for (key, sum) in sites.iter().take(top) {
        let (bytes, n) = (number(sum.bytes), number(sum.count));
        let (size, owner) = (number(key.size), labels::holder(key));
        let begin =
            TextLine::indent(2).text(format_args!("{bytes:>9} bytes = {n:>5} x {size:<7} ")).hang();
        page.write_line(begin.text(format_args!("{}:{}  ", key.file, key.line)).dim(owner))?;
    }
    if sites.len() > top {
        let remaining = count((sites.len() - top) as u64, "site");
        page.write_line(TextLine::indent(2).dim(format_args!("and {remaining} more (--top N)")))?;
    }
    Ok(())
}

fn instances(sample: &Sample, page: &mut TextPage<'_>) -> io::Result<()> {
    let Some(instances) = sample.instances.value() else { return Ok(()) };
    page.blank()?;
    page.write_line(
        TextLine::default()
            .head("TA instances")
            .text(format_args!(": {}", number(instances.len() as u64))),
    )?;
    for instance in instances {
        let sessions = instance
            .ref_count
            .map_or(String::new(), |n| format!(", {}", count(n.into(), "session")));
        let panicked = if instance.panicked { ", panicked" } else { "" };
        let heap = instance.heap.as_ref();
        let heap = heap.map_or(String::new(), |heap| format!(", heap {}", figures(heap)));
        let line = TextLine::indent(2).text(format_args!(
            "{}  {}{heap}",
            instance.uuid,
            regions(instance)
        ));
        page.write_line(line.text(sessions).bad(panicked))?;
    }
    Ok(())
}

fn regions(instance: &Instance) -> String {
    match instance.regions.value() {
        Some(regions) => {
            let bytes = saturating_sum(regions.iter().map(|region| region.size));
            format!("{} of {} bytes", count(regions.len() as u64, "region"), number(bytes))
        }
        None => "regions not observed".into(),
    }
}

fn sessions(sample: &Sample, page: &mut TextPage<'_>) -> io::Result<()> {
    let Some(sessions) = sample.sessions.value() else { return Ok(()) };
    page.blank()?;
    page.write_line(
        TextLine::default()
            .head("sessions")
            .text(format_args!(": {}", number(sessions.len() as u64))),
    )?;
    let mut groups: BTreeMap<_, u64> = BTreeMap::new();
    for session in sessions {
        let key = (session.uuid, session.opener, session.login);
        *groups.entry(key).or_default() += 1;
    }
    for ((uuid, opener, login), n) in groups {
        let opener = match opener {
            0 => "the normal world".to_owned(),
            instance => format!("TA instance {instance}"),
        };
        let login = login.map_or(String::new(), |login| format!(", login {}", text::login(login)));
        let n = count(n, "session");
        page.write_line(
            TextLine::indent(2).text(format_args!("{n} to {uuid} from {opener}")).dim(login),
        )?;
    }
    Ok(())
}

fn pools(sample: &Sample, page: &mut TextPage<'_>) -> io::Result<()> {
    let Some(pools) = sample.pools.value() else { return Ok(()) };
    page.heading("pools")?;
    let widths = pools.iter().map(|pool| pool.kind.label().chars().count());
    let width = widths.max().unwrap_or(0).clamp(NARROW, WIDE);
    for pool in pools {
        let begin = TextLine::indent(2).text(format_args!("{:<width$} ", pool.kind.label())).hang();
        page.write_line(begin.text(figures(pool)))?;
    }
    Ok(())
}

/// Figures of a pool: `12,345 of 196,608 bytes, peak 20,000, 3 failures`.
pub(crate) fn figures(pool: &Pool) -> String {
    if let (None, Some(most)) = (pool.allocated, pool.max_allocated) {
        return format!("at most {} {} so far", number(most), text::pool_unit(pool.unit));
    }
    let mut text = pool.allocated.map_or_else(|| "?".to_owned(), number);
    if let Some(size) = pool.size {
        text.push_str(&format!(" of {}", number(size)));
    }
    text.push_str(&format!(" {}", text::pool_unit(pool.unit)));
    if let Some(most) = pool.max_allocated {
        text.push_str(&format!(", peak {}", number(most)));
    }
    if let Some(failures) = pool.num_alloc_fail.filter(|failures| *failures > 0) {
        text.push_str(&format!(", {}", count(failures, "failure")));
    }
    if let Some(free) = pool.largest_free {
        text.push_str(&format!(", largest free block {}", number(free)));
    }
    text
}
