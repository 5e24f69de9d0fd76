//! The planted bug with which a plan is performed: the one that its file names, unless an option says otherwise.

use super::Trouble;
use crate::{
    service::Service,
    suite::{PlantedBug, Suite},
};
use clap::Args as ClapArgs;
use std::path::Path;

/// What was typed.
#[derive(Debug, Default, ClapArgs)]
pub(crate) struct Planted {
    /// Plant this bug [default: the one that the file names, if it names one]
    #[arg(long, alias = "plant", value_name = "BUG")]
    pub(crate) bug: Option<String>,
    /// Perform the plan without the planted bug that its file names
    #[arg(long, alias = "no-bug", conflicts_with = "bug")]
    pub(crate) without_bug: bool,
}

impl Planted {
    /// The bug to plant in a plan; `named` is the bug that its file names.
    ///
    /// # Errors
    /// There is no such bug (the error lists the existing ones), or two are named.
    pub(crate) fn resolve<'a, S: Service>(
        &self,
        suite: &'a Suite<S>,
        file: &Path,
        named: Option<&str>,
    ) -> Result<Option<&'a PlantedBug<S>>, Trouble> {
        if let (Some(asked), Some(named)) = (&self.bug, named)
            && asked != named
        {
            return Err(Trouble(format!(
                "{}: the plan needs the planted bug {named} (its line `bug`), and --bug says {asked}. Leave --bug out; or \
                 change that line, if you mean another plan",
                file.display()
            )));
        }
        if self.without_bug {
            return Ok(None);
        }
        match (&self.bug, named) {
            (Some(asked), _) => Ok(Some(suite.find_bug(asked)?)),
            (None, Some(named)) => {
                let found = suite.find_bug(named).map_err(|error| {
                    let file = file.display();
                    Trouble(format!("{file}: {error}. Mend its line `bug`, or add --without-bug"))
                })?;
                Ok(Some(found))
            }
            (None, None) => Ok(None),
        }
    }
}
