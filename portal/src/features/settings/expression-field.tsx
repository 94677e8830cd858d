/**
 * An expression that is checked while it is typed: what is wrong with it in words, or what it gives on the newest
 * records. The older question is dropped.
 */
import { Select, Textarea } from "@mantine/core";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { ApiError } from "@/api/problem";
import type { Body, Entity } from "@/api/types";
import { Facts } from "@/ui/block";

type Trying = Body<"Trying">;
type Tried = Body<"Tried">;

/** Milliseconds of rest after a key before it is checked. */
const rest = 350;

interface Props {
  entity: Entity;
  label: string;
  hint?: string;
  value: string;
  /** Of a formula: its type, its field, its digits. */
  formula?: Omit<Trying, "text">;
  error?: string;
  onChange(value: string): void;
}

export function ExpressionField({ entity, label, hint, value, formula, error, onChange }: Props) {
  const { t } = useTranslation("rules");
  const area = useRef<HTMLTextAreaElement>(null);
  const found = useTried(entity.key, value, formula);
  const put = (key: string) => {
    const from = area.current?.selectionStart ?? value.length;
    const to = area.current?.selectionEnd ?? from;
    onChange(`${value.slice(0, from)}record.${key}${value.slice(to)}`);
    area.current?.focus();
  };
  return (
    <div>
      <Textarea
        ref={area}
        label={label}
        description={hint}
        inputWrapperOrder={["label", "input", "description", "error"]}
        autosize
        minRows={1}
        maxRows={10}
        spellCheck={false}
        styles={{ input: { fontFamily: "var(--font-mono)", fontSize: 12 } }}
        value={value}
        error={error ?? found.problem}
        onChange={(event) => onChange(event.currentTarget.value)}
      />
      {value.trim() !== "" && (
        <Select
          size="xs"
          mt={4}
          aria-label={t("insert")}
          placeholder={t("insert")}
          searchable
          data={entity.fields.map((field) => ({ value: field.key, label: `${field.label} · ${field.key}` }))}
          value={null}
          onChange={(key) => key && put(key)}
        />
      )}
      <div role="status">{found.tried && <Results tried={found.tried} />}</div>
    </div>
  );
}

function Results({ tried }: { tried: Tried[] }) {
  const { t } = useTranslation("rules");
  if (tried.length === 0) return <>{t("tried_none")}</>;
  const words = (value: unknown) => {
    if (value === null || value === undefined) return t("tried_empty");
    if (typeof value === "boolean") return t(value ? "yes" : "no");
    return String(value);
  };
  return <Facts items={tried.map((one) => ({ label: one.title, value: one.problem ?? words(one.value) }))} />;
}

interface Found {
  problem?: string;
  tried?: Tried[];
}

function useTried(entity: string, text: string, formula: Omit<Trying, "text"> | undefined): Found {
  const [found, setFound] = useState<Found>({});
  const key = JSON.stringify({ ...formula, text });
  useEffect(() => {
    const trying = JSON.parse(key) as Trying;
    const stop = new AbortController();
    if (trying.text.trim() === "") {
      setFound({});
      return;
    }
    const timer = setTimeout(() => {
      tryExpression(entity, trying, stop.signal).then(
        (tried) => !stop.signal.aborted && setFound({ tried }),
        (error: unknown) => {
          if (stop.signal.aborted || !(error instanceof ApiError)) return;
          setFound({ problem: error.fieldMessage("text") ?? error.problem.detail ?? undefined });
        },
      );
    }, rest);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [entity, key]);
  return found;
}

/** Tries an expression on the newest records; refused with what is wrong. */
const tryExpression = (entity: string, trying: Trying, signal: AbortSignal) =>
  api
    .post("/entities/{entity}/expressions/check", trying, { path: { entity }, signal })
    .then(({ items }) => items);
