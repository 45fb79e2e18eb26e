//! Access to the TEE: the teeleak TA and its PTA, or the interfaces of stock OP-TEE.

use std::{io::Write, path::PathBuf};

use anyhow::{Error, Result};
use teeleak_proto::tee_result::{ITEM_NOT_FOUND, SECURITY};

use super::{
    live::{Discard, Sampler, World},
    stock::{ConsoleReader, Stock},
};
use crate::{
    error::{NotObservable, TeeError},
    source::observer::Observer,
};

/// Options for an OP-TEE without the leak audit PTA.
#[derive(Clone, Default, Debug)]
pub(crate) struct AccessOptions {
    /// Where OP-TEE prints allocation sites.
    pub(crate) console: Option<PathBuf>,
    /// Whether to query the statistics PTA for the heap of each TA.
    pub(crate) ta_stats: bool,
}

impl AccessOptions {
    /// Whether the user asked for data of stock OP-TEE.
    pub(crate) fn are_given(&self) -> bool {
        self.console.is_some() || self.ta_stats
    }

    /// An observer of stock OP-TEE.
    pub(crate) fn stock(&self, world: &dyn World) -> Result<Stock> {
        let console = self.console.as_deref().map(ConsoleReader::open).transpose()?;
        Ok(Stock::new(world.stats()?, console, self.ta_stats))
    }

    /// The best available observer; its limits are printed to `err`.
    ///
    /// # Errors
    /// When none is available, or the requested one is missing.
    pub(crate) fn reach(
        &self,
        world: &dyn World,
        err: &mut dyn Write,
    ) -> Result<Box<dyn Observer>> {
        let (observer, missing) = self.best(world)?;
        if let Some(missing) = missing {
            writeln!(err, "teeleak: {missing:#}")?;
            writeln!(err, "teeleak: continuing with stock OP-TEE data; see --console")?;
        }
        Ok(observer)
    }

    /// The best available observer, and why a better one is missing.
    ///
    /// # Errors
    /// As [`Self::reach`].
    pub(crate) fn best(&self, world: &dyn World) -> Result<(Box<dyn Observer>, Option<Error>)> {
        if self.console.is_some() {
            return Ok((Box::new(self.stock(world)?), None));
        }
        let missing = match auditor(world) {
            Ok(sampler) if self.ta_stats => {
                return Ok((Box::new(sampler.with_heaps(self.stock(world)?)), None));
            }
            Ok(sampler) => return Ok((Box::new(sampler), None)),
            Err(error) if self.ta_stats => {
                return Ok((Box::new(self.stock(world).map_err(|_| error)?), None));
            }
            Err(error) if is_missing(&error) => error,
            Err(error) => return Err(error),
        };
        let Ok(stock) = self.stock(world) else { return Err(missing) };
        Ok((Box::new(stock), Some(missing)))
    }
}

/// A session to the teeleak TA, whose PTA is available.
pub(crate) fn auditor(world: &dyn World) -> Result<Sampler> {
    let mut sampler = Sampler::new(world.connect()?);
    sampler.hello(&mut Discard)?;
    Ok(sampler)
}

/// Whether the TA is missing, as opposed to temporarily or for this user out of reach.
fn is_missing(error: &Error) -> bool {
    let result = error.downcast_ref::<TeeError>().map(|error| error.result);
    error.is::<NotObservable>() || matches!(result, Some(ITEM_NOT_FOUND | SECURITY))
}
