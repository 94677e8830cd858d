/** One stage of a board: header with count and sum, cards read in portions, only the visible ones drawn. */
import { dropTargetForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { autoScrollForElements } from "@atlaskit/pragmatic-drag-and-drop-auto-scroll/element";
import { ActionIcon, Button, Tooltip } from "@mantine/core";
import { IconChevronsLeft, IconPlus } from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { useVirtualizer } from "@tanstack/react-virtual";
import { lazy, Suspense, useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { allRefs, flatten } from "@/api/record-pages";
import type { Stage } from "@/api/types";
import { useTextContext } from "@/engines/fields/context";
import { pageOptions } from "@/engines/pages";
import { formatMoney, formatMoneyShort, formatNumber } from "@/i18n/format";
import { BoardColumn, CollapsedColumn, ColumnBody, ColumnHead, ColumnNote, Slot } from "@/ui/board";
import { Bone } from "@/ui/states";
import { StageDot } from "@/ui/value";
import { Card } from "./card";
import { columnQuery, type Totals } from "./columns";
import type { Board } from "./use-board";

export const loadAddCard = () => import("./add-card");
const AddCard = lazy(loadAddCard);

interface Props {
  board: Board;
  stage: Stage;
  totals?: Totals;
  collapsed: boolean;
  selected?: string;
  /** A sum in words, where it is no money. */
  sumText?(amount: number): string;
  onToggle(): void;
}

export function Column(props: Props) {
  const { board, stage, collapsed, totals, onToggle } = props;
  const { t } = useTranslation("board");
  const [over, setOver] = useState(false);
  const element = useRef<HTMLElement>(null);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the element changes with `collapsed`
  useEffect(() => {
    const node = element.current;
    if (!node) return;
    return dropTargetForElements({
      element: node,
      canDrop: ({ source }) => source.data.kind === "card",
      getData: () => ({ stage: stage.key }),
      onDragEnter: () => setOver(true),
      onDragLeave: () => setOver(false),
      onDrop: () => setOver(false),
    });
  }, [stage.key, collapsed]);

  const label = totals ? `${stage.name}, ${formatNumber(totals.count)}` : stage.name;
  if (collapsed) {
    return (
      <CollapsedColumn
        ref={element}
        testId={`board-column-${stage.key}`}
        label={t("expand_column", { stage: stage.name })}
        over={over}
        onClick={onToggle}
        dot={<StageDot color={stage.color} semantic={stage.semantic} />}
        name={stage.name}
        count={totals ? formatNumber(totals.count) : ""}
      />
    );
  }
  return (
    <BoardColumn ref={element} testId={`board-column-${stage.key}`} label={label} over={over}>
      <Cards {...props} board={board} />
    </BoardColumn>
  );
}

function Cards({ board, stage, totals, selected, sumText, onToggle }: Props) {
  const { t } = useTranslation(["board", "common"]);
  const { source } = board;
  const entity = source.shape;
  const scroller = useRef<HTMLDivElement>(null);
  const [adding, setAdding] = useState(false);
  const query = useInfiniteQuery(
    useMemo(
      () => pageOptions(source.pages(columnQuery(board.scope, stage.key), stage.key)),
      [source, board.scope, stage.key],
    ),
  );
  const { data, hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const records = useMemo(() => flatten(data), [data]);
  const refs = useMemo(() => allRefs(data), [data]);
  const context = useTextContext(entity, refs);
  const virtual = useVirtualizer({
    count: records.length,
    getScrollElement: () => scroller.current,
    estimateSize: () => 104,
    getItemKey: (index) => records[index]?.id ?? index,
    overscan: 6,
    gap: 8,
    paddingEnd: 8,
  });
  const items = virtual.getVirtualItems();
  const last = items[items.length - 1]?.index ?? 0;

  useEffect(() => {
    if (hasNextPage && !isFetchingNextPage && last >= records.length - 8) void fetchNextPage();
  }, [last, records.length, hasNextPage, isFetchingNextPage, fetchNextPage]);

  useEffect(() => {
    const node = scroller.current;
    return node ? autoScrollForElements({ element: node }) : undefined;
  }, []);

  const sum = totals?.sums[0];
  const shortSum = sumText ?? formatMoneyShort;
  return (
    <>
      <ColumnHead
        dot={<StageDot color={stage.color} semantic={stage.semantic} />}
        name={stage.name}
        count={totals ? formatNumber(totals.count) : ""}
        sum={sum ? shortSum(sum.amount, sum.currency) + (totals && totals.sums.length > 1 ? "+" : "") : ""}
        sumTitle={totals?.sums.map((one) => (sumText ?? formatMoney)(one.amount, one.currency)).join("\n")}
        actions={
          <>
            {stage.semantic !== "open" && (
              <Tooltip label={t("board:collapse_column", { stage: stage.name })}>
                <ActionIcon
                  size={22}
                  aria-label={t("board:collapse_column", { stage: stage.name })}
                  onClick={onToggle}
                >
                  <IconChevronsLeft size={16} />
                </ActionIcon>
              </Tooltip>
            )}
            {entity.actions.create && (
              <Tooltip label={t("board:add_card")}>
                <ActionIcon
                  size={22}
                  aria-label={t("board:add_card_to", { stage: stage.name })}
                  onClick={() => setAdding(true)}
                >
                  <IconPlus size={16} />
                </ActionIcon>
              </Tooltip>
            )}
          </>
        }
      />
      {adding && (
        <Suspense>
          <AddCard board={board} stage={stage} onClose={() => setAdding(false)} />
        </Suspense>
      )}
      <ColumnBody ref={scroller} height={virtual.getTotalSize()}>
        {items.map((item) => {
          const record = records[item.index];
          return record ? (
            <Slot key={item.key} ref={virtual.measureElement} index={item.index} top={item.start}>
              <Card
                source={source}
                groupField={board.scope.group.field}
                record={record}
                stages={board.scope.group.columns}
                context={context}
                refusal={board.refusals.get(record.id)}
                arrived={board.arrived.has(record.id)}
                selected={selected === record.id}
                onMove={board.move}
                onDismiss={board.dismiss}
              />
            </Slot>
          ) : null;
        })}
      </ColumnBody>
      {query.isPending && (
        <ColumnNote>
          <Bone height={84} />
          <Bone height={84} />
        </ColumnNote>
      )}
      {query.isSuccess && records.length === 0 && !adding && (
        <ColumnNote>{t("board:empty_column")}</ColumnNote>
      )}
      {query.isError && (
        <ColumnNote>
          {t("board:load_failed")}
          <Button variant="default" onClick={() => void query.refetch()}>
            {t("common:retry")}
          </Button>
        </ColumnNote>
      )}
    </>
  );
}
