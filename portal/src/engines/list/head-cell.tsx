/** A column's head: press to sort, drag to reorder, drag the edge to resize. */
import { combine } from "@atlaskit/pragmatic-drag-and-drop/combine";
import { draggable, dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
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
    return combine(
      draggable({
        element: node,
        canDrag: ({ input }) => {
          const edge = node.getBoundingClientRect().right - input.clientX;
          return !frozen && edge > 8;
        },
        getInitialData: () => ({ kind: "column", key: field.key }),
      }),
      dropTargetForElements({
        element: node,
        canDrop: ({ source }) => source.data.kind === "column" && source.data.key !== field.key,
        onDragEnter: () => setOver(true),
        onDragLeave: () => setOver(false),
        onDrop: ({ source }) => {
          setOver(false);
          const from = String(source.data.key);
          // Dropped on a column from the left it goes after, from the right before.
          const after = keys.indexOf(from) < keys.indexOf(field.key);
          const before = after ? keys[keys.indexOf(field.key) + 1] : field.key;
          onColumns(moveColumn(keys, from, before, entity.title_field));
        },
      }),
    );
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
