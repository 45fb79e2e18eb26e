//! The command line of QEMU.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

/// The emulator's name (Debian's qemu-system-arm).
pub(crate) const PROGRAM: &str = "qemu-system-aarch64";
/// Where the kernel lies, which TF-A was built to jump to.
const KERNEL_ADDRESS: u64 = crate::firmware::KERNEL_ADDRESS;
/// Where the initramfs lies: 128 MiB above, more than any kernel image.
const INITRD_ADDRESS: u64 = 0x6800_0000;

/// What time is in the guest.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Clock {
    /// As it goes by on this machine.
    Host,
    /// Two nanoseconds for each instruction of both worlds, and nothing while there is nothing to do
    /// (QEMU's `-icount`): what something costs is then the same on every machine, busy or not.
    Instructions,
}

/// How a guest is booted.
#[derive(Clone, Copy, Debug)]
pub(crate) struct How<'h> {
    /// What time is.
    pub(crate) clock: Clock,
    /// Options of its kernel besides those that the lab needs.
    pub(crate) options: &'h str,
}

/// What a machine is made of.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// What time is.
    pub(crate) clock: Clock,
    /// Options of the kernel besides those that the lab needs.
    pub(crate) options: String,
    /// The flash image.
    pub(crate) flash: PathBuf,
    /// The kernel image.
    pub(crate) kernel: PathBuf,
    /// The initramfs.
    pub(crate) initrd: PathBuf,
    /// Its size in bytes.
    pub(crate) initrd_bytes: u64,
    /// Directory of the run: consoles, control socket and share.
    pub(crate) dir: PathBuf,
}

/// All arguments for [`PROGRAM`].
///
/// `-kernel` is there only because `-append` needs it: the arguments reach
/// the kernel through the device tree, and kernel and initramfs are placed by
/// the two loaders.
pub(crate) fn arguments(machine: &Machine) -> Vec<OsString> {
    let place = |name: &str| escaped(&machine.dir.join(name));
    let (kernel, initrd) = (escaped(&machine.kernel), escaped(&machine.initrd));
    let boot = format!(
        "console=ttyAMA0 initrd={INITRD_ADDRESS:#x},{} quiet panic=-1 {}",
        machine.initrd_bytes, machine.options
    );
    let options = [
        ("-machine", "virt,secure=on,gic-version=3,acpi=off,virtualization=off".to_owned()),
        ("-cpu", "max,pauth-impdef=on,sve=off,lpa2=off".to_owned()),
        ("-smp", "2".to_owned()),
        ("-m", "1057".to_owned()),
        ("-display", "none".to_owned()),
        ("-net", "none".to_owned()),
        ("-monitor", "none".to_owned()),
        ("-serial", format!("file:{}", place("normal.log"))),
        ("-serial", format!("file:{}", place("secure.log"))),
        ("-bios", machine.flash.display().to_string()),
        ("-kernel", machine.kernel.display().to_string()),
        ("-append", boot),
        ("-device", format!("loader,file={kernel},addr={KERNEL_ADDRESS:#x},force-raw=on")),
        ("-device", format!("loader,file={initrd},addr={INITRD_ADDRESS:#x},force-raw=on")),
        ("-fsdev", format!("local,id=share,path={},security_model=none", place("share"))),
        ("-device", "virtio-9p-device,fsdev=share,mount_tag=host".to_owned()),
        ("-chardev", format!("socket,id=control,path={}", place("control"))),
        ("-device", "virtio-serial-device".to_owned()),
        ("-device", "virtserialport,chardev=control,name=lab".to_owned()),
    ];
    let mut arguments: Vec<OsString> = vec!["-no-reboot".into()];
    for (option, value) in options {
        arguments.push(option.into());
        arguments.push(value.into());
    }
    if machine.clock == Clock::Instructions {
        arguments.extend(["-icount".into(), "shift=1,sleep=off".into()]);
    }
    arguments
}

/// A path inside an option, where a comma would end it.
fn escaped(path: &Path) -> String {
    path.display().to_string().replace(',', ",,")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_has_two_consoles_and_the_loaders() {
        let machine = Machine {
            clock: Clock::Host,
            options: "slub_debug=U".into(),
            flash: "/c/flash.bin".into(),
            kernel: "/c/Image".into(),
            initrd: "/c/initrd".into(),
            initrd_bytes: 4096,
            dir: "/run/1".into(),
        };
        let line: Vec<String> =
            arguments(&machine).iter().map(|a| a.to_string_lossy().into_owned()).collect();
        let line = line.join(" ");
        for part in [
            "-serial file:/run/1/normal.log -serial file:/run/1/secure.log",
            "initrd=0x68000000,4096",
            "panic=-1 slub_debug=U",
            "loader,file=/c/Image,addr=0x60000000",
            "loader,file=/c/initrd,addr=0x68000000",
            "path=/run/1/share",
            "-bios /c/flash.bin",
        ] {
            assert!(line.contains(part), "{part} is not in {line}");
        }
    }
}
