//! The file in which configuration moves: a zip of one JSON file by area and one that says what it is. The same content has the same
//! bytes. Whatever a hostile file could grow is bounded before it is looked at.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{Cursor, Read, Write};

use kernel::error::FieldError;
use kernel::moving::{self, Area, Object};
use kernel::{Error, Result};
use serde_json::{Value as Json, json};
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, DateTime, ZipArchive, ZipWriter};

use super::owners;

/// The code of errors about such a file.
pub const WRONG: &str = "config.file";
/// Bytes of a file.
pub const MAX_PACKED: usize = 2 * 1024 * 1024;
/// Bytes of everything in it.
pub const MAX_UNPACKED: u64 = 4 * 1024 * 1024;
/// Objects in it.
pub const MAX_OBJECTS: usize = 5_000;
/// What such a file says it is.
const FORMAT: &str = "verstak.configuration";
/// The version that is written, and the only one that is read.
const VERSION: u64 = 1;
/// The file that says so.
const HEAD: &str = "configuration.json";
/// End-of-central-directory record without a comment (APPNOTE 4.3.16).
const END_RECORD: usize = 22;

/// Objects by area, in their order.
pub type Objects = BTreeMap<Area, Vec<Object>>;

/// Writes a file.
///
/// # Errors
/// When memory is short.
pub fn write(objects: &Objects) -> Result<Vec<u8>> {
    let areas: Vec<&str> = objects.keys().map(|area| area.name()).collect();
    let head = json!({"format": FORMAT, "version": VERSION, "areas": areas});
    let mut files = BTreeMap::from([(HEAD.to_owned(), text(head)?)]);
    for (area, objects) in objects {
        let specs: Vec<Json> = objects.iter().map(|object| object.spec.clone()).collect();
        files.insert(name(*area), text(Json::Array(specs))?);
    }
    zipped(&files).map_err(Error::internal)
}

fn name(area: Area) -> String {
    format!("{}.json", area.name())
}

fn text(json: Json) -> Result<String> {
    let mut text = serde_json::to_string_pretty(&moving::sorted(json)).map_err(Error::internal)?;
    text.push('\n');
    Ok(text)
}

fn zipped(files: &BTreeMap<String, String>) -> zip::result::ZipResult<Vec<u8>> {
    let options = SimpleFileOptions::default()
        .compression_method(CompressionMethod::Deflated)
        .last_modified_time(DateTime::DEFAULT)
        .unix_permissions(0o644);
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in files {
        writer.start_file(name.clone(), options)?;
        writer.write_all(text.as_bytes())?;
    }
    Ok(writer.finish()?.into_inner())
}

/// Reads a file.
///
/// # Errors
/// `config.file`: on `file` what is wrong with the whole, on the name of a file in it what is wrong there.
pub fn read(bytes: &[u8]) -> Result<Objects> {
    let files = unzipped(bytes)?;
    let head = files.get(HEAD).ok_or_else(|| wrong("file", FieldError::new("pack_head").with("name", HEAD)))?;
    let format = head.get("format").and_then(Json::as_str);
    if format != Some(FORMAT) {
        return Err(wrong(HEAD, FieldError::new("pack_head").with("name", HEAD)));
    }
    if head.get("version").and_then(Json::as_u64) != Some(VERSION) {
        return Err(wrong(HEAD, FieldError::new("pack_version").with("version", VERSION)));
    }
    let mut objects = Objects::new();
    let mut count = 0;
    for area in Area::ALL {
        let Some(json) = files.get(&name(area)) else { continue };
        let Json::Array(specs) = json else { return Err(wrong(&name(area), FieldError::new("pack_list"))) };
        count += specs.len();
        if count > MAX_OBJECTS {
            return Err(wrong("file", FieldError::new("too_many").with("max", MAX_OBJECTS)));
        }
        objects.insert(area, read_area(area, specs)?);
    }
    Ok(objects)
}

