/// Puts the head of a TA first in the linker script that was written to `OUT_DIR`: up to 3.22, OP-TEE
/// looks for it nowhere else. Scripts of dev kits from 4.0 on leave its place open.
fn put_head_first() -> std::io::Result<()> {
    const SECTIONS: &str = "SECTIONS {\n";
    let folder = std::env::var_os("OUT_DIR").unwrap_or_default();
    let path = std::path::Path::new(&folder).join("ta.lds");
    let script = std::fs::read_to_string(&path)?;
    if !script.contains(".ta_head") {
        let first = format!("{SECTIONS}\t.ta_head : {{ KEEP(*(.ta_head)) }}\n");
        std::fs::write(&path, script.replacen(SECTIONS, &first, 1))?;
    }
    println!("cargo::rustc-link-arg=-Wl,--build-id=none");
    Ok(())
}
