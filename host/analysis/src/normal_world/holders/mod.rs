//! Holders of the normal world's memory: buffers, descriptors, address space.

pub(super) mod binder;
pub(super) mod buffer_growth;
pub(super) mod buffers;
pub(super) mod descriptors;
pub(super) mod iommu;
pub(super) mod iommu_steps;
pub(super) mod mapped_copies;
pub(super) mod orphans;
pub(super) mod remapped;
