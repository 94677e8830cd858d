/**
 * A drawing that is being edited: bpmn-js's modeler behind what the designer's panel and list of steps need of it. The
 * file is the one state; every change goes through the command stack, so that undo is one line whatever it was done in.
 */
import Modeler from "bpmn-js/lib/Modeler";
import { type Contract, readContract, writeContract } from "./contract";
import { descriptor } from "./descriptor";
import { addAfter, addBorder, become, connect, flowsFrom, mayConnect, move, neighbour, once } from "./edits";
import { type Kind, kindOf, shapeOf } from "./kinds";
import { Marks } from "./marks";
import { type Create, childOf, isA, type Moddle, textOf } from "./moddle";
import { type Asks, modulesOf, type Words } from "./modules";
import type { Get, Shape } from "./services";

export class Designer {
  readonly get: Get;
  readonly marks: Marks;
  private readonly modeler: Modeler;
  private readonly listeners = new Set<() => void>();
  /** The drawing stands as it was opened: nobody has moved or changed it yet. */
  private untouched = false;
  /** Grows with every change of the drawing or of what is selected. */
  version = 0;
  /** Grows with every change of the drawing alone. */
  changes = 0;

  constructor(place: HTMLElement, words: Words, asks: Asks) {
    this.modeler = new Modeler({
      container: place,
      additionalModules: modulesOf(words, asks),
      moddleExtensions: { v: descriptor },
      bpmnRenderer: {
        defaultFillColor: "var(--surface)",
        defaultStrokeColor: "var(--text-2)",
        defaultLabelColor: "var(--text)",
      },
    } as ConstructorParameters<typeof Modeler>[0]);
    this.get = ((name: string) => this.modeler.get(name)) as Get;
    this.marks = new Marks(this.get);
    this.modeler.on("commandStack.changed", (event: { trigger?: string }) => {
      if (event.trigger === "clear") return;
      this.changes += 1;
      this.untouched = false;
      this.tell();
    });
    this.modeler.on("selection.changed", () => this.tell());
    const touch = () => {
      this.untouched = false;
    };
    for (const kind of ["pointerdown", "wheel", "keydown"]) {
      place.addEventListener(kind, touch, { capture: true, passive: true });
    }
  }

  /** What of the file could not be understood: it is lost when the drawing is saved. */
  async open(xml: string): Promise<string[]> {
    const { warnings } = await this.modeler.importXML(xml);
    this.fitIn();
    this.untouched = true;
    this.marks.forget();
    this.tell();
    return (warnings as (string | { message: string })[]).map((one) =>
      typeof one === "string" ? one : one.message,
    );
  }

  private fitIn(): void {
    const canvas = this.get("canvas");
    const level = canvas.zoom("fit-viewport", "auto");
    if (level > 1) canvas.zoom(1, "auto");
    // Smaller than this no name can be read: a wide drawing begins at its start.
    if (level < 0.7) {
      canvas.zoom(0.7);
      const start = this.steps()[0];
      if (start) canvas.scrollToElement(start, 120);
    }
  }

  async xml(): Promise<string> {
    const { xml } = await this.modeler.saveXML({ format: true });
    return xml ?? "";
  }

  destroy(): void {
    this.listeners.clear();
    this.marks.end();
    this.modeler.destroy();
  }