fn read_area(area: Area, specs: &[Json]) -> Result<Vec<Object>> {
    let mut seen = BTreeSet::new();
    let mut objects = Vec::with_capacity(specs.len());
    for (index, spec) in specs.iter().enumerate() {
        let place = format!("{}[{index}]", name(area));
        let object = owners::object(area, spec.clone()).map_err(|reason| {
            let reason: String = reason.chars().take(300).collect();
            wrong(&place, FieldError::new("invalid").with("reason", reason))
        })?;
        if moving::names_somebody(&object.spec) {
            return Err(wrong(&place, FieldError::new("pack_id")));
        }
        if !seen.insert(object.key.clone()) {
            return Err(wrong(&place, FieldError::new("twice").with("value", short(&object.key))));
        }
        objects.push(object);
    }
    Ok(objects)
}

/// The files of the archive, each read as JSON.
fn unzipped(bytes: &[u8]) -> Result<BTreeMap<String, Json>> {
    if bytes.len() > MAX_PACKED {
        return Err(large());
    }
    let declared = declared_entries(bytes).ok_or_else(|| wrong("file", FieldError::new("pack_zip")))?;
    if declared > Area::ALL.len() + 1 {
        return Err(wrong("file", FieldError::new("pack_files")));
    }
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|_| wrong("file", FieldError::new("pack_zip")))?;
    // The reader takes two of one name for one.
    if archive.len() != declared {
        return Err(wrong("file", FieldError::new("pack_files")));
    }
    let mut files = BTreeMap::new();
    let mut left = MAX_UNPACKED;
    for index in 0..archive.len() {
        let (name, content) = entry(&mut archive, index, left)?;
        left = left.saturating_sub(u64::try_from(content.len()).unwrap_or(u64::MAX));
        files.insert(name.clone(), parsed(&name, &content)?);
    }
    Ok(files)
}

/// The number of entries the archive claims; none for what is no zip, has something behind it, or is of the 64-bit form.
fn declared_entries(bytes: &[u8]) -> Option<usize> {
    let end = bytes.get(bytes.len().checked_sub(END_RECORD)?..)?;
    let number = |at: usize| end.get(at..at + 2).and_then(|two| two.try_into().ok()).map(u16::from_le_bytes);
    let whole = end.starts_with(b"PK\x05\x06") && number(20) == Some(0);
    number(10).filter(|_| whole).map(usize::from)
}

fn entry(archive: &mut ZipArchive<Cursor<&[u8]>>, index: usize, left: u64) -> Result<(String, Vec<u8>)> {
    let broken = || wrong("file", FieldError::new("pack_zip"));
    let file = archive.by_index(index).map_err(|_| broken())?;
    let name = file.name().map_err(|_| broken())?.into_owned();
    let known = name == HEAD || Area::ALL.iter().any(|area| self::name(*area) == name);
    if !known || file.is_dir() || file.is_symlink() || file.encrypted() {
        return Err(wrong("file", FieldError::new("pack_name").with("name", short(&name))));
    }
    // The header may lie about the size: what is really read is bounded.
    let mut content = Vec::new();
    file.take(left.saturating_add(1)).read_to_end(&mut content).map_err(|_| broken())?;
    if u64::try_from(content.len()).unwrap_or(u64::MAX) > left {
        return Err(large());
    }
    Ok((name, content))
}

fn parsed(name: &str, content: &[u8]) -> Result<Json> {
    let json: Json = serde_json::from_slice(content).map_err(|error| {
        let reason: String = error.to_string().chars().take(300).collect();
        wrong(name, FieldError::new("pack_json").with("reason", reason))
    })?;
    // No database keeps it.
    if moving::any_text(&json, &|text: &str| text.contains('\0')) {
        return Err(wrong(name, FieldError::new("characters")));
    }
    Ok(json)
}

fn large() -> Error {
    let limit = |bytes: u64| bytes / 1024 / 1024;
    let packed = u64::try_from(MAX_PACKED).unwrap_or(u64::MAX);
    let error = FieldError::new("pack_large").with("packed", limit(packed)).with("unpacked", limit(MAX_UNPACKED));
    wrong("file", error)
}

