use std::collections::BTreeMap;
use std::io::{Cursor, Write};

use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::*;

const KEY: &str = "1111111111111111111111111111111111111111111111111111111111111111";

fn files() -> Files {
    let manifest = "id = \"acme.leads\"\nversion = \"1.0.0\"\napi = \"1\"\ntitle.en = \"Leads\"\n";
    BTreeMap::from([
        (MANIFEST.to_owned(), manifest.as_bytes().to_vec()),
        (COMPONENT.to_owned(), b"\0asm".to_vec()),
        ("i18n/en.toml".to_owned(), b"hello = \"Hello\"\n".to_vec()),
        ("ui/app/main.js".to_owned(), b"1".to_vec()),
    ])
}

fn raw(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (path, content) in entries {
        writer.start_file((*path).to_owned(), SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn read(bytes: &[u8]) -> Result<Package, PackageError> {
    Package::read(bytes, &TrustedKeys::default())
}

fn check(bytes: &[u8], expected: &str) {
    let problem = read(bytes).expect_err(expected).to_string();
    assert!(problem.contains(expected), "{problem} instead of {expected}");
}

/// A package with one thing done to its files after the checksums were made.
fn tampered(change: impl Fn(&mut Files)) -> Vec<u8> {
    let mut all = reader::unzip(&write(&files(), None).unwrap()).unwrap();
    change(&mut all);
    let entries: Vec<(&str, &[u8])> = all.iter().map(|(path, content)| (path.as_str(), content.as_slice())).collect();
    raw(&entries)
}

#[test]
fn packing_is_deterministic_and_reads_back() {
    let bytes = write(&files(), None).unwrap();
    assert_eq!(bytes, write(&files(), None).unwrap());
    let package = read(&bytes).unwrap();
    assert_eq!((package.manifest.id.as_str(), package.level), ("acme.leads", Level::Dev));
    assert_eq!(package.assets.keys().collect::<Vec<_>>(), ["app/main.js"]);
}

#[test]
fn levels_come_from_the_key() {
    let signer = Signer::from_hex(KEY).unwrap();
    let bytes = write(&files(), Some(&signer)).unwrap();
    assert_eq!(read(&bytes).unwrap().level, Level::Publisher);
    let trusted = TrustedKeys(BTreeMap::from([(signer.public(), Level::Verified)]));
    let package = Package::read(&bytes, &trusted).unwrap();
    assert_eq!((package.level, package.signer), (Level::Verified, Some(signer.public())));
}

#[test]
fn tampering_is_found() {
    check(&tampered(|all| drop(all.insert(COMPONENT.into(), b"other".to_vec()))), "component.wasm has been changed");
    check(&tampered(|all| drop(all.insert("ui/extra.js".into(), b"1".to_vec()))), "does not belong: ui/extra.js");
    check(&tampered(|all| drop(all.remove("i18n/en.toml"))), "lacks i18n/en.toml");
    check(&tampered(|all| drop(all.remove(CHECKSUMS))), "lacks checksums.txt");
    check(&tampered(|all| drop(all.insert(SIGNATURE.into(), b"key=1".to_vec()))), "signature is not good");
    let signer = Signer::from_hex(KEY).unwrap();
    let signed = reader::unzip(&write(&files(), Some(&signer)).unwrap()).unwrap();
    let other =
        Files::from([(MANIFEST.to_owned(), files()[MANIFEST].clone()), (COMPONENT.to_owned(), b"evil".to_vec())]);
    let mut forged = reader::unzip(&write(&other, None).unwrap()).unwrap();
    forged.insert(SIGNATURE.to_owned(), signed[SIGNATURE].clone());
    let entries: Vec<(&str, &[u8])> =
        forged.iter().map(|(path, content)| (path.as_str(), content.as_slice())).collect();
    check(&raw(&entries), "does not belong to these files");
}

#[test]
fn hostile_archives_are_refused() {
    check(b"", "not a zip file");
    check(&[0; 100], "not a zip file");
    check(&[write(&files(), None).unwrap(), b"more".to_vec()].concat(), "appended");
    for path in [
        "../evil",
        "/etc/passwd",
        "ui/../../evil",
        "ui/.hidden",
        "i18n/xx.toml",
        "src/lib.rs",
        "ui\\evil",
        "C:evil",
        "ui/",
        "ui//x",
    ] {
        check(&raw(&[(path, b"x")]), "");
        assert!(!belongs(path), "{path}");
    }
    let bomb = vec![0_u8; usize::try_from(MAX_UNPACKED).unwrap() + 1];
    check(&raw(&[("ui/bomb", &bomb)]), "too large");
    let many: Vec<String> = (0..=MAX_FILES).map(|n| format!("ui/{n}")).collect();
    check(&raw(&many.iter().map(|path| (path.as_str(), b"x".as_slice())).collect::<Vec<_>>()), "more than 500 files");
}

#[test]
fn a_path_that_appears_twice_is_refused() {
    let mut bytes = raw(&[("ui/a", b"good"), ("ui/b", b"evil")]);
    // Rename the second entry in both of its headers.
    let places: Vec<usize> = (0..bytes.len() - 4).filter(|at| &bytes[*at..*at + 4] == b"ui/b").collect();
    assert_eq!(places.len(), 2);
    for at in places {
        bytes[at + 3] = b'a';
    }
    check(&bytes, "twice");
}

#[test]
fn random_bytes_never_panic() {
    let good = write(&files(), None).unwrap();
    for at in 0..good.len() {
        let mut bytes = good.clone();
        bytes[at] ^= 0x5a;
        drop(read(&bytes));
        drop(read(&good[..at]));
    }
}
