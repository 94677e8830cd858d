//! Hostile and broken files: a clear refusal, in bounded time.

use std::time::Duration;

use cpu_time::ThreadTime;

use super::*;

/// Reads on a stack of one megabyte, in less than the given CPU time. What it was refused for.
fn refusal(xml: Vec<u8>, within: Duration) -> String {
    let work = move || {
        let watch = ThreadTime::now();
        let problems = read(&xml).expect_err("not refused");
        (problems, watch.elapsed())
    };
    let (problems, time) = std::thread::Builder::new().stack_size(1 << 20).spawn(work).unwrap().join().unwrap();
    assert!(time < within, "took {time:?}");
    problems.iter().map(|problem| format!("{}: {}\n", problem.element, problem.message)).collect()
}

fn check(xml: impl Into<Vec<u8>>, part: &str) {
    let message = refusal(xml.into(), Duration::from_secs(2));
    assert!(message.contains(part), "{part} is not in {message}");
}

#[test]
fn entities_and_document_types() {
    let bomb = r#"<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
        <!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><definitions>&c;</definitions>"#;
    check(bomb, "<!DOCTYPE");
    check(r#"<!DOCTYPE d [<!ENTITY x SYSTEM "file:///etc/passwd">]><d>&x;</d>"#, "<!DOCTYPE");
    check(r#"<!DOCTYPE d SYSTEM "http://example.org/x.dtd"><d/>"#, "<!DOCTYPE");
    check("<d>&unknown;</d>", "not well-formed");
}

#[test]
fn deep_files() {
    let deep =
        |count: usize, tag: &str| format!("{}{}", format!("<{tag}>").repeat(count), format!("</{tag}>").repeat(count));
    check(deep(100_000, "a"), "more than 200 elements are nested");
    check("<a>".repeat(1_000_000), "more than 200 elements are nested");
    check(file(&deep(100_000, "subProcess")), "more than 200 elements are nested");
    let nested = (0..150).fold((String::new(), String::new()), |(open, close), n| {
        (format!(r#"{open}<subProcess id="s{n}"><startEvent id="b{n}"/>"#), format!("</subProcess>{close}"))
    });
    let xml = file(&format!("<startEvent id=\"b\"/>{}{}", nested.0, nested.1));
    let read_small = move || good(&xml).0.scopes.len();
    let scopes = std::thread::Builder::new().stack_size(1 << 20).spawn(read_small).unwrap().join().unwrap();
    assert_eq!(scopes, 151);
}

#[test]
fn large_files() {
    let large = vec![b' '; 50_000_000];
    assert!(refusal(large, Duration::from_millis(100)).contains("larger than 10 MB"));
    let message = refusal(format!("<d>{}</d>", "<a/>".repeat(2_400_000)).into_bytes(), Duration::from_secs(5));
    assert!(message.contains("elements"), "{message}");
    let attributes: String = (0..200_000).map(|n| format!(" a{n}='1'")).collect();
    check(format!("<d{attributes}/>"), "more than 200 attributes");
    let declarations: String = (0..100).map(|n| format!(" xmlns:n{n}='urn:{n}'")).collect();
    check(format!("<d>{}</d>", format!("<a{declarations}/>").repeat(2_000)), "declares namespaces");
    let nodes: String = (0..20_100).map(|n| format!("<task id='t{n}'/>")).collect();
    check(file(&nodes), "more than 20000 flow nodes");
}

#[test]
fn what_is_no_xml_or_no_bpmn() {
    for (xml, part) in [
        ("", "not well-formed"),
        ("no xml", "not well-formed"),
        ("<definitions", "not closed"),
        ("<d a='1", "not closed"),
        ("<d><!-- open", "-->"),
        ("<d></e>", "not well-formed"),
        ("{\"a\": 1}", "not well-formed"),
        ("<html/>", "no BPMN 2.0"),
        ("<definitions/>", "no BPMN 2.0"),
        (r#"<definitions xmlns="urn:other"><process id="p"/></definitions>"#, "namespace `urn:other`"),
        (r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"/>"#, "no process"),
        (
            r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process id="p"/></definitions>"#,
            "anything to run",
        ),
        (
            r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"><process><task id="t"/></process></definitions>"#,
            "no id",
        ),
    ] {
        check(xml, part);
    }
}

#[test]
fn encodings() {
    let text = line(r#"<userTask id="n" name="Задача"/>"#);
    let name = |bytes: &[u8]| {
        let (definition, _) = read(bytes).unwrap_or_else(|problems| panic!("{problems:?}"));
        definition.node(definition.find("n").unwrap()).name.clone()
    };
    let with_mark = [&[0xEF, 0xBB, 0xBF], text.as_bytes()].concat();
    assert_eq!(name(&with_mark), "Задача");
    let declared = text.replace("UTF-8", "UTF-16");
    let units = || declared.encode_utf16();
    let little: Vec<u8> = [0xFF, 0xFE].into_iter().chain(units().flat_map(u16::to_le_bytes)).collect();
    let big: Vec<u8> = [0xFE, 0xFF].into_iter().chain(units().flat_map(u16::to_be_bytes)).collect();
    assert_eq!(name(&little), "Задача");
    assert_eq!(name(&big), "Задача");
    check(little[..little.len() - 1].to_vec(), "ends within a character");
    check([&[0xFF, 0xFE][..], &[0x00, 0xD8, 0x41, 0x00]].concat(), "UTF-16");
    assert_eq!((name(&little[2..]), name(&big[2..])), ("Задача".into(), "Задача".into()));
    for label in ["windows-1251", "KOI8-R", "ISO-8859-5"] {
        let text = text.replace("UTF-8", label);
        let (bytes, ..) = encoding_rs::Encoding::for_label(label.as_bytes()).unwrap().encode(&text);
        assert_eq!(name(&bytes), "Задача", "{label}");
        let (kept, again) = read_new(bytes.to_vec());
        assert!(String::from_utf8(kept).unwrap().starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>"));
        assert_eq!(again.unwrap().0.nodes.len(), read(&bytes).unwrap().0.nodes.len());
    }
    let latin = line(r#"<userTask id="n" name="Prüfung"/>"#).replace("UTF-8", "ISO-8859-1");
    let latin: Vec<u8> = latin.chars().map(|sign| u8::try_from(u32::from(sign)).unwrap()).collect();
    assert_eq!(name(&latin), "Prüfung");
    assert_eq!(read_new(text.clone().into_bytes()).0, text.as_bytes(), "a file in UTF-8 stays as it came");
    check(text.replace("UTF-8", "windows-9999").into_bytes(), "windows-9999");
    check([&[0xFF, 0xFE, 0, 0][..], &[0; 8]].concat(), "UTF-32");
    check([text.as_bytes(), &[0xC3, 0x28]].concat(), "is not UTF-8");
}

#[test]
fn numbers_that_are_no_characters_are_refused() {
    for (number, good) in [
        ("xD800", false),
        ("55296", false),
        ("x0", false),
        ("xFFFE", false),
        ("x110000", false),
        ("x9", true),
        ("x1F600", true),
        ("1047", true),
    ] {
        let text = line(&format!(r#"<userTask id="n" name="a&#{number};b"/>"#));
        let (_, read) = read_new(text.into_bytes());
        assert_eq!(read.is_ok(), good, "{number}: {read:?}");
        if let Err(problems) = read {
            assert!(problems[0].message.contains(number), "{problems:?}");
        }
    }
}

#[test]
fn inconsistent_files() {
    refused(&file(r#"<task id="a"/><task id="a"/>"#), "a", "two elements have the id");
    refused(&file_with(r#"<message id="p" name="x"/>"#, r#"<task id="a"/>"#), "p", "two elements have the id");
    refused(
        &file(r#"<task id="a"/><sequenceFlow id="f" sourceRef="a" targetRef="b"/>"#),
        "f",
        "targetRef `b` is no flow node",
    );
    refused(
        &file(r#"<task id="a"/><sequenceFlow id="f" sourceRef="b" targetRef="a"/>"#),
        "f",
        "sourceRef `b` is no flow node",
    );
    refused(&file(r#"<task id="a"/><sequenceFlow id="f" sourceRef="a"/>"#), "f", "targetRef is missing");
    let crossing = r#"<task id="a"/><subProcess id="b"><task id="c"/></subProcess><sequenceFlow id="f" sourceRef="a" targetRef="c"/>"#;
    refused(&file(crossing), "f", "cannot cross");
    refused(&file(r#"<exclusiveGateway id="a" default="f"/>"#), "a", "default `f` is no flow");
    refused(
        &file(
            r#"<task id="a"/><boundaryEvent id="b" attachedToRef="z"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></boundaryEvent>"#,
        ),
        "b",
        "attachedToRef `z`",
    );
    refused(
        &file(
            r#"<task id="a"/><boundaryEvent id="b" attachedToRef="a"><messageEventDefinition messageRef="z"/></boundaryEvent>"#,
        ),
        "b",
        "messageRef `z`",
    );
    refused(&file(r#"<receiveTask id="a" messageRef="s"/>"#), "a", "messageRef `s` is no message");
    refused(
        &file_with(
            r#"<collaboration id="c"><participant id="w" processRef="none"/></collaboration>"#,
            r#"<task id="a"/>"#,
        ),
        "w",
        "processRef `none`",
    );
    refused(&file("<task/>"), "task", "no id");
    refused(&file(&format!("<task id='{}'/>", "x".repeat(300))), &"x".repeat(255), "longer than 255");
}

#[test]
fn many_problems_stay_few() {
    let flows: String = (0..5_000).map(|n| format!("<sequenceFlow id='f{n}' sourceRef='x' targetRef='y'/>")).collect();
    let problems = read(file(&format!("<task id='a'/>{flows}")).as_bytes()).unwrap_err();
    assert_eq!(problems.len(), 100);
}

#[test]
fn call_cycles_that_never_end() {
    let calls = |id: &str, called: &str, more: &str| {
        format!(
            r#"<process id="{id}" isExecutable="true"><startEvent id="s{id}"/><callActivity id="c{id}" calledElement="{called}"/>
            <endEvent id="e{id}"/><sequenceFlow id="f{id}" sourceRef="s{id}" targetRef="c{id}"/>
            <sequenceFlow id="g{id}" sourceRef="c{id}" targetRef="e{id}"/>{more}</process>"#
        )
    };
    let file = |processes: String| {
        format!(r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL">{processes}</definitions>"#)
    };
    refused(&file(calls("a", "a", "")), "ca", "always calls itself");
    refused(&file(calls("a", "b", "") + &calls("b", "b", "")), "cb", "always calls itself");
    refused(&file(calls("a", "b", "") + &calls("b", "c", "") + &calls("c", "a", "")), "cc", "always calls itself");
    let past = r#"<exclusiveGateway id="g" default="h1"/><sequenceFlow id="h1" sourceRef="g" targetRef="ea"/>"#;
    let recursion = calls("a", "a", past).replace(r#"sourceRef="sa" targetRef="ca""#, r#"sourceRef="sa" targetRef="g""#)
        .replace("</process>", r#"<sequenceFlow id="h2" sourceRef="g" targetRef="ca"><conditionExpression>vars.n &gt; 0</conditionExpression></sequenceFlow></process>"#);
    good(&file(recursion));
}

/// Four times as much may take somewhat more than four times as long; sixteen times would be the square. A ratio of
/// processor times in one run: how fast the machine is does not matter.
fn stays_linear(count: usize, xml: &dyn Fn(usize) -> String) {
    let time = |count: usize| {
        let text = xml(count);
        let times = (0..2).map(|_| {
            let watch = ThreadTime::now();
            drop(read(text.as_bytes()));
            watch.elapsed()
        });
        times.min().unwrap()
    };
    let (quarter, whole) = (time(count / 4), time(count));
    let limit = quarter * 10 + Duration::from_millis(20);
    assert!(whole < limit, "{quarter:?} became {whole:?}: {}", xml(1).chars().take(200).collect::<String>());
}

/// Many of what could be slow together: each must stay linear.
#[test]
fn large_files_of_one_kind_read_in_time_that_grows_with_them() {
    let many = |count: usize, element: &dyn Fn(usize) -> String| (0..count).map(element).collect::<String>();
    let text = format!("vars.a{}", " + 1".repeat(90));
    stays_linear(50_000, &|count| {
        let flows = "<sequenceFlow sourceRef='a' targetRef='b'/>".repeat(count);
        file(&format!("<task id='a'/><task id='b'/>{flows}"))
    });
    stays_linear(9_000, &|count| file(&many(count, &|n| format!("<callActivity id='c{n}' calledElement='p'/>"))));
    stays_linear(9_000, &|count| {
        file(&many(count, &|n| {
            format!("<parallelGateway id='g{n}'/><sequenceFlow id='f{n}' sourceRef='g{n}' targetRef='g0'/>")
        }))
    });
    stays_linear(800, &|count| {
        file(&many(count, &|n| {
            format!("<scriptTask id='t{n}' v:resultVariable='x'><script>{text}</script></scriptTask>")
        }))
    });
    stays_linear(9_000, &|count| {
        file(&many(count, &|n| {
            format!(
                "<task id='t{n}'/><boundaryEvent id='b{n}' attachedToRef='t0'><errorEventDefinition/></boundaryEvent>"
            )
        }))
    });
    stays_linear(50_000, &|count| {
        let fields = many(count, &|n| format!("<v:field name='f{n}'/>"));
        file(&format!("<userTask id='a'><extensionElements><v:form>{fields}</v:form></extensionElements></userTask>"))
    });
}

#[test]
fn a_large_diagram_reads_in_time_that_grows_with_it() {
    let (definition, problems) = good(&long_file(10_000));
    assert!(definition.nodes.len() > 10_000 && problems.is_empty(), "{problems:?}");
    stays_linear(10_000, &long_file);
}
