/**
 * Verstak's own words in a BPMN file (`urn:verstak:bpmn:1`) as bpmn-js's moddle knows them: everything that the server's
 * reader (`core/process/src/definition`) reads. What other tools wrote is in nobody's description and is kept as it is.
 */

const attributes = (names: string[]) => names.map((name) => ({ name, isAttr: true, type: "String" }));
const element = (name: string, own: string[], more: object[] = []) => ({
  name,
  superClass: ["Element"],
  properties: [...attributes(own), ...more],
});
const body = { name: "text", isBody: true, type: "String" };

export const descriptor = {
  name: "Verstak",
  uri: "urn:verstak:bpmn:1",
  prefix: "v",
  xml: { tagAlias: "lowerCase" },
  types: [
    {
      name: "Contract",
      extends: ["bpmn:FlowNode"],
      properties: attributes([
        "executors",
        "assignment",
        "completedBy",
        "duration",
        "remindBefore",
        "mainAction",
        "requireMainAction",
        "form",
        "escalate",
        "event",
        "probability",
        "service",
        "resultVariable",
        "retries",
        "expression",
        "binding",
        "version",
        "collection",
        "item",
        "outputCollection",
        "outputItem",
        "cardinality",
        "completionCondition",
        "correlationKey",
      ]),
    },
    { name: "Correlated", extends: ["bpmn:Message"], properties: attributes(["correlationKey"]) },
    {
      name: "Repeated",
      extends: ["bpmn:MultiInstanceLoopCharacteristics"],
      properties: attributes([
        "collection",
        "item",
        "outputCollection",
        "outputItem",
        "cardinality",
        "completionCondition",
      ]),
    },
    element("Param", ["name", "value"], [body]),
    element("Parameters", [], [{ name: "items", type: "Param", isMany: true }]),
    element("Service", [], [{ name: "items", type: "Param", isMany: true }]),
    element("MainAction", ["kind"], [{ name: "items", type: "Param", isMany: true }]),
    element("Executor", ["who", "value"], [body]),
    element("Executors", [], [{ name: "items", type: "Executor", isMany: true }]),
    element("RemindBefore", [], [body]),
    element("Form", [], [{ name: "fields", type: "Field", isMany: true }]),
    element(
      "Field",
      ["name", "label", "type", "choices", "required"],
      [{ name: "items", type: "Choice", isMany: true }],
    ),
    element("Choice", ["value"], [body]),
    element("Escalate", ["to", "after", "every", "reassign"]),
  ],
};
