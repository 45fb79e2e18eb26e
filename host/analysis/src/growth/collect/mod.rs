//! Turns snapshots into series.

mod bounded;
mod column;
mod instances;
mod origins;
mod pools;
mod regions;
mod sessions;
mod sites;
mod timeline;

pub(crate) use column::Column;
pub(super) use instances::{InstanceCountSeries, instance_counts};
pub(crate) use pools::{PoolSeries, pools};
pub(super) use regions::{InstanceSeries, regions};
pub(super) use sessions::{SessionSeries, sessions};
pub(super) use sites::{OwnerKey, SiteKey, SiteSeries, sites};
pub(crate) use timeline::{HasMoment, RunTimeline, far_iteration};
