/**
 * The drawing itself, by bpmn-js: loaded with the first map, read only, moved and zoomed. Its watermark stays in view
 * (its licence asks for it). States are marks of our own beside the file, never written into it.
 */
import NavigatedViewer from "bpmn-js/lib/NavigatedViewer";
import { useEffect, useRef, useState } from "react";
import { mapClasses } from "@/ui/route-map";
import { shortTextModule } from "./short-text";
import type { ElementState, Sights } from "./states";
import type { View, ViewSync } from "./sync";
import { followTouch, levels, type TouchCanvas } from "./touch";

interface Canvas {
  zoom(level?: number | "fit-viewport", center?: "auto"): number;
  scrollToElement(element: string, padding?: number): void;
  addMarker(element: string, marker: string): void;
  removeMarker(element: string, marker: string): void;
  resized(): void;
}
interface Overlays {
  add(element: string, type: string, overlay: object): string;
  remove(filter: { type: string }): void;
}
interface Registry {
  get(id: string): object | undefined;
  filter(keep: (element: { id: string; type?: string }) => boolean): { id: string }[];
}

interface Props {
  xml: string;
  sights: Sights;
  /** What stands over an element in words; empty words stand nowhere. */
  wordsOf(element: string): string;
  selected?: string;
  onSelect?(element: string): void;
  onFailed(): void;
  zoomRef: React.RefObject<((by: number) => void) | null>;
  /** Beside another drawing: shows the same part, begins where both begin, goes to what is selected. */
  sync?: ViewSync;
}

const marks: ElementState[] = [
  "current",
  "overdue",
  "waiting",
  "incident",
  "done",
  "skipped",
  "undone",
  "cancelled",
  "problem",
  "warning",
  "path",
  "added",
  "removed",
  "changed",
  "moved",
];

export default function RouteCanvas(props: Props) {
  const { xml, sights, wordsOf, selected, onSelect, onFailed, zoomRef, sync } = props;
  const place = useRef<HTMLDivElement>(null);
  const [viewer, setViewer] = useState<NavigatedViewer>();
  const now = useRef({ onSelect, onFailed });
  now.current = { onSelect, onFailed };

  useEffect(() => {
    if (!place.current) return;
    const made = new NavigatedViewer({
      container: place.current,
      additionalModules: [shortTextModule],
      bpmnRenderer: {
        defaultFillColor: "var(--surface)",
        defaultStrokeColor: "var(--text-2)",
        defaultLabelColor: "var(--text)",
      },
    });
    let gone = false;
    made.on("element.click", (event: { element: { id: string } }) =>
      now.current.onSelect?.(event.element.id),
    );
    made.importXML(xml).then(
      () => {
        if (gone) return;
        if (fit(made) < readable) made.get<Canvas>("canvas").zoom(readable);
        setViewer(made);
      },
      () => !gone && now.current.onFailed(),
    );
    const watcher = new ResizeObserver(() => {
      if (!gone && made.getDefinitions()) made.get<Canvas>("canvas").resized();
    });
    watcher.observe(place.current);
    const leave = followTouch(place.current, () =>
      made.getDefinitions() ? made.get<TouchCanvas>("canvas") : undefined,
    );
    return () => {
      gone = true;
      leave();
      watcher.disconnect();
      setViewer(undefined);
      made.destroy();
    };
  }, [xml]);

  useEffect(() => {
    zoomRef.current = viewer
      ? (by) => {
          const canvas = viewer.get<Canvas>("canvas");
          if (by === 0) fit(viewer);
          else canvas.zoom(Math.min(levels.most, Math.max(levels.least, canvas.zoom() * by)), "auto");
        }
      : null;
  }, [viewer, zoomRef]);

  useEffect(() => {
    if (viewer) mark(viewer, sights, wordsOf);
  }, [viewer, sights, wordsOf]);

  useEffect(() => {
    if (!viewer || !sync) return;
    const view = viewer.get<View>("canvas");
    const moved = () => sync.moved(view);
    viewer.on("canvas.viewbox.changed", moved);
    const leave = sync.add(view);
    return () => {
      viewer.off("canvas.viewbox.changed", moved);
      leave();
    };
  }, [viewer, sync]);

  // Follows from step to step, not each change of words.
  const followed = sync ? selected : lookAt(sights);
  useEffect(() => {
    if (!viewer) return;
    const registry = viewer.get<Registry>("elementRegistry");
    const start = registry.filter(({ type }) => type === "bpmn:StartEvent")[0]?.id;
    const target = followed && registry.get(followed) ? followed : start;
    if (target) viewer.get<Canvas>("canvas").scrollToElement(target, beside);
  }, [viewer, followed]);

  useEffect(() => {
    if (!viewer || !selected || !viewer.get<Registry>("elementRegistry").get(selected)) return;
    const canvas = viewer.get<Canvas>("canvas");
    canvas.addMarker(selected, "v-selected");
    return () => {
      if (viewer.get<Registry>("elementRegistry").get(selected)) canvas.removeMarker(selected, "v-selected");
    };
  }, [viewer, selected]);

  return (
    <div
      ref={place}
      className={mapClasses.canvas}
      data-testid="route-canvas"
      data-ready={viewer !== undefined}
    />
  );
}

/** Smaller than this the names of steps cannot be read: a wide drawing begins where it stands, not as a whole. */
const readable = 0.7;
const beside = 120;

/** The whole drawing, but never larger than it is. */
function fit(viewer: NavigatedViewer): number {
  const canvas = viewer.get<Canvas>("canvas");
  const level = canvas.zoom("fit-viewport", "auto");
  return level > 1 ? canvas.zoom(1, "auto") : level;
}

/** Where something has to be done, else where it began. */
function lookAt(sights: Sights): string | undefined {
  const wanted: ElementState[] = ["incident", "problem", "overdue", "current", "waiting"];
  for (const state of wanted) {
    for (const [element, sight] of sights) if (sight.state === state) return element;
  }
  return [...sights.keys()].at(-1);
}

function mark(viewer: NavigatedViewer, sights: Sights, wordsOf: (element: string) => string) {
  const canvas = viewer.get<Canvas>("canvas");
  const overlays = viewer.get<Overlays>("overlays");
  const registry = viewer.get<Registry>("elementRegistry");
  overlays.remove({ type: "v-words" });
  for (const { id } of registry.filter(() => true)) {
    for (const one of marks) canvas.removeMarker(id, `v-${one}`);
  }
  for (const [element, sight] of sights) {
    if (!registry.get(element)) continue;
    canvas.addMarker(element, `v-${sight.state}`);
    const words = wordsOf(element);
    if (!words) continue;
    // A node, not a string: what stands in it may come from people.
    const badge = document.createElement("span");
    badge.className = mapClasses.badge;
    badge.dataset.state = sight.state;
    badge.textContent = words;
    overlays.add(element, "v-words", { position: { top: -12, left: -4 }, html: badge, scale: { min: 0.9 } });
  }
}
