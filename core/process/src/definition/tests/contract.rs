//! The step contract of user tasks.

use std::sync::Arc;

use super::super::contract::*;
use super::*;

fn contract(attributes: &str, children: &str) -> Arc<Contract> {
    let task = format!(
        r#"<userTask id="n" name="N" {attributes}><extensionElements>{children}</extensionElements></userTask>"#
    );
    match node(&line(&task)).kind {
        NodeKind::User(contract) => contract,
        other => panic!("{other:?}"),
    }
}

fn wrong(attributes: &str, children: &str, part: &str) {
    let task = format!(
        r#"<userTask id="n" name="N" {attributes}><extensionElements>{children}</extensionElements></userTask>"#
    );
    refused(&line(&task), "n", part);
}

#[test]
fn a_whole_contract() {
    let contract = contract(
        r#"v:duration="P1DT2H" v:remindBefore="PT1H PT30M,P1D PT1H" v:mainAction="email" v:requireMainAction="true" v:assignment="load"
           v:completedBy="2" v:event="quote" v:probability="40" v:executors="role:sales_manager, head,owner,deputy, user:ann@example.org, =['role:a', record.who]""#,
        r#"<v:param name="template">offer</v:param><v:param name="to">=record.email</v:param>
           <v:form><v:field name="amount" label="Сумма" type="number"/><v:field name="record.note" required="false"/>
             <v:field name="size" type="choice" choices="S, M, L"/></v:form>
           <v:escalate to="head" after="PT4H" every="P1D"/><v:escalate to="role:boss" reassign="true"/>"#,
    );
    assert_eq!(contract.duration, Some(28_800 + 7_200));
    assert_eq!(contract.remind_before, [28_800, 3_600, 1_800]);
    let action = contract.main_action.as_ref().unwrap();
    assert_eq!((action.kind.as_str(), contract.require_main_action), ("email", true));
    assert_eq!(
        format!("{:?}", action.parameters),
        r#"[("template", Text("offer")), ("to", Expression(Expression("record.email")))]"#
    );
    assert_eq!(
        format!("{:?}", contract.executors),
        r#"[Role("sales_manager"), Head, Owner, Deputy, User("ann@example.org"), Expression(Expression("['role:a', record.who]"))]"#
    );
    assert_eq!((contract.assignment, contract.completed_by), (Assignment::Load, CompletedBy::Count(2)));
    assert_eq!((contract.event.as_deref(), contract.probability), (Some("quote"), Some(40)));
    let fields: Vec<_> =
        contract.form.iter().map(|it| (it.name.as_str(), it.label.as_deref(), it.kind.as_str(), it.required)).collect();
    assert_eq!(
        fields,
        [
            ("amount", Some("Сумма"), "number", true),
            ("record.note", None, "text", false),
            ("size", None, "choice", true)
        ]
    );
    assert_eq!(contract.form[2].choices, ["S", "M", "L"]);
    assert_eq!(
        format!("{:?}", contract.escalate),
        r#"[Escalate { to: Head, after: 14400, every: Some(28800), reassign: false }, Escalate { to: Role("boss"), after: 0, every: None, reassign: true }]"#
    );
}

