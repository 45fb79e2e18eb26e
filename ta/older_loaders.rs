/// Says how a TA is linked so that older loaders take it, with a dev kit of any release. Up to 3.22
/// they look for its head at its beginning only: linker scripts from 4.0 on leave the place open. Up
/// to 3.18 they know hashes of one style.
fn suit_older_loaders() -> std::io::Result<()> {
    const SECTIONS: &str = "SECTIONS {\n";
    let folder = std::env::var_os("OUT_DIR").unwrap_or_default();
    let path = std::path::Path::new(&folder).join("ta.lds");
    let script = std::fs::read_to_string(&path)?;
    if !script.contains(".ta_head") {
        let first = format!("{SECTIONS}\t.ta_head : {{ KEEP(*(.ta_head)) }}\n");
        std::fs::write(&path, script.replacen(SECTIONS, &first, 1))?;
    }
    println!("cargo::rustc-link-arg=-Wl,--build-id=none");
    println!("cargo::rustc-link-arg=-Wl,--hash-style=both");
    Ok(())
}
