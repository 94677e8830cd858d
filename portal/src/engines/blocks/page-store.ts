/** One open page: its parameters, state and sources, and the changes made on it. No React: what is shown listens. */
import { newKey } from "@/api/client";
import { ApiError } from "@/api/problem";
import type { Me } from "@/api/types";
import { environmentOf, type Names, resolve } from "./environment";
import type { Environment } from "./expression/evaluate";
import { Row } from "./expression/values";
import { most } from "./limits";
import { type Clock, realClock, type SourceData, Sources } from "./sources";
import type { Action, AnyBlock, OpenTarget, SourceSpec, Tree } from "./tree";
import type { Backend, Patch, SourceRow, ViewContext } from "./wire";

export interface PageSetup {
  tree: Tree;
  tree_hash?: string;
  backend: Backend;
  plugin: string;
  /** The module's name, for whoever meets its failure. */
  pluginTitle: string;
  surface: string;
  record?: { entity: string; id: string; row?: Row };
  me?: Me;
  settings?: Record<string, unknown>;
  /** Texts of the package in the person's language. */
  texts?: Record<string, string>;
  locale: string;
  params?: Record<string, unknown> | undefined;
  /** What actions are about where they stand in no row: the record the surface stands on, or the chosen rows. */
  subject?: { row?: SourceRow; rows?: SourceRow[] };
  /** One action that is done at once instead of a page that is drawn. */
  start?: Action | undefined;
  /** What stands around may have changed: the record, its list. */
  onChanged?(): void;
  /** Kept of the page before an upgrade: values go over by name. */
  state?: Record<string, unknown> | undefined;
  onState?(state: Record<string, unknown>): void;
  today?: string;
  clock?: Clock;
  /** Parameters changed: `replace` while typing, else a step of the history. */
  onParams?(params: Record<string, unknown>, replace: boolean): void;
  onOpen?(target: OpenTarget): void;
  onClose?(): void;
  /** Where the files of the plugin's frames are. */
  frames?: string | undefined;
  /** What a form has sent is not kept: the next one at this screen is another person. */
  forgets?: boolean;
  /** All of it is to be made anew: who made the tree makes another. */
  onRenew?(): void;
  /** The next of the list the page was opened from. */
  onNext?(): void;
  /** A record's own form: new, or of the record. */
  onForm?(form: { entity: string; record?: string; defaults?: Record<string, unknown> }): void;
  can?(entity: string, action: string): boolean | undefined;
  /** Tells of entities with changes until the returned function is called. */
  listen?(heard: (entities: string[]) => void): () => void;
}

export interface Scope {
  row?: { source: string; row: SourceRow };
  form?: Record<string, unknown>;
}

export class PageStore {
  readonly sources: Sources;
  readonly clock: Clock;
  params: Record<string, unknown>;
  state: Record<string, unknown>;
  /** Blocks put in the place of others by an answer, by id. */
  replaced = new Map<string, AnyBlock>();
  private version = 0;
  private readonly listeners = new Set<() => void>();
  private kept: { version: number; environment: Environment } | undefined;

  /** How often all of it was asked for anew. */
  renewals = 0;

  constructor(public setup: PageSetup) {
    this.clock = setup.clock ?? realClock;
    const defaults = Object.entries(setup.tree.params ?? {}).map(([key, one]) => [key, one.default ?? null]);
    this.params = { ...Object.fromEntries(defaults), ...setup.params };
    const { state = {} } = setup.tree;
    const carried = Object.entries(setup.state ?? {}).filter(([name]) => Object.hasOwn(state, name));
    this.state = { ...state, ...Object.fromEntries(carried) };
    this.sources = new Sources(setup.backend, () => this.context(), this.clock);
    this.sources.listen(() => this.changed(false));
  }

  /** Begins to read; the answer ends it. */
  open(): () => void {
    this.sources.begin();
    this.askSources(false);
    const stop = this.setup.listen?.((entities) => this.sources.heard(entities));
    return () => {
      stop?.();
      this.sources.end();
    };
  }

  /** Another tree of the same page: what is typed, chosen and kept stays where its names are still there. */
  adopt(setup: PageSetup): void {
    const gone = Object.keys(this.setup.tree.sources ?? {}).filter((name) => !setup.tree.sources?.[name]);
    this.setup = { ...this.setup, ...setup };
    for (const name of gone) this.sources.want(name, undefined, false);
    this.state = { ...setup.tree.state, ...this.state };
    this.replaced = new Map();
    this.changed(false);
  }

  /** Asks for these sources anew; without names for all there is, trees that the plugin's code makes included. */
  refresh(names?: string[]): void {
    this.sources.refresh(names);
    if (names) return;
    this.renewals += 1;
    this.changed(false);
    this.setup.onRenew?.();
  }

  subscribe = (listener: () => void): (() => void) => {
    this.listeners.add(listener);
    return () => this.listeners.delete(listener);
  };
  snapshot = (): number => this.version;

  private changed(typing: boolean): void {
    this.version += 1;
    this.askSources(typing);
    for (const listener of this.listeners) listener();
  }

