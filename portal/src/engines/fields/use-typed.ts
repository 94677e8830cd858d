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

const isSame = (one: Value | undefined, other: Value | undefined) =>
  JSON.stringify(one ?? null) === JSON.stringify(other ?? null);

export function useTyped({ value, write, read, reason, onChange }: Options) {
  const input = useRef<HTMLInputElement>(null);
  const [typed, setTyped] = useState(() => unreadText(value) ?? write(value));
  const [done, setDone] = useState(unreadText(value) !== undefined);
  /** The value that the text stands for, and the one that was given last. */
  const [told, setTold] = useState(value);
  const [given, setGiven] = useState(value);
  const [typing, setTyping] = useState(false);
  /** Changed from outside to something that is not shown yet. */
  const [behind, setBehind] = useState(false);
  if (!isSame(given, value)) {
    setGiven(value);
    setBehind(!isSame(told, value));
  }
  if (behind && !typing) {
    setBehind(false);
    setTold(value);
    setTyped(unreadText(value) ?? write(value));
    setDone(unreadText(value) !== undefined);
  }
  const tell = (next: Value) => {
    setTold(next);
    setBehind(false);
    onChange(next);
  };
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
      setTyping(true);
      const next = text.trim() ? read(text) : null;
      tell(next === undefined ? unread(text) : next);
    },
    /** Chosen instead of typed. */
    choose(next: Value) {
      setTyped(write(next));
      setTyping(false);
      tell(next);
    },
    /** The person goes on: now a reason is of use. */
    settle() {
      setTyping(false);
      setDone(true);
    },
  };
}
