//! The reference of the platform for plugin authors, made of the tables that the host itself goes by.

use crate::capabilities::CAPABILITIES;
use crate::manifest::API;
use crate::points::POINTS;

const MIB: usize = 1024 * 1024;
/// What a manifest may declare of the catalogue, in words.
const CATALOGUE: &str = include_str!("catalogue.md");

/// Jobs and events, in words.
const PLATFORM: &str = include_str!("platform.md");

/// `sdk/REFERENCE.md`.
pub fn reference() -> String {
    let mut text = format!(
        "# Interfaces {API}\n\nMade of the tables of the host by its tests; the functions are described in `wit/`.\n\n\
         ## What a plugin may import\n\n| interface | in the manifest |\n|---|---|\n"
    );
    for capability in &CAPABILITIES {
        let permission = capability.permission.as_ref();
        let permission =
            permission.map_or_else(|| "open to all".to_owned(), |part| format!("`[permissions.{}]`", part.name));
        text.push_str(&format!("| `{}` | {permission} |\n", capability.import));
    }
    text.push_str(
        "\n## What it may export\n\nCPU is the time of the plugin's own code, not of what the host does for it.\n\n| export | in logs | CPU | wall | memory | host calls | rows | requests | papers |\n|---|---|---|---|---|---|---|---|---|\n",
    );
    for point in POINTS {
        let budget = &point.budget;
        text.push_str(&format!(
            "| `verstak:plugin/{}` | `{}:...` | {} ms | {} ms | {} MiB | {} | {} | {} | {} |\n",
            point.export,
            point.name,
            budget.cpu.as_millis(),
            budget.wall.as_millis(),
            budget.memory / MIB,
            budget.host_calls,
            budget.rows,
            budget.requests,
            budget.papers,
        ));
    }
    text.push_str(CATALOGUE);
    text.push_str(PLATFORM);
    text
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_file_is_what_the_tables_say() {
        let file = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../sdk/REFERENCE.md");
        assert_eq!(super::reference(), std::fs::read_to_string(&file).unwrap(), "write {}", file.display());
    }
}
