/** The list on a phone: each row is a card. A long press or the button over them begins to choose rows. */
import { Button, Checkbox } from "@mantine/core";
import { useVirtualizer } from "@tanstack/react-virtual";
import { lazy, type ReactNode, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Field, RecordData, Refs } from "@/api/types";
import { useTextContext } from "@/engines/fields/context";
import { nameOf } from "@/engines/fields/text";
import { FieldValue } from "@/engines/fields/value";
import { isEmpty } from "@/engines/fields/values";
import type { Source } from "@/engines/source";
import { Slot } from "@/ui/board";
import { CardRow, CardRows, CardsHead, rowLinkClass } from "@/ui/table";
import type { Selection } from "./use-selection";

const MoveHandle = lazy(() => import("./move-handle"));

interface Props {
  source: Source;
  columns: Field[];
  records: RecordData[];
  refs: Refs;
  selection: Selection;
  onNearEnd(): void;
}

/** A row that no finger pushes aside. */
const Unmoved = ({ children }: { id: string; off: boolean; children: ReactNode }) => children;

/** Without the head of a column these say nothing. */
const bare: string[] = ["integer", "decimal", "duration", "boolean"];

export function ListCards({ source, columns, records, refs, selection, onNearEnd }: Props) {
  const { shape: entity, Link, RowMenu, RowSwipe = Unmoved, SelectionMenu, Value, reorder } = source;
  const { t } = useTranslation(["fields", "list"]);
  const choosable = SelectionMenu !== undefined || entity.actions.update || entity.actions.delete;
  const ids = useMemo(() => (reorder ? records.map(({ id }) => id) : []), [reorder, records]);
  const [asked, setAsked] = useState(false);
  const chosen = selection.ids.size;
  const choosing = asked || chosen > 0;
  // The last row let go ends it, like the cross of the selection's bar.
  useEffect(() => setAsked(chosen > 0), [chosen]);
  const scroller = useRef<HTMLDivElement>(null);
  const context = useTextContext(entity, refs);
  const virtual = useVirtualizer({
    count: records.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 72,
    getItemKey: (index) => records[index]?.id ?? index,
    overscan: 8,
  });
  const items = virtual.getVirtualItems();
  const last = items[items.length - 1]?.index ?? 0;
  useEffect(() => {
    if (last >= records.length - 20) onNearEnd();
  }, [last, records.length, onNearEnd]);
  const stage = columns.find((field) => field.type === "stage");
  const rest = columns.filter((field) => field.key !== entity.title_field && field !== stage);

  return (
    <CardRows ref={scroller}>
      {choosable && (
        <CardsHead>
          <Button
            variant="subtle"
            color="gray"
            size="compact-sm"
            onClick={() => {
              setAsked(!choosing);
              if (choosing) selection.clear();
            }}
          >
            {choosing ? t("list:choose_end") : t("list:choose")}
          </Button>
        </CardsHead>
      )}
      <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {items.map((item) => {
          const record = records[item.index];
          if (!record) return null;
          const title = nameOf(context, record.fields, t("fields:untitled"));
          const toggle = () => selection.toggle(item.index, false);
          return (
            <Slot key={item.key} ref={virtual.measureElement} index={item.index} top={item.start}>
              <RowSwipe id={record.id} off={choosing}>
                <CardRow
                  testId={`row-${record.id}`}
                  selected={selection.has(record.id)}
                  onHold={choosable && !choosing ? toggle : undefined}
                  onTap={choosing ? toggle : undefined}
                  mark={
                    choosing && (
                      <Checkbox
                        size="sm"
                        aria-label={t("list:select_row", { title })}
                        checked={selection.has(record.id)}
                        onChange={toggle}
                      />
                    )
                  }
                  title={
                    <Link id={record.id} className={rowLinkClass}>
                      {title}
                    </Link>
                  }
                  top={
                    <>
                      {stage && <FieldValue field={stage} record={record} context={context} compact />}
                      {reorder && !choosing && (
                        <Suspense>
                          <MoveHandle id={record.id} title={title} ids={ids} onMove={reorder} />
                        </Suspense>
                      )}
                      {RowMenu && !choosing && <RowMenu id={record.id} title={title} />}
                    </>
                  }
                  facts={rest
                    .filter((field) => !isEmpty(record.fields[field.key]))
                    .slice(0, 3)
                    .map((field) => (
                      <span key={field.key}>
                        {bare.includes(field.type) && `${field.label}: `}
                        {Value ? (
                          <Value field={field} record={record} />
                        ) : (
                          <FieldValue field={field} record={record} context={context} compact />
                        )}
                      </span>
                    ))}
                />
              </RowSwipe>
            </Slot>
          );
        })}
      </div>
    </CardRows>
  );
}
