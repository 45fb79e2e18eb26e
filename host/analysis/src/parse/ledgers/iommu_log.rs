//! Logs of MediaTek's iommu and camera drivers when addresses run out (as in a field report of a 5.10
//! kernel).
//!
//! ```text
//! mtk_iommu: debug [name:iommu_debug&]mtk_iova_dbg_alloc fail! dev:cam_mem, size:0x1800000
//! mtk_iommu: debug [name:iommu_debug&]iommu iova alloc total:(449/3645120KB), dom:(410/3415980KB,0,2) top 10 user:
//! mtk_iommu: debug [name:iommu_debug&]   0        2   410   3415980KB      cam_mem
//! [CAM_MEM][dumpAllBufferList] #245 364 0x2cda00000 0x024c000 1 1440x1080-NV21-halbuf:b4 14990.345927354
//! [CAM_MEM][dumpAllBufferList] Total Size= 0x1627b000(362988 KBytes)
//! ```

use super::{LedgerLine, LedgerOutput, LineOutcome, Parser, TextContext, fields};
use crate::model::{LedgerEntry, LedgerKind, LedgerSnapshot, LogFact};

/// What stands before the addresses of a buffer.
const USES: &str = "VA/PA(";

/// What its lines have.
pub(super) const OPENINGS: [&str; 6] = [
    "[dumpAllBufferList]",
    "iommu_debug",
    "VA/PA(0x",
    "map pa failed",
    "dma_buf_map_attachment failed",
    "map_dma_buf map fail",
];

#[derive(Default)]
pub(super) struct IommuLog {
    users: Option<LedgerSnapshot>,
    buffers: Option<LedgerSnapshot>,
}

impl Parser for IommuLog {
    fn line(
        &mut self,
        line: &LedgerLine<'_>,
        _: &TextContext,
        out: &mut LedgerOutput,
    ) -> LineOutcome {
        let text = line.text;
        if let Some((_, rest)) = text.split_once("[dumpAllBufferList]") {
            return self.buffer(rest.trim_start(), line, out);
        }
        if let Some((_, rest)) = text.split_once("iommu_debug") {
            return self.iommu(rest.trim_start_matches(['&', ']']).trim_start(), line, out);
        }
        if text.contains(USES) {
            return uses(text, line, out);
        }
        let failures = ["map pa failed", "dma_buf_map_attachment failed", "map_dma_buf map fail"];
        if !failures.iter().any(|failed| text.contains(failed)) {
            return LineOutcome::Ignored;
        }
        out.say(line, LogFact::NotMapped);
        LineOutcome::Parsed
    }

    fn end(&mut self, out: &mut LedgerOutput) {
        // Lines of others in between end neither list.
        let censuses = self.users.take().into_iter().chain(self.buffers.take());
        censuses.for_each(|census| out.census(census));
    }
}

impl IommuLog {
    fn iommu(&mut self, text: &str, line: &LedgerLine<'_>, out: &mut LedgerOutput) -> LineOutcome {
        if let Some((_, rest)) = text.split_once("iova alloc total:(") {
            self.users.take().into_iter().for_each(|census| out.census(census));
            let total = rest.split(['/', ')']).nth(1).and_then(kilobytes);
            let mut census = LedgerSnapshot::new(LedgerKind::IommuUsers, "", line.place.clone());
            census.total = total;
            self.users = Some(census);
            return LineOutcome::from(total);
        }
        if let Some((_, rest)) = text.split_once("mtk_iova_dbg_alloc fail!") {
            let device = fields::value_after(rest, "dev:").unwrap_or_default();
            let Some(bytes) = fields::number_after(rest, "size:") else {
                return LineOutcome::Rejected;
            };
            out.say(line, LogFact::NoAddresses { bytes, device: device.into() });
            return LineOutcome::Parsed;
        }
        let words: Vec<_> = text.split_whitespace().collect();
        let ([table, domain, count, size, device], Some(census)) = (&words[..], &mut self.users)
        else {
            return LineOutcome::Ignored;
        };
        let numbers = [table, domain, count].map(|word| fields::decimal(word));
        let ([Some(_), Some(_), Some(count)], Some(bytes)) = (numbers, kilobytes(size)) else {
            return LineOutcome::Ignored;
        };
        super::add(census, LedgerEntry::new(line.place.clone(), device, count, bytes));
        LineOutcome::Parsed
    }

    fn buffer(&mut self, text: &str, line: &LedgerLine<'_>, out: &mut LedgerOutput) -> LineOutcome {
        let begin = || LedgerSnapshot::new(LedgerKind::CameraBuffers, "", line.place.clone());
        if let Some(total) = text.strip_prefix("Total Size=") {
            let mut census = self.buffers.take().unwrap_or_else(begin);
            let word = total.trim_start().split(['(', ' ']).next();
            census.total = word.and_then(fields::number);
            let read = LineOutcome::from(census.total);
            out.census(census);
            return read;
        }
        let words: Vec<_> = text.split_whitespace().collect();
        let [number, _, address, size, _, ref name @ .., _] = words[..] else {
            return LineOutcome::Rejected;
        };
        let (address, size) = (fields::number(address), fields::number(size));
        let (Some(_), Some(bytes), true) = (address, size, number.starts_with('#')) else {
            return LineOutcome::Rejected;
        };
        let mut row = LedgerEntry::new(line.place.clone(), &name.join(" "), 1, bytes);
        row.ids.address = address;
        super::add(self.buffers.get_or_insert_with(begin), row);
        LineOutcome::Parsed
    }
}

/// `VA/PA(0x7cf8c00000/0x2d9400000)`, of which a page may have put several into one line.
fn uses(text: &str, line: &LedgerLine<'_>, out: &mut LedgerOutput) -> LineOutcome {
    let mut outcome = LineOutcome::Rejected;
    for rest in text.split(USES).skip(1) {
        let mut addresses = rest.split(['/', ')']).map(fields::number);
        let (Some(program_address), Some(Some(address))) = (addresses.next(), addresses.next())
        else {
            continue;
        };
        out.say(line, LogFact::Uses { address, program_address });
        outcome = LineOutcome::Parsed;
    }
    outcome
}

/// `3415980KB` in bytes.
fn kilobytes(word: &str) -> Option<u64> {
    fields::decimal(word.strip_suffix("KB")?.trim_end())?.checked_mul(1024)
}
