/** A dialog that is drawn only while it is open gives the focus back to what it was opened from. */
import { useEffect, useState } from "react";

export function useFocusBack(): void {
  // Before the dialog takes it.
  const [before] = useState(() => document.activeElement);
  useEffect(
    () => () => {
      // The dialog is still in the page, and the focus in it; elsewhere it was put on purpose.
      requestAnimationFrame(() => {
        const lost = document.activeElement === document.body || document.activeElement === null;
        if (lost && before instanceof HTMLElement && before.isConnected)
          before.focus({ preventScroll: true });
      });
    },
    [before],
  );
}