#[test]
fn other_ways_to_write_it() {
    let named = |contract: &Contract| format!("{:?}", contract.executors);
    assert_eq!(
        named(&contract("", r#"<v:executor>role:a</v:executor><v:executor who="head"/>"#)),
        r#"[Role("a"), Head]"#
    );
    assert_eq!(
        named(&contract(r#"v:executors="=[who, 'a,b'], owner""#, "")),
        r#"[Expression(Expression("[who, 'a,b']")), Owner]"#
    );
    let short =
        contract(r#"v:form="amount, note" v:escalate="head PT1H P1D; role:boss PT2H reassign" v:duration="PT1H""#, "");
    assert_eq!(
        short.form.iter().map(|it| (it.name.as_str(), it.required)).collect::<Vec<_>>(),
        [("amount", true), ("note", true)]
    );
    assert_eq!(
        format!("{:?}", short.escalate),
        r#"[Escalate { to: Head, after: 3600, every: Some(28800), reassign: false }, Escalate { to: Role("boss"), after: 7200, every: None, reassign: true }]"#
    );
    let element =
        contract("", r#"<v:mainAction kind="plugin:acme.sign/ask"><v:param name="a">1</v:param></v:mainAction>"#);
    let action = element.main_action.as_ref().unwrap();
    assert_eq!((action.kind.as_str(), action.parameters.len()), ("plugin:acme.sign/ask", 1));
    assert_eq!(contract(r#"v:completedBy="all" v:assignment="turn""#, "").completed_by, CompletedBy::All);
}

#[test]
fn people_as_other_tools_assign_them() {
    let named = |attributes: &str, children: &str| match node(&line(&format!(
        r#"<userTask id="n" name="N" {attributes}>{children}</userTask>"#
    )))
    .kind
    {
        NodeKind::User(contract) => format!("{:?}", contract.executors),
        other => panic!("{other:?}"),
    };
    assert_eq!(
        named(r#"camunda:candidateGroups="sales, boss" camunda:assignee="ann""#, ""),
        r#"[Role("sales"), Role("boss"), User("ann")]"#
    );
    assert_eq!(named(r#"camunda:assignee="${starter}""#, ""), "[]");
    assert_eq!(named(r#"camunda:assignee="ann" v:executors="head""#, ""), "[Head]");
    let owner = |text: &str| {
        named(
            "",
            &format!(
                "<potentialOwner><resourceAssignmentExpression><formalExpression>{text}</formalExpression></resourceAssignmentExpression></potentialOwner>"
            ),
        )
    };
    assert_eq!(owner("role:sales, user:ann"), r#"[Role("sales"), User("ann")]"#);
    assert_eq!(owner("group(sales), user(ann)"), r#"[Role("sales"), User("ann")]"#);
    assert_eq!(owner("sales"), r#"[Role("sales")]"#);
    let zeebe = r#"<extensionElements><zeebe:assignmentDefinition assignee="ann" candidateGroups="sales"/></extensionElements>"#;
    assert_eq!(named("", zeebe), r#"[Role("sales"), User("ann")]"#);
}

#[test]
fn what_is_wrong_is_named() {
    wrong(r#"v:duration="tomorrow""#, "", "v:duration: `tomorrow` is not an ISO 8601 duration");
    wrong(r#"v:duration="P1M""#, "", "months");
    wrong(r#"v:duration="PT0S""#, "", "no time at all");
    wrong(r#"v:remindBefore="PT1H x""#, "", "v:remindBefore");
    wrong(r#"v:mainAction="fly""#, "", "v:mainAction `fly` is not known");
    wrong(r#"v:mainAction="document""#, "", "v:mainAction `document` is not known");
    let many = "role:a,".repeat(101);
    wrong(&format!(r#"v:executors="{many}""#), "", "more than 100");
    wrong(r#"v:requireMainAction="true""#, "", "there is no v:mainAction");
    wrong(r#"v:requireMainAction="yes""#, "", "`true` or `false`");
    wrong(r#"v:executors="sales""#, "", "`sales` is no executor");
    wrong(r#"v:executors="role:""#, "", "is no executor");
    wrong(r#"v:executors="=(""#, "", "v:executors");
    wrong(r#"v:assignment="best""#, "", "v:assignment");
    wrong(r#"v:completedBy="some""#, "", "v:completedBy");
    wrong(r#"v:probability="140""#, "", "v:probability");
    wrong("", r#"<v:form><v:field/></v:form>"#, "a field has no name");
    wrong("", r#"<v:form><v:field name="a" type="picture"/></v:form>"#, "the type of `a`");
    wrong("", r#"<v:form><v:field name="a" type="choice"/></v:form>"#, "no choices");
    wrong("", r#"<v:form><v:field name="a"/><v:field name="a"/></v:form>"#, "twice");
    wrong("", r#"<v:escalate after="PT1H"/>"#, "`to` is missing");
    wrong("", r#"<v:escalate to="nobody"/>"#, "is no executor");
    wrong("", r#"<v:escalate to="head" every="PT0S"/>"#, "no time at all");
}
