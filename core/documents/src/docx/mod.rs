//! Word files with placeholders: `{{heading}}`, `{{deal.title}}`, `{{#each rows}}...{{/each}}`, `{{#if terms}}...{{else}}...{{/if}}`.
//! Inside `each` the names of one row come first. A block whose ends stand in different cells of a row repeats the row;
//! one whose ends stand in paragraphs of their own takes these paragraphs away. Word splits what people type into pieces: a
//! placeholder is put together again within its paragraph.
//!
//! | module | what |
//! |---|---|
//! | `parse` | the text of a Word file as pieces |
//! | `lift` | blocks around whole rows and paragraphs |
//! | `render` | pieces with values |

mod lift;
mod parse;
mod render;

use std::collections::BTreeSet;
use std::io::{Cursor, Write};

use kernel::error::FieldError;
use kernel::{Error, Result};
use serde_json::Value as Json;
use zip::write::SimpleFileOptions;
use zip::{DateTime, ZipWriter};

use crate::INVALID;
use crate::own::upload;

/// Files inside one.
const MAX_PARTS: usize = 400;
/// Names that are told at once.
const TOLD: usize = 50;

/// A template that is wrong.
fn wrong(words: &str, value: &str) -> Error {
    let value: String = value.chars().take(80).collect();
    Error::field(INVALID, "template", FieldError::worded("invalid", words).with("value", value))
}

/// Parts with text that people write.
fn is_text(name: &str) -> bool {
    let part = name.strip_prefix("word/").and_then(|rest| rest.strip_suffix(".xml")).unwrap_or_default();
    part == "document" || ["header", "footer"].iter().any(|kind| part.starts_with(kind))
}

fn pieces(content: &[u8]) -> Result<Vec<parse::Piece>> {
    let xml = std::str::from_utf8(content).map_err(|_| wrong("document.no_word_file", ""))?;
    lift::lifted(parse::pieces(xml)?)
}

/// Fills a Word file.
///
/// # Errors
/// `document.invalid` naming `template`: a block that is not closed, a result that is too large.
pub(crate) fn fill(bytes: &[u8], data: &Json) -> Result<Vec<u8>> {
    let draft = data.get("draft") == Some(&Json::Bool(true));
    let mark = data.pointer("/labels/draft").and_then(Json::as_str).filter(|_| draft);
    // The same paper is the same file, whenever it is made.
    let options = SimpleFileOptions::default().last_modified_time(DateTime::DEFAULT);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    let mut used = render::Used::default();
    for (name, content) in upload::unzip(bytes, MAX_PARTS)? {
        let content = if is_text(&name) {
            render::rendered(&pieces(&content)?, data, mark, &mut used)?.into_bytes()
        } else {
            content
        };
        zip.start_file(name, options).map_err(Error::internal)?;
        zip.write_all(&content).map_err(Error::internal)?;
    }
    Ok(zip.finish().map_err(Error::internal)?.into_inner())
}

/// Names of placeholders that what a paper is given does not have.
///
/// # Errors
/// `document.invalid` naming `template`: a block that is not closed.
pub(crate) fn unknown_in(bytes: &[u8], given: &Json) -> Result<Vec<String>> {
    let mut unknown = BTreeSet::new();
    for (name, content) in upload::unzip(bytes, MAX_PARTS)? {
        if is_text(&name) {
            render::unknown(&pieces(&content)?, given, &mut unknown);
        }
    }
    Ok(unknown.into_iter().take(TOLD).collect())
}

#[cfg(test)]
mod tests {
    use kernel::Locale;
    use serde_json::json;

    use super::*;

    fn word(body: &str) -> Vec<u8> {
        let document = format!(r#"<?xml version="1.0"?><w:document xmlns:w="w"><w:body>{body}</w:body></w:document>"#);
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, content) in [("[Content_Types].xml", "<Types/>"), ("word/document.xml", document.as_str())] {
            zip.start_file(name, SimpleFileOptions::default()).unwrap();
            zip.write_all(content.as_bytes()).unwrap();
        }
        zip.finish().unwrap().into_inner()
    }

    fn body(filled: &[u8]) -> String {
        let parts = upload::unzip(filled, 10).unwrap();
        let xml = String::from_utf8(parts["word/document.xml"].clone()).unwrap();
        let (_, rest) = xml.split_once("<w:body>").unwrap();
        rest.split_once("</w:body>").unwrap().0.replace(" xml:space=\"preserve\"", "")
    }

    fn p(text: &str) -> String {
        format!("<w:p><w:r><w:t>{text}</w:t></w:r></w:p>")
    }

    #[test]
    fn placeholders_that_word_splits_are_filled() {
        let split = "<w:p><w:r><w:t>To {</w:t></w:r><w:r><w:rPr><w:b/></w:rPr><w:t>{deal.ti</w:t></w:r><w:r><w:t>tle}} now</w:t></w:r></w:p>";
        let data = json!({"deal": {"title": "A & <B>\nsecond"}});
        let filled = body(&fill(&word(split), &data).unwrap());
        assert!(filled.contains("To A &amp; &lt;B&gt;</w:t><w:br/><w:t>second</w:t>"), "{filled}");
        assert!(filled.ends_with("<w:t> now</w:t></w:r></w:p>") && filled.contains("<w:b/>"), "{filled}");
    }

