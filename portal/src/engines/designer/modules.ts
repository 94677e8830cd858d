/** Parts of bpmn-js with ours in their place: no palette, our own pad beside an element, our words, cut names. */
import { shortTextModule } from "@/engines/route-map/short-text";
import { addAfter, onceHandler } from "./edits";
import { type Kind, shapeOf } from "./kinds";
import { isA } from "./moddle";
import type { Services, Shape } from "./services";

export interface Words {
  /** Of a button of the pad. */
  pad(name: PadEntry): string;
  /** Of bpmn-js's own few texts, by their English. */
  translate(text: string): string;
  /** What a new step is called. */
  nameOf(kind: Kind): string;
}

export type PadEntry =
  | "add_step"
  | "add_question"
  | "add_end"
  | "add_note"
  | "connect"
  | "replace"
  | "remove";

/** Drawn by us: nothing of it comes from a file. */
const icon = (path: string) =>
  `<button type="button" class="entry" draggable="true"><svg viewBox="0 0 24 24" width="18" height="18" fill="none" stroke="currentColor" stroke-width="1.75" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true">${path}</svg></button>`;

const icons: Record<PadEntry, string> = {
  add_step: icon('<rect x="3" y="6" width="18" height="12" rx="2"/><path d="M12 9.5v5M9.5 12h5"/>'),
  add_question: icon('<path d="M12 3l9 9-9 9-9-9z"/><path d="M12 9.5v5M9.5 12h5"/>'),
  add_end: icon('<circle cx="12" cy="12" r="8" stroke-width="3"/>'),
  add_note: icon('<path d="M10 4H6v16h4"/><path d="M11 9h8M11 12h8M11 15h5"/>'),
  connect: icon('<path d="M4 18L18 6"/><path d="M10 6h8v8"/>'),
  replace: icon('<path d="M7 10h13l-4-4"/><path d="M17 14H4l4 4"/>'),
  remove: icon(
    '<path d="M4 7h16"/><path d="M10 11v6M14 11v6"/><path d="M5 7l1 12a2 2 0 0 0 2 2h8a2 2 0 0 0 2-2l1-12"/><path d="M9 7V4h6v3"/>',
  ),
};

const appended: [PadEntry, Kind][] = [
  ["add_step", "step"],
  ["add_question", "question"],
  ["add_end", "end"],
];

/** Many changes as one entry of the command stack. */
class Once {
  readonly preExecute = onceHandler.preExecute;
}

interface EditorActions {
  register(name: string, action: () => void): void;
  unregister(name: string): void;
}

/** What the pad leaves to the page. */
export interface Asks {
  /** What may the element become? */
  replace(id: string): void;
  /** A new one waits for its name. */
  added(): void;
}

export function modulesOf(words: Words, asks: Asks): object[] {
  function Pad(
    this: { getContextPadEntries?: unknown; getMultiElementContextPadEntries?: unknown },
    contextPad: Services["contextPad"],
    injector: { get(name: string): never },
  ) {
    const get = ((name: string) => injector.get(name)) as never;
    this.getContextPadEntries = (element: Shape) => padOf(element, words, get, asks);
    this.getMultiElementContextPadEntries = (elements: Shape[]) => ({
      remove: entry("remove", words, () => remove(get, elements)),
    });
    contextPad.registerProvider(this);
  }
  Pad.$inject = ["contextPad", "injector"];

  function Setup(
    commandStack: Services["commandStack"],
    eventBus: Services["eventBus"],
    selection: Services["selection"],
  ) {
    commandStack.registerHandler("verstak.once", Once);
    // The key R asks for our menu, not for bpmn-js's own.
    eventBus.on("editorActions.init", 1_000, ({ editorActions }: { editorActions: EditorActions }) => {
      editorActions.unregister("replaceElement");
      editorActions.register("replaceElement", () => {
        const [one, ...more] = selection.get();
        if (one && more.length === 0) asks.replace(one.id);
      });
    });
  }
  Setup.$inject = ["commandStack", "eventBus", "selection"];

  const translate = (text: string, values: Record<string, string> = {}) =>
    words.translate(text).replace(/\{([^}]+)\}/g, (_, key: string) => values[key] ?? `{${key}}`);
  return [
    shortTextModule,
    {
      __init__: ["verstakSetup"],
      verstakSetup: ["type", Setup],
      paletteProvider: ["value", {}],
      contextPadProvider: ["type", Pad],
      translate: ["value", translate],
    },
  ];
}

type Injected = <Name extends keyof Services>(name: Name) => Services[Name];

const entry = (name: PadEntry, words: Words, click: () => void, drag?: (event: Event) => void) => ({
  group: name.startsWith("add") ? "model" : "edit",
  html: icons[name],
  title: words.pad(name),
  action: drag ? { click, dragstart: drag } : { click },
});

const remove = (get: Injected, elements: Shape[]) => get("modeling").removeElements([...elements]);

function padOf(element: Shape, words: Words, get: Injected, asks: Asks): object {
  const entries: Record<string, object> = {};
  const file = element.businessObject;
  const label = element.labelTarget !== undefined;
  const node = isA(file, "bpmn:FlowNode") && !label;
  const goesOn = node && !isA(file, "bpmn:EndEvent");
  if (goesOn) {
    for (const [name, kind] of appended) {
      entries[name] = entry(
        name,
        words,
        () => {
          get("selection").select(addAfter(get, element, kind, words.nameOf(kind)));
          asks.added();
        },
        (event) => get("create").start(event, get("elementFactory").createShape(shapeOf(kind))),
      );
    }
  }
  if (node) {
    entries.add_note = entry("add_note", words, () =>
      get("autoPlace").append(element, get("elementFactory").createShape(shapeOf("note"))),
    );
    const start = (event?: Event) => event && get("connect").start(event, element);
    entries.connect = {
      ...entry("connect", words, () => undefined),
      action: { click: start, dragstart: start },
    };
    entries.replace = entry("replace", words, () => asks.replace(element.id));
  }
  entries.remove = entry("remove", words, () => remove(get, [element]));
  return entries;
}
