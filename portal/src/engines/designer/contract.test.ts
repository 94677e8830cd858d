import { BpmnModdle } from "bpmn-moddle";
import { describe, expect, it } from "vitest";
import { type Contract, readContract, splitList, writeContract } from "./contract";
import { descriptor } from "./descriptor";
import { type Create, listOf, type Moddle } from "./moddle";

const moddle = new BpmnModdle({ v: descriptor });
const create: Create = (type, attributes) => moddle.create(type, attributes) as unknown as Moddle;

/** A file with one step, and what an edit of it leaves behind. */
async function opened(attributes: string, extensions: string) {
  const xml = `<?xml version="1.0" encoding="UTF-8"?>
<b:definitions xmlns:b="http://www.omg.org/spec/BPMN/20100524/MODEL" xmlns:v="urn:verstak:bpmn:1" xmlns:camunda="http://camunda.org/schema/1.0/bpmn" targetNamespace="x">
  <b:process id="p" isExecutable="true">
    <b:userTask id="n" name="N" ${attributes}>
      <b:extensionElements>${extensions}</b:extensionElements>
    </b:userTask>
  </b:process>
</b:definitions>`;
  const { rootElement, warnings } = await moddle.fromXML(xml);
  const root = rootElement as unknown as Moddle;
  const step = listOf(listOf(root, "rootElements")[0], "flowElements")[0] as Moddle & {
    set(name: string, value: unknown): void;
  };
  const written = async () => (await moddle.toXML(rootElement, { format: true })).xml;
  const put = (properties: Record<string, unknown>) => {
    const before = Object.fromEntries(Object.keys(properties).map((name) => [name, step.get(name)]));
    for (const [name, value] of Object.entries(properties)) step.set(name, value);
    return before;
  };
  const edit = (patch: Partial<Contract>) => put(writeContract(step, patch, create));
  return { step, warnings: warnings as unknown[], written, edit, put };
}

const whole = {
  attributes: `v:duration="P1D" v:remindBefore="PT1H PT30M" v:mainAction="email" v:requireMainAction="true" v:assignment="load"
    v:completedBy="2" v:event="quote" v:probability="40" v:executors="role:sales_manager, head, =['role:a', record.who]" camunda:assignee="me"`,
  extensions: `<camunda:properties><camunda:property name="z">kept</camunda:property></camunda:properties>
    <v:param name="to">=vars.mail</v:param><v:param name="text"> two
lines</v:param>
    <v:form><v:field name="record.amount" label="Сумма" type="number"/><v:field name="size" type="choice" choices="S, M" required="false"/></v:form>
    <v:escalate to="head" after="PT2H" every="P1D"/>`,
};

describe("the contract of a step", () => {
  it("is read whole, without a warning", async () => {
    const { step, warnings } = await opened(whole.attributes, whole.extensions);
    expect(warnings).toHaveLength(0);
    expect(readContract(step)).toEqual({
      executors: ["role:sales_manager", "head", "=['role:a', record.who]"],
      assignment: "load",
      completedBy: "2",
      duration: "P1D",
      remindBefore: ["PT1H", "PT30M"],
      mainAction: "email",
      requireMainAction: true,
      params: [
        { name: "to", value: "=vars.mail" },
        { name: "text", value: " two\nlines" },
      ],
      form: [
        { name: "record.amount", label: "Сумма", type: "number", choices: [], required: true },
        { name: "size", label: "", type: "choice", choices: ["S", "M"], required: false },
      ],
      escalate: [{ to: "head", after: "PT2H", every: "P1D", reassign: false }],
      event: "quote",
      probability: "40",
      service: "",
      resultVariable: "",
      expression: "",
    });
  });

  it("is read in the other ways it may be written, and an edit writes the one way", async () => {
    const { step, edit, written } = await opened(
      'v:form="amount, note" v:escalate="head PT1H P1D; role:boss PT2H reassign" v:duration="PT1H"',
      '<v:executor>role:a</v:executor><v:executors><v:executor who="head"/></v:executors><v:remindBefore>PT5M</v:remindBefore>' +
        '<v:mainAction kind="plugin:acme.sign/ask"><v:param name="a">1</v:param></v:mainAction>',
    );
    const contract = readContract(step);
    expect(contract).toMatchObject({
      executors: ["role:a", "head"],
      remindBefore: ["PT5M"],
      mainAction: "plugin:acme.sign/ask",
      params: [{ name: "a", value: "1" }],
      escalate: [
        { to: "head", after: "PT1H", every: "P1D", reassign: false },
        { to: "role:boss", after: "PT2H", every: "", reassign: true },
      ],
    });
    expect(contract.form.map(({ name, required }) => [name, required])).toEqual([
      ["amount", true],
      ["note", true],
    ]);
    edit(contract);
    expect(readContract(step)).toEqual(contract);
    const xml = await written();
    expect(xml).toContain('v:executors="role:a, head"');
    expect(xml).toContain('v:mainAction="plugin:acme.sign/ask"');
    expect(xml).not.toMatch(/v:executor>|v:remindBefore>|<v:mainAction|v:form=|v:escalate=/);
  });

  it("an edit of one thing leaves all the rest as it was, and going back gives the same bytes", async () => {
    const { edit, put, written } = await opened(whole.attributes, whole.extensions);
    const before = await written();
    const old = edit({ duration: "P2D", escalate: [] });
    const after = await written();
    expect(after).toBe(
      before.replace('v:duration="P1D"', 'v:duration="P2D"').replace(/\s*<v:escalate [^>]*\/>/, ""),
    );
    put(old);
    expect(await written()).toBe(before);
  });

  it("what is emptied is gone from the file", async () => {
    const { edit, written } = await opened(
      'v:duration="P1D" v:executors="head"',
      '<v:param name="a">1</v:param>',
    );
    edit({ duration: "", executors: [], params: [], requireMainAction: false });
    expect(await written()).toContain('<b:userTask id="n" name="N" />');
  });

  it("formulas and choices with commas of their own are elements", async () => {
    const { step, edit, written } = await opened("", "");
    const contract = {
      ...readContract(step),
      executors: ["head", "=a, b"],
      form: [{ name: "x", label: "", type: "choice", choices: ["one, two", "three"], required: true }],
    };
    edit({ executors: contract.executors, form: contract.form });
    expect(await written()).toContain("<v:executor>=a, b</v:executor>");
    expect(readContract(step)).toEqual(contract);
  });

  it("lists part at commas outside brackets and quotes", () => {
    expect(splitList("=[who, 'a,b'], owner,, \"x,y\"")).toEqual(["=[who, 'a,b']", "owner", '"x,y"']);
  });
});
