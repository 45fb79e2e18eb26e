//! A log as teeleak reads and judges it.

use teeleak_analysis::{
    audit::{Needs, Options, Report, audit},
    model::Observation,
    parse::console::{Assembler, ChunkFacts, IterationSplit, Rules, scan},
    protocol::{Pack, Protocol},
};

/// The lines of the video path; a release before 3.0 prints a colon behind the place.
const RULES: &str = r"
[[rule]]
step = 'open_channel'
pattern = 'tee_tvp_open_channel:\d+:? channel (?<channel>\d+) pid (?<pid>\d+) ret (?<result>0x[0-9a-f]+)'
[[rule]]
step = 'map'
pattern = 'tee_tvp_vdec_input_buf_map:\d+:? channel (?<channel>\d+) pa (?<address>0x[0-9a-f]+) size (?<size>0x[0-9a-f]+) pid (?<pid>\d+) ret (?<result>0x[0-9a-f]+)'
[[rule]]
step = 'unmap'
pattern = 'tee_tvp_vdec_input_buf_unmap:\d+:? channel (?<channel>\d+) pa (?<address>0x[0-9a-f]+) size (?<size>0x[0-9a-f]+) pid (?<pid>\d+) ret (?<result>0x[0-9a-f]+)'
[[rule]]
step = 'close_channel'
pattern = 'tee_tvp_close_channel:\d+:? channel (?<channel>\d+) pid (?<pid>\d+) ret (?<result>0x[0-9a-f]+)'
";

/// What all lines of the video path contain.
const VIDEO_PATH: &str = "tee_tvp_";

/// What came of a log.
pub(crate) struct Reading {
    pub(crate) observation: Observation,
    pub(crate) report: Report,
    /// The rejected lines, from 0.
    pub(crate) rejected: Vec<usize>,
}

/// Reads logs as `teeleak analyze --rules RULES --protocol secure-video` does if they have lines of the video path,
/// and as `teeleak analyze` does otherwise: rules that nothing fits keep a log from being called clean.
pub(crate) struct Reader {
    rules: Rules,
    no_rules: Rules,
    options: Options,
}

impl Reader {
    pub(crate) fn new() -> Self {
        let mut rules = Rules::default();
        rules.add_file("rules", RULES).unwrap();
        let mut options = Options { needs: Needs::SITES, ..Options::default() };
        let video = Pack::find("secure-video").unwrap();
        options.protocols.extend(Protocol::read(video.name, video.text).unwrap());
        Self { rules, no_rules: Rules::default(), options }
    }

    fn rules(&self, texts: &[&[u8]]) -> &Rules {
        let has_video_path =
            |text: &&[u8]| memchr::memmem::find(text, VIDEO_PATH.as_bytes()).is_some();
        if texts.iter().any(has_video_path) { &self.rules } else { &self.no_rules }
    }

    pub(crate) fn read(&self, text: &[u8]) -> Reading {
        self.read_files(&[text])
    }

    /// Reads a log in several files.
    pub(crate) fn read_files(&self, texts: &[&[u8]]) -> Reading {
        let mut assembler = Assembler::new("log", IterationSplit::default());
        let (mut rejected, mut start) = (Vec::new(), 0);
        let rules = self.rules(texts);
        for (number, text) in texts.iter().enumerate() {
            if number > 0 {
                assembler.source(&format!("log.{number}"));
            }
            let mut facts = ChunkFacts::new(true);
            scan(text, rules, &mut facts);
            rejected.extend(facts.rejects().map(|(line, ..)| start + line as usize));
            assembler.push(&mut facts);
            start += memchr::memchr_iter(b'\n', text).count();
        }
        let mut observation = assembler.finish();
        let report = audit(&mut observation, &self.options);
        Reading { observation, report, rejected }
    }
}
