//! Resolves the functions of call stacks from ELF files.
//!
//! A log carries no build ID, so an image must match by content: a TEE core stack starts in one of
//! the functions that print stacks, every address is inside the image's `.text`, and where the code
//! can be decoded nearly all addresses are call instructions. Otherwise the file is from another
//! build: the report notes it, and nothing is resolved.

mod code;

use std::{
    collections::{BTreeMap, BTreeSet},
    path::{Path, PathBuf},
    sync::Arc,
};

use addr2line::Loader;
use anyhow::{Result, anyhow};
use code::ImageCode;
use teeleak_analysis::{
    model::{Frame, Function, Incident, IncidentKind, Observation, Site},
    text,
};
use teeleak_proto::Uuid;

/// Functions of optee_os that print call stacks; every core stack starts in one of them
/// (`core/arch/arm/kernel/unwind_arm{32,64}.c`, `core/kernel/panic.c`,
/// `lib/libutils/isoc/bget_malloc.c`).
const PRINTERS: [&str; 6] = [
    "print_kernel_stack",
    "print_stack_arm32",
    "print_stack_arm64",
    "do_print_stack",
    "__do_panic",
    "print_oom",
];

/// ELF files of the TEE core and of TAs.
pub(crate) struct ElfSymbols {
    core: Option<SymbolImage>,
    folder: Option<PathBuf>,
    tas: BTreeMap<Uuid, Option<SymbolImage>>,
    said: Vec<Arc<str>>,
}

struct SymbolImage {
    loader: Loader,
    name: String,
    /// Link addresses of the start and the end of its `.text`.
    text: (u64, u64),
    /// Its code, where call instructions can be recognized.
    code: Option<ImageCode>,
}

impl ElfSymbols {
    /// Symbols of the TEE core from `core`, and of TAs from `folder/UUID.elf`.
    ///
    /// # Errors
    /// When `core` can't be read as ELF.
    pub(crate) fn new(core: Option<&Path>, folder: Option<&Path>) -> Result<Self> {
        let core = core.map(SymbolImage::open).transpose()?;
        let folder = folder.map(Path::to_owned);
        Ok(Self { core, folder, tas: BTreeMap::new(), said: Vec::new() })
    }

    /// Names the functions of all call stacks.
    pub(crate) fn resolve(mut self, observation: &mut Observation) {
        self.sites(observation);
        for incident in &mut observation.incidents {
            match incident.kind {
                IncidentKind::TaPanic { .. } | IncidentKind::Abort { .. }
                    if !incident.images.is_empty() =>
                {
                    self.ta(incident);
                }
                _ => self.core(incident),
            }
        }
        self.said.dedup();
        observation.assumptions.extend(self.said);
    }

    /// Names the functions that live allocations were made from.
    fn sites(&mut self, observation: &mut Observation) {
        let Some(core) = &self.core else { return };
        let samples = observation.samples.iter().filter_map(|sample| sample.sites.value());
        let addresses: BTreeSet<_> = samples.flatten().flat_map(return_addresses).collect();
        // A call precedes where it returns to (A64 instructions have 4 bytes).
        let linked = |address: &u64| address.checked_sub(4)?.checked_add(core.text.0);
        let functions: Vec<_> =
            addresses.iter().map(|address| core.functions(linked(address))).collect();
        let reason = if functions.iter().any(Option::is_none) {
            Some("callers of allocations are outside its .text".to_owned())
        } else {
            core.misfit(addresses.iter().map(linked))
        };
        match reason {
            Some(reason) => self.other_build(&reason),
            None => addresses
                .into_iter()
                .zip(functions.into_iter().flatten())
                .for_each(|(address, at)| observation.core_functions.insert(address, at)),
        }
    }

