//! Texts of expressions in a file: CEL as it is, `=...`, and the simple part of what other tools write (`${...}` of
//! JUEL, comparisons of FEEL), translated word by word.
//!
//! A bare name that is none of `vars`, `record`, `instance`, `actor` means that variable.

use std::fmt::Write as _;

use kernel::expression::Expression;

use super::model::Parameter;

/// Names an expression of a process may use; every other name is a variable.
pub const ROOTS: [&str; 4] = ["vars", "record", "instance", "actor"];

/// Words that CEL keeps for itself: as variables they can only stand in brackets.
const RESERVED: [&str; 17] = [
    "in",
    "as",
    "break",
    "const",
    "continue",
    "else",
    "for",
    "function",
    "if",
    "import",
    "let",
    "loop",
    "namespace",
    "package",
    "return",
    "void",
    "while",
];

/// Compiles what stands where an expression must be: CEL, with or without a leading `=`, or `${...}`.
///
/// # Errors
/// What is wrong with it, in English.
pub fn compile(text: &str) -> Result<Expression, String> {
    let text = text.trim();
    if let Some(inside) = placeholder(text) {
        return foreign(inside);
    }
    let text = text.strip_prefix('=').map_or(text, str::trim);
    let problem = match Expression::compile_with_default(&camunda_counters(text), &ROOTS, "vars") {
        Ok(expression) => return Ok(expression),
        Err(problem) => problem,
    };
    // `a = 1 and b = 2` of FEEL, and names that are not Latin, are no CEL but can be told without doubt.
    translate(text)
        .and_then(|translated| Expression::compile_with_default(&translated, &ROOTS, "vars"))
        .map_err(|_| format!("`{}` is no expression in CEL: {problem}", short(text)))
}

/// A value that is text as written, or an expression after a leading `=`.
///
/// # Errors
/// What is wrong with the expression.
pub fn parameter(text: &str) -> Result<Parameter, String> {
    match text.trim().strip_prefix('=') {
        Some(_) => compile(text).map(Parameter::Expression),
        None => Ok(Parameter::Text(text.to_owned())),
    }
}

/// Whether the text is marked as an expression.
pub fn is_marked(text: &str) -> bool {
    text.starts_with('=') || placeholder(text).is_some()
}

/// The inside of `${...}` or `#{...}` when that is all there is.
fn placeholder(text: &str) -> Option<&str> {
    let inside = text.strip_prefix("${").or_else(|| text.strip_prefix("#{"))?.strip_suffix('}')?;
    (!inside.contains("${")).then_some(inside)
}

fn foreign(text: &str) -> Result<Expression, String> {
    let text = camunda_counters(text.trim());
    if let Ok(expression) = Expression::compile_foreign(&text, &ROOTS, "vars") {
        return Ok(expression);
    }
    let refuse = |problem: String| {
        format!(
            "`${{{}}}` cannot be translated ({problem}): write it in CEL, such as `vars.amount > 100`",
            short(&text)
        )
    };
    let translated = translate(&text).map_err(refuse)?;
    Expression::compile_foreign(&translated, &ROOTS, "vars").map_err(refuse)
}

/// Camunda's counters of a multi-instance have the standard's names here.
fn camunda_counters(text: &str) -> String {
    text.replace("nrOfInstances", "numberOfInstances")
        .replace("nrOfActiveInstances", "numberOfActiveInstances")
        .replace("nrOfCompletedInstances", "numberOfCompletedInstances")
}

fn short(text: &str) -> String {
    if text.chars().count() <= 100 { text.to_owned() } else { text.chars().take(100).chain("...".chars()).collect() }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    /// A name or word.
    Word(String),
    /// A number or quoted text, as written.
    Literal(String),
    /// An operator, bracket or comma.
    Sign(&'static str),
}

/// Signs that may stand in a simple expression, longer ones first.
const SIGNS: [&str; 25] = [
    "==", "!=", "<=", ">=", "&&", "||", "<", ">", "=", "!", "+", "-", "*", "/", "%", "(", ")", "[", "]", "{", "}", ",",
    ".", "?", ":",
];

fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first == '\'' || first == '"' {
            quoted(rest, first)?
        } else if first.is_alphanumeric() || first == '_' {
            let number = first.is_ascii_digit();
            rest.find(|sign: char| !(sign.is_alphanumeric() || sign == '_' || (number && sign == '.')))
                .unwrap_or(rest.len())
        } else {
            let sign = SIGNS.iter().find(|sign| rest.starts_with(**sign)).ok_or(format!("`{first}` is not known"))?;
            tokens.push(Token::Sign(sign));
            rest = rest.get(sign.len()..).unwrap_or_default().trim_start();
            continue;
        };
        let (word, behind) = rest.split_at(length);
        let plain = first == '\'' || first == '"' || first.is_ascii_digit();
        tokens.push(if plain { Token::Literal(word.to_owned()) } else { Token::Word(word.to_owned()) });
        rest = behind.trim_start();
    }
    Ok(tokens)
}

