/** What the verbs of actions do: one after the other on rows, at once and put back when they are refused. */
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import type { Fields } from "@/api/types";
import { fieldOf, textOf } from "@/engines/fields/text";
import { isEmpty } from "@/engines/fields/values";
import { toast } from "@/ui/toast";
import { usePage, useSay, useTextMaker } from "./context";
import { isTrue, resolve } from "./environment";
import { watchJob } from "./jobs";
import type { PageStore, Scope } from "./page-store";
import type { Action, OpenTarget } from "./tree";
import { whereabouts } from "./whereabouts";
import type { ActAnswer, SourceRow } from "./wire";

export interface Target {
  source?: string;
  row?: SourceRow;
  rows?: SourceRow[];
  form?: Record<string, unknown>;
  /** Rows were changed; these of them were refused. */
  onDone?(refused: string[]): void;
  /** Refused by name of the input: whether the reasons are shown where the inputs are. */
  onRefused?(fields: Record<string, string>): boolean;
}

export const scopeOf = ({ source, row, form }: Target): Scope => ({
  row: source !== undefined && row ? { source, row } : undefined,
  form,
});

/** Refusals beside the inputs that were asked. */
export class Refused extends Error {
  constructor(readonly fields: Record<string, string>) {
    super(Object.values(fields)[0] ?? "");
  }
}

/** A row that was left as it was, and why. */
export interface RefusedRow {
  id: string;
  title?: string;
  reason: string;
}

/** Nothing at all was done: every row was refused. */
export class NothingDone extends Error {
  constructor(
    readonly refused: RefusedRow[],
    said = "",
  ) {
    super(said);
  }
}

/** What is to be said of what was done. */
export type Said =
  | { message: string; danger?: boolean; refused?: RefusedRow[]; undo?: (() => void) | undefined }
  | undefined;

export type Do = (action: Action, target: Target, input: Fields, key: string) => Promise<Said>;

/** Names rows as their source does: by the title where it is known here. */
function useTitles(): (target: Target, refused: RefusedRow[]) => RefusedRow[] {
  const page = usePage();
  const make = useTextMaker();
  return ({ source, row, rows = row ? [row] : [] }, refused) =>
    refused.map((one) => {
      const known = rows.find(({ id }) => id === one.id);
      if (source === undefined || !known) return one;
      const data = page.source(source);
      const texts = make(source, data);
      const field = fieldOf(texts.entity, texts.entity.title_field);
      const value = known.fields[texts.entity.title_field];
      return field && !isEmpty(value) ? { ...one, title: textOf(field, value, texts, known.fields) } : one;
    });
}

