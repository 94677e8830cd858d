//! Tables that Rust code names: string literals where a query builder wants a table, and words of raw SQL. A source
//! enters, names with their lines leave. Pure, and by the text alone: what is put together at run time is not seen.

/// Calls whose next argument is a table.
const TAKES_TABLE: &[&str] = &[
    ".from(",
    ".from_as(",
    ".into_table(",
    ".from_table(",
    ".table(",
    "_join(",
    "table_name =",
    "table =",
    "TABLE: &str =",
];
/// Calls whose next argument is a column in a pair with its table.
const TAKES_COLUMN: &[&str] = &["col((", "column((", "columns([(", "equals((", "_by(("];
/// Words of SQL before a table.
const BEFORE_TABLE: &[&str] = &["FROM", "JOIN", "INTO", "UPDATE", "TABLE"];

/// The tables that a source names, with their lines, once for each line. `is_table` knows the names.
///
/// A name of several words (`user_account`) means the table wherever it stands; one that is a common word (`task`) only
/// where a table is wanted. Tests at the end of a file are not looked at.
pub fn tables_named<'a>(text: &'a str, is_table: &dyn Fn(&str) -> bool) -> Vec<(usize, &'a str)> {
    let text = text.split_once("#[cfg(test)]\nmod tests {").map_or(text, |(product, _)| product);
    let mut named = Vec::new();
    for literal in literals(text) {
        if is_table(literal.value) {
            if literal.value.contains('_') || wants_table(literal.before) {
                named.push((literal.line, literal.value));
            }
            continue;
        }
        let words: Vec<&str> = literal.value.split(|c: char| !c.is_ascii_alphanumeric() && c != '_').collect();
        for pair in words.iter().filter(|word| !word.is_empty()).collect::<Vec<_>>().windows(2) {
            if let [keyword, name] = pair
                && BEFORE_TABLE.contains(keyword)
                && is_table(name)
            {
                named.push((literal.line, **name));
            }
        }
    }
    named.dedup();
    named
}

/// Whether code that ends like this goes on with the name of a table.
fn wants_table(before: &str) -> bool {
    let code = before.trim_end();
    let code = code.strip_suffix("Alias::new(").unwrap_or(code).trim_end();
    if TAKES_TABLE.iter().chain(TAKES_COLUMN).any(|call| code.ends_with(call)) {
        return true;
    }
    // A later pair of a list of columns.
    let in_columns = code.rsplit_once("columns([").is_some_and(|(_, list)| !list.contains(']'));
    if in_columns && code.ends_with('(') {
        return true;
    }
    // `.join(JoinType::LeftJoin, "x"`
    let arguments = code.strip_suffix(',').and_then(|code| code.rsplit_once('('));
    arguments.is_some_and(|(_, kind)| kind.trim().starts_with("JoinType::"))
}

/// A string literal: its text as written, the line where it begins, and the code before it.
struct Literal<'a> {
    value: &'a str,
    line: usize,
    before: &'a str,
}

/// The string literals of a source; comments and characters are no strings.
fn literals(text: &str) -> Vec<Literal<'_>> {
    let mut found = Vec::new();
    let (mut at, mut line, mut in_word) = (0, 1, false);
    while let Some(rest) = text.get(at..).filter(|rest| !rest.is_empty()) {
        let string = plain_string(rest).or_else(|| raw_string(rest).filter(|_| !in_word));
        let length = match string {
            Some((value, length)) => {
                found.push(Literal { value, line, before: text.get(..at).unwrap_or_default() });
                length
            }
            None => comment(rest)
                .or_else(|| character(rest))
                .unwrap_or_else(|| rest.chars().next().map_or(1, char::len_utf8)),
        };
        let passed = rest.get(..length).unwrap_or(rest);
        line += passed.matches('\n').count();
        in_word = passed.ends_with(|c: char| c.is_alphanumeric() || c == '_');
        at += length.max(1);
    }
    found
}

/// The text and the whole length of `"..."` at the beginning.
fn plain_string(rest: &str) -> Option<(&str, usize)> {
    let inside = rest.strip_prefix('"')?;
    let mut escaped = false;
    let end = inside.find(|c| {
        let ends = c == '"' && !escaped;
        escaped = c == '\\' && !escaped;
        ends
    })?;
    Some((inside.get(..end)?, end + 2))
}

