/**
 * A value that is typed as text and read from it: numbers, days, lengths of time. What cannot be read stays as it
 * was typed, with the reason once the person is done with it.
 */
import { useEffect, useRef, useState } from "react";
import type { Value } from "@/api/types";
import { unread, unreadText } from "./values";

interface Options {
  value: Value;
  /** The value as text; "" for none. */
  write(value: Value): string;
  /** Undefined for what cannot be read. */
  read(text: string): Value | undefined;
  /** Why not. */
  reason(text: string): string;
  onChange(value: Value): void;
}

export function useTyped({ value, write, read, reason, onChange }: Options) {
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(() => unreadText(value) ?? write(value));
  const [done, setDone] = useState(unreadText(value) !== undefined);
  const readable = typed.trim() === "" || read(typed) !== undefined;
  const wrong = readable ? "" : reason(typed);
  // A form around it is not sent meanwhile.
  useEffect(() => input.current?.setCustomValidity(wrong), [wrong]);
  return {
    input,
    typed,
    /** To be said beside the control. */
    wrong: done && wrong ? wrong : undefined,
    type(text: string) {
      setTyped(text);
      if (!text.trim()) onChange(null);
      else {
        const next = read(text);
        onChange(next === undefined ? unread(text) : next);
      }
    },
    /** Chosen instead of typed. */
    choose(next: Value) {
      setTyped(write(next));
      onChange(next);
    },
    /** The person goes on: now a reason is of use. */
    settle: () => setDone(true),
  };
}