/** Does what an action says; answers what is to be said of it, or throws why nothing was done. */
export function useVerbs(): Do {
  const page = usePage();
  const say = useSay();
  const titles = useTitles();
  const { t } = useTranslation("blocks");
  return async (action, target, input, key) => {
    const environment = page.environment({ ...scopeOf(target), form: { ...target.form, ...input } });
    const value = <T>(given: unknown): T => {
      const resolved = resolve(given, environment);
      if ("waiting" in resolved) throw new Error(t("not_yet"));
      return resolved.value as T;
    };
    const rows = target.rows ?? (target.row ? [target.row] : []);
    const { backend } = page.setup;
    const said = await verb();
    page.setup.onChanged?.();
    for (const next of action.then ?? []) {
      if (next === "refresh") page.refresh();
      else if (next === "close") page.setup.onClose?.();
      else if (next === "next") page.setup.onNext?.();
      else page.setup.onOpen?.(value<OpenTarget>(next.open));
    }
    return said;

    async function verb(): Promise<Said> {
      if (action.create) {
        const { entity, fields } = value<{ entity: string; fields: Fields }>(action.create);
        const place = page.sourceOf(entity);
        if (place) await page.create(place, entity, { ...fields, ...input });
        else await backend.create(entity, { ...fields, ...input }, key);
        return { message: t("created") };
      }
      if (action.update) return each(rows, (row) => changeRow(row, value<Fields>(action.update)));
      if (action.delete) return each(rows, removeRow);
      if (action.stage !== undefined) return each(rows, (row) => stageRow(row, value<string>(action.stage)));
      if (action.act) return act();
      if (action.open) return page.setup.onOpen?.(value<OpenTarget>(action.open)) as undefined;
      if (action.form) return form(value(action.form));
      if (action.call !== undefined) {
        window.location.assign(`tel:${String(value(action.call)).replace(/[^\d+]/g, "")}`);
        return undefined;
      }
      if (action.set) return page.set(value(action.set)) as undefined;
      if (action.process) {
        await backend.startProcess(action.process, target.row);
        return { message: t("started") };
      }
      if (action.complete !== undefined) {
        await backend.completeTask(value<string>(action.complete), input);
        return { message: t("completed") };
      }
      if (action.download) await download(value(action.download));
      return undefined;
    }

    /** A beginning that is nothing is the form's own. */
    function form(asked: { entity: string; record?: string; defaults?: Fields }) {
      const defaults = Object.entries(asked.defaults ?? {}).filter(([, given]) => given !== null);
      page.setup.onForm?.({ ...asked, defaults: Object.fromEntries(defaults) });
      return undefined;
    }

    async function download(what: { source: string; as: "csv" | "xlsx" } | { file: string }) {
      const link = document.createElement("a");
      if ("file" in what) {
        link.href = backend.downloadUrl(what);
        link.download = "";
        link.click();
        return;
      }
      const made = await page.sources.file(what.source, what.as);
      if (!made) throw new Error(t("not_yet"));
      link.href = URL.createObjectURL(made);
      link.download = `${page.setup.pluginTitle}.${what.as}`;
      link.click();
      URL.revokeObjectURL(link.href);
    }

    async function each(chosen: SourceRow[], one: (row: SourceRow) => Promise<Said>): Promise<Said> {
      if (chosen.length === 1 && chosen[0]) return one(chosen[0]);
      const refused: RefusedRow[] = [];
      const undo: (() => void)[] = [];
      for (const row of chosen) {
        try {
          const done = await one(row);
          if (done?.undo) undo.push(done.undo);
        } catch (error) {
          refused.push({ id: row.id, reason: messageOf(error, t("no_line")) });
        }
      }
      const named = titles(target, refused);
      if (named.length > 0 && named.length === chosen.length) throw new NothingDone(named);
      const message = t("done", { count: chosen.length - named.length });
      return {
        message,
        refused: named,
        undo: undo.length > 0 ? () => void undo.map((back) => back()) : undefined,
      };
    }

    async function changeRow(row: SourceRow, patch: Fields): Promise<Said> {
      const source = target.source ?? "";
      const before = Object.fromEntries(Object.keys(patch).map((name) => [name, row.fields[name] ?? null]));
      await page.save(source, row, { ...patch, ...input });
      const now = page.source(source).rows?.find(({ id }) => id === row.id) ?? row;
      return { message: t("changed"), undo: () => void page.save(source, now, before).catch(fail) };
    }

    async function removeRow(row: SourceRow): Promise<Said> {
      const source = target.source ?? "";
      const entity = page.entityOf(source, row);
      await page.remove(source, row);
      const restore = backend.restore;
      if (!restore) return { message: t("removed") };
      const undo = () =>
        void restore(entity, row.id)
          .then(() => page.sources.show(source, (shown) => [...shown, row]))
          .catch(fail);
      return { message: t("removed"), undo };
    }

    async function stageRow(row: SourceRow, stage: string): Promise<Said> {
      const source = target.source ?? "";
      const entity = page.entityOf(source, row);
      const before = row.fields.stage;
      const back = page.sources.show(source, (shown) =>
        shown.map((one) => (one.id === row.id ? { ...one, fields: { ...one.fields, stage } } : one)),
      );
      try {
        page.take(source, await backend.stage(row, entity, stage));
      } catch (error) {
        back();
        throw error;
      }
      const undo = () =>
        void backend
          .stage(row, entity, String(before))
          .then((saved) => page.take(source, saved))
          .catch(fail);
      return { message: t("changed"), undo: typeof before === "string" ? undo : undefined };
    }

    async function act(): Promise<Said> {
      const shows = action.shows && value<Fields>(action.shows);
      const ids = new Set(rows.map(({ id }) => id));
      const locates = action.locate !== undefined && isTrue(action.locate, environment);
      const position = locates ? await whereabouts() : undefined;
      const back =
        shows && target.source
          ? page.sources.show(target.source, (shown) =>
              shown.map((one) => (ids.has(one.id) ? { ...one, fields: { ...one.fields, ...shows } } : one)),
            )
          : undefined;
      let answer: ActAnswer;
      try {
        answer = await backend.act(
          {
            ...page.context(),
            act: action.act ?? "",
            row: target.row && { id: target.row.id, entity: target.row.entity },
            entity: target.rows?.[0]?.entity,
            rows: target.rows?.map(({ id }) => id),
            input: { ...value<Fields>(action.input ?? {}), ...(position && { position }), ...input },
          },
          key,
        );
      } catch (error) {
        back?.();
        throw error;
      }
      if (answer.errors && Object.keys(answer.errors).length > 0) {
        back?.();
        throw new Refused(answer.errors);
      }
      const said = applied(page, answer, say(action.label));
      const named = titles(target, said.refused);
      const count = (target.rows?.length ?? 1) - named.length;
      if (named.length > 0 && count <= 0) throw new NothingDone(named, said.message);
      const message = said.message || (named.length > 0 ? t("done", { count }) : "");
      return { ...said, message, refused: named };
    }

    function fail(error: unknown): void {
      toast({ kind: "error", message: messageOf(error, t("no_line")) });
    }
  };
}

/** Does what the answer says; what is to be shown of it. */
function applied(page: PageStore, answer: ActAnswer, label: string) {
  let message = "";
  let danger = false;
  const { job } = answer;
  if (job) {
    const renew = () => page.refresh();
    watchJob(page.setup.backend, { id: job.id, label }, renew, job);
  }
  for (const patch of answer.patches ?? []) {
    if (patch.op === "toast") {
      message = patch.text;
      danger = patch.tone === "danger";
    } else if (patch.op === "download") window.location.assign(patch.url);
    else page.apply(patch);
  }
  const refused = (answer.refused ?? []).map(({ id, detail }): RefusedRow => ({ id, reason: detail }));
  return { message, danger, refused };
}
