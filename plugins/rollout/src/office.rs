//! Documents people open in their office programs: a text with headings and lists (DOCX, ECMA-376), the same as data of a paper to
//! be set as PDF. Pure.

use serde_json::{Value as Json, json};

use crate::zip;

/// The name of a file: what it is, of which project; without signs that file systems do not take.
pub fn file_name(what: &str, project: &str, ending: &str) -> String {
    let name = if what.is_empty() { project.to_owned() } else { format!("{what} - {project}") };
    format!("{}.{ending}", name.replace(['/', '\\', ':'], " "))
}

/// A paragraph of a text.
pub enum Line {
    /// Its title.
    Title(String),
    /// A heading.
    Heading(String),
    /// A paragraph.
    Text(String),
    /// One of a list.
    Point(String),
}

/// The bytes of a DOCX file.
pub fn text(lines: &[Line]) -> Vec<u8> {
    let body: String = lines.iter().map(paragraph).collect();
    let document = format!(
        "{XML}<w:document xmlns:w=\"{WORD}\"><w:body>{body}<w:sectPr><w:pgSz w:w=\"11906\" w:h=\"16838\"/>\
         <w:pgMar w:top=\"1134\" w:right=\"1134\" w:bottom=\"1134\" w:left=\"1134\" w:header=\"708\" w:footer=\"708\" \
         w:gutter=\"0\"/></w:sectPr></w:body></w:document>"
    );
    let kind = "application/vnd.openxmlformats-officedocument.wordprocessingml.document.main+xml";
    zip::pack(&[
        ("[Content_Types].xml", types(&[("/word/document.xml", kind)])),
        ("_rels/.rels", relations(&[("officeDocument", "word/document.xml")])),
        ("word/document.xml", document),
    ])
}

/// The same as `data/report.typ` reads it; in English where the language is none that papers know.
pub fn paper(lines: &[Line], language: &str) -> Json {
    let title = lines.iter().find_map(|line| match line {
        Line::Title(text) => Some(text.as_str()),
        _ => None,
    });
    let part = |line: &Line| match line {
        Line::Title(_) => None,
        Line::Heading(text) => Some(json!({ "kind": "heading", "text": text })),
        Line::Text(text) => Some(json!({ "kind": "text", "text": text })),
        Line::Point(text) => Some(json!({ "kind": "point", "text": text })),
    };
    let title = title.unwrap_or_default();
    let locale = if ["ru", "uk"].contains(&language) { language } else { "en" };
    let parts: Vec<Json> = lines.iter().filter_map(part).collect();
    // What people typed may have pictures.
    json!({ "title": title, "locale": locale, "squares": true, "parts": parts })
}

fn paragraph(line: &Line) -> String {
    // Sizes are half-points.
    let (text, properties, run) = match line {
        Line::Title(text) => (text, "<w:spacing w:after=\"240\"/>", "<w:b/><w:sz w:val=\"36\"/>"),
        Line::Heading(text) => (
            text,
            "<w:keepNext/><w:spacing w:before=\"240\" w:after=\"80\"/><w:outlineLvl w:val=\"0\"/>",
            "<w:b/><w:sz w:val=\"26\"/>",
        ),
        Line::Text(text) => (text, "<w:spacing w:after=\"80\"/>", "<w:sz w:val=\"22\"/>"),
        Line::Point(text) => {
            (text, "<w:spacing w:after=\"40\"/><w:ind w:left=\"360\" w:hanging=\"240\"/>", "<w:sz w:val=\"22\"/>")
        }
    };
    let sign = if matches!(line, Line::Point(_)) { "• " } else { "" };
    format!(
        "<w:p><w:pPr>{properties}</w:pPr><w:r><w:rPr>{run}</w:rPr><w:t xml:space=\"preserve\">{sign}{}</w:t></w:r></w:p>",
        escape(text)
    )
}

const XML: &str = "<?xml version=\"1.0\" encoding=\"UTF-8\" standalone=\"yes\"?>";
const WORD: &str = "http://schemas.openxmlformats.org/wordprocessingml/2006/main";
const RELATIONS: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";

fn types(parts: &[(&str, &str)]) -> String {
    let part = |(name, kind): &(&str, &str)| format!("<Override PartName=\"{name}\" ContentType=\"{kind}\"/>");
    format!(
        "{XML}<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"><Default Extension=\"rels\" \
         ContentType=\"application/vnd.openxmlformats-package.relationships+xml\"/>{}</Types>",
        parts.iter().map(part).collect::<String>()
    )
}

fn relations(targets: &[(&str, &str)]) -> String {
    let one = |(index, (kind, target)): (usize, &(&str, &str))| {
        format!("<Relationship Id=\"r{}\" Type=\"{RELATIONS}/{kind}\" Target=\"{target}\"/>", index + 1)
    };
    format!(
        "{XML}<Relationships xmlns=\"http://schemas.openxmlformats.org/package/2006/relationships\">{}</Relationships>",
        targets.iter().enumerate().map(one).collect::<String>()
    )
}

/// Text within XML; what XML 1.0 cannot hold is left out.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for sign in text.chars() {
        match sign {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\n' | '\t' => escaped.push(' '),
            sign if sign < ' ' || sign == '\u{fffe}' || sign == '\u{ffff}' => {}
            sign => escaped.push(sign),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_keeps_its_words_and_no_mark_up_of_theirs() {
        let file = text(&[Line::Title("Отчёт".into()), Line::Point("<b> & \"x\"\u{1}".into())]);
        let inside = String::from_utf8_lossy(&file).into_owned();
        assert!(inside.contains("Отчёт") && inside.contains("• &lt;b&gt; &amp; &quot;x&quot;<"), "{inside}");
    }

    #[test]
    fn a_paper_says_the_same_with_its_title_above() {
        let lines = [Line::Text("b".into()), Line::Title("Отчёт".into()), Line::Heading("c".into())];
        let made = paper(&lines, "ru");
        assert_eq!((&made["title"], &made["locale"]), (&json!("Отчёт"), &json!("ru")));
        assert_eq!(made["parts"], json!([{ "kind": "text", "text": "b" }, { "kind": "heading", "text": "c" }]));
        assert_eq!(paper(&[], "")["locale"], "en");
    }
}
