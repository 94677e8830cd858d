//! Activities that are not repeated (BPMN 13.3.2, 13.3.3).

use serde_json::json;

use super::super::event::{Evaluated, Event};
use super::{Bench, check, read, run};
use crate::stepper::Command;

#[test]
fn tasks_without_work_for_anybody_pass_at_once() {
    check(
        "<startEvent id='s'/><task id='a'/><scriptTask id='b' v:resultVariable='x'><script>vars.y * 2</script></scriptTask>
         <businessRuleTask id='c' v:resultVariable='z' v:expression='vars.x + 1'/><endEvent id='e'/>
         > s a b c e",
        "start y=4 => s a b c e END
         get x     => 8
         get z     => 9",
    );
}

#[test]
fn a_manual_task_is_a_task_of_a_person() {
    check("<startEvent id='s'/><manualTask id='a'/>\n> s a", "start => s +a\n come a => a END");
}

#[test]
fn a_script_that_fails_is_an_incident_and_is_run_again() {
    check(
        "<startEvent id='s'/><scriptTask id='a' v:resultVariable='x'><script>vars.y + 1</script></scriptTask><endEvent id='e'/>
         > s a e",
        "start    => s #a
         retry a  => =a #a
         set y=1  =>
         retry a  => =a a e END
         get x    => 2",
    );
}

const SERVICE: &str = "<startEvent id='s'/>
     <serviceTask id='a' v:service='webhook' v:resultVariable='answer'>
       <extensionElements><v:param name='url' value='https://example.com/'/><v:param name='sum' value='=vars.sum'/></extensionElements>
     </serviceTask><userTask id='b'/>
     > s a b";

#[test]
fn a_service_gets_its_parameters_and_its_answer_is_kept() {
    check(SERVICE, "start sum=5 => s +a\n result a {'ok':true} => a +b\n get answer => {\"ok\":true}");
    let definition = read(SERVICE);
    let mut bench = Bench::new(&definition);
    let variables = json!({"sum": 5}).as_object().unwrap().clone();
    let outcome = bench.step(Event::Start { at: None, variables });
    let Some(Command::CallService { parameters, .. }) = outcome.commands.last() else { panic!("{outcome:?}") };
    assert_eq!(json!(parameters), json!({"url": "https://example.com/", "sum": 5}));
}

#[test]
fn the_result_of_a_task_is_kept_where_it_says() {
    let task = "<startEvent id='s'/><userTask id='a' v:resultVariable='decision'/><userTask id='b'/>
         > s a b";
    check(task, "start => s +a\n result a 'rejected' => a +b\n get decision => \"rejected\"");
}

#[test]
fn a_service_that_fails_is_retried_or_skipped_by_an_operator() {
    check(SERVICE, "start sum=5 => s +a\n fail a => #a\n fail a =>\n retry a => =a +a\n come a => a +b");
    check(SERVICE, "start sum=5 => s +a\n fail a => #a\n skip a => =a -a ^a +b");
    check(SERVICE, "start sum=5 => s +a\n fail a => #a\n come a => =a a +b");
    check(SERVICE, "start sum=5 => s +a\n fail a => #a\n cancel => =a -a ~a END");
    check(SERVICE, "start => s #a\n set sum=1 =>\n retry a => =a +a");
}

#[test]
fn executors_and_parameters_of_a_user_task_are_evaluated_when_it_is_made() {
    let definition = read(
        "<startEvent id='s'/>
         <userTask id='a' v:executors='role:sales, =vars.who' v:mainAction='email' v:duration='PT1H'>
           <extensionElements><v:escalate to='=vars.boss' after='PT1H'/><v:escalate to='head' after='PT2H'/>
           <v:form><v:field name='who'/><v:field name='unset'/><v:field name='record.title'/></v:form><v:param name='to' value='=vars.to'/><v:param name='subject' value='Offer'/></extensionElements>
         </userTask>
         > s a",
    );
    let mut bench = Bench::new(&definition);
    let variables = json!({"who": "user:ann", "to": "a@example.com", "boss": "role:chief"});
    let variables = variables.as_object().unwrap().clone();
    let outcome = bench.step(Event::Start { at: None, variables });
    let Some(Command::OpenTask { parameters, .. }) = outcome.commands.last() else { panic!("{outcome:?}") };
    let main_action = json!({"to": "a@example.com", "subject": "Offer"}).as_object().unwrap().clone();
    let form = json!({"who": "user:ann"}).as_object().unwrap().clone();
    let escalate = vec![json!("role:chief")];
    assert_eq!(*parameters, Evaluated { executors: vec![json!("user:ann")], escalate, form, main_action });
    let bench = run(&definition, "start to='x'");
    let problem = bench.state.incidents.values().next().unwrap().message.in_locale(kernel::Locale::En);
    assert!(problem.contains("executors") && problem.contains("`who`"), "{problem}");
}

#[test]
fn a_send_task_publishes_and_a_receive_task_waits() {
    let body =
        "<startEvent id='s'/><sendTask id='a' messageRef='m3'/><receiveTask id='b' messageRef='m3'/><endEvent id='e'/>
         > s a b e";
    check(body, "start number=7 => s msg:order a ?b\n come b x=1 => b e END\n get x => 1");
    check(body, "start => s #a\n set number=7 =>\n retry a => =a msg:order a ?b");
    check(body, "start number=null => s #a");
}

#[test]
fn keys_of_messages_are_text() {
    let body = "<startEvent id='s'/><sendTask id='a' messageRef='m3'/><receiveTask id='b' messageRef='m3'/>\n> s a b";
    let definition = read(body);
    let mut bench = Bench::new(&definition);
    let variables = json!({"number": 7}).as_object().unwrap().clone();
    let outcome = bench.step(Event::Start { at: None, variables });
    let text = serde_json::to_value(&outcome.commands).unwrap();
    assert_eq!(text[1]["key"], json!("7"));
    assert_eq!(text[1]["variables"], json!({"number": 7}));
    assert_eq!(text[3]["what"], json!({"kind": "message", "name": "order", "key": "7"}));
}

#[test]
fn a_call_gets_the_variables_and_gives_its_own_back() {
    let body = "<startEvent id='s'/><callActivity id='a' calledElement='q'/><endEvent id='e'/>\n> s a e";
    check(body, "start x=1 => s +a\n come a x=2 y=3 => a e END\n get x => 2\n get y => 3");
    check(body, "start => s +a\n fail a => #a\n retry a => =a +a\n come a => a e END");
    let definition = read(body);
    let mut bench = Bench::new(&definition);
    let variables = json!({"x": 1}).as_object().unwrap().clone();
    let outcome = bench.step(Event::Start { at: None, variables: variables.clone() });
    let Some(Command::CallProcess { variables: given, .. }) = outcome.commands.last() else { panic!("{outcome:?}") };
    assert_eq!(*given, variables);
}
