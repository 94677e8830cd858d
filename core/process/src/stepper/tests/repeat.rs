//! Loops and multi-instances (BPMN 13.3.6, 13.3.7).

use super::{check, read, run};

fn task(repeat: &str) -> String {
    format!("<startEvent id='s'/><userTask id='a'>{repeat}</userTask><endEvent id='e'/>\n> s a e")
}

fn script(expression: &str, repeat: &str) -> String {
    format!(
        "<startEvent id='s'/><scriptTask id='a' v:resultVariable='x'><script>{expression}</script>{repeat}</scriptTask><endEvent id='e'/>
         > s a e"
    )
}

fn looped(attributes: &str, condition: &str) -> String {
    format!(
        "<standardLoopCharacteristics {attributes}><loopCondition>{condition}</loopCondition></standardLoopCharacteristics>"
    )
}

fn multi(attributes: &str, inside: &str) -> String {
    format!("<multiInstanceLoopCharacteristics {attributes}>{inside}</multiInstanceLoopCharacteristics>")
}

const THREE: &str = "<loopCardinality>3</loopCardinality>";

#[test]
fn a_loop_goes_on_while_its_condition_is_true() {
    check(
        &task(&looped("", "vars.again")),
        "start => s +a\n come a again=true => a +a\n come a again=false => a e END",
    );
    check(&task(&looped("", "vars.again")), "start => s +a\n come a => a #a\n set again=true =>\n retry a => =a +a");
    check(&task(&looped("", "vars.again")), "start => s +a\n come a => a #a\n skip a => =a e END");
}

#[test]
fn a_loop_that_is_tested_before_may_not_run_at_all() {
    check(&task(&looped("testBefore='true'", "vars.again")), "start again=false => s ^a e END");
    check(
        &task(&looped("testBefore='true'", "vars.again")),
        "start again=true => s +a\n come a again=false => a e END",
    );
    check(&task(&looped("testBefore='true'", "vars.again")), "start => s #a\n set again=true =>\n retry a => =a +a");
}

#[test]
fn a_loop_counts_and_stops_at_its_maximum() {
    check(
        &script("vars.x + 1", &looped("", "vars.loopCounter < 3")).replace("< 3", "&lt; 3"),
        "start x=0 => s a a a e END\n get x => 3",
    );
    check(
        &script("vars.x + 1", &looped("testBefore='true'", "loopCounter &lt; 3")),
        "start x=0 => s a a a e END\n get x => 3",
    );
    check(&script("vars.x + 1", &looped("loopMaximum='2'", "true")), "start x=0 => s a a e END\n get x => 2");
    check(&script("vars.x + 1", "<standardLoopCharacteristics loopMaximum='4'/>"), "start x=0 => s a a a a e END");
    check(
        &script("vars.x * 10 + vars.loopCounter", &looped("loopMaximum='3'", "true")),
        "start x=0 => s a a a e END\n get x => 12",
    );
}

#[test]
fn a_loop_of_a_sub_process_opens_it_anew_each_round() {
    check(
        "<startEvent id='s'/><subProcess id='u'><dataObject id='d' name='note'/><userTask id='a'/><standardLoopCharacteristics><loopCondition>vars.again</loopCondition></standardLoopCharacteristics>
         <subProcess id='h' triggeredByEvent='true'><startEvent id='hs' isInterrupting='false'><signalEventDefinition signalRef='s1'/></startEvent></subProcess>
         </subProcess><boundaryEvent id='t' attachedToRef='u' cancelActivity='false'><messageEventDefinition messageRef='m1'/></boundaryEvent><endEvent id='e'/>
         > s u e
         > t e",
        "start                     => s ?t ?hs +a
         come a again=true note=1  => a -hs u ?hs +a
         come t                    => t e
         come hs                   => hs h
         come a again=false        => a -hs u -t e END
         get note                  => none",
    );
}

#[test]
fn members_one_after_the_other() {
    check(
        &task(&multi("isSequential='true'", THREE)),
        "start => s +a\n come a => a +a\n come a => a +a\n come a => a e END",
    );
}

