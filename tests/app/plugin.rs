//! The plugin `lead-desk` as a package, built once.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use plugin_host::dev::project;
use serde_json::{Value, json};

use super::TestApp;

/// Id of the plugin.
pub const LEAD_DESK: &str = "verstak.lead-desk";

/// The folder of the whole product.
pub fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap().to_owned()
}

/// The package of a plugin of the product: from the folder that `cargo xtask test` names, else built now.
pub fn package_of(name: &str) -> Vec<u8> {
    let packed = std::env::var_os("VERSTAK_PACKAGES").map(|folder| Path::new(&folder).join(format!("{name}.vpkg")));
    if let Some(bytes) = packed.and_then(|file| std::fs::read(file).ok()) {
        return bytes;
    }
    let folder = root().join("plugins").join(name);
    let component = project::build(&folder, Some(&root().join("target/guests"))).unwrap();
    project::package(&folder, &component, None).unwrap()
}

/// The package of `lead-desk`, read or built once.
pub fn lead_desk() -> &'static [u8] {
    static PACKAGE: OnceLock<Vec<u8>> = OnceLock::new();
    PACKAGE.get_or_init(|| package_of("lead-desk"))
}

/// Compiled components are shared by all tests: compiling takes longer than most of them.
pub fn share_cache(data: &Path) {
    let shared = Path::new(env!("CARGO_TARGET_TMPDIR")).join("plugin-cache");
    std::fs::create_dir_all(&shared).unwrap();
    let own = data.join("plugin-cache");
    // A server may have been here before, and made one of its own.
    if !own.exists() {
        std::os::unix::fs::symlink(&shared, own).unwrap();
    }
}

impl TestApp {
    /// Installs `lead-desk` and switches it on in the first company.
    pub async fn enable_lead_desk(&self, settings: Value) {
        let admin = self.admin();
        let sent = admin.send("POST", "/api/v1/plugins", Some("application/octet-stream"), lead_desk().to_vec());
        sent.await.ok(201);
        let body = json!({"grants": "requested", "settings": settings});
        admin.post(&format!("/plugins/{LEAD_DESK}/enable"), body).await.ok(200);
    }
}
