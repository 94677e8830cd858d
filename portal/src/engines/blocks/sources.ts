/**
 * The sources of a page: read in one call, the late ones alone, figures again at most every two seconds, after typing
 * when it pauses. No React: what is shown listens.
 */
import { NetworkError } from "@/api/problem";
import type { Field, Refs } from "@/api/types";
import type { Shape } from "@/engines/source";
import { most } from "./limits";
import type { SourceSpec } from "./tree";
import type { Backend, ReadItem, ReadResult, SourceProblem, SourceRow, ViewContext } from "./wire";

export interface SourceData {
  /** Absent until the first answer. */
  rows?: SourceRow[];
  fields?: Field[];
  refs?: Refs;
  shape?: Shape;
  total?: number;
  cursor?: string;
  problem?: SourceProblem;
  loading: boolean;
  /** When the asking began, by the page's clock, ms. */
  since?: number;
  /** The person stopped it. */
  cancelled?: boolean;
  /** When what is shown was made, RFC 3339. */
  at?: string;
}

export const pace = { wait: 300, alone: 10_000, figures: 2_000, typing: 300 };

export interface Clock {
  now(): number;
  /** Runs later; the answer takes it back. */
  later(run: () => void, ms: number): () => void;
}

export const realClock: Clock = {
  now: () => Date.now(),
  later(run, ms) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

interface Held {
  data: SourceData;
  /** What was asked, resolved. */
  asked?: string;
  spec?: SourceSpec;
  abort?: AbortController;
  /** When it was last asked. */
  last: number;
  /** Rows of the first portion, where more were read after it. */
  first?: number;
  waiting?: () => void;
}

export class Sources {
  private readonly held = new Map<string, Held>();
  private listeners = new Set<() => void>();
  private queue = new Set<string>();
  private flushing = false;
  private ended = false;

  constructor(
    private readonly backend: Backend,
    private readonly context: () => ViewContext,
    private readonly clock: Clock = realClock,
  ) {}

  listen(listener: () => void): () => void {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  }

  private tell(): void {
    for (const listener of this.listeners) listener();
  }

  get(name: string): SourceData {
    return this.held.get(name)?.data ?? { loading: true };
  }

  all(): Record<string, SourceData> {
    return Object.fromEntries([...this.held].map(([name, { data }]) => [name, data]));
  }

  /** Says what is wanted now; what has changed is asked (again), after a pause when it is being typed. */
  want(name: string, spec: SourceSpec | undefined, typing = false): void {
    const held = this.held.get(name) ?? { data: { loading: true }, last: Number.NEGATIVE_INFINITY };
    this.held.set(name, held);
    if (!spec) return;
    const asked = JSON.stringify(spec);
    if (held.asked === asked) return;
    const before = held.asked;
    held.asked = asked;
    held.first = undefined;
    held.spec = spec;
    held.waiting?.();
    held.waiting = undefined;
    if (before !== undefined && typing) this.wait(held, name, pace.typing);
    else this.ask(name);
  }

  private wait(held: Held, name: string, ms: number): void {
    held.waiting = this.clock.later(() => {
      held.waiting = undefined;
      this.ask(name);
    }, ms);
  }

  /** Figures are made anew, at most every two seconds. */
  refresh(names?: string[]): void {
    for (const [name, held] of this.held) {
      if ((names && !names.includes(name)) || !held.spec || held.waiting) continue;
      const left = held.last + pace.figures - this.clock.now();
      if (left > 0) this.wait(held, name, left);
      else this.ask(name);
    }
  }

  /** Sources over these entities are made anew. */
  heard(entities: string[]): void {
    const over = ({ spec }: Held) => spec && entities.some((entity) => isOver(spec, entity));
    this.refresh([...this.held].filter(([, held]) => over(held)).map(([name]) => name));
  }

  retry(name: string): void {
    this.ask(name);
  }

  cancel(name: string): void {
    const held = this.held.get(name);
    if (!held) return;
    held.abort?.abort();
    held.abort = undefined;
    held.data = { ...held.data, loading: false, cancelled: true };
    this.tell();
  }

  /** The portion after what is shown. */
  async more(name: string): Promise<void> {
    const held = this.held.get(name);
    const cursor = held?.data.cursor;
    if (!held?.spec || !cursor || held.data.loading) return;
    const asked = held.asked;
    held.data = { ...held.data, loading: true };
    try {
      const item: ReadItem = { name, source: held.spec, cursor };
      const answer = await this.backend.read(this.request([item], pace.alone), new AbortController().signal);
      const result = answer.results[0];
      if (held.asked !== asked || result?.status !== "ok") return;
      held.first ??= held.data.rows?.length ?? 0;
      held.data = {
        ...held.data,
        rows: [...(held.data.rows ?? []), ...result.rows],
        refs: { ...held.data.refs, ...result.refs },
        cursor: result.next_cursor ?? undefined,
      };
    } finally {
      held.data = { ...held.data, loading: false };
      this.tell();
    }
  }

  /** All rows of a source, also those that were not scrolled to. */
  file(name: string, as: "csv" | "xlsx"): Promise<Blob> | undefined {
    const source = this.held.get(name)?.spec;
    return source && this.backend.file({ ...this.context(), name, source, as });
  }

  /** Changes rows as they are shown; the answer puts them back. */
  show(name: string, change: (rows: SourceRow[]) => SourceRow[]): () => void {
    const held = this.held.get(name);
    const before = held?.data.rows;
    if (!held || !before) return () => undefined;
    const shown = change(before);
    held.data = { ...held.data, rows: shown };
    this.tell();
    return () => {
      // Only what was changed goes back: rows that came meanwhile stay.
      const old = new Map(before.map((row) => [row.id, row]));
      const made = new Map(shown.map((row) => [row.id, row]));
      const now = held.data.rows ?? [];
      const kept = now
        .filter((row) => old.has(row.id) || made.get(row.id) !== row)
        .map((row) => (made.get(row.id) === row ? (old.get(row.id) ?? row) : row));
      const lost = before.filter((row) => !made.has(row.id) && !now.some(({ id }) => id === row.id));
      held.data = { ...held.data, rows: [...kept, ...lost] };
      this.tell();
    };
  }

  /** After an end everything is asked anew. */
  begin(): void {
    this.ended = false;
  }

  end(): void {
    this.ended = true;
    this.queue.clear();
    for (const held of this.held.values()) {
      held.abort?.abort();
      held.waiting?.();
    }
    this.held.clear();
  }

  private ask(name: string): void {
    const held = this.held.get(name);
    if (!held?.spec) return;
    held.abort?.abort();
    held.abort = new AbortController();
    held.last = this.clock.now();
    held.data = { ...held.data, loading: true, cancelled: false, since: this.clock.now() };
    this.queue.add(name);
    this.tell();
    if (this.flushing) return;
    this.flushing = true;
    // Everything wanted in one turn goes in one call.
    queueMicrotask(() => {
      this.flushing = false;
      const names = [...this.queue];
      this.queue.clear();
      for (let from = 0; from < names.length; from += most.sources) {
        void this.call(names.slice(from, from + most.sources), pace.wait);
      }
    });
  }

  private request(items: ReadItem[], wait_ms: number) {
    return { ...this.context(), items, wait_ms };
  }

  private async call(names: string[], wait: number): Promise<void> {
    if (this.ended) return;
    const asked = names.flatMap((name) => {
      const held = this.held.get(name);
      return held?.spec && held.abort ? [{ name, held, spec: held.spec, abort: held.abort }] : [];
    });
    if (asked.length === 0) return;
    const controller = new AbortController();
    const stop = () => asked.every(({ abort }) => abort.signal.aborted) && controller.abort();
    for (const { abort } of asked) abort.signal.addEventListener("abort", stop);
    const items = asked.map(({ name, spec }): ReadItem => ({ name, source: spec, total: "records" in spec }));
    let results: ReadResult[];
    try {
      results = (await this.backend.read(this.request(items, wait), controller.signal)).results;
    } catch (error) {
      results = asked.map(({ name }) => ({ name, status: "error", problem: problemOf(error) }));
    }
    for (const { name, held, abort } of asked) {
      // A late answer to an older question is dropped.
      if (abort.signal.aborted || held.abort !== abort) continue;
      const result = results.find((one) => one.name === name);
      if (result?.status === "late") void this.call([name], pace.alone);
      else this.put(held, result ?? { name, status: "error", problem: { code: "no_answer", detail: "" } });
    }
    this.tell();
  }

  private put(held: Held, result: ReadResult): void {
    held.abort = undefined;
    if (result.status === "ok") {
      const { rows = [], refs, cursor } = held.data;
      const fresh = new Set(result.rows.map(({ id }) => id));
      // Who has read on stays where they are: what is after the first portion is kept.
      const after =
        held.first === undefined || !result.next_cursor
          ? undefined
          : rows.slice(held.first).filter(({ id }) => !fresh.has(id));
      if (!after) held.first = undefined;
      held.data = {
        rows: after ? [...result.rows, ...after] : result.rows,
        fields: result.fields,
        refs: after ? { ...refs, ...result.refs } : result.refs,
        shape: result.shape,
        total: result.total,
        cursor: (after ? cursor : result.next_cursor) ?? undefined,
        at: result.at ?? new Date(this.clock.now()).toISOString(),
        loading: false,
      };
    } else if (result.status === "error") {
      // The last good answer stays.
      held.data = { ...held.data, loading: false, problem: result.problem };
    }
  }
}

/** Whether a change of this entity may change what the source gives. */
function isOver(spec: SourceSpec, entity: string): boolean {
  if ("plugin" in spec) return spec.on?.includes(entity) ?? false;
  if ("records" in spec) return spec.records === entity;
  if ("record" in spec) return spec.record === entity;
  return "aggregate" in spec && spec.aggregate === entity;
}

export function problemOf(error: unknown): SourceProblem {
  const problem = (error as { problem?: Partial<SourceProblem> } | undefined)?.problem;
  // A lost line has no words of its own: who shows it says them.
  const detail = error instanceof Error && !(error instanceof NetworkError) ? error.message : "";
  return {
    code: problem?.code ?? "network",
    detail: problem?.detail ?? detail,
    request_id: problem?.request_id,
  };
}
