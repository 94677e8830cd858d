/**
 * Controls of the designer's panel. What is typed goes into the drawing when one leaves the control or presses Enter, as one
 * step back; Esc takes the typing back; another element chosen meanwhile loses nothing.
 */
import { Autocomplete, Select, Textarea, TextInput } from "@mantine/core";
import { type KeyboardEvent, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { type Span, secondsIn, spanOf, type Unit, writeSpan } from "@/engines/designer/time";
import { formatNumber } from "@/i18n/format";
import { Grow, Line } from "@/ui/designer-panel";

interface TextProps {
  label: string;
  value: string;
  onCommit(value: string): void;
  description?: string;
  placeholder?: string;
  error?: string;
  /** Lines; a text of several. */
  rows?: number;
  mono?: boolean;
  /** Offered while it is typed. */
  offers?: string[];
  /** Only spoken. */
  bare?: boolean;
}

/** The typed text, and when it goes. */
function useTyped(value: string, onCommit: (value: string) => void) {
  const [typed, setTyped] = useState<string>();
  const now = useRef({ typed, value, onCommit });
  now.current = { typed, value, onCommit };
  const settle = (text = now.current.typed) => {
    if (text !== undefined && text !== now.current.value) now.current.onCommit(text);
    setTyped(undefined);
  };
  useEffect(
    () => () => {
      const { typed: left, value: before, onCommit: commit } = now.current;
      if (left !== undefined && left !== before) commit(left);
    },
    [],
  );
  const keys = (event: KeyboardEvent, several: boolean) => {
    if (event.key === "Enter" && (!several || event.ctrlKey || event.metaKey)) settle();
    if (event.key === "Escape" && typed !== undefined) {
      event.stopPropagation();
      setTyped(undefined);
    }
  };
  return { shown: typed ?? value, type: setTyped, settle, keys };
}

export function CommitText({ label, bare, value, onCommit, rows, mono, offers, ...rest }: TextProps) {
  const typed = useTyped(value, onCommit);
  const shared = {
    ...rest,
    ...(bare ? { "aria-label": label } : { label }),
    value: typed.shown,
    onBlur: () => typed.settle(),
    styles: mono ? { input: { fontFamily: "var(--font-mono)", fontSize: 12 } } : undefined,
  };
  if (rows) {
    return (
      <Textarea
        {...shared}
        autosize
        minRows={rows}
        maxRows={12}
        onChange={(event) => typed.type(event.currentTarget.value)}
        onKeyDown={(event) => typed.keys(event, true)}
      />
    );
  }
  if (offers) {
    return (
      <Autocomplete
        {...shared}
        data={[...new Set(offers)]}
        limit={50}
        onChange={typed.type}
        onOptionSubmit={(one) => typed.settle(one)}
        onKeyDown={(event) => typed.keys(event, false)}
      />
    );
  }
  return (
    <TextInput
      {...shared}
      onChange={(event) => typed.type(event.currentTarget.value)}
      onKeyDown={(event) => typed.keys(event, false)}
    />
  );
}

const units: Unit[] = ["minutes", "hours", "days"];

interface SpanProps {
  label: string;
  /** ISO 8601; empty where there is none. */
  value: string;
  onCommit(value: string): void;
  /** Reads the file's text; working time unless given. */
  read?(text: string): Span | undefined;
  zero?: boolean;
  end?: React.ReactNode;
}

/** A number and its unit. What the file says otherwise is shown as it stands there, and can be written over. */
export function SpanInput({ label, value, onCommit, read = spanOf, zero, end }: SpanProps) {
  const { t } = useTranslation("drawings");
  const span = value ? read(value) : undefined;
  // Chosen before the number is, or a number that is none: until another value comes, by undo too.
  const [begun, setBegun] = useState<{ unit: Unit; of: string }>();
  const [failed, setFailed] = useState<{ text: string; of: string }>();
  const wrong = failed?.of === value ? failed.text : undefined;
  const setWrong = (text: string | undefined) =>
    setFailed(text === undefined ? undefined : { text, of: value });
  const shownUnit = (begun?.of === value ? begun.unit : span?.unit) ?? "days";
  const foreign = value !== "" && !span;
  const typed = useTyped(foreign ? value : span ? formatNumber(span.amount) : "", (text) => {
    const amount = Number(text.replace(",", ".").replace(/\s/g, ""));
    if (text.trim() === "") {
      setWrong(undefined);
      onCommit("");
    } else if (Number.isFinite(amount) && (amount > 0 || (zero && amount === 0))) {
      setWrong(undefined);
      onCommit(written(amount, shownUnit));
    } else setWrong(text);
  });
  return (
    <Line>
      <Grow>
        <TextInput
          label={label}
          inputMode="decimal"
          value={wrong ?? typed.shown}
          error={wrong !== undefined && t("span_wrong")}
          onChange={(event) => {
            setWrong(undefined);
            typed.type(event.currentTarget.value);
          }}
          onBlur={() => wrong === undefined && typed.settle()}
          onKeyDown={(event) => typed.keys(event, false)}
        />
      </Grow>
      <Select
        aria-label={t("span_unit", { label })}
        w={112}
        allowDeselect={false}
        data={units.map((one) => ({ value: one, label: t(`unit_${one}`) }))}
        value={shownUnit}
        onChange={(next) => {
          setBegun({ unit: next as Unit, of: value });
          if (span) onCommit(written(span.amount, next as Unit));
        }}
      />
      {end}
    </Line>
  );
}

/** Half a day is four hours: the file takes whole numbers alone. */
function written(amount: number, unit: Unit): string {
  const minutes = Math.max(0, Math.round((amount * secondsIn[unit]) / 60));
  if (Number.isInteger(amount)) return writeSpan({ amount, unit });
  return writeSpan(
    minutes % 60 === 0 ? { amount: minutes / 60, unit: "hours" } : { amount: minutes, unit: "minutes" },
  );
}
