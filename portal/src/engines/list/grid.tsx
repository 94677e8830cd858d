/**
 * The table: only the visible rows are drawn, more are read near the end. Cells are walked with arrows;
 * Enter or a double click edits, Enter on the title opens, Space selects.
 */
import { Checkbox } from "@mantine/core";
import { getCoreRowModel, useReactTable } from "@tanstack/react-table";
import { useVirtualizer } from "@tanstack/react-virtual";
import { type KeyboardEvent, lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Field, Id, RecordData, Refs, Sort } from "@/api/types";
import { useTextContext } from "@/engines/fields/context";
import { isNumeric } from "@/engines/fields/kinds";
import { nameOf } from "@/engines/fields/text";
import { FieldValue } from "@/engines/fields/value";
import type { Source } from "@/engines/source";
import { EndCell, Grid, GridCell, GridHead, GridRow, GridRows, rowLinkClass, SelectCell } from "@/ui/table";
import { useAhead } from "@/ui/use-ahead";
import { usePrinting } from "@/ui/use-printing";
import { defaultWidth } from "./columns";
import { HeadCell } from "./head-cell";
import { useCellSave } from "./use-cell-save";
import type { Selection } from "./use-selection";

const loadCellEditor = () => import("./cell-editor");
const CellEditor = lazy(loadCellEditor);
const MoveHandle = lazy(() => import("./move-handle"));

interface Props {
  source: Source;
  columns: Field[];
  records: RecordData[];
  refs: Refs;
  total?: number;
  sort: Sort[];
  opened?: Id;
  selection: Selection;
  stale: boolean;
  onSort(sort: Sort[] | undefined): void;
  onColumns(keys: string[]): void;
  onNearEnd(): void;
}

const rowHeight = 36;

