/**
 * What happens when looking as somebody else begins or ends: whatever is on the page was drawn for another, so every tab of
 * this browser begins anew. When it has ended by itself, the server answers nothing else until it was told that we know.
 */
const changed = "verstak.view-as";
const over = "verstak.view-as-over";

/** Leaves this page for the first one; what waits for it waits until the page is gone. */
export function beginAnew(): Promise<never> {
  try {
    localStorage.setItem(changed, String(Date.now()));
  } catch {
    // Closed: other tabs hear of it with their next request.
  }
  location.assign("/");
  return new Promise(() => {});
}

let leaving: Promise<void> | undefined;

/** Takes note that looking has ended. Resolves only where that failed: whoever asked tells why. */
export function leaveEnded(): Promise<void> {
  leaving ??= takeNote().catch(() => {
    leaving = undefined;
  });
  return leaving;
}

async function takeNote(): Promise<void> {
  const answer = await fetch("/api/v1/view-as", { method: "DELETE", credentials: "same-origin" });
  if (!answer.ok) throw new Error(String(answer.status));
  try {
    sessionStorage.setItem(over, "1");
  } catch {
    // Closed: nobody is told.
  }
  await beginAnew();
}

/** Whether the page is there because looking has ended by itself; said once. */
export function hasEnded(): boolean {
  try {
    const ended = sessionStorage.getItem(over) !== null;
    sessionStorage.removeItem(over);
    return ended;
  } catch {
    return false;
  }
}

/**
 * Reloads this tab when another one begins or stops looking as somebody else, and a page that the browser has kept and shows
 * again when somebody goes back: it heard of nothing meanwhile, and may have been drawn for another.
 */
export function followOtherTabs(): () => void {
  const hear = (event: StorageEvent) => {
    if (event.key === changed) location.reload();
  };
  const shown = (event: PageTransitionEvent) => {
    if (event.persisted) location.reload();
  };
  window.addEventListener("storage", hear);
  window.addEventListener("pageshow", shown);
  return () => {
    window.removeEventListener("storage", hear);
    window.removeEventListener("pageshow", shown);
  };
}
