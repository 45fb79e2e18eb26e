//! A report as a trace for Perfetto: metrics as counters, sessions and mappings as slices, findings as
//! instants.
//!
//! Packets are written one at a time, encoded by [`prost`].

mod axis;
mod counters;
mod marks;
mod proto;
mod slices;
mod whose;
mod writer;

use std::io::{self, Write};

use super::{
    metrics,
    perfetto::{axis::Axis, whose::Tracks, writer::TraceWriter},
};
use crate::render::view::ReportView;

/// Writes a trace.
pub(crate) fn write(view: &ReportView<'_>, out: &mut dyn Write) -> io::Result<()> {
    let observation = view.observation;
    let axis = Axis::new(observation);
    let series = metrics::all_series(view);
    let mut trace = TraceWriter::new(out, axis.clock, axis.span.0)?;
    let mut tracks = Tracks::new(observation);
    let input = (observation, &axis);
    marks::iterations(input, &mut trace)?;
    marks::findings(view, &axis, &mut trace)?;
    counters::pools(&series, input, &mut trace)?;
    counters::sites(&series, input, &mut trace)?;
    slices::write(input, &mut tracks, &mut trace)?;
    counters::tas(&series, input, &mut tracks, &mut trace)
}