export function ListGrid(props: Props) {
  const { source, columns, records, refs, selection, onNearEnd } = props;
  const { shape: entity, Link, RowMenu, Value, reorder } = source;
  const { t } = useTranslation(["list", "fields"]);
  const scroller = useRef<HTMLDivElement>(null);
  const [widths, setWidths] = useWidths(entity.key);
  const [editing, setEditing] = useState<{ id: Id; key: string } | null>(null);
  const [active, setActive] = useState<[number, number]>([0, 0]);
  const context = useTextContext(entity, refs);
  const cells = useCellSave(source);
  const ids = useMemo(() => (reorder ? records.map(({ id }) => id) : []), [reorder, records]);

  const table = useReactTable({
    data: records,
    columns: useMemo(
      () =>
        columns.map((field) => ({
          id: field.key,
          size: defaultWidth(field, field.key === entity.title_field),
          minSize: 72,
          maxSize: 800,
        })),
      [columns, entity.title_field],
    ),
    state: { columnSizing: widths },
    onColumnSizingChange: setWidths,
    columnResizeMode: "onChange",
    getCoreRowModel: getCoreRowModel(),
    getRowId: (record) => record.id,
  });
  const headers = table.getFlatHeaders();
  const template = headers.map((header) => `${header.getSize()}px`).join(" ");
  const width = headers.reduce((sum, header) => sum + header.getSize(), 0);

  const virtual = useVirtualizer({
    count: records.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => rowHeight,
    getItemKey: (index) => records[index]?.id ?? index,
    overscan: 12,
  });
  const printing = usePrinting();
  useAhead(loadCellEditor, 600);
  const items = printing
    ? records.map(({ id }, index) => ({ key: id, index, start: index * rowHeight }))
    : virtual.getVirtualItems();
  const last = items[items.length - 1]?.index ?? 0;
  useEffect(() => {
    if (!printing && last >= records.length - 30) onNearEnd();
  }, [last, records.length, onNearEnd, printing]);

  const focusCell = (row: number, column: number) => {
    const at: [number, number] = [
      Math.max(0, Math.min(records.length - 1, row)),
      Math.max(0, Math.min(columns.length - 1, column)),
    ];
    setActive(at);
    virtual.scrollToIndex(at[0]);
    setTimeout(() => {
      scroller.current?.querySelector<HTMLElement>(`[data-at="${at[0]}:${at[1]}"]`)?.focus();
    }, 16);
  };

  const edit = (record: RecordData, field: Field | undefined) => {
    if (field && cells.editable(record, field)) setEditing({ id: record.id, key: field.key });
  };

  const keys = (event: KeyboardEvent, row: number, column: number, record: RecordData) => {
    const field = columns[column];
    const steps: Record<string, [number, number]> = {
      ArrowDown: [1, 0],
      ArrowUp: [-1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
      PageDown: [15, 0],
      PageUp: [-15, 0],
    };
    const step = steps[event.key];
    if (step) {
      event.preventDefault();
      focusCell(row + step[0], column + step[1]);
    } else if (event.key === " ") {
      event.preventDefault();
      selection.toggle(row, event.shiftKey);
    } else if (event.key === "F2" || (event.key === "Enter" && column > 0)) {
      event.preventDefault();
      edit(record, field);
    } else if (event.key === "Enter") {
      event.preventDefault();
      event.currentTarget.querySelector<HTMLElement>("a")?.click();
    }
  };

  const leave = (row: number, column: number, to: "stay" | "next" | "previous" | "none") => {
    setEditing(null);
    const record = records[row];
    if (to === "none" || !record) return;
    if (to === "stay") {
      focusCell(row, column);
      return;
    }
    const by = to === "next" ? 1 : -1;
    for (let at = column + by; at >= 0 && at < columns.length; at += by) {
      const field = columns[at];
      if (field && cells.editable(record, field)) {
        setTimeout(() => setEditing({ id: record.id, key: field.key }), 0);
        return;
      }
    }
    focusCell(row, column);
  };

  return (
    <Grid
      ref={scroller}
      label={entity.label_plural}
      rows={props.total ?? records.length}
      columns={columns.length + 1}
      template={template}
      width={width}
      stale={props.stale}
    >
      <GridHead>
        <SelectCell head>
          <Checkbox
            size="xs"
            aria-label={t("list:select_all")}
            checked={selection.all}
            indeterminate={selection.some}
            onChange={selection.toggleAll}
          />
        </SelectCell>
        {headers.map((header, index) => {
          const field = columns[index];
          return field ? (
            <HeadCell
              key={field.key}
              entity={entity}
              field={field}
              frozen={index === 0}
              keys={columns.map((column) => column.key)}
              sort={props.sort}
              onSort={props.onSort}
              onColumns={props.onColumns}
              onResize={header.getResizeHandler()}
              onWidth={(by) =>
                setWidths((old) => ({ ...old, [field.key]: Math.max(72, header.getSize() + by) }))
              }
            />
          ) : null;
        })}
        {(RowMenu || reorder) && <EndCell head>{t("list:row_actions")}</EndCell>}
      </GridHead>
      <GridRows height={virtual.getTotalSize()}>
        {items.map((item) => {
          const record = records[item.index];
          if (!record) return null;
          const selected = selection.has(record.id);
          return (
            <GridRow
              key={item.key}
              top={item.start}
              index={item.index}
              selected={selected}
              opened={props.opened === record.id}
              testId={`row-${record.id}`}
            >
              <SelectCell>
                <Checkbox
                  size="xs"
                  aria-label={t("list:select_row", {
                    title: nameOf(context, record.fields, t("fields:untitled")),
                  })}
                  checked={selected}
                  onChange={() => undefined}
                  onClick={(event) => selection.toggle(item.index, event.shiftKey)}
                />
              </SelectCell>
              {columns.map((field, column) => {
                const isEditing = editing?.id === record.id && editing.key === field.key;
                return (
                  <GridCell
                    key={field.key}
                    at={`${item.index}:${column}`}
                    testId={`field-${field.key}`}
                    frozen={column === 0}
                    numeric={isNumeric(field)}
                    focusable={active[0] === item.index && active[1] === column}
                    problem={cells.problemOf(record, field)}
                    editing={isEditing}
                    onDoubleClick={() => edit(record, field)}
                    onFocus={() => setActive([item.index, column])}
                    onKeyDown={(event) => keys(event, item.index, column, record)}
                  >
                    {isEditing ? (
                      <Suspense>
                        <CellEditor
                          entity={entity}
                          field={field}
                          record={record}
                          refs={refs}
                          onSave={cells.save}
                          onLeave={(to) => leave(item.index, column, to)}
                        />
                      </Suspense>
                    ) : column === 0 ? (
                      <Link id={record.id} className={rowLinkClass} tabIndex={-1}>
                        {nameOf(context, record.fields, t("fields:untitled"))}
                      </Link>
                    ) : Value ? (
                      <Value field={field} record={record} />
                    ) : (
                      <FieldValue field={field} record={record} context={context} compact />
                    )}
                  </GridCell>
                );
              })}
              {(RowMenu || reorder) && (
                <EndCell>
                  {reorder && (
                    <Suspense>
                      <MoveHandle
                        id={record.id}
                        title={nameOf(context, record.fields, t("fields:untitled"))}
                        ids={ids}
                        onMove={reorder}
                      />
                    </Suspense>
                  )}
                  {RowMenu && (
                    <RowMenu id={record.id} title={nameOf(context, record.fields, t("fields:untitled"))} />
                  )}
                </EndCell>
              )}
            </GridRow>
          );
        })}
      </GridRows>
    </Grid>
  );
}

type Widths = Record<string, number>;

/** Widths the person made, kept per entity in this browser. */
function useWidths(entity: string): [Widths, (next: Widths | ((old: Widths) => Widths)) => void] {
  const key = `verstak.widths.${entity}`;
  const [widths, setWidths] = useState<Widths>(() => {
    try {
      return JSON.parse(localStorage.getItem(key) ?? "{}") as Widths;
    } catch {
      return {};
    }
  });
  useEffect(() => {
    localStorage.setItem(key, JSON.stringify(widths));
  }, [key, widths]);
  return [widths, setWidths];
}
