/**
 * Writing the rows of one record: the draft, what it comes to while it is written, saving it, and what is in the way.
 * What is written is kept in this tab until it is saved or thrown away.
 */
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, messageOf } from "@/api/problem";
import { queryClient } from "@/api/query-client";
import { putRecord, recordQuery, refreshAround } from "@/api/records";
import { calculate, putRows } from "@/api/sales";
import { sameValue } from "@/api/save";
import { useMe } from "@/api/session";
import type { Body, Fields, RecordData } from "@/api/types";
import { dropDraft, keepDraft, readDraft } from "@/engines/drafts";
import { type Draft, draftOf, filledIn, isUnread, rowOf, type Wrong, wholeOf, wrongOf } from "./model";

/** Milliseconds of rest before what is typed is reckoned. */
const rest = 250;

interface Kept {
  draft: Draft;
  /** The record as it was when the writing began. */
  version: number;
  rows: unknown;
}

const text = (value: unknown) => (typeof value === "string" && value ? value : undefined);

/** By what terms a record sells. */
function termsOf(fields: Fields, currency: string): Omit<Body<"CalculateInput">, "rows"> {
  const cash = fields.cash_rounding;
  return {
    currency: text(fields.currency) ?? currency,
    tax_rounding: text(fields.tax_rounding),
    cash_rounding: typeof cash === "number" ? cash : undefined,
    tax_date: text(fields.tax_date) ?? text(fields.document_date),
    company: text(fields.company),
    organization: text(fields.organization),
  };
}

const nothing: Wrong = { rows: new Map(), whole: [] };

/** What a refusal says about rows; about none of them, its whole text. */
function told(error: unknown, network: string): Wrong {
  if (error === null || error === undefined) return nothing;
  const fields = error instanceof ApiError ? error.problem.fields : undefined;
  const wrong = wrongOf(fields);
  return wrong.rows.size + wrong.whole.length > 0
    ? wrong
    : { ...nothing, whole: [messageOf(error, network)] };
}

/** What a draft comes to; `fresh` only while it is about the draft as it stands. */
function useReckoned({ fields }: RecordData, draft: Draft, priced: boolean) {
  const { tenant } = useMe();
  const input = JSON.stringify({
    ...termsOf(fields, tenant.currency),
    rows: draft.rows.map(rowOf),
    discount: wholeOf(draft),
  });
  const [asked] = useDebouncedValue(input, rest);
  const reckoned = useQuery({
    queryKey: ["sale", asked],
    queryFn: ({ signal }) => calculate(JSON.parse(asked) as Body<"CalculateInput">, signal),
    enabled: priced && draft.rows.length > 0 && !isUnread(draft),
    placeholderData: keepPreviousData,
  });
  const fresh = asked === input && !reckoned.isPlaceholderData ? reckoned.data : undefined;
  return { reckoned, fresh };
}

/** `editable`: a draft of a record that changes no more is not shown for its rows. */
export function useRows(record: RecordData, priced: boolean, editable: boolean) {
  const { t } = useTranslation("common");
  const { tenant } = useMe();
  const place = `rows.${record.entity}.${record.id}`;
  const [written, setKept] = useState(() => readDraft<Kept>(place));
  const kept = editable ? written : undefined;
  /** The record as somebody else has left it meanwhile, its rows too. */
  const [clash, setClash] = useState<RecordData>();
  const saved = useMemo(() => draftOf(record.fields), [record.fields]);
  const draft = kept?.draft ?? saved;
  const currency = text(record.fields.currency) ?? tenant.currency;

  const change = (next: (draft: Draft) => Draft) =>
    setKept((old) => {
      const begun = old ?? { draft: saved, version: record.version, rows: record.fields.rows };
      const now = { ...begun, draft: next(begun.draft) };
      keepDraft(place, now);
      return now;
    });
  const settle = () => {
    setClash(undefined);
    save.reset();
  };
  const discard = () => {
    dropDraft(place);
    setKept(undefined);
    settle();
  };

  const { reckoned, fresh } = useReckoned(record, draft, priced);
  // What the catalogue knows of a product stands in its row, to be seen before it is saved.
  // biome-ignore lint/correctness/useExhaustiveDependencies: once for each answer
  useEffect(() => {
    if (!fresh || !kept) return;
    const rows = kept.draft.rows.map((row, index) => filledIn(row, fresh.rows[index]));
    if (rows.some((row, index) => row !== kept.draft.rows[index])) change((old) => ({ ...old, rows }));
  }, [fresh]);

  const send = (version: number | undefined, dryRun: boolean) =>
    putRows(record.entity, record.id, {
      rows: draft.rows.map(rowOf),
      discount: priced ? wholeOf(draft) : null,
      refresh: dryRun,
      dry_run: dryRun,
      version: version ?? null,
    });
  /** Repeated on the newer version when somebody changed something else meanwhile. */
  const write = async (force?: RecordData) => {
    try {
      return await send(force?.version ?? kept?.version, false);
    } catch (error) {
      if (!(error instanceof ApiError) || error.code !== "record.conflict") throw error;
      const now = await queryClient.fetchQuery({
        ...recordQuery(record.entity, record.id),
        staleTime: 0,
      });
      if (sameValue(now.fields.rows, kept?.rows)) return send(now.version, false);
      setClash(now);
      throw error;
    }
  };
  const save = useMutation({
    mutationFn: write,
    onSuccess: async () => {
      putRecord(await queryClient.fetchQuery({ ...recordQuery(record.entity, record.id), staleTime: 0 }));
      refreshAround(record.entity, record.id);
      dropDraft(place);
      setKept(undefined);
    },
  });
  const network = t("network");
  const refused = clash ? nothing : told(save.error, network);
  const isWrong = refused.rows.size + refused.whole.length > 0;
  return {
    draft,
    currency,
    dirty: kept !== undefined,
    unread: isUnread(draft),
    /** Of the rows as they stand; the last known ones while the next are on their way. */
    answer: draft.rows.length > 0 ? reckoned.data : undefined,
    wrong: isWrong ? refused : told(reckoned.error, network),
    clash,
    saving: save.isPending,
    change(next: (draft: Draft) => Draft) {
      // What is in the way stays there until it is decided.
      if (save.isError && !clash) save.reset();
      change(next);
    },
    discard,
    save: () => save.mutate(undefined),
    takeTheirs: discard,
    keepMine() {
      setClash(undefined);
      save.mutate(clash);
    },
    /** What prices and rates of today would be; nothing is kept. */
    refreshed: () => send(undefined, true),
  };
}

export type Rows = ReturnType<typeof useRows>;
