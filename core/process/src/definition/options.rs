//! Options of fields that a file names: as the value of a parameter called like the field, or quoted beside its name.

use super::xml::{self, Xml};

/// Whether a file names an option of a field. Of two fields with the same key in different entities it tells nothing: the
/// file does not say what its instances are about. A file that cannot be read names none.
pub fn named(bytes: &[u8], field: &str, items: &[String]) -> bool {
    let Ok(text) = xml::decode(bytes) else { return false };
    // Most files say neither.
    if !text.contains(field) || !items.iter().any(|item| text.contains(item.as_str())) {
        return false;
    }
    xml::parse(&text).is_ok_and(|document| document.descendants().any(|node| names(node, field, items)))
}

fn names(node: Xml<'_>, field: &str, items: &[String]) -> bool {
    let Some(text) = node.text().filter(|_| node.is_text()) else {
        return node.attributes().any(|attribute| {
            let value = attribute.value();
            value.contains(field) && items.iter().any(|item| quotes(value, item))
        });
    };
    let Some(around) = node.parent().filter(|around| !xml::is(*around, "documentation")) else { return false };
    let called = |name: &str| name.rsplit('.').next() == Some(field);
    let of_field = around.attributes().any(|attribute| called(attribute.value()));
    (of_field || text.contains(field))
        && items.iter().any(|item| quotes(text, item) || (of_field && text.trim() == item.as_str()))
}

fn quotes(text: &str, item: &str) -> bool {
    text.contains(&format!("'{item}'")) || text.contains(&format!("\"{item}\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_option_is_found_where_a_process_would_use_it() {
        let file = |inside: &str| {
            format!(
                r#"<definitions xmlns="{}" xmlns:v="{}"><process id="p">{inside}</process></definitions>"#,
                xml::BPMN,
                xml::OURS
            )
        };
        let says = |inside: &str| named(file(inside).as_bytes(), "source", &["web".to_owned()]);
        for used in [
            r#"<sequenceFlow id="f"><conditionExpression>record.source == "web"</conditionExpression></sequenceFlow>"#,
            r#"<sequenceFlow id="f"><conditionExpression><![CDATA[record.source in ['call', 'web']]]></conditionExpression></sequenceFlow>"#,
            r#"<serviceTask id="s"><extensionElements><v:param name="source">web</v:param></extensionElements></serviceTask>"#,
            r#"<serviceTask id="s"><extensionElements><v:param name="source">='web'</v:param></extensionElements></serviceTask>"#,
            r#"<serviceTask id="s"><extensionElements><v:param name="fields">={"source": "web"}</v:param></extensionElements></serviceTask>"#,
            r#"<userTask id="u" v:executors="=record.source == 'web' ? 'head' : 'owner'"/>"#,
        ] {
            assert!(says(used), "{used}");
            let wide: Vec<u8> =
                [0xFF, 0xFE].into_iter().chain(file(used).encode_utf16().flat_map(u16::to_le_bytes)).collect();
            assert!(named(&wide, "source", &["x".to_owned(), "web".to_owned()]), "{used}");
        }
        for other in [
            r#"<task id="web" name="source"/>"#,
            r#"<task id="t" name="web"><documentation>source "web"</documentation></task>"#,
            r#"<sequenceFlow id="f"><conditionExpression>record.source == "website"</conditionExpression></sequenceFlow>"#,
            r#"<serviceTask id="s"><extensionElements><v:param name="source">call</v:param><v:param name="kind">web</v:param></extensionElements></serviceTask>"#,
        ] {
            assert!(!says(other), "{other}");
        }
        assert!(!named(b"source 'web'", "source", &["web".to_owned()]), "no file at all");
    }
}
