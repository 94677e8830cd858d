/** The services of bpmn-js that the designer speaks to, as far as it does. */
import type { Moddle } from "./moddle";

export interface Shape {
  id: string;
  type: string;
  businessObject: Moddle;
  parent?: Shape;
  host?: Shape;
  labelTarget?: Shape;
  label?: Shape;
  source?: Shape;
  target?: Shape;
  incoming: Shape[];
  outgoing: Shape[];
  children?: Shape[];
  attachers?: Shape[];
  waypoints?: { x: number; y: number }[];
  x: number;
  y: number;
  width: number;
  height: number;
}

export interface Services {
  eventBus: {
    on(events: string | string[], priority: number, listener: (event: never) => unknown): void;
    fire(event: string, data?: object): void;
  };
  commandStack: {
    registerHandler(name: string, handler: unknown): void;
    execute(name: string, context: object): void;
    undo(): void;
    redo(): void;
    canUndo(): boolean;
    canRedo(): boolean;
  };
  elementRegistry: {
    get(id: string): Shape | undefined;
    filter(keep: (element: Shape) => boolean): Shape[];
  };
  selection: { select(elements: Shape | Shape[] | null): void; get(): Shape[] };
  canvas: {
    zoom(level?: number | "fit-viewport", center?: "auto"): number;
    scrollToElement(element: Shape, padding?: number): void;
    addMarker(element: string, marker: string): void;
    removeMarker(element: string, marker: string): void;
    getRootElement(): Shape;
    resized(): void;
    focus(): void;
  };
  modeling: {
    updateProperties(element: Shape, properties: object): void;
    updateModdleProperties(element: Shape, part: Moddle, properties: object): void;
    updateLabel(element: Shape, text: string): void;
    createShape(shape: object, position: { x: number; y: number }, parent: Shape, hints?: object): Shape;
    connect(source: Shape, target: Shape, attributes?: object): Shape;
    reconnectEnd(connection: Shape, target: Shape, docking: { x: number; y: number }): void;
    reconnectStart(connection: Shape, source: Shape, docking: { x: number; y: number }): void;
    removeElements(elements: Shape[]): void;
    moveShape(shape: Shape, by: { x: number; y: number }): void;
    layoutConnection(connection: Shape): void;
    createSpace(moving: Shape[], resizing: Shape[], by: object, direction: string, start: number): void;
  };
  spaceTool: {
    calculateAdjustments(
      elements: Shape[],
      axis: "x" | "y",
      delta: number,
      start: number,
    ): { movingShapes: Shape[]; resizingShapes: Shape[] };
  };
  elementFactory: { createShape(attributes: object): Shape };
  autoPlace: { append(source: Shape, shape: Shape): Shape };
  create: { start(event: Event, shape: Shape): void };
  connect: { start(event: Event, source: Shape): void };
  bpmnReplace: { replaceElement(element: Shape, target: object): Shape };
  bpmnFactory: { create(type: string, attributes?: object): Moddle };
  rules: { allowed(rule: string, context: object): unknown };
  overlays: {
    add(element: string, type: string, overlay: object): string;
    remove(filter: { type: string }): void;
  };
  contextPad: { registerProvider(provider: unknown): void; open(element: Shape, force?: boolean): void };
  directEditing: { cancel(): void; complete(): void; isActive(): boolean };
}

/** Any of them by its name. */
export type Get = <Name extends keyof Services>(name: Name) => Services[Name];