    /// Notes once that the image of the TEE core is from another build.
    fn other_build(&mut self, reason: &str) {
        let Some(core) = &self.core else { return };
        let start = format!("symbols in {} are from another build: ", core.name);
        if !self.said.iter().any(|said| said.starts_with(&start)) {
            self.said.push((start + reason).into());
        }
    }

    fn core(&mut self, incident: &mut Incident) {
        let (Some(core), Some(load)) = (&self.core, incident.load_address) else { return };
        let base = core.text.0;
        let linked = |frame: &Frame| frame.address.checked_sub(load)?.checked_add(base);
        let stack: Vec<_> =
            incident.stack.iter().map(|frame| core.functions(linked(frame))).collect();
        let first = stack.first().and_then(|functions| functions.as_ref()?.last());
        let prints = first.is_some_and(|first| PRINTERS.contains(&&*first.name));
        let reason = if !prints || stack.iter().any(Option::is_none) {
            "core stacks do not start in a function that prints stacks".to_owned()
        // The first address is where the stack was captured, not a call.
        } else if let Some(why) = core.misfit(incident.stack.iter().skip(1).map(linked)) {
            why
        } else {
            fill(incident, stack);
            return;
        };
        self.other_build(&reason);
    }

    fn ta(&mut self, incident: &mut Incident) {
        let mut images = incident.images.clone();
        images.sort_by_key(|(_, address)| std::cmp::Reverse(*address));
        let mut stack = Vec::new();
        for frame in &incident.stack {
            let image = images.iter().find(|(_, address)| *address <= frame.address);
            let functions = image.and_then(|(uuid, address)| {
                let image = self.image(*uuid)?;
                Some(image.functions(Some(frame.address - address)))
            });
            match functions {
                Some(None) => {
                    let text = format!(
                        "symbols of {} are from another build: {:#x} is outside its .text",
                        image.map_or(String::new(), |(uuid, _)| uuid.to_string()),
                        frame.address
                    );
                    self.said.push(text.into());
                    return;
                }
                Some(functions) => stack.push(functions),
                None => stack.push(None),
            }
        }
        fill(incident, stack);
    }

    fn image(&mut self, uuid: Uuid) -> Option<&SymbolImage> {
        let folder = self.folder.as_ref()?;
        let notes = &mut self.said;
        self.tas
            .entry(uuid)
            .or_insert_with(|| {
                let path = folder.join(format!("{uuid}.elf"));
                match SymbolImage::open(&path) {
                    Ok(image) => Some(image),
                    Err(error) => {
                        notes.push(format!("no symbols for TA {uuid}: {error:#}").into());
                        None
                    }
                }
            })
            .as_ref()
    }
}

/// Where the allocating function and those above it return to.
fn return_addresses(site: &Site) -> impl Iterator<Item = u64> + '_ {
    let levels = site.stack.iter().flat_map(|stack| stack.addresses().iter().copied());
    levels.chain(site.caller)
}

fn fill(incident: &mut Incident, found: Vec<Option<Vec<Function>>>) {
    for (frame, functions) in incident.stack.iter_mut().zip(found) {
        if let Some(functions) = functions.filter(|functions| !functions.is_empty()) {
            frame.functions = functions;
        }
    }
}

impl SymbolImage {
    fn open(path: &Path) -> Result<Self> {
        let name = path.display().to_string();
        let loader =
            Loader::new(path).map_err(|error| anyhow!("cannot read {name} as ELF: {error}"))?;
        let text = loader.get_section_range(b".text");
        let text =
            text.ok_or_else(|| anyhow!("expected an ELF file with symbols, {name} has no .text"))?;
        Ok(Self { loader, name, text: (text.begin, text.end), code: ImageCode::read(path) })
    }

    /// Why calls at these link addresses can't be from this image.
    fn misfit(&self, stack: impl Iterator<Item = Option<u64>>) -> Option<String> {
        let code = self.code.as_ref()?;
        let (calls, of) = code.calls(stack.flatten());
        (calls * 4 < of * 3).then(|| {
            let (calls, of) = (text::number(calls as u64), text::number(of as u64));
            format!("only {calls} of {of} stack addresses are call instructions in it")
        })
    }

