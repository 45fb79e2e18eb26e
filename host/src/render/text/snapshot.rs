//! A census at a glance.

use std::{
    collections::BTreeMap,
    io::{self, Write},
};

use teeleak_analysis::model::{Instance, Observation, Pool, Sample};

use super::{DIM, HEAD, gaps};
use crate::{
    compare,
    render::words::{self, count, grouped},
};

/// Writes the census; of the sites only the `top` ones by bytes.
pub(crate) fn write(
    observation: &Observation,
    sample: &Sample,
    top: usize,
    out: &mut dyn Write,
) -> io::Result<()> {
    let release = words::release(observation).unwrap_or("of unknown release");
    writeln!(out, "{HEAD}secure world, alive now{HEAD:#} {DIM}(OP-TEE {release}){DIM:#}")?;
    sites(sample, top, out)?;
    instances(sample, out)?;
    sessions(sample, out)?;
    pools(sample, out)?;
    let mut gaps = observation.gaps.clone();
    gaps.extend(compare::gaps(sample));
    gaps::write(&gaps, out)
}

fn sites(sample: &Sample, top: usize, out: &mut dyn Write) -> io::Result<()> {
    if sample.sites.seen().is_none() {
        return Ok(());
    }
    let mut sites: Vec<_> = compare::sites(sample).into_iter().collect();
    sites.sort_by_key(|(key, sum)| (std::cmp::Reverse(sum.bytes), key.clone()));
    let (n, bytes) =
        sites.iter().fold((0, 0), |(n, bytes), (_, sum)| (n + sum.count, bytes + sum.bytes));
    writeln!(
        out,
        "\n{HEAD}core heap{HEAD:#}: {} of {} bytes at {}",
        count(n, "allocation"),
        grouped(bytes),
        count(sites.len() as u64, "site")
    )?;
    for (key, sum) in sites.iter().take(top) {
        let (bytes, n) = (grouped(sum.bytes), grouped(sum.count));
        let (size, owner) = (grouped(key.size), words::owner(&key.owner));
        writeln!(
            out,
            "  {bytes:>9} bytes = {n:>5} x {size:<7} {}:{}  {DIM}{owner}{DIM:#}",
            key.file, key.line
        )?;
    }
    if sites.len() > top {
        writeln!(
            out,
            "  {DIM}and {} more (--top N){DIM:#}",
            count((sites.len() - top) as u64, "site")
        )?;
    }
    Ok(())
}

fn instances(sample: &Sample, out: &mut dyn Write) -> io::Result<()> {
    let Some(instances) = sample.instances.seen() else { return Ok(()) };
    writeln!(out, "\n{HEAD}TA instances{HEAD:#}: {}", instances.len())?;
    for instance in instances {
        let sessions = instance
            .ref_count
            .map_or(String::new(), |n| format!(", {}", count(n.into(), "session")));
        let panicked = if instance.panicked { ", panicked" } else { "" };
        let heap = instance.heap.as_ref();
        let heap = heap.map_or(String::new(), |heap| format!(", heap {}", figures(heap)));
        writeln!(out, "  {}  {}{heap}{sessions}{panicked}", instance.uuid, regions(instance))?;
    }
    Ok(())
}

fn regions(instance: &Instance) -> String {
    match instance.regions.seen() {
        Some(regions) => {
            let bytes = regions.iter().map(|region| region.size).sum();
            format!("{} of {} bytes", count(regions.len() as u64, "region"), grouped(bytes))
        }
        None => "regions not seen".into(),
    }
}

fn sessions(sample: &Sample, out: &mut dyn Write) -> io::Result<()> {
    let Some(sessions) = sample.sessions.seen() else { return Ok(()) };
    writeln!(out, "\n{HEAD}sessions{HEAD:#}: {}", sessions.len())?;
    let mut alike: BTreeMap<_, u64> = BTreeMap::new();
    for session in sessions {
        let key = (session.uuid, session.opener, session.login);
        *alike.entry(key).or_default() += 1;
    }
    for ((uuid, opener, login), n) in alike {
        let opener = match opener {
            0 => "the normal world".to_owned(),
            instance => format!("TA instance {instance}"),
        };
        let login = login.map_or(String::new(), |login| format!(", login {}", words::login(login)));
        let n = count(n, "session");
        writeln!(out, "  {n} to {uuid} from {opener}{DIM}{login}{DIM:#}")?;
    }
    Ok(())
}

fn pools(sample: &Sample, out: &mut dyn Write) -> io::Result<()> {
    let Some(pools) = sample.pools.seen() else { return Ok(()) };
    writeln!(out, "\n{HEAD}pools{HEAD:#}")?;
    for pool in pools {
        writeln!(out, "  {:<15} {}", words::pool(&pool.kind), figures(pool))?;
    }
    Ok(())
}

/// What is known of a pool: `12,345 of 196,608 bytes, at most 20,000, 3 failures`.
pub(crate) fn figures(pool: &Pool) -> String {
    let mut text = pool.allocated.map_or_else(|| "?".to_owned(), grouped);
    if let Some(size) = pool.size {
        text.push_str(&format!(" of {}", grouped(size)));
    }
    text.push_str(&format!(" {}", words::unit(pool.unit)));
    if let Some(most) = pool.max_allocated {
        text.push_str(&format!(", at most {}", grouped(most)));
    }
    if let Some(failures) = pool.num_alloc_fail.filter(|failures| *failures > 0) {
        text.push_str(&format!(", {}", count(failures, "failure")));
    }
    if let Some(free) = pool.largest_free {
        text.push_str(&format!(", largest free block {}", grouped(free)));
    }
    text
}
