//! Metrics as OpenMetrics text: served over HTTP, or in a file.
//!
//! Values are those of the last poll and of the last snapshot. A scraper gets a copy, so it can't slow
//! down the watch.

use std::{
    collections::BTreeMap,
    net::SocketAddr,
    path::{Path, PathBuf},
    sync::{Arc, Mutex, PoisonError, atomic::Ordering::Relaxed},
};

use anyhow::{Context as _, Result};
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge},
    registry::Registry,
};
use teeleak_analysis::model::{Pool, PoolUnit, Sample, saturating_sum};

use super::metrics_server::serve;
use crate::whole_file;

/// Type of the text (OpenMetrics 1.0, section "Overall Structure").
const TYPE: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

#[derive(Clone, PartialEq, Eq, Hash, EncodeLabelSet, Debug)]
struct PoolLabels {
    pool: String,
}

#[derive(Clone, PartialEq, Eq, Hash, EncodeLabelSet, Debug)]
struct TaLabels {
    ta: String,
}

#[derive(Clone, PartialEq, Eq, Hash, EncodeLabelSet, Debug)]
struct ReasonLabels {
    reason: &'static str,
}

/// Gauges of a pool, in its unit.
#[derive(Default)]
struct PoolGauges {
    used: Family<PoolLabels, Gauge>,
    peak: Family<PoolLabels, Gauge>,
    size: Family<PoolLabels, Gauge>,
    largest_free: Family<PoolLabels, Gauge>,
}

/// Where the metrics go.
#[derive(Clone, Debug, Default)]
pub(crate) struct MetricsTargets {
    /// An address to listen on.
    pub(crate) address: Option<SocketAddr>,
    /// A file that is rewritten each time.
    pub(crate) file: Option<PathBuf>,
}

/// The metrics of a watch.
pub(super) struct Metrics {
    registry: Registry,
    bytes: PoolGauges,
    objects: PoolGauges,
    made: Family<PoolLabels, Counter>,
    failed: Family<PoolLabels, Counter>,
    regions: Family<TaLabels, Gauge>,
    sessions: Family<TaLabels, Gauge>,
    alarms: Family<ReasonLabels, Counter>,
    censuses: Counter,
    last_census: Gauge,
    file: Option<PathBuf>,
    text: Arc<Mutex<String>>,
    /// The last write error that was reported.
    said: Option<String>,
}

impl Metrics {
    /// Starts to listen if requested; `None` without any target.
    ///
    /// # Errors
    /// When the address can't be listened on.
    pub(super) fn open(targets: &MetricsTargets) -> Result<Option<Self>> {
        if targets.address.is_none() && targets.file.is_none() {
            return Ok(None);
        }
        let text = Arc::default();
        if let Some(address) = targets.address {
            serve(address, TYPE, Arc::clone(&text))?;
        }
        let mut metrics = Self {
            registry: Registry::with_prefix("teeleak"),
            bytes: PoolGauges::default(),
            objects: PoolGauges::default(),
            made: Family::default(),
            failed: Family::default(),
            regions: Family::default(),
            sessions: Family::default(),
            alarms: Family::default(),
            censuses: Counter::default(),
            last_census: Gauge::default(),
            file: targets.file.clone(),
            text,
            said: None,
        };
        metrics.register();
        Ok(Some(metrics))
    }

    fn register(&mut self) {
        let registry = &mut self.registry;
        self.bytes.register("bytes", registry);
        self.objects.register("objects", registry);
        let made = self.made.clone();
        registry.register("pool_allocations", "Allocations that succeeded since boot", made);
        let failures = self.failed.clone();
        registry.register("pool_failed_allocations", "Allocations that the pool refused", failures);
        registry.register("ta_region_bytes", "Memory mapped into a TA", self.regions.clone());
        registry.register("ta_sessions", "Open sessions of a TA", self.sessions.clone());
        registry.register("alarms", "Alarms raised", self.alarms.clone());
        registry.register("censuses", "Snapshots taken", self.censuses.clone());
        let last = self.last_census.clone();
        registry.register(
            "last_census_timestamp_seconds",
            "When the last snapshot was taken",
            last,
        );
    }

