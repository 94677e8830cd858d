/**
 * Saving a drawing by itself: two seconds after a change, with the revision it began from; until then, and while the line is
 * gone, kept in this browser. What the server refuses stops it; nothing is ever dropped. Knows nothing of the page.
 */
import type { Saved } from "@/api/drawings";
import { ApiError, NetworkError } from "@/api/problem";

export type SaveState =
  /** The server has it all. */
  | { at: "saved" }
  | { at: "changed" }
  | { at: "saving" }
  /** No line, or the server is not well: tried again. */
  | { at: "offline" }
  /** Somebody saved meanwhile. */
  | { at: "conflict"; revision: number | undefined }
  /** Somebody has the drawing now. */
  | { at: "taken" }
  | { at: "refused"; error: unknown };

export interface Ports {
  /** The drawing as a file, now. */
  write(): Promise<string>;
  send(xml: string, revision: number): Promise<Saved>;
  /** Keeps it in the browser; with null forgets it. */
  keep(xml: string | null, revision: number): Promise<void>;
  told(state: SaveState): void;
  saved(answer: Saved): void;
}

export const QUIET_MS = 2_000;
const KEEP_MS = 150;
const AGAIN_MS = 5_000;
/** Somebody who never stops is saved too. */
const LONGEST_MS = 15_000;

export class Autosave {
  revision: number;
  state: SaveState = { at: "saved" };
  private readonly ports: Ports;
  private changes = 0;
  private sent = 0;
  private since = 0;
  private sending: Promise<boolean> | undefined;
  private timer: ReturnType<typeof setTimeout> | undefined;
  private keeper: ReturnType<typeof setTimeout> | undefined;
  private stopped = false;

  constructor(revision: number, ports: Ports) {
    this.revision = revision;
    this.ports = ports;
  }

  get dirty(): boolean {
    return this.changes !== this.sent;
  }
  /** Whether it waits for somebody to decide. */
  private get held(): boolean {
    return this.state.at === "conflict" || this.state.at === "taken";
  }

  changed(): void {
    if (!this.dirty) this.since = Date.now();
    this.changes += 1;
    clearTimeout(this.keeper);
    this.keeper = setTimeout(() => void this.keep(), KEEP_MS);
    if (this.held) return;
    if (!this.sending) this.tell({ at: "changed" });
    const left = Math.max(0, LONGEST_MS - (Date.now() - this.since));
    this.plan(Math.min(QUIET_MS, left));
  }

  /** Sends what is not saved yet; whether all of it is saved. */
  async flush(): Promise<boolean> {
    clearTimeout(this.timer);
    if (this.sending) await this.sending;
    if (!this.dirty) return true;
    if (this.held) return false;
    this.sending = this.attempt().finally(() => {
      this.sending = undefined;
    });
    return this.sending;
  }

  /** Goes on from another revision: that of the one it shall stand upon. */
  goOn(revision: number): Promise<boolean> {
    this.revision = revision;
    this.tell({ at: "changed" });
    return this.flush();
  }

  /** All of it is somewhere safe: a revision aside, another drawing. */
  async settle(): Promise<void> {
    this.sent = this.changes;
    clearTimeout(this.keeper);
    await this.ports.keep(null, this.revision);
    this.tell({ at: "saved" });
  }

  /** At once, where the page may go before its time. */
  keepNow(): void {
    clearTimeout(this.keeper);
    if (this.dirty) void this.keep();
  }

  stop(): void {
    this.stopped = true;
    clearTimeout(this.timer);
    clearTimeout(this.keeper);
  }

  private plan(ms: number): void {
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.flush(), ms);
  }

  private tell(state: SaveState): void {
    this.state = state;
    if (!this.stopped) this.ports.told(state);
  }

  private async keep(): Promise<void> {
    const xml = await this.ports.write();
    // Saved meanwhile: a copy would be a ghost.
    if (this.dirty) await this.ports.keep(xml, this.revision);
  }

  private async attempt(): Promise<boolean> {
    const begun = this.changes;
    this.tell({ at: "saving" });
    try {
      const xml = await this.ports.write();
      const answer = await this.ports.send(xml, this.revision);
      this.revision = answer.revision;
      this.sent = begun;
      this.since = Date.now();
      this.ports.saved(answer);
    } catch (error) {
      this.failed(error);
      return false;
    }
    if (this.dirty) {
      this.tell({ at: "changed" });
      if (!this.stopped) this.plan(QUIET_MS);
      return false;
    }
    clearTimeout(this.keeper);
    await this.ports.keep(null, this.revision);
    this.tell({ at: "saved" });
    return true;
  }

  private failed(error: unknown): void {
    const status = error instanceof ApiError ? error.status : 0;
    if (error instanceof NetworkError || status >= 500) {
      this.tell({ at: "offline" });
      if (!this.stopped) this.plan(AGAIN_MS);
      return;
    }
    if (error instanceof ApiError && status === 409) {
      if (error.code === "drawing.leased") this.tell({ at: "taken" });
      else this.tell({ at: "conflict", revision: currentOf<{ revision?: number }>(error)?.revision });
      return;
    }
    this.tell({ at: "refused", error });
  }
}

/** What a 409 says there is now. */
export const currentOf = <T>(error: ApiError): T | undefined =>
  (error.problem.current ?? undefined) as T | undefined;
