//! What is built for the guest from this repository: TAs and programs.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use teeleak_proto::push;

use crate::cache::{Cache, Key, drop_unused};
use crate::cargo_tool::cargo;
use crate::command::{Job, output};
use crate::error::{LabError, Result};
use crate::firmware::{CROSS, CROSS_32, Firmware};
use crate::host_packages::{TARGET, TARGET_32};
use crate::packages::file_name;
use crate::rootfs::Rootfs;
use crate::variant::Variant;

/// How a product is built and where the guest finds it.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
enum Kind {
    /// A trusted application: profile `ta`, stripped, signed, named by the
    /// UUID in its head.
    Ta,
    /// A trusted application with the UUID of another: signed, but put into
    /// the share's `lib`, from where a test puts it in the other's place.
    StandIn,
    /// A client program with these features, linked with the guest's libteec.
    Program(&'static str),
    /// A shared object, under this name in the share's `lib`.
    Library(&'static str),
    /// A plugin of tee-supplicant with this UUID.
    Plugin(&'static str),
}

/// One product: a package's name and its kind.
#[derive(Clone, Copy, Debug)]
struct Product {
    package: &'static str,
    kind: Kind,
}

/// All products; a new one is one line. They are built one by one, or cargo
/// would unite their features.
const PRODUCTS: [Product; 11] = [
    Product { package: "teeleak-ta", kind: Kind::Ta },
    Product { package: "leaky-ta", kind: Kind::Ta },
    Product { package: "leaky-peer", kind: Kind::Ta },
    Product { package: "probe-ta", kind: Kind::StandIn },
    Product { package: "teeleak", kind: Kind::Program("live") },
    Product { package: "drm-player", kind: Kind::Program("") },
    Product { package: "leaky-ree", kind: Kind::Program("") },
    Product { package: "teeleak-probe", kind: Kind::Program("") },
    Product { package: "teeleak-preload", kind: Kind::Library("libteeleak_preload.so") },
    Product { package: "teeleak-plugin", kind: Kind::Plugin(push::PLUGIN_TEXT) },
    Product { package: "leaky-plugin", kind: Kind::Plugin(leaky_interface::PLUGIN) },
];
/// Folders of products, and target folders, that stay in the cache: each checkout has one of the kit and
/// one of programs, and two checkouts may take turns.
const KEPT: usize = 4;

/// What a product is built for: Rust's name, and what the tools are called by.
#[derive(Clone, Copy, Debug)]
struct Machine {
    target: &'static str,
    cross: &'static str,
}

/// The guest.
const GUEST: Machine = Machine { target: TARGET, cross: CROSS };
/// TAs of a 32-bit core.
const ARM32: Machine = Machine { target: TARGET_32, cross: CROSS_32 };

/// What products are built with.
pub(crate) struct Workshop<'a> {
    cache: &'a Cache,
    repository: &'a Path,
    kit: PathBuf,
    ta_machine: Machine,
    client: &'a Path,
    products: PathBuf,
}

/// Builds every product; the result can be given to the guest as it is: files
/// and their places in the share.
///
/// # Errors
/// When one does not build or cannot be signed.
pub(crate) fn build(workshop: &Workshop<'_>) -> Result<Vec<(PathBuf, String)>> {
    PRODUCTS.iter().map(|product| workshop.build(product)).collect()
}

/// Lints every product as it is built for the guest; warnings are errors.
///
/// # Errors
/// When one has a warning.
pub(crate) fn lint(workshop: &Workshop<'_>) -> Result<()> {
    let warnings = ["--", "-D", "warnings"];
    PRODUCTS.iter().try_for_each(|product| workshop.cargo(product, "clippy", &warnings))
}

impl Product {
    fn profile(&self) -> &'static str {
        match self.kind {
            Kind::Ta | Kind::StandIn => "ta",
            Kind::Program(_) | Kind::Library(_) | Kind::Plugin(_) => "release",
        }
    }
}

impl<'a> Workshop<'a> {
    /// A workshop with the firmware's kit and the guest's libteec.
    ///
    /// # Errors
    /// When the kit is lost or the cache cannot be written.
    pub(crate) fn open(
        cache: &'a Cache,
        repository: &'a Path,
        (firmware, variant): (&Firmware, &Variant),
        rootfs: &'a Rootfs,
    ) -> Result<Self> {
        let kit = firmware.ta_kit()?;
        let client = rootfs.client_export();
        let inputs = Key::new()
            .with("kit", file_name(&kit))
            .with("client", client.display().to_string())
            .with("repository", repository.display().to_string());
        let products = cache.dir(&format!("products/{}", inputs.finish()))?;
        drop_unused(&products, "", KEPT)?;
        let ta_machine = if variant.is_arm32() { ARM32 } else { GUEST };
        Ok(Self { cache, repository, kit, ta_machine, client, products })
    }

