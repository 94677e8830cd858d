//! Names of files: what people see, never a path. Whatever could pretend to be something else is taken out.

/// Characters of a name at most.
pub const MAX: usize = 200;
/// Of its end (the last dot and what is behind it), which stays when a name is cut.
const MAX_END: usize = 20;

/// The name without folders, control characters, marks that turn or hide letters, and spaces or dots around it; `None` when
/// nothing is left.
pub fn cleaned(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let kept: String = last.chars().filter(|letter| !is_trick(*letter)).collect();
    let kept = kept.trim_matches(|letter: char| letter.is_whitespace() || letter == '.');
    if kept.is_empty() {
        return None;
    }
    let count = kept.chars().count();
    if count <= MAX {
        return Some(kept.to_owned());
    }
    let end = kept.rfind('.').and_then(|at| kept.get(at..)).filter(|end| end.chars().count() <= MAX_END);
    let end = end.unwrap_or_default();
    let room = MAX.saturating_sub(end.chars().count());
    Some(kept.chars().take(room).chain(end.chars()).collect())
}

/// Control characters, ends of lines, marks of direction (UAX #9, section 2), characters without width.
fn is_trick(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{61c}' | '\u{feff}')
        || matches!(letter, '\u{fff0}'..='\u{ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_could_deceive() {
        let check = |name: &str, expected: Option<&str>| assert_eq!(cleaned(name).as_deref(), expected, "{name:?}");
        check("../../etc/passwd", Some("passwd"));
        check("C:\\Temp\\отчёт.pdf", Some("отчёт.pdf"));
        check("a\r\nSet-Cookie: x=1.txt", Some("aSet-Cookie: x=1.txt"));
        check("evil\u{202e}gnp.exe", Some("evilgnp.exe"));
        check("a\0b.txt", Some("ab.txt"));
        check(" .. ", None);
        check("..", None);
        check("", None);
        check("dir/", None);
        check(".htaccess", Some("htaccess"));
        let long = cleaned(&format!("{}.docx", "я".repeat(300))).unwrap();
        assert_eq!((long.chars().count(), long.ends_with("я.docx")), (MAX, true));
        assert_eq!(cleaned(&"x".repeat(300)).unwrap().len(), MAX);
    }
}
