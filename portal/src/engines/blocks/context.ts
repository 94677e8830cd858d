/** What a block's component needs of its page: names, words, texts of rows. */
import { createContext, use, useCallback, useMemo, useSyncExternalStore } from "react";
import { useTranslation } from "react-i18next";
import type { Field } from "@/api/types";
import { fieldOf, type TextContext, textOf } from "@/engines/fields/text";
import { isEmpty } from "@/engines/fields/values";
import type { Shape } from "@/engines/source";
import { isComputed, plain, textIn } from "./environment";
import type { Environment } from "./expression/evaluate";
import type { PageStore, Scope } from "./page-store";
import type { SourceData } from "./sources";
import type { Given, Text, Tone } from "./tree";
import type { SourceRow } from "./wire";

export const PageContext = createContext<PageStore | null>(null);
export const ScopeContext = createContext<Scope>({});

export function usePage(): PageStore {
  const page = use(PageContext);
  if (!page) throw new Error("a block outside of a page");
  useSyncExternalStore(page.subscribe, page.snapshot);
  return page;
}

export function useEnvironment(): Environment {
  return usePage().environment(use(ScopeContext));
}

/** Texts of the tree in words. */
export function useSay(): (text: Text | undefined, environment?: Environment) => string {
  const page = usePage();
  const own = useEnvironment();
  const { texts = {}, locale } = page.setup;
  const { row } = use(ScopeContext);
  const make = useTextMaker();
  return (text, environment = own) => {
    // What is just a field of the row reads as it does in a list: labels of choices, dates, money.
    const key = row && environment === own ? rowField(text) : undefined;
    if (row && key !== undefined) {
      const context = make(row.source, page.source(row.source));
      const field = fieldOf(context.entity, key);
      const value = row.row.fields[key];
      if (field && !isEmpty(value)) return textOf(field, value, context, row.row.fields);
    }
    return textIn(text, environment, texts, locale);
  };
}

/** The field, where a text is nothing but `row.field`. */
function rowField(text: Text | undefined): string | undefined {
  if (!isComputed(text)) return undefined;
  const node = text["="];
  if (typeof node !== "object" || node === null || !("get" in node)) return undefined;
  const [of, key] = node.get;
  const named = typeof of === "object" && of !== null && "name" in of ? of.name : undefined;
  return named === "row" ? key : undefined;
}

export function useGiven<T>(given: Given<T> | undefined): T | undefined {
  return plain(given, useEnvironment());
}

/** A value that depends on a row: its tone, mostly. */
export function useOfRow(source: string): <T>(given: Given<T> | undefined, row: SourceRow) => T | undefined {
  const page = usePage();
  return (given, row) =>
    given === undefined ? undefined : plain(given, page.environment({ row: { source, row } }));
}

const tones = new Set<unknown>(["plain", "accent", "ok", "warn", "danger"]);
export const toneOf = (value: unknown): Tone => (tones.has(value) ? (value as Tone) : "plain");

/** What rows of a source look like, where it is no entity. */
export function shapeOf(name: string, data: SourceData): Shape {
  return (
    data.shape ?? {
      key: name,
      label: name,
      label_plural: name,
      title_field: data.fields?.[0]?.key ?? "id",
      actions: { read: true, create: false, update: false, delete: false },
      fields: data.fields ?? [],
      pipelines: [],
      layout: { list: [], card: [], sections: [] },
    }
  );
}

export function useTexts(name: string, data: SourceData): TextContext {
  const make = useTextMaker();
  return useMemo(() => make(name, data), [make, name, data]);
}

/** What texts of rows need, for as many sources as a block has. */
export function useTextMaker(): (name: string, data: SourceData) => TextContext {
  const { t } = useTranslation(["common", "fields"]);
  const currency = usePage().setup.me?.tenant.currency ?? "EUR";
  return useCallback(
    (name: string, data: SourceData) => ({
      entity: shapeOf(name, data),
      refs: data.refs ?? {},
      currency,
      words: { yes: t("common:yes"), no: t("common:no"), unknown: t("fields:unknown") },
    }),
    [currency, t],
  );
}

/** A field of a row in words; of one without a type, its JSON. */
export function useRowText(name: string, data: SourceData): (row: SourceRow, field: string) => string {
  const context = useTexts(name, data);
  return useCallback(
    (row: SourceRow, key: string) => {
      const value = row.fields[key];
      if (isEmpty(value)) return "";
      const field: Field | undefined = fieldOf(context.entity, key);
      return field ? textOf(field, value, context, row.fields) : String(value);
    },
    [context],
  );
}
