/**
 * The bridge between a page and a frame of its plugin. Messages are JSON in text over a port that nobody else has; a frame
 * gets the sources and presses the acts that its block declares, and a frame that says too much or what is no message is
 * cut off. No React: the block that draws the frame opens the doors.
 */
import type { Clock } from "@/engines/blocks/sources";

export const bounds = {
  /** Messages of a frame in a second. */
  perSecond: 20,
  /** Characters of one, either way. */
  bytes: 256 * 1024,
  /** Until it is ready, ms. */
  ready_ms: 3_000,
  draftBytes: 16 * 1024,
  toast: 500,
  lowest: 24,
  highest: 4_000,
};

/** Why a frame was cut off: never ready, too many or too long messages, no message of ours, another document. */
export type Stopped = "silent" | "flood" | "large" | "foreign" | "left";

export interface Port {
  postMessage(text: string): void;
  close(): void;
}

export const pickable = ["user", "department", "date"] as const;
export type Pickable = (typeof pickable)[number];

/** What a page lets its frame do. */
export interface Doors {
  sources: readonly string[];
  acts: readonly string[];
  /** Locale, theme, parameters, state ... */
  context(): Record<string, unknown>;
  /** Rows of a source as they stand. */
  data(source: string): Record<string, unknown>;
  act(name: string, input: unknown): Promise<unknown>;
  set(change: { params?: Record<string, unknown>; state?: Record<string, unknown> }): void;
  open(target: { page: string } | { surface: string } | { record: string; entity: string }): void;
  toast(text: string, tone: "ok" | "danger"): void;
  resize(height: number): void;
  pick(kind: Pickable): Promise<unknown>;
  draft(value: unknown): void;
}

type Said = Record<string, unknown>;

/** What a frame asked for and does not get; its words are for whoever made the frame. */
class Refusal extends Error {
  constructor(
    readonly code: "undeclared" | "invalid" | "unknown" | "not_ready",
    detail: string,
  ) {
    super(detail);
  }
}

const isObject = (value: unknown): value is Said =>
  typeof value === "object" && value !== null && !Array.isArray(value);
const text = (value: unknown): value is string => typeof value === "string" && value !== "";

/** A message, or why it is none. */
function read(message: unknown): Said | "foreign" | "large" {
  if (typeof message !== "string") return "foreign";
  if (message.length > bounds.bytes) return "large";
  try {
    const said: unknown = JSON.parse(message);
    return isObject(said) && text(said.type) ? said : "foreign";
  } catch {
    return "foreign";
  }
}

export class Bridge {
  private heard: number[] = [];
  private ready = false;
  private ended = false;
  private readonly forget: () => void;

  constructor(
    private readonly port: Port,
    private readonly doors: Doors,
    private readonly onStop: (why: Stopped) => void,
    private readonly clock: Clock,
  ) {
    this.forget = clock.later(() => this.stop("silent"), bounds.ready_ms);
  }

  /** No message passes any more. */
  end(): void {
    this.ended = true;
    this.forget();
    this.port.close();
  }

  stop(why: Stopped): void {
    if (this.ended) return;
    this.end();
    this.onStop(why);
  }

  /** A message of the frame. */
  receive(message: unknown): void {
    if (this.ended) return;
    const now = this.clock.now();
    this.heard = [...this.heard.filter((at) => at > now - 1_000), now];
    const said = this.heard.length > bounds.perSecond ? "flood" : read(message);
    if (typeof said === "string") this.stop(said);
    else void this.answer(said);
  }

  /** Tells the frame what it stands in, when that has changed. */
  tellContext(): void {
    if (!this.ready) return;
    const context = this.doors.context();
    // Texts of a large package are what it can do without.
    if (!this.send({ type: "context", ...context })) this.send({ type: "context", ...context, texts: {} });
  }

  /** Tells the frame what a source says now. */
  tellData(source: string): void {
    if (!this.ready) return;
    const told = { type: "data", name: source, ...this.doors.data(source) };
    if (!this.send(told)) this.send({ type: "data", name: source, problem: { code: "too_large" } });
  }

  private send(message: Said): boolean {
    if (this.ended) return true;
    const words = JSON.stringify(message);
    if (words.length > bounds.bytes) return false;
    this.port.postMessage(words);
    return true;
  }

  private async answer(said: Said): Promise<void> {
    const id = typeof said.id === "number" || typeof said.id === "string" ? said.id : null;
    try {
      const value = await this.does(said);
      if (!this.send({ type: "answer", id, ok: true, value: value ?? null })) {
        this.send({ type: "answer", id, ok: true, value: null });
      }
    } catch (error) {
      const code = error instanceof Refusal ? error.code : "refused";
      const detail = error instanceof Error ? error.message : "";
      this.send({ type: "answer", id, ok: false, code, detail });
    }
  }

  private async does(said: Said): Promise<unknown> {
    if (said.type === "ready") {
      this.ready = true;
      this.forget();
      this.tellContext();
      for (const source of this.doors.sources) this.tellData(source);
      return undefined;
    }
    if (!this.ready) throw new Refusal("not_ready", "say `ready` first");
    const { doors } = this;
    switch (said.type) {
      case "context":
        return this.tellContext();
      case "data":
        return this.tellData(declared("source", said.name, doors.sources));
      case "act":
        return doors.act(declared("act", said.name, doors.acts), said.input ?? {});
      case "set":
        return doors.set({ params: object(said, "params"), state: object(said, "state") });
      case "open":
        return doors.open(target(said));
      case "toast":
        if (!text(said.text)) throw new Refusal("invalid", "`text` is what people read");
        return doors.toast(said.text.slice(0, bounds.toast), said.tone === "danger" ? "danger" : "ok");
      case "resize":
        if (typeof said.height !== "number" || !Number.isFinite(said.height)) {
          throw new Refusal("invalid", "`height` is a number of pixels");
        }
        return doors.resize(Math.min(bounds.highest, Math.max(bounds.lowest, Math.round(said.height))));
      case "pick": {
        const kind = pickable.find((one) => one === said.kind);
        if (!kind) throw new Refusal("invalid", `\`kind\` is one of ${pickable.join(", ")}`);
        return doors.pick(kind);
      }
      case "draft":
        if (JSON.stringify(said.value ?? null).length > bounds.draftBytes) {
          throw new Refusal("invalid", `a draft has at most ${bounds.draftBytes / 1024} KiB`);
        }
        return doors.draft(said.value ?? null);
      default:
        throw new Refusal("unknown", `there is no message \`${String(said.type).slice(0, 50)}\``);
    }
  }
}

function declared(what: string, name: unknown, known: readonly string[]): string {
  if (text(name) && known.includes(name)) return name;
  throw new Refusal("undeclared", `the block declares no ${what} \`${String(name).slice(0, 50)}\``);
}

function object(said: Said, key: string): Said | undefined {
  const value = said[key];
  if (value === undefined || isObject(value)) return value;
  throw new Refusal("invalid", `\`${key}\` is an object`);
}

/** Pages of the portal alone: another address would carry out what the frame knows. */
function target({ page, surface, record, entity }: Said): Parameters<Doors["open"]>[0] {
  if (text(record) && text(entity)) return { record, entity };
  if (text(surface)) return { surface };
  if (text(page)) return { page };
  throw new Refusal("invalid", "opens a `page`, a `surface`, or a `record` with its `entity`");
}
