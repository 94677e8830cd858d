/**
 * What a form or a card is told while somebody types: which fields are there, required, locked, what they offer, and
 * what formulas give. The server says so; where it cannot be asked, the last answer stands.
 */
import { createContext, use, useEffect, useRef } from "react";
import type { Evaluated } from "@/api/evaluate";
import type { Field, Fields } from "@/api/types";
import { unreadText } from "./values";

/** Milliseconds of rest after a key before the server is asked. */
const rest = 250;

export type Ask = (fields: Fields, signal: AbortSignal) => Promise<Evaluated>;

/** Asks about these values whenever they have changed and rest, the older question being dropped. */
export function useAsk(ask: Ask | undefined, fields: Fields, onAnswer: (answer: Evaluated) => void): void {
  const first = useRef(true);
  const told = useRef(onAnswer);
  told.current = onAnswer;
  // What cannot be read yet is not asked about.
  const readable = Object.entries(fields).filter(([, value]) => unreadText(value) === undefined);
  const key = JSON.stringify(Object.fromEntries(readable));
  useEffect(() => {
    if (!ask) return;
    const stop = new AbortController();
    const send = () => {
      first.current = false;
      ask(JSON.parse(key) as Fields, stop.signal).then(
        (answer) => !stop.signal.aborted && told.current(answer),
        // What is wrong is said when it is saved; until then the form is as it was.
        () => undefined,
      );
    };
    const timer = setTimeout(send, first.current ? 0 : rest);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [ask, key]);
}

/** A field as it is now: locked, required, with what it offers; `undefined` while it is not there. */
export function asNow(field: Field, answer: Evaluated | undefined): Field | undefined {
  const state = answer?.fields[field.key];
  if (!state) return field;
  if (!state.visible) return undefined;
  const offered = state.options;
  const choices = offered
    ? field.choices?.map((one) => (offered.includes(one.value) ? one : { ...one, archived: true }))
    : field.choices;
  return { ...field, required: state.required, read_only: field.read_only || state.read_only, choices };
}

/** What is wrong with a field besides that it is empty: that is seen without words. */
export const wrongNow = (key: string, answer: Evaluated | undefined): string | undefined =>
  answer?.errors.find((one) => one.field === key && !["required", "formula", "warning"].includes(one.code))
    ?.message;

/** What a card is told, and how it is told of what is typed in it. */
export interface OfCard {
  answer?: Evaluated;
  /** Formulas with what is typed and not saved. */
  preview?: Fields;
  /** Values that are typed and not saved; none when it is over. */
  typed(fields: Fields | undefined): void;
}

export const CardEvaluated = createContext<OfCard>({ typed: () => undefined });
export const useCardEvaluated = () => use(CardEvaluated);