    /// Cargo's target folder. optee-utee-sys does not notice another kit, so each has its own;
    /// programs don't depend on the kit. Cargo goes by the times of files, which are no help where
    /// two checkouts build the same crates, so each checkout has its own as well.
    fn target(&self, product: &Product) -> String {
        let made_with = match product.kind {
            Kind::Ta | Kind::StandIn => file_name(&self.kit),
            Kind::Program(_) | Kind::Library(_) | Kind::Plugin(_) => "programs".into(),
        };
        let key = Key::new()
            .with("made with", made_with)
            .with("repository", self.repository.display().to_string());
        format!("target/{}", key.finish())
    }

    fn build(&self, product: &Product) -> Result<(PathBuf, String)> {
        // Another run may build a program of the same name there.
        let _lock = self.cache.lock(&self.target(product).replace('/', "-"))?;
        let built = self.compile(product)?;
        match product.kind {
            Kind::Ta => {
                let (signed, uuid) = self.sign(product.package, &built)?;
                Ok((signed, format!("ta/{uuid}.ta")))
            }
            Kind::StandIn => {
                let (signed, _) = self.sign(product.package, &built)?;
                Ok((signed, format!("lib/{}.ta", product.package)))
            }
            Kind::Program(_) => self.keep(&built, &format!("bin/{}", product.package)),
            Kind::Library(name) => self.keep(&built, &format!("lib/{name}")),
            Kind::Plugin(uuid) => self.keep(&built, &format!("lib/{uuid}.plugin")),
        }
    }

    /// Builds these products as they are, and gives cargo's target folder.
    ///
    /// # Errors
    /// When one does not build.
    pub(crate) fn compile_all(&self, packages: &[&str]) -> Result<PathBuf> {
        let mut folder = PathBuf::new();
        for product in PRODUCTS.iter().filter(|product| packages.contains(&product.package)) {
            let target = self.target(product);
            let _lock = self.cache.lock(&target.replace('/', "-"))?;
            self.compile(product)?;
            folder = self.cache.dir(&target)?;
        }
        Ok(folder)
    }

    fn compile(&self, product: &Product) -> Result<PathBuf> {
        self.cargo(product, "build", &[])?;
        let file = match product.kind {
            Kind::Library(name) => name,
            Kind::Plugin(_) => &format!("lib{}.so", product.package.replace('-', "_")),
            Kind::Ta | Kind::StandIn | Kind::Program(_) => product.package,
        };
        let target_dir = self.cache.dir(&self.target(product))?;
        let folder = target_dir.join(self.machine(product).target);
        Ok(folder.join(product.profile()).join(file))
    }

    fn cargo(&self, product: &Product, verb: &str, after: &[&str]) -> Result<()> {
        let (package, profile) = (product.package, product.profile());
        let job = Job {
            name: &format!("{verb} {package} for the guest"),
            log: &self.cache.log(&format!("{verb}-{package}"))?,
            hint: "the first error in the log is the compiler's",
        };
        let target_dir = self.cache.dir(&self.target(product))?;
        drop_unused(&target_dir, "", KEPT)?;
        let Machine { target, cross } = self.machine(product);
        let name = target.replace('-', "_");
        let mut command = cargo();
        command
            .args([verb, "--package", package, "--profile", profile, "--target", target])
            .arg("--target-dir")
            .arg(&target_dir)
            .env("TA_DEV_KIT_DIR", &self.kit)
            .env("OPTEE_CLIENT_EXPORT", self.client)
            .env(format!("CARGO_TARGET_{}_LINKER", name.to_uppercase()), format!("{cross}gcc"))
            .env(format!("CC_{name}"), format!("{cross}gcc"))
            .current_dir(self.repository);
        if let Kind::Program(features) = product.kind {
            command.args(["--features", features]);
        }
        job.run(command.args(after))
    }

