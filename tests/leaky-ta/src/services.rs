//! What the TA has of the TEE core for the time of one call: right here, and lost where the core
//! forgets to release it.

use leaky_interface::{Command, PLUGIN};
use optee_utee::{
    AlgorithmId, AttributeId, AttributeValue, DataFlag, Digest, ElementId, ErrorKind,
    LoadablePlugin, ObjectStorageConstants, PersistentObject, Result, TransientObject,
    TransientObjectType, Uuid,
};

/// Bits of a key.
const KEY_BITS: usize = 256;

/// Runs a command without parameters.
pub(crate) fn run(command: Command) -> Result<()> {
    match command {
        Command::OpenMissing => open_missing(),
        Command::Digest => digest(),
        Command::MakeKey => make_key(),
        Command::Store => store(),
        _ => Err(ErrorKind::NotSupported.into()),
    }
}

fn open_missing() -> Result<()> {
    let flags = DataFlag::ACCESS_READ | DataFlag::SHARE_READ;
    PersistentObject::open(ObjectStorageConstants::Private, b"nosuch", flags).map(drop)
}

fn digest() -> Result<()> {
    let mut hash = [0; 32];
    Digest::allocate(AlgorithmId::Sha256)?.do_final(b"leaky", &mut hash)?;
    Ok(())
}

fn make_key() -> Result<()> {
    let curve = ElementId::EccCurveNistP256 as u32;
    let curve = AttributeValue::from_value(AttributeId::EccCurve, curve, 0);
    let key = TransientObject::allocate(TransientObjectType::EcdsaKeypair, KEY_BITS)?;
    key.generate_key(KEY_BITS, &[curve.into()])
}

fn store() -> Result<()> {
    let flags = DataFlag::ACCESS_WRITE | DataFlag::ACCESS_WRITE_META | DataFlag::OVERWRITE;
    let storage = ObjectStorageConstants::Private;
    PersistentObject::create(storage, b"leaky", flags, None, b"leaky")?.close_and_delete()
}

/// Sends a command to the plugin of tee-supplicant that only tests have.
pub(crate) fn ask_plugin(command: u32) -> Result<()> {
    let uuid = Uuid::parse_str(PLUGIN).map_err(|_| ErrorKind::Generic)?;
    LoadablePlugin::new(&uuid).invoke(command, 0, b"leaky").map(drop)
}
