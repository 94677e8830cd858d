/** A board over a source: the portal's own board, its columns those of a stage or a choice. */
import { useMemo } from "react";
import type { Stage } from "@/api/types";
import { usePage, useTexts } from "@/engines/blocks/context";
import { Gate } from "@/engines/blocks/gate";
import type { BoardBlock } from "@/engines/blocks/tree";
import { BoardBody } from "@/engines/board/board";
import type { BoardScope, Grouping } from "@/engines/board/columns";
import { useBoard } from "@/engines/board/use-board";
import { textOf } from "@/engines/fields/text";
import type { Shape } from "@/engines/source";
import { BlockPane } from "@/ui/block-frame";
import { RowsScope, useRows } from "./source";

export default function BoardView({ block }: { block: BoardBlock }) {
  return (
    <Gate block={block} sources={[block.source]} height={420} isEmpty={() => false}>
      {() => <Loaded block={block} />}
    </Gate>
  );
}

function groupingOf(shape: Shape, key: string): Grouping {
  const field = shape.fields.find((one) => one.key === key);
  const stages = shape.pipelines[0]?.stages ?? [];
  const columns: Stage[] =
    field?.type === "stage"
      ? [...stages].sort((left, right) => left.sort - right.sort)
      : (field?.choices ?? []).map(({ value, label, color }, sort) => ({
          key: value,
          name: label,
          semantic: "open",
          color: color ?? "",
          sort,
        }));
  return { field: key, columns, holds: () => true };
}

function Loaded({ block }: { block: BoardBlock }) {
  const page = usePage();
  const options = useMemo(
    () => ({ group_by: block.group_by, sum: block.sum, add: block.add, edit: block.move !== false }),
    [block],
  );
  const { source, shape } = useRows(block.source, options);
  const scope = useMemo((): BoardScope => {
    const actions = { ...shape.actions, create: shape.actions.create && block.add === true };
    const carded = { ...shape, actions, layout: { ...shape.layout, card: block.card } };
    return { shape: carded, group: groupingOf(shape, block.group_by) };
  }, [shape, block]);
  const carded = useMemo(() => ({ ...source, shape: scope.shape }), [source, scope.shape]);
  const board = useBoard(carded, scope);
  const summed = shape.fields.find(({ key }) => key === block.sum);
  const texts = useTexts(block.source, page.source(block.source));
  // Money by the board itself, short and by currency; hours and pieces as their field reads.
  const sumText =
    summed && summed.type !== "money" ? (amount: number) => textOf(summed, amount, texts) : undefined;
  return (
    <RowsScope name={block.source} options={options}>
      <BlockPane height={block.height ?? 420}>
        <BoardBody board={board} currency={page.setup.me?.tenant.currency ?? "EUR"} sumText={sumText} />
      </BlockPane>
    </RowsScope>
  );
}
