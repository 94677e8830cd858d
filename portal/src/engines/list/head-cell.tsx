/** A column's head: press to sort, drag to reorder, drag the edge to resize. */
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Field, Sort } from "@/api/types";
import { isNumeric } from "@/engines/fields/kinds";
import type { Shape } from "@/engines/source";
import { GridHeadCell } from "@/ui/table";
import { moveColumn } from "./columns";

interface Props {
  entity: Shape;
  field: Field;
  frozen: boolean;
  keys: string[];
  sort: Sort[];
  onSort(sort: Sort[] | undefined): void;
  onColumns(keys: string[]): void;
  onResize(event: unknown): void;
  onWidth(by: number): void;
}

export function HeadCell({ entity, field, frozen, keys, sort, onSort, onColumns, onResize, onWidth }: Props) {
  const { t } = useTranslation("list");
  const element = useRef<HTMLDivElement>(null);
  const [over, setOver] = useState(false);
  const current = sort.find((one) => one.field === field.key);

  useEffect(() => {
    const node = element.current;
    if (!node) return;
    let gone = false;
    let stop = () => {};
    // A list is there before its columns can be dragged: what drags is much of it.
    void import("./head-drag").then(
      ({ dragColumn }) => {
        if (gone) return;
        stop = dragColumn(node, field.key, frozen, setOver, (from) => {
          // Dropped on a column from the left it goes after, from the right before.
          const after = keys.indexOf(from) < keys.indexOf(field.key);
          const before = after ? keys[keys.indexOf(field.key) + 1] : field.key;
          onColumns(moveColumn(keys, from, before, entity.title_field));
        });
      },
      // Without a network they stay where they are.
      () => undefined,
    );
    return () => {
      gone = true;
      stop();
    };
  }, [entity.title_field, field.key, frozen, keys, onColumns]);

  const press = () => {
    if (!current) onSort([{ field: field.key }]);
    else if (!current.desc) onSort([{ field: field.key, desc: true }]);
    else onSort(undefined);
  };

  return (
    <GridHeadCell
      ref={element}
      label={field.label}
      frozen={frozen}
      over={over}
      numeric={isNumeric(field)}
      sorted={current ? (current.desc ? "descending" : "ascending") : "none"}
      onSort={field.sortable ? press : undefined}
      resizeLabel={t("resize", { label: field.label })}
      onResize={onResize}
      onWidth={onWidth}
    />
  );
}
