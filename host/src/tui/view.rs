//! How it is looked at.

/// A part of the screen.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Panel {
    Pools,
    Sites,
    Tas,
    Sessions,
    Events,
    Alarms,
}

impl Panel {
    pub(super) const ALL: [Self; 6] =
        [Self::Pools, Self::Sites, Self::Tas, Self::Sessions, Self::Events, Self::Alarms];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Pools => "pools",
            Self::Sites => "sites",
            Self::Tas => "TAs",
            Self::Sessions => "sessions",
            Self::Events => "events",
            Self::Alarms => "alarms",
        }
    }

    /// What it can be sorted by, in this order.
    pub(super) const fn sorts(self) -> &'static [&'static str] {
        match self {
            Self::Pools => &["fullest", "failures", "name"],
            Self::Sites => &["growth", "bytes", "count", "name"],
            Self::Tas => &["growth", "bytes", "sessions", "name"],
            Self::Sessions => &["oldest", "TA"],
            Self::Events | Self::Alarms => &["newest"],
        }
    }

    pub(super) const fn at(self) -> usize {
        self as usize
    }
}

/// How it is looked at.
pub(super) struct View {
    /// Whether the terminal shows letters beyond ASCII.
    pub(super) unicode: bool,
    /// The panel that keys are for.
    pub(super) panel: Panel,
    /// What each is sorted by.
    sorts: [usize; Panel::ALL.len()],
    /// Rows of each that are above what is seen.
    pub(super) above: [usize; Panel::ALL.len()],
    /// What rows have to have in them.
    pub(super) filter: String,
    /// Whether the filter is being typed.
    pub(super) typing: bool,
    /// Whether the keys are explained.
    pub(super) help: bool,
}

impl View {
    pub(super) fn new(unicode: bool) -> Self {
        Self {
            unicode,
            panel: Panel::Sites,
            sorts: [0; Panel::ALL.len()],
            above: [0; Panel::ALL.len()],
            filter: String::new(),
            typing: false,
            help: false,
        }
    }

    /// What a panel is sorted by: its place among [`Panel::sorts`].
    pub(super) fn sort(&self, panel: Panel) -> usize {
        self.sorts[panel.at()]
    }

    pub(super) fn sort_next(&mut self) {
        let sort = &mut self.sorts[self.panel.at()];
        *sort = (*sort + 1) % self.panel.sorts().len();
        self.above[self.panel.at()] = 0;
    }

    pub(super) fn turn(&mut self, by: usize) {
        let all = Panel::ALL;
        self.panel = all[(self.panel.at() + by) % all.len()];
    }

    /// Moves the rows of the panel; how far they can be moved is known when they are drawn.
    pub(super) fn scroll(&mut self, by: isize) {
        let above = &mut self.above[self.panel.at()];
        *above = above.saturating_add_signed(by);
    }
}
