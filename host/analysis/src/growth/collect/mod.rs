//! From samples to series.

mod column;
mod regions;
mod sessions;
mod sites;
mod timeline;

pub(super) use regions::{InstanceSeries, regions};
pub(super) use sessions::{SessionSeries, sessions};
pub(super) use sites::{OwnerKey, SiteKey, SiteSeries, sites};
pub(crate) use timeline::Timeline;
