//! The tables that the migrations leave behind. Their SQL enters in order, names leave.

use std::collections::BTreeSet;

/// Follows `CREATE [VIRTUAL] TABLE`, `DROP TABLE` and `ALTER TABLE .. RENAME TO` through the migrations in their order. What is
/// put into the SQL later (`{entity}`) is no name.
pub fn tables<'a>(migrations: impl Iterator<Item = &'a str>) -> BTreeSet<String> {
    let mut tables = BTreeSet::new();
    for text in migrations {
        let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
        let words: Vec<&str> = code.split(|c: char| !is_part(c)).filter(|word| !word.is_empty()).collect();
        for at in 0..words.len() {
            let rest = words.get(at..).unwrap_or_default();
            match rest {
                ["CREATE", "TABLE", "IF", "NOT", "EXISTS", name, ..]
                | ["CREATE", "TABLE", name, ..]
                | ["CREATE", "VIRTUAL", "TABLE", name, ..]
                    if is_name(name) =>
                {
                    tables.insert((*name).to_owned());
                }
                ["DROP", "TABLE", "IF", "EXISTS", name, ..] | ["DROP", "TABLE", name, ..] => {
                    tables.remove(*name);
                }
                ["ALTER", "TABLE", old, "RENAME", "TO", new, ..] => {
                    let known = tables.remove(*old);
                    if known && is_name(new) {
                        tables.insert((*new).to_owned());
                    }
                }
                _ => {}
            }
        }
    }
    tables
}

const fn is_part(character: char) -> bool {
    character.is_ascii_alphanumeric() || matches!(character, '_' | '{' | '}')
}

fn is_name(word: &str) -> bool {
    word.chars().all(|character| character.is_ascii_lowercase() || character.is_ascii_digit() || character == '_')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tables_are_those_that_are_left() {
        for (migrations, expected) in [
            (vec!["CREATE TABLE a (id TEXT);\nCREATE TABLE IF NOT EXISTS b_2 (id TEXT)"], "a b_2"),
            (vec!["CREATE VIRTUAL TABLE a USING fts5 (b)"], "a"),
            (vec!["CREATE INDEX x ON a (id); CREATE TABLE {entity} (id TEXT)"], ""),
            (vec!["CREATE TABLE a (id TEXT)", "DROP TABLE a"], ""),
            (
                vec![
                    "CREATE TABLE a (x TEXT)",
                    "CREATE TABLE a_new (x TEXT); DROP TABLE a; ALTER TABLE a_new RENAME TO a;",
                ],
                "a",
            ),
            (
                vec!["CREATE TABLE a (x TEXT)", "ALTER TABLE a ADD COLUMN y TEXT; ALTER TABLE a RENAME COLUMN x TO z"],
                "a",
            ),
            (vec!["// CREATE TABLE said (id TEXT)", "DROP TABLE IF EXISTS never"], ""),
        ] {
            let found: Vec<String> = tables(migrations.iter().copied()).into_iter().collect();
            assert_eq!(found.join(" "), expected, "{migrations:?}");
        }
    }
}
