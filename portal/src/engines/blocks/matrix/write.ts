/** Writing a cell: one record a cell (made, changed or let go), or an act of the plugin with old and new. */
import { useCallback, useState } from "react";
import { useTranslation } from "react-i18next";
import { newKey } from "@/api/client";
import { messageOf } from "@/api/problem";
import { usePage } from "@/engines/blocks/context";
import type { MatrixBlock } from "@/engines/blocks/tree";
import { toast } from "@/ui/toast";
import type { MatrixCell } from "./model";

export interface CellWrite {
  (row: string, column: string, cell: MatrixCell | undefined, value: unknown): Promise<void>;
  /** Why a cell went back, by `row|column`. */
  refusals: ReadonlyMap<string, string>;
}

export function useCellWrite(block: MatrixBlock): CellWrite {
  const page = usePage();
  const { t } = useTranslation(["blocks", "common"]);
  const [refusals, setRefusals] = useState<ReadonlyMap<string, string>>(new Map());
  const { cells, write } = block;

  const put = async (row: string, column: string, cell: MatrixCell | undefined, value: unknown) => {
    const found = cell?.rows[0];
    if (write && "act" in write) {
      const input = { row, column, old: cell?.value ?? null, new: value };
      const change = found
        ? page.sources.show(cells.source, (rows) =>
            rows.map((one) =>
              one === found ? { ...one, fields: { ...one.fields, [cells.value]: value } } : one,
            ),
          )
        : page.sources.show(cells.source, (rows) => [
            ...rows,
            { id: `new ${row} ${column}`, fields: cellFields(block, row, column, value) },
          ]);
      try {
        const answer = await page.setup.backend.act({ ...page.context(), act: write.act, input }, newKey());
        const problem = Object.values(answer.errors ?? {})[0];
        if (problem) throw new Error(problem);
        for (const patch of answer.patches ?? []) page.apply(patch);
        page.sources.refresh([cells.source]);
      } catch (error) {
        change();
        throw error;
      }
      return;
    }
    const entity = write && "record" in write ? write.record : "";
    if (found && (value === null || value === false)) await page.remove(cells.source, found);
    else if (found) await page.save(cells.source, found, { [cells.value]: value });
    else if (value !== null) await page.create(cells.source, entity, cellFields(block, row, column, value));
  };

  // biome-ignore lint/correctness/useExhaustiveDependencies: `put` is made of the block and the page
  const run = useCallback(
    async (row: string, column: string, cell: MatrixCell | undefined, value: unknown) => {
      const key = `${row}|${column}`;
      const without = (old: ReadonlyMap<string, string>) => new Map([...old].filter(([one]) => one !== key));
      setRefusals(without);
      try {
        await put(row, column, cell, value);
      } catch (error) {
        const reason =
          error instanceof Error && error.constructor === Error
            ? error.message
            : messageOf(error, t("common:network"));
        setRefusals((old) => new Map(old).set(key, reason));
        toast({ kind: "error", title: t("blocks:put_back"), message: reason });
      }
    },
    [block, page, t],
  );
  return Object.assign(run, { refusals });
}

function cellFields({ cells }: MatrixBlock, row: string, column: string, value: unknown) {
  const where =
    cells.from && cells.to
      ? { [cells.from]: column, [cells.to]: column }
      : { [cells.column ?? "column"]: column };
  return { [cells.row]: row, ...where, [cells.value]: value };
}