#[test]
fn members_all_at_once_in_any_order() {
    check(&task(&multi("", THREE)), "start => s +a +a +a\n come a#2 => a\n come a => a\n come a => a e END");
}

#[test]
fn nothing_to_do_passes_straight_on() {
    let over = "<loopCardinality>vars.n</loopCardinality>";
    for attributes in ["", "isSequential='true'"] {
        check(&task(&multi(attributes, over)), "start n=0 => s ^a e END");
        check(
            &task(&multi(attributes, over)),
            "start n=2.0 => s +a".replace("+a", if attributes.is_empty() { "+a +a" } else { "+a" }).as_str(),
        );
        check(&task(&multi(attributes, over)), "start n=-1 => s #a\n set n=0 =>\n retry a => =a ^a e END");
        check(&task(&multi(attributes, over)), "start n=1.5 => s #a");
        check(&task(&multi(attributes, over)), "start n='many' => s #a\n skip a => =a ^a e END");
        check(&task(&multi(attributes, over)), "start n=10001 => s #a");
    }
}

/// A multi-instance over `vars.people`, each the `person`.
fn over(attributes: &str, inside: &str) -> String {
    multi(&format!("v:collection='vars.people' v:item='person' {attributes}"), inside)
}

#[test]
fn members_of_a_collection_have_their_item() {
    let body = |attributes: &str| script("vars.x + vars.person * 10 + vars.loopCounter", &over(attributes, ""));
    check(&body(""), "start people=[1,2,3] x=0 => s a a a e END\n get x => 63\n get person => none");
    check(&body("isSequential='true'"), "start people=[1,2,3] x=0 => s a a a e END\n get x => 63");
    check(&body(""), "start people=[] x=0 => s ^a e END");
    check(&body(""), "start people=null x=0 => s #a");
    check(&body(""), "start people={} x=0 => s #a");
    check(&body(""), "start => s #a");
}