  readonly subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => {
      this.listeners.delete(listener);
    };
  };

  private tell(): void {
    this.version += 1;
    for (const listener of this.listeners) listener();
  }

  readonly create: Create = (type, attributes) => this.get("bpmnFactory").create(type, attributes);

  element = (id: string): Shape | undefined => this.get("elementRegistry").get(id);
  /** The process when nothing, or nothing single, is selected. */
  selected(): Shape {
    const [one, ...more] = this.get("selection").get();
    const shape = one && more.length === 0 ? (one.labelTarget ?? one) : undefined;
    return shape ?? this.get("canvas").getRootElement();
  }
  select(id: string | undefined, look = false): void {
    if (look) this.untouched = false;
    const shape = id ? this.element(id) : undefined;
    const known = shape && shape !== this.get("canvas").getRootElement() ? shape : null;
    this.get("selection").select(known);
    if (known && look) this.get("canvas").scrollToElement(known, 120);
  }

  steps(): Shape[] {
    return this.get("elementRegistry").filter(
      (one) => !one.labelTarget && !one.waypoints && isA(one.businessObject, "bpmn:FlowNode"),
    );
  }
  /** The process drawn, also where it stands in a pool. */
  process(): Moddle | undefined {
    const root = this.get("canvas").getRootElement().businessObject;
    if (isA(root, "bpmn:Process")) return root;
    const pool = this.get("elementRegistry").filter((one) => one.type === "bpmn:Participant")[0];
    return pool?.businessObject.get("processRef") as Moddle | undefined;
  }

  get canUndo(): boolean {
    return this.get("commandStack").canUndo();
  }
  get canRedo(): boolean {
    return this.get("commandStack").canRedo();
  }
  undo(): void {
    if (this.canUndo) this.get("commandStack").undo();
  }
  redo(): void {
    if (this.canRedo) this.get("commandStack").redo();
  }

  update(shape: Shape, properties: object): void {
    this.get("modeling").updateProperties(shape, properties);
  }
  updatePart(shape: Shape, part: Moddle, properties: object): void {
    this.get("modeling").updateModdleProperties(shape, part, properties);
  }
  contract(shape: Shape): Contract {
    return readContract(shape.businessObject);
  }
  setContract(shape: Shape, patch: Partial<Contract>): void {
    this.update(shape, writeContract(shape.businessObject, patch, this.create));
  }
  /** A process keeps its name where no label of the drawing is. */
  rename(shape: Shape, name: string): void {
    if (isA(shape.businessObject, "bpmn:TextAnnotation")) this.get("modeling").updateLabel(shape, name);
    else if (shape.parent) this.get("modeling").updateLabel(shape, name);
    else this.update(shape, { name: name || undefined });
  }
  setDocumentation(shape: Shape, part: Moddle, text: string): void {
    const documentation = text ? [this.create("bpmn:Documentation", { text })] : [];
    this.updatePart(shape, part, { documentation });
  }
  setCondition(flow: Shape, body: string): void {
    const conditionExpression = body ? this.create("bpmn:FormalExpression", { body }) : undefined;
    this.update(flow, { conditionExpression });
  }
  setDefault(source: Shape, flow: Shape | undefined): void {
    once(this.get, () => {
      this.update(source, { default: flow?.businessObject });
      // The way for all else has no condition of its own.
      if (flow?.businessObject.get("conditionExpression")) this.setCondition(flow, "");
    });
  }

  kind = (shape: Shape): Kind | undefined => kindOf(shape.businessObject);
  addAfter(shape: Shape, kind: Kind, name: string): void {
    this.get("selection").select(addAfter(this.get, shape, kind, name));
  }
  addBorder(shape: Shape, kind: Kind): void {
    this.get("selection").select(addBorder(this.get, shape, kind));
  }
  become(shape: Shape, kind: Kind): void {
    this.get("selection").select(become(this.get, shape, kind));
  }
  remove(shape: Shape): void {
    const next = flowsFrom(shape)[0]?.target;
    this.get("modeling").removeElements([shape]);
    this.select(next?.id);
  }
  connect(source: Shape, target: Shape): void {
    this.get("selection").select(connect(this.get, source, target));
  }
  mayConnect = (source: Shape, target: Shape): boolean => mayConnect(this.get, source, target);
  mayMove = (shape: Shape, way: "earlier" | "later"): boolean => neighbour(shape, way) !== undefined;
  move(shape: Shape, way: "earlier" | "later"): void {
    move(this.get, shape, way);
    this.select(shape.id);
  }
  /** Begins to be placed under the pointer; by keys in the middle of what is seen. */
  place(kind: Kind, event: MouseEvent | React.DragEvent | React.MouseEvent): void {
    const native = "nativeEvent" in event ? event.nativeEvent : event;
    this.get("create").start(native as Event, this.get("elementFactory").createShape(shapeOf(kind)));
  }

  zoom(by: number): void {
    this.untouched = false;
    const canvas = this.get("canvas");
    if (by === 0) {
      if (canvas.zoom("fit-viewport", "auto") > 1) canvas.zoom(1, "auto");
    } else canvas.zoom(Math.min(4, Math.max(0.1, canvas.zoom() * by)), "auto");
  }
  /** What stands beside it comes after the drawing: until somebody works on it, it is fitted in anew. */
  resized(): void {
    if (!this.modeler.getDefinitions()) return;
    this.get("canvas").resized();
    if (this.untouched) this.fitIn();
  }

  /** Arrows, each with what it is taken by. */
  ways(): Way[] {
    const arrows = this.get("elementRegistry").filter((one) => one.type === "bpmn:SequenceFlow");
    return arrows.map(({ id, businessObject: file, source, target }) => {
      const expression = childOf(file, "conditionExpression");
      return {
        id,
        source: source?.id ?? "",
        target: target?.id ?? "",
        name: file.name ?? "",
        condition: expression ? textOf(expression, "body") : "",
        otherwise: source !== undefined && childOf(source.businessObject, "default") === file,
      };
    });
  }
}

/** An arrow as the file says it. */
export interface Way {
  id: string;
  source: string;
  target: string;
  name: string;
  /** CEL; empty where there is none. */
  condition: string;
  /** Taken when no other is. */
  otherwise: boolean;
}