    /// Functions at a link address, innermost first; `None` outside `.text`.
    fn functions(&self, address: Option<u64>) -> Option<Vec<Function>> {
        let address = address?;
        if !(self.text.0..self.text.1).contains(&address) {
            return None;
        }
        // Bit 0 only marks Thumb code.
        let probe = address & !1;
        let mut functions = Vec::new();
        if let Ok(mut frames) = self.loader.find_frames(probe) {
            while let Ok(Some(frame)) = frames.next() {
                let name = frame.function.as_ref().and_then(|name| name.demangle().ok());
                let Some(name) = name else { continue };
                let location = frame.location.and_then(|at| Some((at.file?.into(), at.line?)));
                functions.push(Function { name: (&*name).into(), at: location });
            }
        }
        if functions.is_empty() {
            let symbol = self.loader.find_symbol(probe);
            functions.extend(symbol.map(|name| Function { name: name.into(), at: None }));
        }
        Some(functions)
    }
}

#[cfg(test)]
mod tests {
    use teeleak_analysis::model::{IncidentDetails, SourceLocation};

    use crate::source::text::symbols::*;

    const TA: Uuid = Uuid([7; 16]);

    #[inline(never)]
    extern "C" fn a_function_of_this_test() -> u32 {
        std::hint::black_box(7)
    }

    /// Load address of this program.
    fn base() -> u64 {
        let exe = std::env::current_exe().unwrap();
        let maps = std::fs::read_to_string("/proc/self/maps").unwrap();
        let line = maps.lines().find(|line| line.ends_with(exe.to_str().unwrap())).unwrap();
        u64::from_str_radix(line.split('-').next().unwrap(), 16).unwrap()
    }

    fn observation(kind: IncidentKind, address: u64) -> Observation {
        let incident = Incident {
            kind,
            place: SourceLocation { source: "log".into(), at: 1 },
            time: None,
            iteration: None,
            uuid: None,
            text: "".into(),
            load_address: Some(base()),
            images: vec![(TA, base())],
            stack: vec![Frame { address, offset: None, functions: Vec::new() }],
            details: IncidentDetails::default(),
        };
        Observation { incidents: vec![incident], ..Observation::default() }
    }

    #[test]
    fn addresses_of_a_ta_are_found_in_its_elf() {
        let folder = std::env::temp_dir().join(format!("teeleak-symbols-{}", std::process::id()));
        std::fs::create_dir_all(&folder).unwrap();
        let elf = folder.join(format!("{TA}.elf"));
        std::fs::copy(std::env::current_exe().unwrap(), &elf).unwrap();
        let address = a_function_of_this_test as *const () as u64;
        let mut seen = observation(IncidentKind::TaPanic { code: 1 }, address);
        ElfSymbols::new(None, Some(&folder)).unwrap().resolve(&mut seen);
        std::fs::remove_dir_all(&folder).unwrap();
        let functions = &seen.incidents[0].stack[0].functions;
        assert!(functions.last().unwrap().name.ends_with("a_function_of_this_test"));
        assert!(functions[0].at.as_ref().unwrap().0.ends_with("symbols/mod.rs"));
    }

    #[test]
    fn a_core_of_another_build_is_reported() {
        let mut seen = observation(IncidentKind::CorePanic, base());
        let exe = std::env::current_exe().unwrap();
        ElfSymbols::new(Some(&exe), None).unwrap().resolve(&mut seen);
        assert!(seen.incidents[0].stack[0].functions.is_empty());
        assert!(seen.assumptions[0].contains("another build"));
    }

    #[test]
    fn what_is_no_elf_is_refused() {
        assert!(ElfSymbols::new(Some(Path::new("/dev/null")), None).is_err());
    }
}