/// Length of a quoted text with its quotes.
fn quoted(text: &str, quote: char) -> Result<usize, String> {
    let mut escaped = false;
    for (at, sign) in text.char_indices().skip(1) {
        if escaped {
            escaped = false;
        } else if sign == '\\' {
            escaped = true;
        } else if sign == quote {
            return Ok(at + 1);
        }
    }
    Err("a quotation mark is not closed".to_owned())
}

/// Word by word into CEL.
fn translate(text: &str) -> Result<String, String> {
    let tokens = tokens(text)?;
    let mut out = String::new();
    let mut at = 0;
    while let Some(token) = tokens.get(at) {
        let next = tokens.get(at + 1);
        at += 1;
        match token {
            Token::Literal(literal) => out.push_str(literal),
            Token::Sign("=") => out.push_str("=="),
            Token::Sign(sign) => out.push_str(sign),
            Token::Word(word) => match word.as_str() {
                "and" => out.push_str("&&"),
                "or" => out.push_str("||"),
                "not" => out.push('!'),
                "eq" => out.push_str("=="),
                "ne" => out.push_str("!="),
                "lt" => out.push('<'),
                "le" => out.push_str("<="),
                "gt" => out.push('>'),
                "ge" => out.push_str(">="),
                "div" => out.push('/'),
                "mod" => out.push('%'),
                "true" | "false" | "null" | "in" => out.push_str(word),
                "empty" => {
                    let (test, behind) = emptiness(&tokens, at)?;
                    out.push_str(&test);
                    at = behind;
                }
                "if" | "then" | "else" | "for" | "some" | "every" | "return" | "instanceof" => {
                    return Err(format!("`{word}` is not a simple comparison"));
                }
                _ if next == Some(&Token::Sign("(")) => return Err(format!("`{word}(...)` is a call")),
                _ => {
                    let (path, behind) = path(&tokens, at - 1)?;
                    out.push_str(&path.text());
                    at = behind;
                }
            },
        }
        out.push(' ');
    }
    Ok(out)
}

/// A dotted name.
struct Path(Vec<String>);

impl Path {
    /// As CEL, with its root. Names that CEL cannot read stand in brackets.
    fn text(&self) -> String {
        let mut names = self.0.iter();
        let mut text = String::from("vars");
        if let Some(first) = self.0.first().filter(|first| ROOTS.contains(&first.as_str())) {
            text.clone_from(first);
            names.next();
        }
        for name in names {
            let plain = name.is_ascii() && !RESERVED.contains(&name.as_str());
            let _ = if plain { write!(text, ".{name}") } else { write!(text, "[\"{name}\"]") };
        }
        text
    }

    /// A test whether its last name is there, as CEL; none for a root.
    fn presence(&self) -> Option<String> {
        let (last, rest) = self.0.split_last()?;
        if rest.is_empty() && ROOTS.contains(&last.as_str()) {
            return None;
        }
        let holder = if rest.is_empty() { "vars".to_owned() } else { Path(rest.to_vec()).text() };
        Some(format!("\"{last}\" in {holder}"))
    }
}

/// The dotted name at a place, and the place behind it.
fn path(tokens: &[Token], mut at: usize) -> Result<(Path, usize), String> {
    let mut names = Vec::new();
    while let Some(Token::Word(word)) = tokens.get(at) {
        names.push(word.clone());
        at += 1;
        if tokens.get(at) != Some(&Token::Sign(".")) {
            break;
        }
        at += 1;
        if !matches!(tokens.get(at), Some(Token::Word(_))) {
            return Err("a name is missing".to_owned());
        }
    }
    match (names.last(), tokens.get(at)) {
        (Some(last), Some(Token::Sign("("))) => Err(format!("`{last}(...)` is a call")),
        (None, _) => Err("a name is missing".to_owned()),
        _ => Ok((Path(names), at)),
    }
}

