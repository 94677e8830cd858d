/** The board as a whole: columns side by side, cards dragged between them, won and lost at the bottom meanwhile. */
import { monitorForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { autoScrollForElements } from "@atlaskit/pragmatic-drag-and-drop-auto-scroll/element";
import { useLocalStorage } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Id, RecordData } from "@/api/types";
import { totalOptions } from "@/engines/pages";
import { BoardArea, Hidden } from "@/ui/board";
import { useAhead } from "@/ui/use-ahead";
import { Column, loadAddCard } from "./column";
import { totalsOf, totalsQuery } from "./columns";
import { DropBar } from "./drop-bar";
import type { Board } from "./use-board";

interface Props {
  board: Board;
  /** Open beside the board. */
  opened?: Id;
  /** For amounts without a currency of their own. */
  currency: string;
  /** A sum in words, where it is no money. */
  sumText?(amount: number): string;
}

export function BoardBody({ board, opened, currency, sumText }: Props) {
  const { t } = useTranslation("board");
  const { source, scope, move } = board;
  const { field, columns } = scope.group;
  const area = useRef<HTMLDivElement>(null);
  useAhead(loadAddCard, 600);
  const [dragged, setDragged] = useState(false);
  const [open, setOpen] = useLocalStorage<Record<string, boolean>>({
    key: `verstak.columns.${source.shape.key}`,
    defaultValue: {},
    getInitialValueInEffect: false,
  });
  const options = useMemo(() => totalOptions(source.totals(totalsQuery(scope))), [source, scope]);
  const totals = useQuery({ ...options, placeholderData: (old) => old });

  useEffect(
    () =>
      monitorForElements({
        canMonitor: ({ source }) => source.data.kind === "card",
        onDragStart: () => setDragged(true),
        onDrop: ({ source, location }) => {
          setDragged(false);
          const target = location.current.dropTargets[0]?.data.stage;
          if (typeof target === "string") move(source.data.record as RecordData, target);
        },
      }),
    [move],
  );
  useEffect(() => {
    const node = area.current;
    return node ? autoScrollForElements({ element: node }) : undefined;
  }, []);

  // The panel opens over the board's right part: the card it belongs to stays in view.
  useEffect(() => {
    if (!opened) return;
    // Its script may still be on its way.
    let tries = 20;
    const timer = setInterval(() => {
      tries -= 1;
      if (!area.current || tries === 0 || bringBeside(area.current, opened)) clearInterval(timer);
    }, 100);
    return () => clearInterval(timer);
  }, [opened]);

  return (
    <>
      <Hidden id="board-keys">{t("keys_hint")}</Hidden>
      <BoardArea ref={area} beside={opened !== undefined}>
        {columns.map((column) => (
          <Column
            key={column.key}
            board={board}
            stage={column}
            totals={totals.data && totalsOf(totals.data, field, column.key, currency)}
            collapsed={column.semantic !== "open" && !open[column.key]}
            selected={opened}
            sumText={sumText}
            onToggle={() => setOpen((old) => ({ ...old, [column.key]: !old[column.key] }))}
          />
        ))}
      </BoardArea>
      {dragged && <DropBar stages={columns.filter((column) => column.semantic !== "open")} />}
    </>
  );
}

/** Scrolls the board so far that the card stands left of the panel; whether both are there. */
function bringBeside(area: HTMLElement, id: Id): boolean {
  const card = area.querySelector<HTMLElement>(`[data-testid="card-${CSS.escape(id)}"]`);
  const panel = document.querySelector<HTMLElement>("[data-testid=record-panel]");
  if (!card || !panel) return false;
  // Where the panel ends up: it may still be sliding in.
  const edge = area.getBoundingClientRect().right - panel.offsetWidth;
  const hidden = card.getBoundingClientRect().right - edge + 12;
  if (hidden > 0 && panel.offsetWidth < area.offsetWidth) area.scrollBy({ left: hidden });
  return true;
}
