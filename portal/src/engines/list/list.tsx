/** The list as a whole: rows as a table (cards on a phone), what to say when there are none, the selection's bar. */
import { lazy, type ReactNode, Suspense } from "react";
import { useTranslation } from "react-i18next";
import type { Id, Sort } from "@/api/types";
import type { Source } from "@/engines/source";
import { EmptyState, ErrorState, ListSkeleton } from "@/ui/states";
import { PrintNote } from "@/ui/table";
import { usePhone } from "@/ui/use-phone";
import { ListCards } from "./cards";
import { ListGrid } from "./grid";
import type { List } from "./use-list";
import { usePrintAll } from "./use-print";
import { useSelection } from "./use-selection";

const SelectionBar = lazy(() => import("./selection-bar"));

interface Props {
  source: Source;
  list: List;
  /** Open beside the list. */
  opened?: Id;
  /** Said instead of rows when there are none. */
  empty: { text: string; action?: ReactNode };
  onSort(sort: Sort[] | undefined): void;
  onColumns(keys: string[]): void;
}

export function ListBody({ source, list, opened, empty, onSort, onColumns }: Props) {
  const phone = usePhone();
  const { columns, records, refs, total, request } = list;
  usePrintAll(list);
  const { t } = useTranslation("list");
  const missing = total !== undefined && total > records.length;
  const selection = useSelection(records, JSON.stringify([request.filter, request.q, request.deleted]));
  return (
    <>
      {list.pending && <ListSkeleton />}
      {list.error && records.length === 0 && <ErrorState error={list.error} retry={list.retry} />}
      {!list.pending && !list.error && records.length === 0 && (
        <EmptyState action={empty.action}>{empty.text}</EmptyState>
      )}
      {missing && <PrintNote>{t("printed_part", { shown: records.length, total })}</PrintNote>}
      {records.length > 0 &&
        (phone ? (
          <ListCards
            source={source}
            columns={columns}
            records={records}
            refs={refs}
            selection={selection}
            onNearEnd={list.more}
          />
        ) : (
          <ListGrid
            source={source}
            columns={columns}
            records={records}
            refs={refs}
            total={total}
            sort={list.sort}
            opened={opened}
            selection={selection}
            stale={list.stale}
            onSort={onSort}
            onColumns={onColumns}
            onNearEnd={list.more}
          />
        ))}
      {selection.ids.size > 0 && (
        <Suspense>
          <SelectionBar
            source={source}
            selection={selection}
            records={records}
            total={total}
            request={request}
          />
        </Suspense>
      )}
    </>
  );
}