/// `empty x`: absent, null, or of no length.
fn emptiness(tokens: &[Token], at: usize) -> Result<(String, usize), String> {
    let bracketed = tokens.get(at) == Some(&Token::Sign("("));
    let (path, mut behind) = path(tokens, at + usize::from(bracketed))?;
    if bracketed {
        if tokens.get(behind) != Some(&Token::Sign(")")) {
            return Err("`empty` can only stand before a name".to_owned());
        }
        behind += 1;
    }
    let text = path.text();
    let absent = path.presence().map_or_else(String::new, |present| format!("!({present}) || "));
    Ok((format!("({absent}{text} == null || {text} == '' || {text} == [] || {text} == {{}})"), behind))
}

#[cfg(test)]
mod tests {
    use kernel::expression::Names;
    use serde_json::json;

    use super::*;

    fn check(text: &str, expected: Result<bool, &str>) {
        let vars = json!({
            "amount": 150, "ok": true, "list": [], "name": "", "order": {"total": 99.5, "lines": [1]},
            "сумма": 7, "package": 1, "status": "done", "numberOfCompletedInstances": 1, "numberOfInstances": 2
        });
        let record = json!({"stage": "new"});
        let null = json!(null);
        let names =
            Names::new().with("vars", &vars).with("record", &record).with("instance", &null).with("actor", &null);
        match (compile(text).and_then(|it| it.holds(&names)), expected) {
            (Ok(answer), Ok(wanted)) => assert_eq!(answer, wanted, "{text}"),
            (Err(problem), Err(part)) => assert!(problem.contains(part), "{text}: {problem}"),
            (outcome, expected) => panic!("{text}: {outcome:?} instead of {expected:?}"),
        }
    }

    #[test]
    fn cel_is_used_as_it_is() {
        check("vars.amount > 100", Ok(true));
        check("amount > 100", Ok(true));
        check("= amount > 100", Ok(true));
        check("=record.stage == 'new' && ok", Ok(true));
        check("order.lines.exists(line, line == 1)", Ok(true));
        check("actor == null", Ok(true));
    }

    #[test]
    fn simple_expressions_of_other_tools_are_translated() {
        check("${amount > 100}", Ok(true));
        check("#{ amount gt 100 and ok }", Ok(true));
        check("${not ok or amount le 150}", Ok(true));
        check("${!ok}", Ok(false));
        check("${ok}", Ok(true));
        check("${status eq \"done\" && order.total ne 0}", Ok(true));
        check("${empty list}", Ok(true));
        check("${empty nothing}", Ok(true));
        check("${not empty order.lines}", Ok(true));
        check("${!empty(name) || empty order.nothing}", Ok(true));
        check("${сумма == 7}", Ok(true));
        check("${package == 1}", Ok(true));
        check("${nrOfCompletedInstances / nrOfInstances >= 0.5}", Ok(true));
        check("=amount = 150 and status = \"done\"", Ok(true));
        check("=not(ok)", Ok(false));
        check("сумма > 6", Ok(true));
        check("${amount in [1, 150]}", Ok(true));
    }

    #[test]
    fn the_rest_is_refused_with_the_place() {
        check("${execution.getVariable('x') == 1}", Err("`${execution.getVariable('x') == 1}` cannot be translated"));
        check("${bean.check(amount)}", Err("is a call"));
        check("${amount > }", Err("cannot be translated"));
        check("${a} and ${b}", Err("no expression in CEL"));
        check("=if ok then 1 else 2", Err("no expression in CEL"));
        check("amount >", Err("no expression in CEL"));
        check("vars.", Err("no expression in CEL"));
        check("amount. > 1", Err("no expression in CEL"));
        check("${'open}", Err("not closed"));
        check("${amount @ 1}", Err("cannot be translated"));
        check("", Err("empty"));
        check("${}", Err("cannot be translated"));
        check("missing > 1", Err("there is no `missing`"));
    }

    #[test]
    fn parameters_are_text_unless_marked() {
        assert!(matches!(parameter("Hello ${name}"), Ok(Parameter::Text(text)) if text == "Hello ${name}"));
        assert!(matches!(parameter(" =vars.amount"), Ok(Parameter::Expression(_))));
        assert!(parameter("= >").is_err());
    }
}
