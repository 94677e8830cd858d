/**
 * What happens when a session ends in the middle of work. Requests that met a 401 wait here; a dialog
 * over the page asks for the password again, and then they go on. Nothing typed is lost.
 */
type Listener = () => void;

const listeners = new Set<Listener>();
let waiting: { promise: Promise<boolean>; settle: (again: boolean) => void } | null = null;

export const sessionGate = {
  /** Resolves true when the person signed in again, false when they left for the sign-in page. */
  expired(): Promise<boolean> {
    if (!waiting) {
      let settle: (again: boolean) => void = () => {};
      const promise = new Promise<boolean>((resolve) => {
        settle = resolve;
      });
      waiting = { promise, settle };
      notify();
    }
    return waiting.promise;
  },
  settle(again: boolean): void {
    const current = waiting;
    waiting = null;
    current?.settle(again);
    notify();
  },
  isOpen(): boolean {
    return waiting !== null;
  },
  subscribe(listener: Listener): () => void {
    listeners.add(listener);
    return () => listeners.delete(listener);
  },
};

function notify() {
  for (const listener of listeners) listener();
}
