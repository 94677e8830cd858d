/** The list on a phone: each row is a card. */

import { useVirtualizer } from "@tanstack/react-virtual";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Field, RecordData, Refs } from "@/api/types";
import { useTextContext } from "@/engines/fields/context";
import { titleOf } from "@/engines/fields/text";
import { FieldValue } from "@/engines/fields/value";
import { isEmpty } from "@/engines/fields/values";
import type { Source } from "@/engines/source";
import { Slot } from "@/ui/board";
import { CardRow, CardRows, rowLinkClass } from "@/ui/table";

interface Props {
  source: Source;
  columns: Field[];
  records: RecordData[];
  refs: Refs;
  onNearEnd(): void;
}

export function ListCards({ source, columns, records, refs, onNearEnd }: Props) {
  const { shape: entity, Link, RowMenu, Value } = source;
  const { t } = useTranslation("fields");
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
      <div style={{ height: virtual.getTotalSize(), position: "relative" }}>
        {items.map((item) => {
          const record = records[item.index];
          if (!record) return null;
          return (
            <Slot key={item.key} ref={virtual.measureElement} index={item.index} top={item.start}>
              <CardRow
                testId={`row-${record.id}`}
                title={
                  <Link id={record.id} className={rowLinkClass}>
                    {titleOf(entity, record.fields, t("untitled"))}
                  </Link>
                }
                top={
                  <>
                    {stage && <FieldValue field={stage} record={record} context={context} compact />}
                    {RowMenu && (
                      <RowMenu id={record.id} title={titleOf(entity, record.fields, t("untitled"))} />
                    )}
                  </>
                }
                facts={rest
                  .filter((field) => !isEmpty(record.fields[field.key]))
                  .slice(0, 3)
                  .map((field) =>
                    Value ? (
                      <Value key={field.key} field={field} record={record} />
                    ) : (
                      <FieldValue key={field.key} field={field} record={record} context={context} compact />
                    ),
                  )}
              />
            </Slot>
          );
        })}
      </div>
    </CardRows>
  );
}