    fn machine(&self, product: &Product) -> Machine {
        match product.kind {
            Kind::Ta | Kind::StandIn => self.ta_machine,
            Kind::Program(_) | Kind::Library(_) | Kind::Plugin(_) => GUEST,
        }
    }

    /// The signed TA and its UUID.
    fn sign(&self, package: &str, elf: &Path) -> Result<(PathBuf, String)> {
        let place = |extension: &str| self.products.join(format!("{package}.{extension}"));
        let (stripped, head) = (place("stripped"), place("head"));
        let (unfinished, signed) = (place("unfinished"), place("ta"));
        let cross = self.ta_machine.cross;
        objcopy(cross, &["--strip-unneeded"], elf, &stripped)?;
        objcopy(cross, &["--output-target=binary", "--only-section=.ta_head"], elf, &head)?;
        let uuid = uuid_of_head(&fs::read(&head).map_err(LabError::io("read", &head))?)
            .ok_or_else(|| LabError::Unusable(format!("{package} has no TA head")))?;
        output(
            Command::new("/usr/bin/python3")
                .arg(self.kit.join("scripts/sign_encrypt.py"))
                .args(["--uuid", &uuid, "--key"])
                .arg(self.kit.join("keys/default_ta.pem"))
                .arg("--in")
                .arg(&stripped)
                .arg("--out")
                .arg(&unfinished)
                .env("CRYPTOGRAPHY_OPENSSL_NO_LEGACY", "1"),
        )?;
        fs::rename(&unfinished, &signed).map_err(LabError::io("rename", &unfinished))?;
        Ok((signed, uuid))
    }

    /// Symbols stay in the target folder; in the guest they would only cost
    /// memory.
    fn keep(&self, elf: &Path, place: &str) -> Result<(PathBuf, String)> {
        let kept = self.products.join(file_name(elf));
        let unfinished = self.products.join(format!("{}.unfinished", file_name(elf)));
        objcopy(GUEST.cross, &["--strip-unneeded"], elf, &unfinished)?;
        fs::rename(&unfinished, &kept).map_err(LabError::io("rename", &unfinished))?;
        Ok((kept, place.to_owned()))
    }
}

fn objcopy(cross: &str, options: &[&str], from: &Path, to: &Path) -> Result<()> {
    let mut command = Command::new(format!("{cross}objcopy"));
    output(command.args(options).arg(from).arg(to)).map(drop)
}

/// The UUID that `struct ta_head` starts with (optee_os
/// lib/libutee/include/user_ta_header.h), in the usual notation.
fn uuid_of_head(head: &[u8]) -> Option<String> {
    let (bytes, _) = head.split_first_chunk::<16>()?;
    let mut ordered = *bytes;
    // The first three fields are little-endian numbers.
    for field in [0..4, 4..6, 6..8] {
        ordered[field].reverse();
    }
    let hex: String = ordered.iter().map(|byte| format!("{byte:02x}")).collect();
    let parts = [&hex[..8], &hex[8..12], &hex[12..16], &hex[16..20], &hex[20..]];
    Some(parts.join("-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_head_has_the_uuid() {
        let head = [
            0xd7, 0x41, 0x0c, 0x8e, 0xb2, 0x93, 0x5a, 0x4f, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06,
            0x07, 0x08, 0xff,
        ];
        assert_eq!(uuid_of_head(&head).unwrap(), "8e0c41d7-93b2-4f5a-0102-030405060708");
        assert_eq!(uuid_of_head(&head[..15]), None);
    }

    #[test]
    fn no_two_products_are_the_same_package() {
        for (at, product) in PRODUCTS.iter().enumerate() {
            let same = |other: &Product| other.package == product.package;
            assert!(!PRODUCTS[..at].iter().any(same), "{}", product.package);
        }
    }
}
