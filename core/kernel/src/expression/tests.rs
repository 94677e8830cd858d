use serde_json::json;

use super::*;

fn vars() -> Json {
    json!({
        "amount": 99.5, "count": 3, "stage": "new", "owner": null, "big": i64::MAX, "list": [3, 1, 2],
        "lines": [{"sum": 10}, {"sum": 20.5}], "сумма": 7, "type": "urgent", "map": {"b": 1, "a": 2}
    })
}

fn check(text: &str, expected: Result<Json, &str>) {
    let vars = vars();
    let record = json!({"name": "Верстак"});
    let names = Names::new().with("vars", &vars).with("record", &record);
    let outcome =
        Expression::compile_with_default(text, &["vars", "record"], "vars").and_then(|it| it.evaluate(&names));
    match (outcome, expected) {
        (Ok(value), Ok(wanted)) => assert_eq!(value.to_string(), wanted.to_string(), "{text}"),
        (Err(problem), Err(part)) => assert!(problem.contains(part), "{text}: {problem}"),
        (outcome, expected) => panic!("{text}: {outcome:?} instead of {expected:?}"),
    }
}

#[test]
fn values_of_every_kind() {
    check("vars.count + 1", Ok(json!(4)));
    check("vars.count", Ok(json!(3)));
    check("{'a': vars.count, 'b': [1, 2.5, null, true, 'x']}", Ok(json!({"a": 3, "b": [1, 2.5, null, true, "x"]})));
    check("'Здравствуйте, ' + record.name", Ok(json!("Здравствуйте, Верстак")));
    check("vars['сумма'] * 2", Ok(json!(14)));
    check("timestamp('2026-03-01T12:00:00+02:00')", Ok(json!("2026-03-01T10:00:00Z")));
    check("duration('90m')", Ok(json!("PT5400S")));
    check("duration('-1500ms')", Ok(json!("-PT1.5S")));
    check("timestamp('2026-03-01T00:00:00Z') - timestamp('2026-02-28T00:00:00Z')", Ok(json!("PT86400S")));
    check("vars.lines.map(line, line.sum)", Ok(json!([10, 20.5])));
    check("vars.list.filter(n, n > 1).size()", Ok(json!(2)));
    check("vars.map.map(key, key)", Ok(json!(["a", "b"])));
    check("vars.?nothing.orValue(0)", Ok(json!(0)));
    check("vars.stage.startsWith('n') && vars.stage.endsWith('w') && vars.stage.contains('e')", Ok(json!(true)));
    check("timestamp('2026-03-01T12:30:00Z').getHours('Europe/Kyiv')", Ok(json!(14)));
    check("string(vars.count) + '%' + string(duration('2h').getMinutes())", Ok(json!("3%120")));
    check("int('12') + int(2.9) - -1", Ok(json!(15)));
    check("[1, 2, 2].exists_one(n, n == 1) ? 'one' : 'many'", Ok(json!("one")));
    check("vars.list[0] % 2 == 1 && !(2 in vars.list && false) && vars.count != 4", Ok(json!(true)));
    check("size('щи')", Ok(json!(2)));
}

#[test]
fn integers_and_doubles_go_together() {
    check("vars.amount > 100", Ok(json!(false)));
    check("100 > vars.amount", Ok(json!(true)));
    check("vars.count == 3.0", Ok(json!(true)));
    check("vars.amount + 1", Ok(json!(100.5)));
    check("1 + vars.amount", Ok(json!(100.5)));
    check("vars.count * 0.5 - 1", Ok(json!(0.5)));
    check("vars.count / 2", Ok(json!(1)));
    check("vars.count / 2.0", Ok(json!(1.5)));
    check("vars.lines.map(line, line.sum * 2)", Ok(json!([20, 41.0])));
}

#[test]
fn division_of_other_tools_keeps_the_fraction() {
    let vars = json!({"done": 1, "all": 2});
    let names = Names::new().with("vars", &vars);
    let value = |text: &str| Expression::compile_foreign(text, &["vars"], "vars").unwrap().evaluate(&names);
    assert_eq!(value("done / all >= 0.5"), Ok(json!(true)));
    assert_eq!(value("4 / 2"), Ok(json!(2.0)));
    assert_eq!(value("4 * 2"), Ok(json!(8)));
}

#[test]
fn bare_names_are_fields_of_the_default() {
    check("amount > 99 && count == 3", Ok(json!(true)));
    check("list.exists(n, n == count)", Ok(json!(true)));
    check("type == 'urgent'", Ok(json!(true)));
    check("type(count) == int && type(amount) != int", Ok(json!(true)));
    check("has(vars.nothing)", Ok(json!(false)));
    check("size(list)", Ok(json!(3)));
    check("optional.of(count).hasValue()", Ok(json!(true)));
    check("map.a", Ok(json!(2)));
    check("nothing > 1", Err("there is no `nothing`"));
}

#[test]
fn only_given_names_are_defined() {
    let names = Names::new();
    let problem = Expression::compile("amount > 100").unwrap().holds(&names).unwrap_err();
    assert_eq!(problem, "`amount > 100`: `amount` is not defined");
    let problem = Expression::compile("true || vars.x > 1").unwrap().holds(&names).unwrap_err();
    assert!(problem.contains("`vars` is not defined"), "{problem}");
    let vars = json!({});
    let wrong = Expression::compile("vars.x").unwrap().holds(&Names::new().with("vars", &vars)).unwrap_err();
    assert!(wrong.contains("there is no `x`"), "{wrong}");
    let hidden = json!({"x": 1});
    let names = Names::new().with("vars", &vars).with("vars", &hidden);
    assert_eq!(Expression::compile("vars.x").unwrap().evaluate(&names), Ok(json!(1)));
}

