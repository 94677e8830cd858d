/**
 * A matrix: rows of one source, columns of another or of days, cells of a third. Cells are walked with arrows; Enter,
 * F2, a double click or typing begins to write, Esc restores. On a phone one row at a time.
 */
import { Select, TextInput } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, useMemo, useRef, useState } from "react";
import { flushSync } from "react-dom";
import { useTranslation } from "react-i18next";
import { toneOf, useGiven, useOfRow, usePage, useRowText, useSay } from "@/engines/blocks/context";
import { utc } from "@/engines/blocks/days";
import { Gate, TooLarge } from "@/engines/blocks/gate";
import { most } from "@/engines/blocks/limits";
import type { SourceData } from "@/engines/blocks/sources";
import type { MatrixBlock } from "@/engines/blocks/tree";
import { durationText, readDuration } from "@/engines/fields/duration";
import { currentLocale } from "@/i18n";
import { formatNumber } from "@/i18n/format";
import { readNumber, writeNumber } from "@/i18n/read";
import { BlockBar, Spoken } from "@/ui/block-frame";
import {
  MatrixArea,
  MatrixBody,
  MatrixCell,
  MatrixFoot,
  MatrixHead,
  MatrixInput,
  MatrixLine,
  MatrixLines,
  MatrixName,
  MatrixRow,
  matrixRow,
} from "@/ui/matrix";
import { usePhone } from "@/ui/use-phone";
import { usePrinting } from "@/ui/use-printing";
import { buildMatrix, dayColumns, type Matrix, type MatrixColumn, readCell, type Step, step } from "./model";
import { useCellWrite } from "./write";

export default function MatrixView({ block }: { block: MatrixBlock }) {
  const { rows, columns, cells, shade } = block;
  const sources = [
    rows.source,
    cells.source,
    ...("source" in columns ? [columns.source] : []),
    ...(shade ? [shade.source] : []),
  ];
  return (
    <Gate
      block={block}
      sources={[...new Set(sources)]}
      height={320}
      isEmpty={(data) => data[0]?.rows?.length === 0}
    >
      {() => <Loaded block={block} />}
    </Gate>
  );
}

/** "1 Mo", "12 Jan", "Jan 2026". */
function stepLabel(day: string, kind: Step): string {
  const options: Intl.DateTimeFormatOptions =
    kind === "day"
      ? { day: "numeric", weekday: "short" }
      : kind === "week"
        ? { day: "numeric", month: "short" }
        : { month: "short", year: "numeric" };
  return new Intl.DateTimeFormat(currentLocale(), { ...options, timeZone: "UTC" }).format(utc(day));
}

function useColumns(block: MatrixBlock): MatrixColumn[] {
  const page = usePage();
  const given = block.columns;
  const from = useGiven("from" in given ? given.from : undefined);
  const to = useGiven("to" in given ? given.to : undefined);
  const named: SourceData = "source" in given ? page.source(given.source) : { loading: false };
  const text = useRowText("source" in given ? given.source : "", named);
  if ("source" in given) {
    return (named.rows ?? []).map((row) => ({ key: row.id, label: text(row, given.label), shaded: false }));
  }
  const kind = given.step ?? "day";
  const { shade } = block;
  const off = shade && page.source(shade.source).rows;
  const days =
    off &&
    new Map(
      off.map((row) => [String(row.fields[shade.day]), shade.off ? row.fields[shade.off] === true : true]),
    );
  return dayColumns(String(from ?? ""), String(to ?? ""), kind, (day) => stepLabel(day, kind), days);
}

function Loaded({ block }: { block: MatrixBlock }) {
  const page = usePage();
  const phone = usePhone();
  const ofRow = useOfRow(block.cells.source);
  const rows = page.source(block.rows.source);
  const cells = page.source(block.cells.source);
  const columns = useColumns(block);
  const rowText = useRowText(block.rows.source, rows);
  const cellText = useRowText(block.cells.source, cells);
  const shownColumns = JSON.stringify(columns);
  // biome-ignore lint/correctness/useExhaustiveDependencies: `ofRow` is made anew each time, and only tones hang on it
  const matrix = useMemo(
    () =>
      buildMatrix({
        block,
        rows: rows.rows ?? [],
        columns: JSON.parse(shownColumns) as MatrixColumn[],
        cells: cells.rows ?? [],
        rowText,
        cellText,
        toneOf: (row) => toneOf(ofRow(block.cells.tone, row)),
      }),
    [block, rows.rows, cells.rows, shownColumns, rowText, cellText],
  );
  if ((rows.rows?.length ?? 0) > most.matrixRows) {
    return <TooLarge size={rows.rows?.length ?? 0} most={most.matrixRows} />;
  }
  if (columns.length > most.matrixColumns)
    return <TooLarge size={columns.length} most={most.matrixColumns} />;
  return phone ? <OneRow block={block} matrix={matrix} /> : <Whole block={block} matrix={matrix} />;
}

