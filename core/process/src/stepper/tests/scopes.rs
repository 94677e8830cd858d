//! Sub-processes, event sub-processes inside them, terminate (BPMN 13.3.4, 13.5.4, 13.5.6).

use super::check;

#[test]
fn a_sub_process_is_done_when_nothing_is_left_inside() {
    check(
        "<startEvent id='s'/><subProcess id='u'><startEvent id='us'/><parallelGateway id='f'/><userTask id='a'/><userTask id='b'/>
           > us f a
           > f b
         </subProcess><userTask id='c'/>
         > s u c",
        "start  => s us f +a +b
         come a => a
         come b => b u +c
         come c => c END",
    );
}

#[test]
fn a_sub_process_without_work_passes() {
    check(
        "<startEvent id='s'/><subProcess id='u'><startEvent id='us'/></subProcess><endEvent id='e'/>\n> s u e",
        "start => s us u e END",
    );
}

#[test]
fn each_token_opens_a_sub_process_of_its_own() {
    check(
        "<startEvent id='s'/><parallelGateway id='f'/><task id='x'/><task id='y'/>
         <subProcess id='u'><startEvent id='us'/><userTask id='a'/>
           > us a
         </subProcess>
         > s f x u
         > f y u",
        "start    => s f x y us us +a +a
         come a#1 => a u
         come a   => a u END",
    );
}

#[test]
fn boundary_events_of_a_sub_process_cancel_all_of_it() {
    let body = |interrupting: bool| {
        format!(
            "<startEvent id='s'/><subProcess id='u'><parallelGateway id='f'/><userTask id='a'/><userTask id='b'/><parallelGateway id='j'/>
               <subProcess id='v'><userTask id='c'/></subProcess>
               <subProcess id='h' triggeredByEvent='true'><startEvent id='hs' isInterrupting='false'><signalEventDefinition signalRef='s1'/></startEvent><userTask id='hb'/>
               > hs hb
               </subProcess>
               > f a j
               > f b j
               > f v
             </subProcess><userTask id='d'/>
             <boundaryEvent id='t' attachedToRef='u' cancelActivity='{interrupting}'><messageEventDefinition messageRef='m1'/></boundaryEvent>
             > s u
             > t d"
        )
    };
    check(
        &body(true),
        "start   => s ?t ?hs f +a +b +c
         come hs => hs +hb
         come a  => a
         come t  => -c ~c ~v -hb ~hb ~h -b ~b -hs ~u t +d
         come d  => d END",
    );
    check(
        &body(false),
        "start  => s ?t ?hs f +a +b +c
         come t => t +d
         come t => t +d
         come d => d
         come d => d
         cancel => -c ~c ~v -a ~a -b ~b -t -hs ~u END",
    );
}

#[test]
fn terminate_ends_its_own_scope_only() {
    let body = "<startEvent id='s'/><parallelGateway id='f'/><userTask id='o'/>
         <subProcess id='u'><startEvent id='us'/><parallelGateway id='g'/><userTask id='a'/><userTask id='b'/>
           <endEvent id='x'><terminateEventDefinition/></endEvent>
           <subProcess id='h' triggeredByEvent='true'><startEvent id='hs' isInterrupting='false'><signalEventDefinition signalRef='s1'/></startEvent>
             <endEvent id='hx'><terminateEventDefinition/></endEvent>
             > hs hx
           </subProcess>
           > us g a x
           > g b
         </subProcess><userTask id='c'/>
         > s f u c
         > f o";
    check(
        body,
        "start   => s f ?hs +o us g +a +b
         come hs => hs hx h
         come a  => a x -b ~b -hs u +c
         come o  => o
         come c  => c END",
    );
}

#[test]
fn terminate_ends_a_process_with_everything_in_it() {
    check(
        "<startEvent id='s'/><parallelGateway id='f'/><userTask id='a'/><scriptTask id='b'><script>vars.nothing</script></scriptTask>
         <subProcess id='u'><userTask id='c'/></subProcess><parallelGateway id='j'/><task id='k'/>
         <endEvent id='x'><terminateEventDefinition/></endEvent>
         > s f a x
         > f b
         > f u j
         > f k j",
        "start  => s f +a #b k +c
         come a => a x -c ~c ~u =b END",
    );
}

#[test]
fn an_interrupting_event_sub_process_ends_its_sub_process_normally() {
    check(
        "<startEvent id='s'/><subProcess id='u'><startEvent id='us'/><userTask id='a'/>
           > us a
           <subProcess id='h' triggeredByEvent='true'><startEvent id='t'><messageEventDefinition messageRef='m1'/></startEvent><userTask id='b'/>
           > t b
           </subProcess>
           <subProcess id='h2' triggeredByEvent='true'><startEvent id='t2' isInterrupting='false'><signalEventDefinition signalRef='s1'/></startEvent><userTask id='b2'/>
           > t2 b2
           </subProcess>
         </subProcess>
         <boundaryEvent id='r' attachedToRef='u'><timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition></boundaryEvent>
         <userTask id='c'/><endEvent id='re'/>
         > s u c
         > r re",
        "start  => s @r ?t ?t2 us +a
         come t => -a ~a -t2 t +b
         come b => b h -r u +c",
    );
}

#[test]
fn an_interrupted_scope_can_still_be_cancelled_from_outside() {
    check(
        "<startEvent id='s'/><subProcess id='u'><userTask id='a'/>
           <subProcess id='h' triggeredByEvent='true'><startEvent id='t'><messageEventDefinition messageRef='m1'/></startEvent><userTask id='b'/>
           > t b
           </subProcess>
         </subProcess>
         <boundaryEvent id='r' attachedToRef='u'><timerEventDefinition><timeDuration>P1D</timeDuration></timerEventDefinition></boundaryEvent>
         <endEvent id='re'/>
         > s u
         > r re",
        "start  => s @r ?t +a
         come t => -a ~a t +b
         due r  => -b ~b ~h ~u r re END",
    );
}

#[test]
fn an_event_sub_process_has_data_and_event_sub_processes_of_its_own() {
    check(
        "<startEvent id='s'/><userTask id='a'/>
         > s a
         <subProcess id='h' triggeredByEvent='true'><dataObject id='do' name='seen'/><startEvent id='t' isInterrupting='false'><signalEventDefinition signalRef='s1'/></startEvent>
           <userTask id='b'/>
           > t b
           <subProcess id='i' triggeredByEvent='true'><startEvent id='it'><messageEventDefinition messageRef='m1'/></startEvent></subProcess>
         </subProcess>",
        "start         => ?t s +a
         come t        => ?it t +b
         come b seen=1 => b -it h
         get seen      => none
         come t        => ?it t +b
         come it       => -b ~b it i h
         come a        => a -t END",
    );
}