    /// Updates the metrics from a poll.
    pub(super) fn pools(&self, pools: &[Pool]) {
        for one in pools {
            let labels = PoolLabels { pool: one.kind.label().to_string() };
            if let Some(made) = one.num_alloc {
                self.made.get_or_create(&labels).inner().store(made, Relaxed);
            }
            if let Some(failed) = one.num_alloc_fail {
                self.failed.get_or_create(&labels).inner().store(failed, Relaxed);
            }
            match one.unit {
                PoolUnit::Bytes => self.bytes.set(one, &labels),
                PoolUnit::Objects => self.objects.set(one, &labels),
            }
        }
    }

    /// Updates the metrics from a snapshot taken at `unix` seconds.
    pub(super) fn census(&self, sample: &Sample, unix: u64) {
        self.censuses.inc();
        self.last_census.set(unix.cast_signed());
        // A TA that is gone is no longer reported.
        self.regions.clear();
        self.sessions.clear();
        let mut bytes: BTreeMap<String, u64> = BTreeMap::new();
        for instance in sample.instances.value().into_iter().flatten() {
            let regions = instance.regions.value().into_iter().flatten();
            let bytes_of_ta = bytes.entry(instance.uuid.to_string()).or_default();
            let mapped_bytes = saturating_sum(regions.map(|region| region.size));
            *bytes_of_ta = bytes_of_ta.saturating_add(mapped_bytes);
        }
        for (ta, mapped) in bytes {
            self.regions.get_or_create(&TaLabels { ta }).set(mapped.cast_signed());
        }
        for session in sample.sessions.value().into_iter().flatten() {
            self.sessions.get_or_create(&TaLabels { ta: session.uuid.to_string() }).inc();
        }
    }

    /// Counts an alarm.
    pub(super) fn alarm(&self, reason: &'static str) {
        self.alarms.get_or_create(&ReasonLabels { reason }).inc();
    }

    /// Publishes the metrics; returns a new write error, once.
    pub(super) fn publish(&mut self) -> Option<String> {
        let mut text = String::new();
        // Writing to memory never fails.
        let _ = encode(&mut text, &self.registry);
        let result = self.file.as_deref().map_or(Ok(()), |file| write(file, &text));
        *self.text.lock().unwrap_or_else(PoisonError::into_inner) = text;
        let message = result.err().map(|error| format!("cannot write the metrics: {error:#}"));
        let news = message.clone().filter(|said| self.said.as_ref() != Some(said));
        self.said = message;
        news
    }
}

impl PoolGauges {
    fn register(&self, unit: &str, all: &mut Registry) {
        let rows = [
            ("used", "In use", &self.used),
            ("peak", "Most ever in use", &self.peak),
            ("size", "Size of the pool", &self.size),
            ("largest_free", "Largest free block", &self.largest_free),
        ];
        for (name, help, family) in rows {
            all.register(format!("pool_{name}_{unit}"), help, family.clone());
        }
    }

    fn set(&self, pool: &Pool, of: &PoolLabels) {
        let rows = [
            (&self.used, pool.allocated),
            (&self.peak, pool.max_allocated),
            (&self.size, pool.size),
            (&self.largest_free, pool.largest_free),
        ];
        for (family, value) in rows {
            if let Some(value) = value {
                family.get_or_create(of).set(value.cast_signed());
            }
        }
    }
}

/// Replaces the file: a concurrent reader gets the old text.
fn write(file: &Path, text: &str) -> Result<()> {
    whole_file::replace(file, |out| Ok(out.write_all(text.as_bytes())?))
        .with_context(|| format!("cannot write {}", file.display()))
}