/// The same of `r"..."` and `r#"..."#`.
fn raw_string(rest: &str) -> Option<(&str, usize)> {
    let after = rest.strip_prefix("br").or_else(|| rest.strip_prefix('r'))?;
    let inside = after.trim_start_matches('#').strip_prefix('"')?;
    let hashes = after.len() - inside.len() - 1;
    let close = format!("\"{}", "#".repeat(hashes));
    let end = inside.find(&close)?;
    Some((inside.get(..end)?, rest.len() - inside.len() + end + close.len()))
}

/// The length of a comment at the beginning.
fn comment(rest: &str) -> Option<usize> {
    if rest.starts_with("//") {
        return Some(rest.find('\n').unwrap_or(rest.len()));
    }
    rest.starts_with("/*").then(|| rest.find("*/").map_or(rest.len(), |end| end + 2))
}

/// The length of a character literal at the beginning; a lifetime is none.
fn character(rest: &str) -> Option<usize> {
    let inside = rest.strip_prefix('\'')?;
    let mut letters = inside.char_indices();
    let (_, first) = letters.next()?;
    let (end, second) = letters.next()?;
    if first == '\\' {
        let behind = inside.get(end + second.len_utf8()..)?;
        return Some(rest.len() - behind.len() + behind.find('\'')? + 1);
    }
    (second == '\'').then_some(end + 2)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, expected: &str) {
        let known = |name: &str| ["task", "role", "stage", "user_account"].contains(&name);
        let found: Vec<String> =
            tables_named(source, &known).iter().map(|(line, name)| format!("{line}:{name}")).collect();
        assert_eq!(found.join(" "), expected, "{source}");
    }

    #[test]
    fn tables_are_found_where_a_builder_wants_one() {
        check(r#"Query::select().column("id").from("task")"#, "1:task");
        check(r#"Query::insert().into_table("task")"#, "1:task");
        check(r#"Query::update().table("task")"#, "1:task");
        check(r#"Query::delete().from_table("task")"#, "1:task");
        check(r#"select.from_as("task", "t")"#, "1:task");
        check(r#"select.from(Alias::new("task"))"#, "1:task");
        check("select\n    .from(\n        \"task\",\n    )", "3:task");
        check(r#"select.inner_join("role", condition)"#, "1:role");
        check(r#"select.join_as(JoinType::LeftJoin, "task", "t", condition)"#, "1:task");
        check(r#"Expr::col(("task", "id")).equals(("role", "id"))"#, "1:task 1:role");
        check(r#"Expr::col(("task", "owner")).eq(Expr::col(("task", "creator")))"#, "1:task");
        check(r#"select.column(("task", "id")).order_by(("role", "id"), Order::Asc)"#, "1:task 1:role");
        check(r#"select.columns([(own, "id"), ("role", "id")])"#, "1:role");
        check("#[sea_orm(table_name = \"task\")]\nstruct Model;", "1:task");
        check(r#"let table = "task"; const TABLE: &str = "role";"#, "1:task 1:role");
    }

    #[test]
    fn a_name_of_several_words_is_a_table_everywhere() {
        check(r#"match kind { "user" => ("user_account", "name") }"#, "1:user_account");
    }

    #[test]
    fn a_common_word_is_a_table_only_where_one_is_wanted() {
        check(r#"Some(("role", name)) => "task", json!({"stage": 1})"#, "");
        check(r#"Expr::col("stage").eq("task")"#, "");
        check(r#"Expr::col((own, "stage")), select.columns(["role", "stage"])"#, "");
        check(r#"select.columns([(own, "id")]).expr_as(("role"), "x")"#, "");
    }

    #[test]
    fn raw_sql_names_tables_too() {
        check(r#"execute("SELECT id FROM task JOIN user_account ON role = 1")"#, "1:task 1:user_account");
        check("execute(r#\"\nUPDATE task SET stage = 'x'\"#)", "1:task");
        check(r#"panic!("from task to role")"#, "");
    }

    #[test]
    fn comments_characters_and_tests_hold_no_names() {
        check(
            "// select.from(\"task\")\n/* .from(\"task\") */ fn f<'a>(c: char) { c == '\"'; c == '\\'' } // \"task\"",
            "",
        );
        check("let quote = '\"'; select.from(\"task\")", "1:task");
        check("let text = \"a \\\" b\";\nselect.from(\"task\")", "2:task");
        check("select.from(\"role\");\n#[cfg(test)]\nmod tests {\n    select.from(\"task\")\n}", "1:role");
        check("let open = \"", "");
    }
}