  private asking = false;
  private askSources(typing: boolean): void {
    if (this.asking) return;
    this.asking = true;
    const environment = this.environment();
    for (const [name, spec] of Object.entries(this.setup.tree.sources ?? {})) {
      const resolved = resolve(spec, environment);
      this.sources.want(name, "value" in resolved ? (resolved.value as SourceSpec) : undefined, typing);
    }
    this.asking = false;
  }

  context(): ViewContext {
    const { plugin, surface, tree_hash, record, locale } = this.setup;
    return {
      plugin,
      surface,
      tree_hash,
      params: this.params,
      state: this.state,
      record: record && { entity: record.entity, id: record.id },
      locale,
    };
  }

  private names(): Names {
    const { me, settings, record, can } = this.setup;
    return {
      me: me && {
        id: me.user.id,
        name: me.user.name,
        roles: me.roles.map((role) => role.key),
        admin: me.admin,
      },
      today: this.setup.today ?? new Intl.DateTimeFormat("en-CA").format(this.clock.now()),
      params: this.params,
      state: this.state,
      settings: settings ?? {},
      record: record ? record.row : null,
      sources: this.sources.all(),
      can,
    };
  }

  /** The names of the page; with a scope, those of a row or a form too. */
  environment(scope?: Scope): Environment {
    if (!this.kept || this.kept.version !== this.version) {
      this.kept = { version: this.version, environment: environmentOf(this.names()) };
    }
    const { environment } = this.kept;
    if (!scope?.row && !scope?.form) return environment;
    const { row, form } = scope;
    const fields = row && this.sources.get(row.source).fields;
    const types = Object.fromEntries((fields ?? []).map(({ key, type }) => [key, type]));
    const bound = row && new Row({ id: row.row.id, ...row.row.fields }, types);
    return {
      ...environment,
      lookup: (name) =>
        name === "row" && bound ? bound : name === "form" && form ? form : environment.lookup(name),
    };
  }

  source(name: string): SourceData {
    return this.sources.get(name);
  }

  /** A source that shows records of the entity. */
  sourceOf(entity: string): string | undefined {
    const sources = Object.entries(this.setup.tree.sources ?? {});
    return sources.find(([, spec]) => "records" in spec && spec.records === entity)?.[0];
  }

  entityOf(source: string, row: SourceRow): string {
    return row.entity ?? this.source(source).shape?.key ?? "";
  }

  /** Parameters and state; what is too large is not kept. */
  set(change: { params?: Record<string, unknown>; state?: Record<string, unknown> }, typing = false): void {
    const state = { ...this.state, ...change.state };
    if (new TextEncoder().encode(JSON.stringify(state)).length > most.stateBytes) {
      throw new StateTooLarge();
    }
    this.state = state;
    this.setup.onState?.(state);
    if (change.params) {
      this.params = { ...this.params, ...change.params };
      this.setup.onParams?.(this.params, typing);
    }
    this.changed(typing);
  }

  /** Changes a row at once and puts it back with the reason when it is refused. */
  async save(source: string, row: SourceRow, patch: Record<string, unknown>): Promise<void> {
    const back = this.sources.show(source, (rows) =>
      rows.map((one) => (one.id === row.id ? { ...one, fields: { ...one.fields, ...patch } } : one)),
    );
    try {
      const saved = await this.setup.backend.update(row, this.entityOf(source, row), patch);
      this.take(source, saved);
    } catch (error) {
      back();
      throw error;
    }
  }

  /** Takes over a row as it is now. */
  take(source: string, saved: { id: string; version: number; fields: Record<string, unknown> }): void {
    this.sources.show(source, (rows) =>
      rows.map((one) =>
        one.id === saved.id ? { ...one, version: saved.version, fields: saved.fields } : one,
      ),
    );
    this.figures();
  }

  async create(source: string, entity: string, fields: Record<string, unknown>): Promise<SourceRow> {
    const made = await this.setup.backend.create(entity, fields, newKey());
    const row = { id: made.id, version: made.version, entity, fields: made.fields };
    this.sources.show(source, (rows) => [...rows, row]);
    this.figures();
    return row;
  }

  async remove(source: string, row: SourceRow): Promise<void> {
    const back = this.sources.show(source, (rows) => rows.filter((one) => one.id !== row.id));
    try {
      await this.setup.backend.remove(row, this.entityOf(source, row));
      this.figures();
    } catch (error) {
      back();
      throw error;
    }
  }

  /** What is counted elsewhere: figures and plugin sources. Rows that are shown are changed one by one. */
  figures(): void {
    const specs = Object.entries(this.setup.tree.sources ?? {});
    const counted = specs.filter(([, spec]) => !("records" in spec) && !("record" in spec));
    this.sources.refresh(counted.map(([name]) => name));
  }

  /** Does what an answer says; texts and addresses are the caller's. */
  apply(patch: Patch): void {
    if (patch.op === "set") this.set({ params: patch.params, state: patch.state });
    else if (patch.op === "refresh") this.refresh(patch.sources);
    else if (patch.op === "replace") {
      this.replaced = new Map(this.replaced).set(patch.id, patch.block as AnyBlock);
      this.changed(false);
    } else if (patch.op === "close") this.setup.onClose?.();
    else if (patch.op === "open") this.setup.onOpen?.({ url: patch.url });
  }
}

export class StateTooLarge extends Error {}
export const isRefusal = (error: unknown): error is ApiError => error instanceof ApiError;