    #[test]
    fn rows_of_tables_and_paragraphs_are_repeated() {
        let cell = |text: &str| format!("<w:tc>{}</w:tc>", p(text));
        let row =
            format!("<w:tbl><w:tr>{}{}</w:tr></w:tbl>", cell("{{#each rows}}{{title}}"), cell("{{total}}{{/each}}"));
        let data = json!({"rows": [{"title": "a", "total": "1"}, {"title": "b", "total": "2"}], "heading": "h"});
        let filled = body(&fill(&word(&row), &data).unwrap());
        let one = |title: &str, total: &str| format!("<w:tr>{}{}</w:tr>", cell(title), cell(total));
        assert_eq!(filled, format!("<w:tbl>{}{}</w:tbl>", one("a", "1"), one("b", "2")));
        let apart = [p("{{#each rows}}"), p("{{this.title}} of {{heading}}"), p("{{/each}}")].concat();
        assert_eq!(body(&fill(&word(&apart), &data).unwrap()), p("a of h") + &p("b of h"));
        let inside = p("{{#if rows}}yes{{else}}no{{/if}} {{#if none}}yes{{else}}no{{/if}}");
        assert_eq!(body(&fill(&word(&inside), &data).unwrap()), p("yes no"));
        let apart = [p("{{#if none}}"), p("yes"), p("{{else}}"), p("no"), p("{{/if}}")].concat();
        assert_eq!(body(&fill(&word(&apart), &data).unwrap()), p("no"));
        // A cell is never left without a paragraph: Word would call the file broken.
        let empty = format!("<w:tc>{}{}{}</w:tc>", p("{{#if none}}"), p("x"), p("{{/if}}"));
        assert_eq!(body(&fill(&word(&empty), &data).unwrap()), "<w:tc><w:p/></w:tc>");
    }

    #[test]
    fn drafts_say_so() {
        let data = json!({"draft": true, "labels": {"draft": "ЧЕРНЕТКА"}});
        assert!(body(&fill(&word(&p("x")), &data).unwrap()).contains("ЧЕРНЕТКА"));
        assert!(!body(&fill(&word(&p("x")), &json!({"draft": false})).unwrap()).contains("ЧЕРНЕТКА"));
    }

    #[test]
    fn unknown_names_and_open_blocks_are_told() {
        let given = json!({"rows": [{"title": "a"}], "deal": {"title": "x"}});
        let text = p("{{deal.titel}} {{#each rows}}{{title}} {{sum}}{{/each}} {{#each things}}{{x}}{{/each}}");
        assert_eq!(unknown_in(&word(&text), &given).unwrap(), ["deal.titel", "sum", "things"]);
        let said = |text: &str| {
            let error = fill(&word(&p(text)), &given).unwrap_err();
            error.fields_in(Locale::En).remove("template").unwrap().1
        };
        assert!(said("{{#each rows}}x").contains("#each rows"));
        assert!(said("x{{/if}}").contains("/if"));
        assert!(said("{{#each rows}}{{/if}}").contains("/if"));
        let crossing = format!("{}<w:tbl><w:tr><w:tc>{}</w:tc></w:tr></w:tbl>", p("{{#each rows}}"), p("{{/each}}"));
        let refused = fill(&word(&crossing), &given).unwrap_err().fields_in(Locale::En);
        assert!(refused["template"].1.contains("#each rows"), "{refused:?}");
        let torn = [p("{{#each rows}}{{#if deal}}"), p("text {{/if}}"), p("{{/each}}")].concat();
        assert!(fill(&word(&torn), &given).is_err());
        // Blocks inside blocks that write nothing end too.
        let rows: Vec<Json> = (0..500).map(|_| json!({"title": "a"})).collect();
        let deep = p(&("{{#each rows}}".repeat(6) + &"{{/each}}".repeat(6)));
        fill(&word(&deep), &json!({"rows": rows})).unwrap_err();
        // What is passed over is looked through too, once for each row.
        let none = format!("{{{{#if none}}}}{}{{{{/if}}}}", "{{none}}".repeat(1000));
        let passed = p(&["{{#each rows}}".repeat(2), none, "{{/each}}".repeat(2)].concat());
        fill(&word(&passed), &json!({"rows": rows})).unwrap_err();
        assert!(said("{{#with rows}}").contains("#with"));
        assert!(said(&format!("{{{{{}}}}}", "name".repeat(100))).contains("name"));
    }

    #[test]
    fn a_file_of_nothing_but_tags_is_gone_through_once() {
        // Looking through all that is open at each end would take days.
        let tags = ["<w:p>".repeat(300_000), "</w:tc>".repeat(200_000), p("{{#each rows}}x{{/each}}")].concat();
        let filled = fill(&word(&tags), &json!({"rows": [1, 2]})).unwrap();
        assert!(body(&filled).ends_with(&p("xx")));
    }
}
