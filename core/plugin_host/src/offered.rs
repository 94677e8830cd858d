//! Packages that lie beside the program: installed like any upload, and left alone where they are installed already.

use kernel::error::FieldError;
use kernel::{Ctx, Result};
use people::require_admin;

use crate::PluginHost;
use crate::manage::{refused, unfit};
use crate::package::Package;
use crate::registry::{VersionError, store};

/// A package that is installed now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offered {
    /// The plugin's id.
    pub plugin: String,
    /// The number of the version.
    pub version: String,
    /// Whether it was not installed before.
    pub new: bool,
}

impl PluginHost {
    /// Installs a package unless this very one is installed: then it is neither compiled nor looked at further. Nobody runs it
    /// before it is enabled.
    ///
    /// # Errors
    /// As [`Self::install`], also when the version is installed with other contents.
    pub async fn offer(&self, ctx: &Ctx, bytes: &[u8]) -> Result<Offered> {
        require_admin(ctx)?;
        let package = Package::read(bytes, &self.inner.config.trusted);
        let package = package.map_err(|error| unfit(&VersionError::from(error)))?;
        let (plugin, version) = (package.manifest.id.clone(), package.manifest.version.to_string());
        let new = match store::version(self.inner.services.db.read(), &plugin, &version).await? {
            Some(known) if known.hash == package.hash => false,
            Some(_) => {
                let error = FieldError::new("package_other_contents").with("plugin", &plugin);
                return Err(refused(error.with("version", &version)));
            }
            None => {
                self.install(ctx, bytes).await?;
                true
            }
        };
        Ok(Offered { plugin, version, new })
    }
}