#[test]
fn what_is_wrong_is_said() {
    check("vars.amount >", Err("column"));
    check("  ", Err("empty"));
    check("vars.stage + 1", Err("does not fit a value of type string and one of type int"));
    check("vars.stage > 1", Err("string"));
    check("vars.owner > 1", Err("null"));
    check("vars.big + 1", Err("too large"));
    check("vars.count / 0", Err("division by zero"));
    check("vars.amount / 0", Err("not finite"));
    check("vars.list[9]", Err("ndex"));
    check("nobody(1)", Err("there is no function `nobody`"));
    check("false && list.nobody() == 1", Err("there is no function `nobody`"));
    check("vars.list.filter(n, n > 1).nothing()", Err("there is no function `nothing`"));
    check("@rounds(vars.list)", Err("column"));
    let names = Names::new();
    assert!(Expression::compile("1 + 1").unwrap().holds(&names).unwrap_err().contains("not true or false"));
}

#[test]
fn costly_expressions_are_refused() {
    check(&"x".repeat(4_001), Err("longer than 4000"));
    check(&format!("'{}'", "щ".repeat(3_998)), Ok(json!("щ".repeat(3_998))));
    check(&format!("1{}", "+1".repeat(600)), Err("more than 1000 words"));
    check(&format!("1{}", "+1".repeat(400)), Err("levels inside one another"));
    check(&format!("1{}", "<1".repeat(499)), Err("levels inside one another"));
    check(&format!("vars{}", ".a".repeat(490)), Err("levels inside one another"));
    check(&format!("{}1{}", "(".repeat(499), ")".repeat(499)), Err("nested too deeply"));
    check(&format!("{}1{}", "[".repeat(400), "]".repeat(400)), Err("nested too deeply"));
    check(&"(".repeat(900), Err(""));
    check(&"[".repeat(3_900), Err("more than 1000 words"));
    check(&"!".repeat(900), Err(""));
    check(&"-".repeat(900), Err(""));
    check(&format!("true{}", "?true:true".repeat(200)), Err(""));
    check("[1].all(a, [1].all(b, [1].all(c, a == b && b == c)))", Err("inside one another"));
    check("vars.stage.matches('(a+)+$')", Err("`matches` is not available"));
    check("matches(vars.stage, '(a+)+$')", Err("`matches` is not available"));
    check("google.protobuf.Duration{seconds: 1}", Err("not available"));
}

#[test]
fn cost_is_metered_while_it_runs() {
    let vars = json!({"list": (0..10_000).collect::<Vec<_>>(), "text": "x".repeat(100_000),
                      "deep": [(0..10_000).collect::<Vec<_>>()]});
    let names = Names::new().with("vars", &vars);
    let run = |text: &str| Expression::compile(text).unwrap().evaluate(&names);
    assert_eq!(run("vars.list.filter(n, n % 2 == 0).size()"), Ok(json!(5_000)));
    assert_eq!(run("vars.list.map(n, n * 2)[9999]"), Ok(json!(19_998)));
    for (text, part) in [
        ("vars.list.all(a, vars.list.all(b, a + b >= 0))", "too many members"),
        ("vars.list.map(a, vars.text).size()", "too much data"),
        ("vars.list.map(a, {'k': vars.text}).size()", "too much data"),
        ("vars.list.map(a, vars.text + vars.text).size()", "too much data"),
        ("vars.list.filter(a, a in vars.list).size()", "compares too much"),
        ("vars.list.filter(a, vars.deep == [vars.deep]).size()", "compares too much"),
        ("vars.list.filter(a, vars.deep == vars.deep).size()", "compares too much"),
        ("vars.list.filter(a, vars.text.contains('y')).size()", "compares too much"),
        (&format!("[{}].size()", ["vars.deep"; 220].join(", ")), "too much data"),
        (&format!("({}).size()", ["vars.deep"; 90].join(" + ")), "too much data"),
        ("vars.list.filter(a, vars.list == vars.list).size()", "compares too much"),
    ] {
        let problem = run(text).expect_err(text);
        assert!(problem.contains(part), "{text}: {problem}");
    }
}

#[test]
fn fields_of_a_record_can_be_named() {
    let fields = Fields::from_iter([("amount".into(), crate::Value::Decimal(rust_decimal::Decimal::new(125, 1)))]);
    let names = Names::new().with_fields("fields", Some(&fields)).with_fields("before", None);
    assert_eq!(Expression::compile("fields.amount > 10 && before == null").unwrap().holds(&names), Ok(true));
}

/// As on a busy server's thread, with half of its stack left.
#[test]
fn long_chains_do_not_need_a_large_stack() {
    let texts = [
        format!("a{}", " in a".repeat(490)),
        format!("a{}", "+a".repeat(495)),
        format!("a{}", ".a".repeat(495)),
        format!("a{}", "[a]".repeat(330)),
        format!("a{}", "?a:a".repeat(45)),
        format!("{}1{}", "(".repeat(47), ")".repeat(47)),
        format!("{}1{}", "[".repeat(45), "]".repeat(45)),
        format!("{}a{}", "size(".repeat(45), ")".repeat(45)),
        format!("a{}", "+a".repeat(98)),
    ];
    let work = move || {
        let value = json!(1);
        let names = Names::new().with("a", &value);
        texts.map(|text| Expression::compile(&text).and_then(|expression| expression.evaluate(&names)).is_ok())
    };
    let outcomes = std::thread::Builder::new().stack_size(1 << 20).spawn(work).unwrap().join().unwrap();
    assert_eq!(outcomes, [false, false, false, false, false, true, true, false, true]);
}