/** Numbers and lengths of time as they stand in an editor. */
function editText(block: MatrixBlock, value: unknown): string {
  if (typeof value === "number") {
    return block.edit === "duration" ? durationText(value) : writeNumber(value, currentLocale());
  }
  return value === null || value === undefined ? "" : String(value);
}

const totalText = (block: MatrixBlock, value: number) =>
  block.edit === "duration" ? durationText(value) : formatNumber(value);

interface Editing {
  row: string;
  column: string;
  text: string;
  problem?: string;
}

type Line = { group: string } | { row: Matrix["rows"][number] };

function Whole({ block, matrix }: { block: MatrixBlock; matrix: Matrix }) {
  const { t } = useTranslation("blocks");
  const page = usePage();
  const say = useSay();
  const scroller = useRef<HTMLDivElement>(null);
  const printing = usePrinting();
  const [active, setActive] = useState<readonly [number, number]>([0, 0]);
  const [editing, setEditing] = useState<Editing>();
  const write = useCellWrite(block);
  const { rows, columns } = matrix;
  const today = page.setup.today ?? new Intl.DateTimeFormat("en-CA").format(page.clock.now());
  const grouped = Boolean(block.rows.group_by);
  const lines = useMemo(() => {
    let group: string | undefined;
    return rows.flatMap((row): Line[] => {
      const head = grouped && row.group !== group ? [{ group: row.group || "—" }] : [];
      group = row.group;
      return [...head, { row }];
    });
  }, [rows, grouped]);
  const at = useMemo(
    () => new Map(lines.flatMap((line, index) => ("row" in line ? [[line.row.id, index] as const] : []))),
    [lines],
  );
  const virtual = useVirtualizer({
    count: lines.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => matrixRow,
    overscan: 8,
  });
  const items = printing
    ? lines.map((_, index) => ({ key: index, index, start: index * matrixRow }))
    : virtual.getVirtualItems();
  const totals = block.totals ?? (block.edit === "number" || block.edit === "duration" ? "both" : "none");
  const rowTotals = totals === "rows" || totals === "both";
  const columnTotals = totals === "columns" || totals === "both";
  const facts = block.rows.columns ?? [];
  const choices = block.choices?.map(({ value, label }) => ({ value, label: say(label) }));
  const choiceLabel = (value: unknown) => choices?.find((choice) => choice.value === value)?.label;
  const choiceTone = (value: unknown) => block.choices?.find((choice) => choice.value === value)?.tone;

  // At once, and after what was edited is gone: a key that follows belongs to this cell.
  const focus = (row: number, column: number) => {
    flushSync(() => setActive([row, column]));
    const line = at.get(rows[row]?.id ?? "");
    if (line !== undefined) virtual.scrollToIndex(line);
    const cell = () => scroller.current?.querySelector<HTMLElement>(`[data-at="${row}:${column}"]`);
    const there = cell();
    if (there) there.focus();
    else setTimeout(() => cell()?.focus(), 16);
  };

  const begin = (row: string, column: string, text?: string) => {
    if (!block.edit) return;
    const cell = matrix.cell(row, column);
    if ((cell?.rows.length ?? 0) > 1) return;
    if (block.edit === "boolean") {
      void write(row, column, cell, cell?.value === true ? null : true);
      return;
    }
    setEditing({ row, column, text: text ?? editText(block, cell?.value) });
  };

  /** Whether the cell can be left: what cannot be read stays, with the reason. */
  const commit = (): boolean => {
    if (!editing || !block.edit) return true;
    const { row, column, text } = editing;
    const cell = matrix.cell(row, column);
    const written = readCell(block.edit, text, cell?.value, {
      number: (typed) => readNumber(typed, currentLocale()),
      duration: readDuration,
    });
    if ("unread" in written) {
      setEditing({ ...editing, problem: t(block.edit === "duration" ? "no_duration" : "no_number") });
      return false;
    }
    setEditing(undefined);
    if ("value" in written) void write(row, column, cell, written.value);
    return true;
  };

  const keys = (event: KeyboardEvent, row: number, column: number) => {
    const line = rows[row];
    const head = columns[column];
    const next = step(event.key, [row, column], rows.length, columns.length);
    if (next && !event.altKey && !event.ctrlKey && !event.metaKey) {
      event.preventDefault();
      focus(...next);
    } else if (!line || !head || !block.edit) {
      return;
    } else if (
      event.key === "Enter" ||
      event.key === "F2" ||
      (event.key === " " && block.edit === "boolean")
    ) {
      event.preventDefault();
      begin(line.id, head.key);
    } else if (event.key === "Delete" || event.key === "Backspace") {
      event.preventDefault();
      const cell = matrix.cell(line.id, head.key);
      if (cell?.rows.length === 1) void write(line.id, head.key, cell, null);
    } else if (event.key.length === 1 && !event.ctrlKey && !event.metaKey && block.edit !== "boolean") {
      if (block.edit === "choice") return begin(line.id, head.key);
      event.preventDefault();
      begin(line.id, head.key, event.key);
    }
  };

  const editKeys = (event: KeyboardEvent, row: number, column: number) => {
    if (event.key === "Escape") {
      event.stopPropagation();
      setEditing(undefined);
      focus(row, column);
    } else if (event.key === "Enter" || event.key === "Tab") {
      event.preventDefault();
      if (!commit()) return;
      const by = event.shiftKey ? -1 : 1;
      if (event.key === "Enter") focus(Math.min(rows.length - 1, Math.max(0, row + by)), column);
      else focus(row, Math.min(columns.length - 1, Math.max(0, column + by)));
    }
  };

  return (
    <>
      {block.edit && <Spoken id={`${block.id}-keys`}>{t("matrix_keys")}</Spoken>}
      <MatrixArea
        ref={scroller}
        label={say(block.title) || t("matrix")}
        described={block.edit ? `${block.id}-keys` : undefined}
        rows={lines.length + (columnTotals ? 1 : 0)}
        columns={columns.length}
        facts={facts.length}
        widths={{
          name: 180,
          facts: 110,
          cell: block.edit === "text" || block.edit === "choice" ? 72 : 48,
          total: rowTotals ? 84 : 0,
        }}
        height={block.height ?? 480}
      >
        <MatrixHead>
          <MatrixName kind="corner">{""}</MatrixName>
          {facts.map((field) => (
            <MatrixName key={field} kind="fact">
              {page.source(block.rows.source).fields?.find(({ key }) => key === field)?.label ?? field}
            </MatrixName>
          ))}
          {columns.map((column) => (
            <MatrixName
              key={column.key}
              kind="column"
              shaded={column.shaded}
              today={column.day === today}
              title={column.shaded ? `${column.label} · ${t("day_off")}` : column.label}
            >
              {column.label}
            </MatrixName>
          ))}
          {rowTotals && <MatrixName kind="total">{t("total")}</MatrixName>}
        </MatrixHead>
        <MatrixBody height={virtual.getTotalSize()}>
          {items.map((item) => {
            const line = lines[item.index];
            if (!line) return null;
            if ("group" in line) {
              return (
                <MatrixRow key={`group ${line.group}`} index={item.index} top={item.start} group>
                  <MatrixName kind="group">{line.group}</MatrixName>
                </MatrixRow>
              );
            }
            const { row } = line;
            const index = rows.indexOf(row);
            return (
              <MatrixRow key={row.id} index={item.index} top={item.start}>
                <MatrixName kind="row" title={row.label}>
                  {row.label}
                </MatrixName>
                {row.facts.map((fact, position) => (
                  <MatrixName key={position} kind="fact" title={fact}>
                    {fact}
                  </MatrixName>
                ))}
                {columns.map((column, position) => {
                  const cell = matrix.cell(row.id, column.key);
                  const shown = choiceLabel(cell?.value) ?? cell?.text ?? "";
                  const isEditing = editing?.row === row.id && editing.column === column.key;
                  const label = `${row.label}, ${column.label}${column.shaded ? ` (${t("day_off")})` : ""}: ${shown || t("nothing")}`;
                  return (
                    <MatrixCell
                      key={column.key}
                      at={`${index}:${position}`}
                      label={label}
                      tone={choiceTone(cell?.value) ?? cell?.tone ?? "plain"}
                      shaded={column.shaded}
                      numeric={typeof cell?.value === "number"}
                      focusable={active[0] === index && active[1] === position}
                      editing={isEditing}
                      problem={isEditing ? editing.problem : write.refusals.get(`${row.id}|${column.key}`)}
                      editable={block.edit !== undefined && (cell?.rows.length ?? 0) < 2}
                      onFocus={() => setActive([index, position])}
                      onDoubleClick={() => begin(row.id, column.key)}
                      onKeyDown={(event) => keys(event, index, position)}
                    >
                      {isEditing && block.edit === "choice" ? (
                        <Select
                          size="xs"
                          aria-label={label}
                          data={choices ?? []}
                          value={editing.text || null}
                          defaultDropdownOpened
                          autoFocus
                          clearable
                          onChange={(value) => {
                            setEditing(undefined);
                            if (value !== (cell?.value ?? null)) void write(row.id, column.key, cell, value);
                            focus(index, position);
                          }}
                          onDropdownClose={() => setEditing(undefined)}
                        />
                      ) : isEditing ? (
                        <MatrixInput
                          label={label}
                          value={editing.text}
                          problem={editing.problem}
                          onChange={(text) => setEditing({ ...editing, text, problem: undefined })}
                          onKeyDown={(event) => editKeys(event, index, position)}
                          onBlur={() => void commit()}
                        />
                      ) : (
                        <span>{shown}</span>
                      )}
                    </MatrixCell>
                  );
                })}
                {rowTotals && (
                  <MatrixName kind="total">{totalText(block, matrix.rowTotal(row.id))}</MatrixName>
                )}
              </MatrixRow>
            );
          })}
        </MatrixBody>
        {columnTotals && (
          <MatrixFoot>
            <MatrixName kind="row">{t("total")}</MatrixName>
            {facts.map((field) => (
              <MatrixName key={field} kind="fact">
                {""}
              </MatrixName>
            ))}
            {columns.map(({ key }) => (
              <MatrixName key={key} kind="total">
                {totalText(block, matrix.columnTotal(key))}
              </MatrixName>
            ))}
            {rowTotals && <MatrixName kind="total">{totalText(block, matrix.total)}</MatrixName>}
          </MatrixFoot>
        )}
      </MatrixArea>
    </>
  );
}

