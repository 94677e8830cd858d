//! Files in the manner of other tools.

use super::*;

#[test]
fn prefixes_are_the_files_choice() {
    let xml = line(r#"<userTask id="n" name="N" v:duration="PT1H"/>"#);
    for prefix in ["bpmn", "bpmn2", "semantic", "x.y-z", "ns0"] {
        let mut prefixed =
            xml.replace(r#"xmlns="http"#, &format!(r#"xmlns:{prefix}="http"#)).replace("v:duration", "w:duration");
        prefixed = prefixed.replace("xmlns:v=", "xmlns:w=");
        for tag in [
            "definitions",
            "message",
            "signal",
            "error",
            "escalation",
            "process",
            "startEvent",
            "userTask",
            "endEvent",
            "sequenceFlow",
        ] {
            prefixed = prefixed.replace(&format!("<{tag} "), &format!("<{prefix}:{tag} "));
            prefixed = prefixed.replace(&format!("<{tag}\n"), &format!("<{prefix}:{tag}\n"));
            prefixed = prefixed.replace(&format!("</{tag}>"), &format!("</{prefix}:{tag}>"));
        }
        let NodeKind::User(contract) = node(&prefixed).kind else { panic!() };
        assert_eq!(contract.duration, Some(3_600), "{prefix}");
    }
}

/// Extension elements, diagrams, artifacts and data that carry no meaning for us are let pass.
#[test]
fn foreign_content_is_let_pass() {
    let xml = r#"<?xml version="1.0" encoding="utf-8"?>
<bpmn2:definitions xmlns:bpmn2="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI"
  xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" xmlns:di="http://www.omg.org/spec/DD/20100524/DI" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"
  xmlns:signavio="http://www.signavio.com" xmlns:flowable="http://flowable.org/bpmn" xmlns:camunda="http://camunda.org/schema/1.0/bpmn"
  id="sid-1" targetNamespace="http://www.signavio.com" expressionLanguage="http://www.w3.org/1999/XPath" exporter="Signavio">
  <bpmn2:import importType="x" location="y" namespace="z"/>
  <bpmn2:itemDefinition id="item"/><bpmn2:dataStore id="store" name="Склад"/><bpmn2:category id="cat"><bpmn2:categoryValue id="cv"/></bpmn2:category>
  <bpmn2:collaboration id="col"><bpmn2:participant id="pool" name="Мы" processRef="Процесс_1"/><bpmn2:participant id="client" name="Клиент"/>
    <bpmn2:messageFlow id="mf" sourceRef="client" targetRef="Начало"/><bpmn2:textAnnotation id="note0"><bpmn2:text>!</bpmn2:text></bpmn2:textAnnotation></bpmn2:collaboration>
  <bpmn2:process id="Процесс_1" name="Закупка" isExecutable="false">
    <bpmn2:extensionElements><signavio:signavioMetaData metaKey="a" metaValue="b"/><camunda:properties><camunda:property name="a" value="b"/></camunda:properties></bpmn2:extensionElements>
    <bpmn2:laneSet id="ls"><bpmn2:lane id="lane" name="Продажи"><bpmn2:flowNodeRef>Начало</bpmn2:flowNodeRef><bpmn2:flowNodeRef>Задача</bpmn2:flowNodeRef></bpmn2:lane></bpmn2:laneSet>
    <bpmn2:startEvent id="Начало" name="Старт" camunda:initiator="who"><bpmn2:outgoing>ф1</bpmn2:outgoing></bpmn2:startEvent>
    <bpmn2:userTask id="Задача" name="Подготовить решение" camunda:formKey="embedded:x" flowable:dueDate="${due}" camunda:asyncBefore="true">
      <bpmn2:documentation>Как делать</bpmn2:documentation>
      <bpmn2:extensionElements><camunda:formData><camunda:formField id="a" type="string"/></camunda:formData><camunda:taskListener event="create" class="x.Y"/></bpmn2:extensionElements>
      <bpmn2:incoming>ф1</bpmn2:incoming><bpmn2:outgoing>ф2</bpmn2:outgoing>
      <bpmn2:ioSpecification><bpmn2:inputSet/><bpmn2:outputSet/></bpmn2:ioSpecification>
      <bpmn2:dataInputAssociation id="dia"><bpmn2:sourceRef>dsr</bpmn2:sourceRef><bpmn2:targetRef>x</bpmn2:targetRef></bpmn2:dataInputAssociation>
    </bpmn2:userTask>
    <bpmn2:endEvent id="Конец"/>
    <bpmn2:dataStoreReference id="dsr" dataStoreRef="store"/><bpmn2:dataObject id="do"/><bpmn2:dataObjectReference id="dor" dataObjectRef="do" name="Счёт"/>
    <bpmn2:sequenceFlow id="ф1" sourceRef="Начало" targetRef="Задача"/><bpmn2:sequenceFlow id="ф2" sourceRef="Задача" targetRef="Конец"/>
    <bpmn2:textAnnotation id="note"><bpmn2:text>Заметка</bpmn2:text></bpmn2:textAnnotation><bpmn2:association id="as" sourceRef="note" targetRef="Задача"/>
    <bpmn2:group id="group" categoryValueRef="cv"/>
  </bpmn2:process>
  <bpmndi:BPMNDiagram id="d1"><bpmndi:BPMNPlane id="pl1" bpmnElement="col"><bpmndi:BPMNShape id="sh" bpmnElement="Задача"><dc:Bounds x="1" y="1" width="1" height="1"/></bpmndi:BPMNShape>
    <bpmndi:BPMNEdge id="ed" bpmnElement="ф1"><di:waypoint x="1" y="1"/></bpmndi:BPMNEdge></bpmndi:BPMNPlane></bpmndi:BPMNDiagram>
  <bpmndi:BPMNDiagram id="d2"><bpmndi:BPMNPlane id="pl2" bpmnElement="col"/></bpmndi:BPMNDiagram>
</bpmn2:definitions>"#;
    let (definition, problems) = good(xml);
    assert_eq!(problems, Vec::new());
    assert_eq!((definition.key.as_str(), definition.name.as_str()), ("Процесс_1", "Закупка"));
    let task = definition.node(definition.find("Задача").unwrap());
    assert_eq!((task.lane.as_str(), task.documentation.as_str()), ("Продажи", "Как делать"));
    assert_eq!(definition.scope(ScopeIx(0)).data, ["Счёт"]);
}

#[test]
fn references_with_prefixes() {
    let body = r#"<startEvent id="start"/><intermediateCatchEvent id="n"><messageEventDefinition messageRef="tns:m"/></intermediateCatchEvent>
        <callActivity id="c" calledElement="tns:p2"/>"#;
    let xml = file(body).replace("</definitions>", r#"<process id="p2"><startEvent id="b"/></process></definitions>"#);
    let (definition, _) = good(&xml);
    assert!(
        matches!(&definition.node(definition.find("n").unwrap()).kind, NodeKind::Catch(Trigger::Message(it)) if it.name == "Paid")
    );
    assert!(
        matches!(&definition.node(definition.find("c").unwrap()).kind, NodeKind::Call { process, .. } if process == "p2")
    );
}

#[test]
fn zeebe_and_camunda_attributes_that_we_can_run() {
    let zeebe = |tag: &str, extension: &str| {
        node(&line(&format!(r#"<{tag} id="n"><extensionElements>{extension}</extensionElements></{tag}>"#))).kind
    };
    let NodeKind::Script { result, .. } =
        zeebe("scriptTask", r#"<zeebe:script expression="=a + 1" resultVariable="sum"/>"#)
    else {
        panic!()
    };
    assert_eq!(result.as_deref(), Some("sum"));
    assert!(
        matches!(zeebe("callActivity", r#"<zeebe:calledElement processId="q"/>"#), NodeKind::Call { process, .. } if process == "q")
    );
    assert!(
        matches!(zeebe("serviceTask", r#"<zeebe:taskDefinition type="email"/>"#), NodeKind::Service(it) if it.kind == "email")
    );
    let camunda =
        r#"<serviceTask id="n" camunda:type="external" camunda:topic="webhook" camunda:resultVariable="answer"/>"#;
    assert!(
        matches!(node(&line(camunda)).kind, NodeKind::Service(it) if it.kind == "webhook" && it.result.as_deref() == Some("answer"))
    );
    let message = file_with(
        r#"<message id="k" name="Key"><extensionElements><zeebe:subscription correlationKey="=orderId"/></extensionElements></message>"#,
        r#"<startEvent id="s0"/><receiveTask id="n" messageRef="k"/>"#,
    );
    assert!(
        matches!(node(&message).kind, NodeKind::Receive(it) if it.key.as_ref().is_some_and(|key| key.text() == "orderId"))
    );
}
