/** Changing many records: in portions, cancellable, with every refused row and its reason kept. */
import type { BulkRequest, BulkResult, Fields, Id } from "@/api/types";
import type { Source } from "@/engines/source";

/** The server takes up to 1,000 rows a request; smaller portions show progress. */
export const portion = 200;

/** `silent`: rules of automation are left out. */
export type Change = { kind: "update"; fields: Fields; silent?: boolean } | { kind: "delete" };

/** Taken out of the bin one by one; what cannot be says why. */
export async function runRestore(
  source: Pick<Source, "restore" | "refresh">,
  ids: Id[],
  onProgress: (done: number) => void,
  signal: AbortSignal,
  reasonOf: (error: unknown) => string,
): Promise<Outcome> {
  const outcome: Outcome = { done: [], refused: [], batches: [], cancelled: false };
  for (const id of ids) {
    if (signal.aborted) {
      outcome.cancelled = true;
      break;
    }
    try {
      await source.restore?.(id);
      outcome.done.push(id);
    } catch (error) {
      outcome.refused.push({ id, reason: reasonOf(error) });
    }
    onProgress(outcome.done.length + outcome.refused.length);
  }
  source.refresh();
  return outcome;
}

export interface Refusal {
  id: Id;
  reason: string;
}

export interface Outcome {
  done: Id[];
  refused: Refusal[];
  batches: Id[];
  cancelled: boolean;
}

export function requestOf(change: Change, ids: Id[]): BulkRequest {
  if (change.kind === "delete") return { delete: ids };
  return {
    update: ids.map((id) => ({ id, fields: change.fields })),
    ...(change.silent && { run_rules: false }),
  };
}

/** The answer keeps the order of the question; `detail` alone may not name the field's reason. */
export function readResults(ids: Id[], results: BulkResult[]): { done: Id[]; refused: Refusal[] } {
  const done: Id[] = [];
  const refused: Refusal[] = [];
  for (const result of results) {
    const id = result.id ?? ids[result.index];
    if (!id) continue;
    if (result.status !== "refused") {
      done.push(id);
      continue;
    }
    const detail = result.detail ?? "";
    const messages = Object.values(result.fields ?? {})
      .map((field) => field.message)
      .filter((message) => message && !detail.includes(message));
    refused.push({ id, reason: [detail, ...messages].filter(Boolean).join(" ") || (result.code ?? "") });
  }
  return { done, refused };
}

export async function runBulk(
  source: Pick<Source, "bulk" | "refresh">,
  change: Change,
  ids: Id[],
  onProgress: (done: number) => void,
  signal: AbortSignal,
): Promise<Outcome> {
  const outcome: Outcome = { done: [], refused: [], batches: [], cancelled: false };
  try {
    for (let at = 0; at < ids.length; at += portion) {
      if (signal.aborted) {
        outcome.cancelled = true;
        break;
      }
      const part = ids.slice(at, at + portion);
      const answer = await source.bulk(requestOf(change, part));
      const { done, refused } = readResults(part, answer.results);
      outcome.done.push(...done);
      outcome.refused.push(...refused);
      outcome.batches.push(answer.batch);
      onProgress(Math.min(ids.length, at + portion));
    }
  } finally {
    source.refresh();
  }
  return outcome;
}