#[test]
fn what_members_give_is_collected_in_their_order() {
    let out = "v:outputCollection='answers' v:outputItem='vars.answer'";
    check(
        &task(&over(out, "")),
        "start people=[1,2,3]   => s +a +a +a
         come a#2 answer='c'    => a
         come a answer='a'      => a
         come a answer='b'      => a e END
         get answers            => [\"a\",\"b\",\"c\"]
         get answer             => none",
    );
    check(&task(&over(out, "")), "start people=[] => s ^a e END\n get answers => []");
    let first = format!("{out} isSequential='true'");
    let enough = "<completionCondition>vars.answer == 'no'</completionCondition>";
    check(
        &task(&over(&first, "")),
        "start people=[1,2] => s +a\n come a answer=1 => a +a\n come a => a e END\n get answers => [1,null]",
    );
    check(
        &task(&over("v:outputCollection='answers' v:outputItem='vars.person + vars.n' isSequential='true'", enough)),
        "start people=[1,2,3] n=5 answer='' => s +a
         come a answer='yes'               => a +a
         come a answer='no'                => a e END
         get answers                       => [6,7]",
    );
}

#[test]
fn what_cannot_be_collected_is_an_incident_of_the_member() {
    let out = "v:outputCollection='answers' v:outputItem='vars.person + vars.n'";
    check(
        &task(&over(out, "")),
        "start people=[1,2] => s +a +a
         come a             => a #a
         come a             => a #a
         set n=1            =>
         retry a            => =a
         skip a             => =a e END
         get answers        => [2]",
    );
}

#[test]
fn standard_data_references_name_collections_too() {
    check(
        &task(&multi(
            "",
            "<loopDataInputRef>people</loopDataInputRef><loopDataOutputRef>answers</loopDataOutputRef>
             <inputDataItem id='one' name='person'/><outputDataItem id='two' name='answer'/>",
        )),
        "start people=[1,2]  => s +a +a
         come a answer=true  => a
         come a answer=false => a e END
         get answers         => [true,false]
         get answer          => none",
    );
}

#[test]
fn completion_conditions_end_the_rest() {
    let early = format!("{THREE}<completionCondition>vars.numberOfCompletedInstances >= 2</completionCondition>");
    check(&task(&multi("", &early)), "start => s +a +a +a\n come a => a\n come a => a -a ~a e END");
    check(&task(&multi("isSequential='true'", &early)), "start => s +a\n come a => a +a\n come a => a e END");
    let no = format!("{THREE}<completionCondition>vars.answer == 'no'</completionCondition>");
    check(
        &task(&multi("", &no)),
        "start answer='' => s +a +a +a\n come a answer='yes' => a\n come a answer='no' => a -a ~a e END",
    );
    let active = format!(
        "{THREE}<completionCondition>numberOfActiveInstances == 1 &amp;&amp; numberOfInstances == 3 &amp;&amp; numberOfTerminatedInstances == 0</completionCondition>"
    );
    check(&task(&multi("", &active)), "start => s +a +a +a\n come a => a\n come a => a -a ~a e END");
}

#[test]
fn a_completion_condition_that_fails_is_an_incident_of_the_whole() {
    let broken = format!("{THREE}<completionCondition>vars.done</completionCondition>");
    check(
        &task(&multi("", &broken)),
        "start         => s +a +a +a
         come a        => a #a
         come a        => a =a #a
         set done=true =>
         retry a       => =a -a ~a e END",
    );
    check(&task(&multi("", &broken)), "start => s +a +a +a\n come a => a #a\n skip a => =a -a ~a -a ~a e END");
    check(
        &task(&multi("isSequential='true'", &broken)),
        "start => s +a\n come a => a #a\n set done=false =>\n retry a => =a +a\n come a => a +a",
    );
}

#[test]
fn boundary_events_stand_on_the_whole_multi_instance() {
    check(
        &format!(
            "<startEvent id='s'/><userTask id='a'>{}</userTask><endEvent id='e'/><endEvent id='f'/>
             <boundaryEvent id='t' attachedToRef='a'><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>
             > s a e
             > t f",
            multi("", THREE)
        ),
        "start  => s @t +a +a +a
         come a => a
         due t  => -a ~a -a ~a t f END",
    );
}

#[test]
fn members_of_a_sub_process_have_their_own_variables() {
    check(
        &format!(
            "<startEvent id='s'/><subProcess id='u'><dataObject id='d' name='note'/><userTask id='a'/><scriptTask id='b' v:resultVariable='note'><script>vars.note + 1</script></scriptTask>
             <endEvent id='x'><terminateEventDefinition/></endEvent>
             > a b x
             {}</subProcess><endEvent id='e'/>
             > s u e",
            multi("", THREE)
        ),
        "start           => s +a +a +a
         come a note=1   => a b x u
         come a#1        => a #b
         come a note=5   => a b x u
         skip b          => =b ^b x u e END
         get note        => none",
    );
}

#[test]
fn repetitions_inside_repetitions() {
    check(
        &format!(
            "<startEvent id='s'/><subProcess id='u'><userTask id='a'>{}</userTask>{}</subProcess><endEvent id='e'/>
             > s u e",
            multi("isSequential='true'", "<loopCardinality>2</loopCardinality>"),
            multi("", "<loopCardinality>2</loopCardinality>"),
        ),
        "start  => s +a +a
         come a => a +a
         come a => a +a
         come a => a u
         come a => a u e END",
    );
}

#[test]
fn ten_thousand_members_are_done_in_good_time() {
    let body = script("vars.loopCounter", &multi("", "<loopCardinality>10000</loopCardinality>"));
    check(&body, &format!("start => s {}e END", "a ".repeat(10_000)));
    let definition = read(&task(&multi("", "<loopCardinality>10000</loopCardinality>")));
    let bench = run(&definition, "start\n come a#9999\n come a#5000");
    assert_eq!(bench.state.waits.len(), 9_998);
    let bench = run(&definition, "start\n cancel");
    assert!(bench.open.is_empty());
}
