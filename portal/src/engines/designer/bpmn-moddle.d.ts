/** Comes with bpmn-js and without types of its own. */
declare module "bpmn-moddle" {
  export class BpmnModdle {
    constructor(packages: object);
    create(type: string, attributes?: object): object;
    fromXML(xml: string): Promise<{ rootElement: object; warnings: unknown[] }>;
    toXML(element: object, options: { format: boolean }): Promise<{ xml: string }>;
  }
}
