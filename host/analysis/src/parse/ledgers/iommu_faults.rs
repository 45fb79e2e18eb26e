//! Accesses of devices to addresses that are not mapped, as the drivers of iommus log them.
//!
//! ```text
//! arm-smmu 15000000.iommu: Unhandled context fault: fsr=0x402, iova=0xfd7ff000, fsynr=0x540003, cb=10
//! rk_iommu fe040f00.iommu: Page fault at 0x00000000ff7c0000 of type write
//! mtk-iommu 10205000.m4u: fault type=0x5 iova=0xff7c0000 pa=0x0 larb=4 port=2 layer=0 write
//! ```
//!
//! A device that still uses a buffer after it was unmapped ends here, and one that never got an address.

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{LedgerEntry, LedgerKind, LedgerSnapshot};

/// What its lines have.
pub(super) const OPENINGS: [&str; 3] = ["context fault", "Page fault at 0x", "fault type="];

#[derive(Default)]
pub(super) struct IommuFaults {
    open: Option<LedgerSnapshot>,
}

impl Parser for IommuFaults {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        _: &mut LedgerOutput,
    ) -> LineOutcome {
        let Some((device, address)) = fault(line.text) else { return LineOutcome::Ignored };
        let begin = || LedgerSnapshot::new(LedgerKind::IommuFaults, "", line.place.clone());
        let mut row = LedgerEntry::new(line.place.clone(), device, 1, 0);
        row.ids.address = Some(address);
        super::add(self.open.get_or_insert_with(begin), row);
        LineOutcome::Parsed
    }

    /// Other lines in between end nothing.
    fn end(&mut self, _: &mut LedgerOutput) {}

    fn end_text(&mut self, out: &mut LedgerOutput) {
        self.open.take().into_iter().for_each(|census| out.census(census));
    }
}

/// The iommu, and the address that was not mapped.
fn fault(text: &str) -> Option<(&str, u64)> {
    let (head, rest) = text.split_once(": ")?;
    let device = head.rsplit(' ').next().filter(|device| device.contains('.'))?;
    let address = match rest.split_once("age fault at ") {
        Some((_, address)) => fields::number(address.split(' ').next()?)?,
        None if rest.contains("context fault") || rest.starts_with("fault type=") => {
            fields::number_after(rest, "iova=")?
        }
        None => return None,
    };
    Some((device, address))
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn drivers_print_it_in_their_own_way() {
        for (text, expected) in [
            (
                "arm-smmu 15000000.iommu: Unhandled context fault: fsr=0x402, iova=0xfd7ff000, fsynr=0x540003, cb=10",
                Some(("15000000.iommu", 0xfd7f_f000)),
            ),
            (
                "rk_iommu fe040f00.iommu: Page fault at 0x0000000000001000 of type write",
                Some(("fe040f00.iommu", 0x1000)),
            ),
            (
                "mtk-iommu 10205000.m4u: fault type=0x5 iova=0x2000 pa=0x0 larb=4 port=2 layer=0 write",
                Some(("10205000.m4u", 0x2000)),
            ),
            ("BUG: Page fault at 0x10 in a program", None),
            ("a.b: no fault at all", None),
        ] {
            assert_eq!(fault(text), expected, "{text}");
        }
    }
}
