/**
 * What moves a row of a list that people arrange by hand: dragged by the mouse; a press opens a menu with the same for
 * keys and fingers, arrows on it move at once.
 */
import { combine } from "@atlaskit/pragmatic-drag-and-drop/combine";
import { draggable, dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { ActionIcon, Menu } from "@mantine/core";
import { IconGripVertical } from "@tabler/icons-react";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Id } from "@/api/types";

export interface MoveProps {
  id: Id;
  title: string;
  /** The rows that are shown, in their order. */
  ids: Id[];
  onMove(id: Id, next: Id, side: "before" | "after"): void;
}

export default function MoveHandle({ id, title, ids, onMove }: MoveProps) {
  const { t } = useTranslation("list");
  const handle = useRef<HTMLButtonElement>(null);
  const at = ids.indexOf(id);
  const last = ids.length - 1;

  useEffect(() => {
    const row = handle.current?.closest<HTMLElement>("[data-movable]");
    if (!handle.current || !row) return;
    const mark = (over: string | undefined) => {
      if (over) row.dataset.drop = over;
      else delete row.dataset.drop;
    };
    const sideOf = (y: number) => {
      const { top, height } = row.getBoundingClientRect();
      return y < top + height / 2 ? "before" : "after";
    };
    return combine(
      draggable({ element: row, dragHandle: handle.current, getInitialData: () => ({ kind: "row", id }) }),
      dropTargetForElements({
        element: row,
        canDrop: ({ source }) => source.data.kind === "row" && ids.includes(String(source.data.id)),
        onDrag: ({ location, source }) =>
          mark(source.data.id === id ? undefined : sideOf(location.current.input.clientY)),
        onDragLeave: () => mark(undefined),
        onDrop: ({ location, source }) => {
          mark(undefined);
          if (source.data.id !== id)
            onMove(String(source.data.id), id, sideOf(location.current.input.clientY));
        },
      }),
    );
  }, [id, ids, onMove]);

  const to = (place: number) => {
    const next = ids[place];
    if (place === at || next === undefined) return;
    onMove(id, next, place < at ? "before" : "after");
    // The row is drawn anew where it stands now: the focus goes with it.
    setTimeout(() => document.querySelector<HTMLElement>(`[data-move="${CSS.escape(id)}"]`)?.focus(), 50);
  };
  const items = [
    { key: "row_up", place: at - 1, off: at <= 0 },
    { key: "row_down", place: at + 1, off: at >= last },
    { key: "row_first", place: 0, off: at <= 0 },
    { key: "row_last", place: last, off: at >= last },
  ] as const;
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon
          ref={handle}
          size={24}
          data-move={id}
          aria-label={t("move_row", { title, place: at + 1, count: ids.length })}
          style={{ cursor: "grab" }}
          onKeyDown={(event) => {
            if (!event.altKey || (event.key !== "ArrowUp" && event.key !== "ArrowDown")) return;
            event.preventDefault();
            event.stopPropagation();
            to(event.key === "ArrowUp" ? at - 1 : at + 1);
          }}
        >
          <IconGripVertical size={16} />
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        {items.map(({ key, place, off }) => (
          <Menu.Item key={key} disabled={off} onClick={() => to(place)}>
            {t(key)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
