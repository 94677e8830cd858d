//! Variables by scope (BPMN 10.4.1, in the specification's words).

use serde_json::json;

use super::super::event::Event;
use super::{Bench, check, read};

#[test]
fn a_result_is_written_where_its_name_is_found_or_into_the_process() {
    check(
        "<startEvent id='s'/><subProcess id='u'><dataObject id='d1' name='inner'/><userTask id='a'/>
           <scriptTask id='b' v:resultVariable='inner'><script>vars.inner + vars.outer</script></scriptTask>
           <scriptTask id='c' v:resultVariable='seen'><script>vars.inner</script></scriptTask>
           > a b c
         </subProcess><userTask id='e'/>
         > s u e",
        "start outer=10                  => s +a
         come a inner=5 outer=20 fresh=1 => a b c u +e
         get outer                       => 20
         get fresh                       => 1
         get inner                       => none
         get seen                        => 25",
    );
}

#[test]
fn an_inner_name_hides_an_outer_one() {
    check(
        "<startEvent id='s'/><subProcess id='u'><dataObject id='d1' name='x'/><userTask id='a'/>
           <scriptTask id='c' v:resultVariable='seen'><script>vars.x</script></scriptTask>
           > a c
         </subProcess><endEvent id='e'/>
         > s u e",
        "start x=1    => s +a
         come a x=2   => a c u e END
         get x        => 1
         get seen     => 2",
    );
}

#[test]
fn data_objects_of_the_process_are_null_at_first() {
    check(
        "<dataObject id='d1' name='x'/><dataObject id='d2' name='y'/><startEvent id='s'/><scriptTask id='a' v:resultVariable='z'><script>vars.x == null &amp;&amp; vars.y == 1</script></scriptTask>
         > s a",
        "start y=1 => s a END\n get z => true",
    );
}

#[test]
fn variables_can_be_set_from_outside_as_seen_from_a_wait() {
    let definition = read(
        "<startEvent id='s'/><subProcess id='u'><dataObject id='d1' name='x'/><userTask id='a'/></subProcess><userTask id='b'/>
         > s u b",
    );
    let mut bench = Bench::new(&definition);
    bench.line("start");
    let wait = bench.wait("a");
    let variables = json!({"x": 1, "y": 2}).as_object().unwrap().clone();
    bench.step(Event::Variables { wait: Some(wait), variables });
    assert_eq!(bench.state.variables(), Some(json!({"y": 2}).as_object().unwrap()));
    assert_eq!(bench.state.scopes[&1].variables["x"], json!(1));
    let variables = json!({"x": 3}).as_object().unwrap().clone();
    assert!(!bench.step(Event::Variables { wait: None, variables: variables.clone() }).stale);
    assert_eq!(bench.state.variables().unwrap()["x"], json!(3));
    assert!(bench.step(Event::Variables { wait: Some(999), variables }).stale);
}

#[test]
fn expressions_see_the_record_the_instance_and_the_actor() {
    check(
        "<startEvent id='s'/><scriptTask id='a' v:resultVariable='z'><script>record.stage + instance.key + (actor == null ? '-' : '+')</script></scriptTask>
         > s a",
        "start => s a END\n get z => \"newp-\"",
    );
}

#[test]
fn evaluation_leaves_the_order_of_variables_as_it_was() {
    let definition = read(
        "<startEvent id='s'/><subProcess id='u'><dataObject id='d1' name='b'/><dataObject id='d2' name='x'/><dataObject id='d3' name='y'/>
           <scriptTask id='a' v:resultVariable='c'><script>vars.a + 1</script></scriptTask><userTask id='t'/>
           > a t
         </subProcess>
         > s u",
    );
    let mut bench = Bench::new(&definition);
    bench.line("start c=3 b=2 a=1");
    assert_eq!(serde_json::to_string(bench.state.variables().unwrap()).unwrap(), r#"{"c":2,"b":2,"a":1}"#);
    let inner = serde_json::to_string(&bench.state.scopes[&1].variables).unwrap();
    assert_eq!(inner, r#"{"b":null,"x":null,"y":null}"#);
}
