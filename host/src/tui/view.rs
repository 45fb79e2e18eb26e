//! State of the display: panel, sort order, scroll position, filter.

/// A panel of the screen.
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

    /// Its sort orders.
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

/// State of the display.
pub(super) struct View {
    /// Whether the terminal shows characters beyond ASCII.
    pub(super) unicode: bool,
    /// The selected panel.
    pub(super) panel: Panel,
    /// Sort order of each panel: an index into [`Panel::sorts`].
    sorts: [usize; Panel::ALL.len()],
    /// Number of rows above the visible ones, for each panel.
    pub(super) above: [usize; Panel::ALL.len()],
    /// Text that rows must contain.
    pub(super) filter: String,
    /// Whether the filter is being typed.
    pub(super) typing: bool,
    /// Whether the help is shown.
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

    /// Sort order of a panel: an index into [`Panel::sorts`].
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

    /// Scrolls the panel; the limit is applied when it is drawn.
    pub(super) fn scroll(&mut self, by: isize) {
        let above = &mut self.above[self.panel.at()];
        *above = above.saturating_add_signed(by);
    }
}
