//! Which way into the TEE there is: the teeleak TA and its PTA, or what stock OP-TEE offers.

use std::{io::Write, path::PathBuf};

use anyhow::{Error, Result};
use teeleak_proto::tee_result::{ITEM_NOT_FOUND, SECURITY};

use super::{
    live::{Discard, Observer, Sampler, World},
    stock::{Console, Stock},
};
use crate::{Blind, TeeError};

/// How to look into an OP-TEE without the leak audit PTA.
#[derive(Clone, Default, Debug)]
pub(crate) struct Ways {
    /// Where OP-TEE prints allocation sites.
    pub(crate) console: Option<PathBuf>,
    /// Whether the statistics PTA is asked for the heap of each TA.
    pub(crate) ta_stats: bool,
}

impl Ways {
    /// Whether only what stock OP-TEE offers is wanted.
    pub(crate) fn are_given(&self) -> bool {
        self.console.is_some() || self.ta_stats
    }

    /// What stock OP-TEE offers.
    pub(crate) fn stock(&self, world: &dyn World) -> Result<Stock> {
        let console = self.console.as_deref().map(Console::open).transpose()?;
        Ok(Stock::new(world.stats()?, console, self.ta_stats))
    }

    /// The best way that there is; what it lacks is told on `err`.
    ///
    /// # Errors
    /// When there is none, or the one that was asked for is not there.
    pub(crate) fn reach(
        &self,
        world: &dyn World,
        err: &mut dyn Write,
    ) -> Result<Box<dyn Observer>> {
        let (observer, missing) = self.best(world)?;
        if let Some(missing) = missing {
            writeln!(err, "teeleak: {missing:#}")?;
            writeln!(err, "teeleak: going on with what stock OP-TEE tells: see --console")?;
        }
        Ok(observer)
    }

    /// The best way that there is, and why it is not a better one.
    ///
    /// # Errors
    /// As [`Self::reach`].
    pub(crate) fn best(&self, world: &dyn World) -> Result<(Box<dyn Observer>, Option<Error>)> {
        if self.are_given() {
            return Ok((Box::new(self.stock(world)?), None));
        }
        let missing = match auditor(world) {
            Ok(sampler) => return Ok((Box::new(sampler), None)),
            Err(error) if is_missing(&error) => error,
            Err(error) => return Err(error),
        };
        let Ok(stock) = self.stock(world) else { return Err(missing) };
        Ok((Box::new(stock), Some(missing)))
    }
}

/// A session to a TA that reaches its PTA.
pub(crate) fn auditor(world: &dyn World) -> Result<Sampler> {
    let mut sampler = Sampler::new(world.connect()?);
    sampler.hello(&mut Discard)?;
    Ok(sampler)
}

/// Whether it is not there, rather than out of reach for the moment or for this user.
fn is_missing(error: &Error) -> bool {
    let result = error.downcast_ref::<TeeError>().map(|error| error.result);
    error.is::<Blind>() || matches!(result, Some(ITEM_NOT_FOUND | SECURITY))
}
