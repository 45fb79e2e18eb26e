//! The hello of the TA: its release and features.

use teeleak_proto::{hello::Hello, pta, version};

use super::{ObservationBuilder, gap};

/// The fields of [`Hello`] that later frames depend on.
#[derive(Clone, Copy)]
pub(super) struct HelloFacts {
    features: u32,
    tick_hz: u64,
}

impl HelloFacts {
    pub(super) fn has_feature(self, feature: u32) -> bool {
        self.features & feature != 0
    }

    pub(super) fn nanoseconds(self, ticks: u64) -> Option<u64> {
        let ns = u128::from(ticks) * 1_000_000_000 / u128::from(self.tick_hz.max(1));
        u64::try_from(ns).ok().filter(|_| self.tick_hz > 0)
    }
}

impl ObservationBuilder {
    pub(super) fn hello(&mut self, hello: &Hello<'_>) {
        self.observation.platform.no_tee = None;
        self.observation.platform.release = Some(hello.release.into());
        self.observation.platform.boot = (hello.boot != 0).then_some(hello.boot);
        self.hello = Some(HelloFacts { features: hello.features, tick_hz: hello.tick_hz });
        self.observation.platform.has_events =
            hello.pta_result == 0 && hello.features & pta::FEATURE_EVENTS != 0;
        self.observation.gaps.extend(gap::of_features(hello));
        if !version::agrees(hello.min, hello.current) {
            self.observation.gaps.push(gap::of_version(hello));
        }
    }

    pub(super) fn has_tags(&self) -> bool {
        self.hello.is_some_and(|hello| hello.has_feature(pta::FEATURE_TAGS))
    }
}
