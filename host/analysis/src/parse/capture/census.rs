//! Builds a snapshot from the pages of the TA.

use std::{collections::BTreeMap, sync::Arc};

use crate::model::{
    Completeness, Gauge, Instance, Moment, Owner, Pool, Region, Sample, Session, Site,
    SourceLocation,
};
use teeleak_proto::{
    census,
    command::TA_UUID,
    pta,
    record::Record,
    snapshot::{Section, SectionHead},
};

use super::{
    HelloFacts, NamePool, StackPool, entries, gap, section::SectionEntries, stacks::ListedStacks,
};

/// The entries that the pages of a snapshot have listed so far.
pub(super) struct CensusBuilder {
    moment: Moment,
    place: SourceLocation,
    tags: bool,
    /// Section of the last head, and the instance if that section lists regions.
    current: Option<(Section, u32)>,
    pools: SectionEntries<Pool>,
    sites: SectionEntries<Site>,
    stacks: ListedStacks,
    owners: SectionEntries<Owner>,
    instances: SectionEntries<census::InstanceRecord>,
    sessions: SectionEntries<Session>,
    regions: BTreeMap<u32, SectionEntries<Region>>,
    ended: bool,
}

impl CensusBuilder {
    pub(super) fn new(moment: Moment, place: SourceLocation, hello: Option<HelloFacts>) -> Self {
        Self {
            moment,
            place,
            tags: hello.is_some_and(|hello| hello.has_feature(pta::FEATURE_TAGS)),
            current: None,
            pools: SectionEntries::default(),
            sites: SectionEntries::default(),
            stacks: ListedStacks::default(),
            owners: SectionEntries::default(),
            instances: SectionEntries::default(),
            sessions: SectionEntries::default(),
            regions: BTreeMap::new(),
            ended: false,
        }
    }

    pub(super) fn section(&mut self, head: &SectionHead) {
        self.current = Some((head.section, head.instance));
        match head.section {
            Section::Pools => self.pools.head(head),
            Section::Sites => self.sites.head(head),
            Section::Stacks => self.stacks.head(head),
            Section::Owners => self.owners.head(head),
            Section::Instances => self.instances.head(head),
            Section::Sessions => self.sessions.head(head),
            Section::Regions => self.regions.entry(head.instance).or_default().head(head),
            // Single allocations add nothing to sites.
            Section::Records => {}
        }
    }

    pub(super) fn entry(
        &mut self,
        record: &Record<'_>,
        (names, stacks): (&mut NamePool, &mut StackPool),
    ) {
        match record {
            Record::Pool(pool) => self.pools.push(entries::pool(pool, names)),
            Record::Site(site) => {
                self.sites.push(entries::site(site, self.tags, names));
                self.stacks.site(site.stack);
            }
            Record::Stack(stack) => self.stacks.add(stack, stacks),
            Record::Owner(owner) => self.owners.push(entries::owner(owner)),
            // The auditor's own TA is in a call whenever it takes a snapshot. Where the PTA can't
            // list its regions for that reason it is left out, or no run could ever be clean.
            Record::Instance(instance) if is_asking(instance) => {}
            Record::Instance(instance) => self.instances.push(*instance),
            Record::Session(session) => self.sessions.push(entries::session(session)),
            Record::Region(region) => {
                if let Some((Section::Regions, instance)) = self.current {
                    self.regions.entry(instance).or_default().push(entries::region(region));
                }
            }
            _ => {}
        }
    }

    /// Marks the snapshot as complete: the last page was read.
    pub(super) fn end(&mut self) {
        self.ended = true;
    }

    /// Allocations without room for their call stack.
    pub(super) fn lost_stacks(&self) -> u64 {
        self.stacks.lost_count()
    }

    /// The pools, if the snapshot has no other section.
    pub(super) fn gauge(&mut self) -> Option<Gauge> {
        let other_sections = [
            self.sites.is_asked(),
            self.owners.is_asked(),
            self.instances.is_asked(),
            self.sessions.is_asked(),
            !self.regions.is_empty(),
        ];
        if !self.ended || !self.pools.is_asked() || other_sections.contains(&true) {
            return None;
        }
        let pools =
            std::mem::take(&mut self.pools).finish(gap::section_name(Section::Pools).into(), false);
        let pools = pools.value().cloned().unwrap_or_default();
        Some(Gauge { moment: self.moment, place: self.place.clone(), pools })
    }

    pub(super) fn finish(self) -> Sample {
        let is_truncated = !self.ended;
        // Sections come in order: those before the truncated one are complete.
        let last_section = self.current.map(|(section, _)| section);
        let is_cut = |section: Section| {
            is_truncated && last_section.is_none_or(|at| at.place() <= section.place())
        };
        let name = |section| Arc::from(gap::section_name(section));
        let mut sites = self.sites.finish(name(Section::Sites), is_cut(Section::Sites));
        self.stacks.assign(&mut sites);
        Sample {
            heaps: Vec::new(),
            moment: self.moment,
            time: None,
            place: self.place,
            epoch: None,
            pools: self.pools.finish(name(Section::Pools), is_cut(Section::Pools)),
            sites,
            owners: self.owners.finish(name(Section::Owners), is_cut(Section::Owners)),
            instances: instances(self.instances, self.regions, (is_truncated, last_section)),
            sessions: self.sessions.finish(name(Section::Sessions), is_cut(Section::Sessions)),
        }
    }
}

fn is_asking(instance: &census::InstanceRecord) -> bool {
    instance.uuid == TA_UUID && instance.n_regions == 0
}

type Regions = BTreeMap<u32, SectionEntries<Region>>;

/// TA instances, each with its regions.
fn instances(
    instances: SectionEntries<census::InstanceRecord>,
    mut regions: Regions,
    (cut, reached): (bool, Option<Section>),
) -> Completeness<Vec<Instance>> {
    let is_cut = cut && reached.is_none_or(|at| at.place() <= Section::Instances.place());
    let last = if cut { regions.last_key_value().map(|(number, _)| *number) } else { None };
    // Instances that the TA has no room for are counted under number 0.
    let unlisted = regions.remove(&0).map_or(0, |none| none.lost_count());
    let mut with_regions = |instance: &census::InstanceRecord| {
        let label = format!("regions of {} (instance {})", instance.uuid, instance.instance).into();
        let is_truncated = cut && last.is_none_or(|last| instance.instance >= last);
        let collected = regions.remove(&instance.instance).unwrap_or_default();
        entries::instance(instance, collected.finish(label, is_truncated))
    };
    let part = instances.finish(gap::section_name(Section::Instances).into(), is_cut);
    let part = match part {
        Completeness::Complete(all) => {
            Completeness::Complete(all.iter().map(&mut with_regions).collect())
        }
        Completeness::Counted(some, gap) | Completeness::Partial(some, gap) => {
            Completeness::Partial(some.iter().map(&mut with_regions).collect(), gap)
        }
        Completeness::Unobserved(gap) => Completeness::Unobserved(gap),
    };
    match part {
        Completeness::Complete(all) if unlisted > 0 => {
            Completeness::Partial(all, gap::no_room(unlisted))
        }
        part => part,
    }
}