fn wrong(place: &str, error: FieldError) -> Error {
    Error::field(WRONG, place, error)
}

fn short(text: &str) -> String {
    text.chars().take(80).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packed(files: &[(&str, &str)]) -> Vec<u8> {
        let files = files.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned())).collect();
        zipped(&files).unwrap()
    }

    const SAYS: &str = r#"{"format": "verstak.configuration", "version": 1, "areas": ["entities"]}"#;

    /// The place of the error.
    fn refused(bytes: &[u8]) -> String {
        match read(bytes).unwrap_err() {
            Error::Invalid { code: WRONG, fields } => fields.keys().cloned().collect::<Vec<_>>().join(" "),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn what_is_written_is_read_and_has_the_same_bytes() {
        let spec = json!({"key": "x_a", "label": {"en": "A"}, "label_plural": {"en": "As"}, "staged": false});
        let object = Object { key: "x_a".into(), spec: moving::sorted(spec) };
        let objects = Objects::from([(Area::Entities, vec![object]), (Area::Fields, Vec::new())]);
        let bytes = write(&objects).unwrap();
        assert_eq!(read(&bytes).unwrap(), objects);
        assert_eq!(write(&read(&bytes).unwrap()).unwrap(), bytes);
    }

    #[test]
    fn what_is_no_such_file_is_refused() {
        assert_eq!(refused(b""), "file");
        assert_eq!(refused(&[0; 100]), "file");
        assert_eq!(refused(&packed(&[("entities.json", "[]")])), "file");
        assert_eq!(refused(&packed(&[(HEAD, "{}")])), HEAD);
        assert_eq!(refused(&packed(&[(HEAD, SAYS.replace('1', "2").as_str())])), HEAD);
        assert_eq!(refused(&packed(&[(HEAD, SAYS), ("../roles.json", "[]")])), "file");
        assert_eq!(refused(&packed(&[(HEAD, SAYS), ("sub/roles.json", "[]")])), "file");
        assert_eq!(refused(&packed(&[(HEAD, SAYS), ("roles.json", "{}")])), "roles.json");
        assert_eq!(refused(&packed(&[(HEAD, SAYS), ("roles.json", "[")])), "roles.json");
        assert_eq!(refused(&packed(&[(HEAD, SAYS), ("roles.json", r#"["\u0000"]"#)])), "roles.json");
        assert_eq!(refused(&packed(&[(HEAD, SAYS), ("roles.json", r#"[{"key": "a"}]"#)])), "roles.json[0]");
        let deep = "[".repeat(100_000);
        assert_eq!(refused(&packed(&[(HEAD, SAYS), ("roles.json", deep.as_str())])), "roles.json");
        let twice = r#"[{"key": "a", "name": "A"}, {"key": "a", "name": "B"}]"#;
        assert_eq!(refused(&packed(&[(HEAD, SAYS), ("roles.json", twice)])), "roles.json[1]");
        let bomb = format!("[{}]", " ".repeat(8 * 1024 * 1024));
        let bomb = packed(&[(HEAD, SAYS), ("roles.json", bomb.as_str())]);
        assert!(bomb.len() < 100_000);
        assert_eq!(refused(&bomb), "file");
        let mut longer = packed(&[(HEAD, SAYS)]);
        assert!(read(&longer).is_ok());
        longer.push(0);
        assert_eq!(refused(&longer), "file");
    }

    #[test]
    fn ids_are_refused() {
        let role = r#"[{"key": "a", "name": "A", "rows": [{"kind": "permission", "entity": "deal", "actions": ["read"],
            "filter": {"field": "owner", "op": "eq", "value": "0198a1b2-0000-7000-8000-0123456789ab"}}]}]"#;
        assert_eq!(refused(&packed(&[(HEAD, SAYS), ("roles.json", role)])), "roles.json[0]");
    }
}