/** On a phone: one row is chosen, its columns stand under each other. */
function OneRow({ block, matrix }: { block: MatrixBlock; matrix: Matrix }) {
  const { t } = useTranslation("blocks");
  const say = useSay();
  const write = useCellWrite(block);
  const [chosen, setChosen] = useState(matrix.rows[0]?.id ?? "");
  const row = matrix.rows.find(({ id }) => id === chosen) ?? matrix.rows[0];
  if (!row) return null;
  return (
    <>
      <BlockBar>
        <Select
          aria-label={t("row")}
          data={matrix.rows.map(({ id, label }) => ({ value: id, label }))}
          value={row.id}
          searchable
          allowDeselect={false}
          onChange={(id) => setChosen(id ?? row.id)}
        />
        <span>{block.totals && t("total_of", { total: totalText(block, matrix.rowTotal(row.id)) })}</span>
      </BlockBar>
      <MatrixLines label={row.label}>
        {matrix.columns.map((column) => {
          const cell = matrix.cell(row.id, column.key);
          const label = `${row.label}, ${column.label}`;
          const many = (cell?.rows.length ?? 0) > 1;
          const choice = block.choices?.find(({ value }) => value === cell?.value);
          return (
            <MatrixLine
              key={column.key}
              label={column.shaded ? `${column.label} · ${t("day_off")}` : column.label}
              shaded={column.shaded}
              tone={choice?.tone ?? cell?.tone ?? "plain"}
            >
              {!block.edit || many ? (
                (choice && say(choice.label)) || cell?.text || "—"
              ) : block.edit === "choice" || block.edit === "boolean" ? (
                <Select
                  aria-label={label}
                  clearable
                  data={
                    block.edit === "boolean"
                      ? [{ value: "true", label: "✓" }]
                      : (block.choices ?? []).map((one) => ({ value: one.value, label: say(one.label) }))
                  }
                  value={cell?.value === true ? "true" : ((cell?.value as string | null) ?? null)}
                  onChange={(value) =>
                    void write(
                      row.id,
                      column.key,
                      cell,
                      block.edit === "boolean" ? (value ? true : null) : value,
                    )
                  }
                />
              ) : (
                <PhoneInput
                  key={`${row.id} ${column.key} ${editText(block, cell?.value)}`}
                  block={block}
                  label={label}
                  value={cell?.value}
                  onWrite={(value) => void write(row.id, column.key, cell, value)}
                />
              )}
            </MatrixLine>
          );
        })}
      </MatrixLines>
    </>
  );
}

interface PhoneInputProps {
  block: MatrixBlock;
  label: string;
  value: unknown;
  onWrite(value: unknown): void;
}

function PhoneInput({ block, label, value, onWrite }: PhoneInputProps) {
  const { t } = useTranslation("blocks");
  const [text, setText] = useState(editText(block, value));
  const [problem, setProblem] = useState<string>();
  const commit = () => {
    const written = readCell(block.edit ?? "text", text, value, {
      number: (typed) => readNumber(typed, currentLocale()),
      duration: readDuration,
    });
    if ("unread" in written) setProblem(t(block.edit === "duration" ? "no_duration" : "no_number"));
    else if ("value" in written) onWrite(written.value);
  };
  return (
    <TextInput
      aria-label={label}
      value={text}
      error={problem}
      inputMode={block.edit === "number" ? "decimal" : undefined}
      onChange={(event) => {
        setText(event.currentTarget.value);
        setProblem(undefined);
      }}
      onBlur={commit}
      onKeyDown={(event) => event.key === "Enter" && commit()}
    />
  );
}
