/** Small switches of the shell that anything may press: the palette, the list of shortcuts. */
import { useSyncExternalStore } from "react";

type Overlay = "palette" | "shortcuts" | null;
let overlay: Overlay = null;
const listeners = new Set<() => void>();

function show(next: Overlay) {
  overlay = next;
  for (const listener of listeners) listener();
}

export const openPalette = () => show("palette");
export const openShortcuts = () => show("shortcuts");
export const closeOverlay = () => show(null);

export function useOverlay(): Overlay {
  return useSyncExternalStore(
    (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    () => overlay,
  );
}
