/** Keys that do something from anywhere: by their letter, or by their place where the layout has no such letter. */
import { useEffect, useRef } from "react";

export interface Shortcut {
  /** The Latin letter or sign. */
  key: string;
  /** Its place on the keyboard (`KeyboardEvent.code`). */
  code: string;
  /** With Ctrl or Command. */
  mod?: boolean;
  shift?: boolean;
  /** Also while something is typed. */
  inText?: boolean;
  run(): void;
}

type Pressed = Pick<KeyboardEvent, "key" | "code" | "ctrlKey" | "metaKey" | "altKey" | "shiftKey">;

export function isPressed(shortcut: Omit<Shortcut, "run">, event: Pressed): boolean {
  if (event.altKey || (event.ctrlKey || event.metaKey) !== (shortcut.mod ?? false)) return false;
  if (event.key.toLowerCase() === shortcut.key) return true;
  // A Latin letter says what it is, wherever it stands; Б or a comma says nothing.
  if (/^[a-z]$/i.test(event.key) || event.key === "/" || event.key === "?") return false;
  return event.code === shortcut.code && event.shiftKey === (shortcut.shift ?? false);
}

export function useShortcuts(shortcuts: Shortcut[]): void {
  const now = useRef(shortcuts);
  now.current = shortcuts;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const typing = (event.target as HTMLElement).closest(
        "input, textarea, [contenteditable], [role=dialog]",
      );
      const found = now.current.find((one) => (one.inText || !typing) && isPressed(one, event));
      if (!found || event.defaultPrevented) return;
      event.preventDefault();
      found.run();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}
