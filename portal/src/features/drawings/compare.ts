/** Two drawings side by side: which element stands marked where. Pure. */
import type { Differences } from "@/api/drawings";
import type { Drawing } from "@/engines/route-map/drawing";
import type { ElementState, Sights } from "@/engines/route-map/states";

/** The same element in another file, as the server finds it: by its id, else by a kind and name that only one has. */
export function counterpart(element: string, from: Drawing, to: Drawing): string {
  if (to.nodes.has(element)) return element;
  const node = from.nodes.get(element);
  if (!node?.name) return element;
  const same = [...to.nodes.values()].filter(({ tag, name }) => tag === node.tag && name === node.name);
  const [one] = same;
  return one && same.length === 1 ? one.id : element;
}

/** What is gone stands at the left, what is new at the right, what changed or moved on both. */
export function sightsOfDifferences(
  found: Differences,
  left: Drawing,
  right: Drawing,
): { left: Sights; right: Sights } {
  const sights = { left: new Map() as Sights, right: new Map() as Sights };
  const put = (side: "left" | "right", element: string, state: ElementState) => {
    if (!sights[side].has(element)) sights[side].set(element, { state, visits: 0 });
  };
  for (const { element } of found.removed) put("left", element, "removed");
  for (const { element } of found.added) put("right", element, "added");
  for (const state of ["changed", "moved"] as const) {
    for (const { element } of found[state]) {
      put("right", element, state);
      put("left", counterpart(element, right, left), state);
    }
  }
  return sights;
}

/** A list of steps speaks of steps alone. */
export const ofSteps = (sights: Sights, drawing: Drawing): Sights =>
  new Map([...sights].filter(([element]) => drawing.nodes.has(element)));
