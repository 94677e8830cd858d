//! What keeps a file that can be read from being published.

use super::super::fit::{problems, roles};
use super::*;

fn unfit(xml: &str) -> Vec<(String, String)> {
    let (definition, _) = read(xml.as_bytes()).unwrap_or_else(|problems| panic!("{problems:?}"));
    problems(&definition).into_iter().map(|problem| (problem.element, problem.message)).collect()
}

#[test]
fn a_reminder_that_is_not_shorter_than_its_duration_keeps_a_file_from_being_published() {
    let task =
        |before: &str| line(&format!(r#"<userTask id="n" name="N" v:duration="PT4H" v:remindBefore="{before}"/>"#));
    assert_eq!(unfit(&task("PT1H PT3H")), Vec::new());
    for before in ["PT4H", "PT1H P1D"] {
        let [(element, message)] = unfit(&task(before)).try_into().unwrap();
        assert!(element == "n" && message.contains("not shorter"), "{message}");
    }
}

#[test]
fn a_start_that_asks_for_what_is_not_there_yet_keeps_a_file_from_being_published() {
    let start = |condition: &str| {
        line("<task id='n'/>").replace(
            r#"<startEvent id="start"/>"#,
            &format!(
                r#"<startEvent id="start"><conditionalEventDefinition><condition>{condition}</condition></conditionalEventDefinition></startEvent>"#
            ),
        )
    };
    assert_eq!(unfit(&start("record.amount > 100")), Vec::new());
    for wrong in ["vars.amount > 100", "record.amount > 100 || actor.user == 'x'"] {
        assert_eq!(unfit(&start(wrong))[0].0, "start", "{wrong}");
    }
}

#[test]
fn a_file_in_which_nothing_is_executable_is_not_published_as_if_it_were() {
    let text = line("<task id='n'/>");
    assert!(text.contains(r#"isExecutable="true""#) || !text.contains("isExecutable"));
    assert_eq!(unfit(&text), Vec::new());
    let off = text.replace(r#" isExecutable="true""#, "").replace("<process ", r#"<process isExecutable="false" "#);
    assert!(unfit(&off)[0].1.contains("not executable"));
}

#[test]
fn roles_are_named_with_the_task_that_names_them_first() {
    let text = line(r#"<userTask id="n" name="N" v:executors="role:bosses, owner, role:clerks"/>"#);
    let (definition, _) = read(text.as_bytes()).unwrap();
    let named: Vec<String> =
        roles(&definition).into_iter().map(|(element, role)| format!("{element} {role}")).collect();
    assert_eq!(named, ["n bosses", "n clerks"]);
}
