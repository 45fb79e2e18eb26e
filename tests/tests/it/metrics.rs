//! Figures of a watch, as other programs read them.

use std::{
    cell::RefCell,
    fs,
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    rc::Rc,
};

use openmetrics_parser::OpenMetricsValue;
use teeleak::Exit;
use teeleak_proto::Uuid;
use teeleak_tests::{Answer, Region, Session, Site, Tee, World};

use crate::support::{DRM, folder};

fn tee() -> Tee {
    let file = "core/mm/mobj.c";
    Tee {
        tas: vec![Uuid::parse(DRM).unwrap()],
        sites: vec![Site { file, line: 481, size: 56, owner: 1, epoch: 0, count: 4 }],
        regions: vec![Region { instance: 1, va: 0x4000_0000, size: 0x2000 }],
        sessions: vec![Session { id: 1, instance: 1 }],
        ..Tee::default()
    }
}

/// Watches for so many seconds of simulated time.
fn watch(seconds: u64, more: &[&str], script: impl Fn(u64, &mut Tee) + 'static) -> Answer {
    let folder = folder("metrics").join("watch");
    let world = World::with(tee()).for_seconds(seconds, script);
    world.run(&[&["watch", "--dir", folder.to_str().unwrap()], more].concat())
}

/// The figure of that name, of the pool, TA or reason with that value of its label, as another reader has
/// it; families are found by the sample's full name.
fn figure(text: &str, family: &str, label: &str) -> Option<f64> {
    let exposition = openmetrics_parser::openmetrics::parse_openmetrics(text).unwrap();
    let family = exposition.families.get(family)?;
    let mut samples = family.iter_samples();
    let sample = samples.find(|one| {
        label.is_empty() || one.get_labelset().is_ok_and(|labels| labels.iter_values().eq([label]))
    })?;
    match &sample.value {
        OpenMetricsValue::Gauge(number) => Some(number.as_f64()),
        OpenMetricsValue::Counter(counter) => Some(counter.value.as_f64()),
        other => panic!("{other:?}"),
    }
}

#[test]
fn figures_are_served_to_whoever_asks_and_written_to_a_file() {
    let file = folder("metrics").join("watch.prom");
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let asked: Rc<RefCell<String>> = Rc::default();
    let answer = Rc::clone(&asked);
    let script = move |second, tee: &mut Tee| match second {
        100 => tee.failures = (2, 7_000),
        200 => {
            let mut stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
            stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").unwrap();
            stream.read_to_string(&mut answer.borrow_mut()).unwrap();
        }
        _ => {}
    };
    let (port, path) = (port.to_string(), file.to_str().unwrap());
    let more = ["--metrics", &port, "--metrics-file", path];
    assert_eq!(watch(210, &more, script).exit, Exit::Clean);
    let answer = asked.take();
    assert!(answer.contains("application/openmetrics-text; version=1.0.0"), "{answer}");
    let (_, asked) = answer.split_once("\r\n\r\n").unwrap();
    for text in [asked, &fs::read_to_string(&file).unwrap()] {
        let figure = |family, label| figure(text, family, label);
        assert_eq!(figure("teeleak_pool_size_bytes", "core heap"), Some(196_608.0), "{text}");
        assert!(figure("teeleak_pool_used_bytes", "core heap").unwrap() >= 224.0);
        assert_eq!(figure("teeleak_pool_failed_allocations", "core heap"), Some(2.0));
        assert_eq!(figure("teeleak_ta_region_bytes", DRM), Some(8192.0));
        assert_eq!(figure("teeleak_ta_sessions", DRM), Some(1.0));
        assert_eq!(figure("teeleak_alarms", "alloc-failed"), Some(1.0));
        assert_eq!(figure("teeleak_censuses", ""), Some(3.0));
    }
    let other = TcpListener::bind("127.0.0.1:0").unwrap();
    let taken = other.local_addr().unwrap().to_string();
    let refused = watch(5, &["--metrics", &taken], |_, _| ());
    assert_eq!(refused.exit, Exit::Usage);
    assert!(refused.err.contains(&format!("cannot serve metrics at {taken}")), "{}", refused.err);
}
