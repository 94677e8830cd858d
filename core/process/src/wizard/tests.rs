//! Lines into files, and what is wrong with lines.

use super::*;
use crate::definition::drawing;
use crate::definition::model::NodeKind;
use crate::definition::read;

fn lines(text: &str) -> Vec<String> {
    text.lines().map(|line| line.trim().to_owned()).collect()
}

fn roles() -> Roles {
    vec![("technician".into(), "Технический специалист".into())]
}

fn made(text: &str) -> String {
    file("Разовая закупка", &lines(text), &roles()).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

#[test]
fn lines_become_steps_with_contracts_and_a_branch_back() {
    let text = "A | sales_manager | 1d\n? ok | yes: next | no: 1\nB | finance_manager | 4h | email!";
    let file = made(text);
    assert_eq!(file, made(text), "the same lines give the same bytes");
    let (definition, problems) = read(file.as_bytes()).unwrap();
    assert_eq!(problems, []);
    assert_eq!(definition.key, "razovaya-zakupka");
    let contract = |id: &str| match &definition.node(definition.find(id).unwrap()).kind {
        NodeKind::User(contract) => std::sync::Arc::clone(contract),
        other => panic!("{other:?}"),
    };
    assert_eq!((contract("step_1").duration, contract("step_3").duration), (Some(28_800), Some(14_400)));
    let action = contract("step_3");
    assert_eq!(action.main_action.as_ref().unwrap().kind, "email");
    assert!(action.require_main_action && !contract("step_1").require_main_action);
    let gateway = definition.node(definition.find("question_2").unwrap());
    let default = definition.flow(gateway.default.unwrap());
    assert_eq!(&*definition.node(default.target).id, "step_1");
    assert!(file.contains("v:duration=\"P1D\"") && file.contains("v:duration=\"PT4H\""), "{file}");
    let drawn = drawing::draw(file.as_bytes()).unwrap();
    assert!(drawn.diagram && drawn.executable());
}

#[test]
fn people_and_actions_are_called_as_people_call_them() {
    let file = made(
        "A | Ответственный | 1д | звонок!\nB | руководитель | 4ч | счёт\nC | відповідальний | | зустріч\nD | заступник | | кп",
    );
    for said in [
        r#"v:executors="owner" v:duration="P1D" v:mainAction="call" v:requireMainAction="true""#,
        r#"v:executors="head" v:duration="PT4H" v:mainAction="invoice""#,
        r#"v:mainAction="meeting""#,
        r#"v:executors="deputy" v:mainAction="quote""#,
    ] {
        assert!(file.contains(said), "{said}: {file}");
    }
    assert_eq!(read(file.as_bytes()).unwrap().1, []);
}

#[test]
fn steps_beside_one_another_meet_again() {
    let file = made(
        "A\n& B | Технический специалист | 2 дня | письмо | see to it\n& C\n\nD | =record.owner\n? x | a: 1 | b: end | c: 3",
    );
    let (definition, problems) = read(file.as_bytes()).unwrap();
    assert_eq!(problems, []);
    let ends: Vec<String> = definition
        .flows
        .iter()
        .map(|flow| format!("{}>{}", definition.node(flow.source).id, definition.node(flow.target).id))
        .collect();
    assert_eq!(
        ends.join(" "),
        "start>merge_1 fork_1>step_1 fork_1>step_2 fork_1>step_3 step_1>join_1 step_2>join_1 step_3>join_1 join_1>step_5 step_5>question_6 question_6>merge_1 question_6>end question_6>merge_1 merge_1>fork_1"
    );
    assert!(file.contains("role:technician") && file.contains("P2D") && file.contains("see to it"), "{file}");
}

#[test]
fn pasted_cells_and_hostile_texts() {
    let file = made("A\tsales\t1d\temail!\t<b>&\"\n? \"q\" | a\"\\: next | b&<: 1");
    let (definition, problems) = read(file.as_bytes()).unwrap();
    assert_eq!(problems, []);
    assert_eq!(definition.node(definition.find("step_1").unwrap()).documentation, "<b>&\"");
}

#[test]
fn what_is_wrong_is_told_by_line() {
    for (text, line, code) in [
        ("", 1, "no_steps"),
        (" | sales", 1, "name_missing"),
        ("A\nB | Никто", 2, "role_unknown"),
        ("A\nB | | soon", 2, "time_wrong"),
        ("A | | | fly", 1, "action_unknown"),
        ("A | | | set", 1, "action_unknown"),
        ("A | | | | | more", 1, "too_many_cells"),
        ("& A", 1, "beside_nothing"),
        ("A\n? q | a: 1 | b: 1\n& B", 3, "beside_nothing"),
        ("? q | a: next | b: end", 1, "question_first"),
        ("A\n? q | a: next", 2, "answers"),
        ("A\n? q | a | b: end", 2, "answer_wrong"),
        ("A\n? q | a: 1 | a: end", 2, "answer_wrong"),
        ("A\n? q | a: there | b: end", 2, "target_wrong"),
        ("A\n? q | a: 9 | b: end", 2, "target_missing"),
        ("A\n? q | a: 0 | b: end", 2, "target_missing"),
        ("A\n\n? q | a: 2 | b: end", 3, "target_missing"),
        ("A\u{1}", 1, "control"),
    ] {
        let errors = file("T", &lines(text), &roles()).expect_err(text);
        let found: Vec<(usize, &str)> = errors.iter().map(|(line, error)| (*line, error.code)).collect();
        assert_eq!(found, [(line, code)], "{text}");
    }
    let long = vec!["A".to_owned(); MAX_LINES + 1];
    assert_eq!(file("T", &long, &roles()).unwrap_err()[&(MAX_LINES + 1)].code, "too_many");
    assert!(file("T", &["x".repeat(256)], &roles()).is_err());
}
