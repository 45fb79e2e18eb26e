//! Properties of logs that no story has: cut in two files, lines that changed places or are missing, nonsense.

use teeleak_analysis::audit::Conclusion;

use crate::{
    case::{Dialect, dialects},
    fresh_seed,
    judge::{Verdict, judge},
    random::Random,
    reading::Reader,
    render::{Log, render},
    stories::STORIES,
    story::Story,
};

/// Lines that each change costs at most.
const HARMS: usize = 2;

/// How a log is changed, and where it is cut in two.
type Change = fn(&mut Log, &mut Random) -> Option<usize>;

/// Renders each story in each dialect, changes it, and returns what is then said that is not true.
fn untruths(change: Change, seed: u64) -> Vec<String> {
    let reader = Reader::new();
    let mut untruths = Vec::new();
    for (name, story) in STORIES {
        for dialect in dialects(false) {
            let story = story_in(story(), dialect);
            let Some(mut log) = render(&story, dialect.release, dialect.transport) else {
                continue;
            };
            let label = format!("{name} in {dialect}, seed {seed}");
            let mix = |seed, byte| Random::new(seed ^ u64::from(byte)).next();
            let mut random = Random::new(label.bytes().fold(seed, mix));
            let cut = change(&mut log, &mut random);
            let verdict = verdict(&reader, &story, (&log, cut), dialect.transport.end);
            let lines = [verdict.invented, verdict.broken].concat();
            untruths.extend(lines.into_iter().map(|line| format!("{label} at {cut:?}: {line}")));
        }
    }
    untruths
}

fn story_in(story: Story, dialect: Dialect) -> Story {
    if dialect.release.has_session_ids() { story } else { story.without_session_ids() }
}

fn verdict(
    reader: &Reader,
    story: &Story,
    (log, cut): (&Log, Option<usize>),
    end: &str,
) -> Verdict {
    let text = |part: &[crate::render::Line]| -> Vec<u8> {
        part.iter().flat_map(|line| [&*line.text, end.as_bytes()].concat()).collect()
    };
    let (first, second) = log.split_at(cut.unwrap_or(log.len()));
    let parts = [text(first), text(second)];
    let texts = [&*parts[0], &*parts[1]];
    judge(&reader.read_files(&texts), story, (log, HARMS))
}

#[test]
fn a_log_in_two_files_says_nothing_else() {
    let untruths = untruths(|log, random| Some(random.below(log.len())), fresh_seed());
    assert_eq!(untruths, [""; 0]);
}

/// Lines of two CPUs that print at once change places.
#[test]
fn lines_that_change_places_accuse_nobody() {
    let swap: Change = |log, random| {
        let at = random.below(log.len() - 1);
        log.swap(at, at + 1);
        None
    };
    assert_eq!(untruths(swap, fresh_seed()), [""; 0]);
}

/// Of a long log; a short one may lose its whole story.
#[test]
fn two_lines_lost_without_a_trace_accuse_nobody() {
    let lose: Change = |log, random| {
        for _ in 0..2 {
            let at = random.below(log.len());
            if log.len() > 100 && !log[at].is_only {
                log.remove(at);
            }
        }
        None
    };
    assert_eq!(untruths(lose, fresh_seed()), [""; 0]);
}

/// Opens and closes of any TA with any id, with boots between them.
fn nonsense(random: &mut Random) -> String {
    const TAS: [&str; 3] = [
        "8aaaf200-2450-11e4-abe2-0002a5d5c51b",
        "7c0e3a1f-52b4-4d0e-9a6b-3f1d2c4b5a69",
        "b7d0c1e4-39a5-4f62-8e7d-1c2b3a4f5e60",
    ];
    const IDS: [u32; 8] = [0, 1, 1, 1, 2, 3, 70_000, u32::MAX];
    let mut log = String::new();
    for _ in 0..20 + random.below(80) {
        let (ta, cpu) = (TAS[random.below(3)], random.below(2));
        let id = IDS[random.below(IDS.len())];
        log.push_str(&match random.below(12) {
            0..3 => format!("D/LD:  ldelf:168 Loading TS {ta}\n"),
            3..5 => format!(
                "D/TC:? {cpu} tee_ta_init_session_with_context:570 Re-open trusted service {ta}\n"
            ),
            5..9 => format!(
                "D/TC:? {cpu} tee_ta_close_session:499 csess 0xe1a2b8{:02x} id {id}\n\
                 D/TC:? {cpu} tee_ta_close_session:518 Destroy session\n",
                id % 256
            ),
            9 => format!("D/TC:? {cpu} destroy_context:308 Destroy TA ctx (0xe1a2c060)\n"),
            10 => {
                format!("D/TC:? {cpu} tee_ta_close_session:409 tee_ta_close_session(0xe085b40)\n")
            }
            _ if random.below(4) == 0 => "I/TC: OP-TEE version: 4.3.0\n".to_owned(),
            _ => "I/TC: buffer: 16 bytes lib/libutils/isoc/bget_malloc.c:936\n".to_owned(),
        });
    }
    log
}

#[test]
fn nonsense_about_sessions_is_no_wrong_order() {
    let reader = Reader::new();
    let mut random = Random::new(fresh_seed());
    for _ in 0..200 {
        let log = nonsense(&mut random);
        assert_ne!(reader.read(log.as_bytes()).report.conclusion, Conclusion::Order, "{log}");
    }
}
