/** The columns of one board in the query cache: cards put, moved and taken out, totals with them. */
import type { QueryClient } from "@tanstack/react-query";
import { findRecord, flatten, insertRecord, type Pages, removeRecord } from "@/api/record-pages";
import type { AggregateRow, Id, RecordData } from "@/api/types";
import type { RowChange, Source } from "@/engines/source";
import { type BoardScope, columnQuery, shiftTotals, totalsQuery } from "./columns";

export interface BoardCache {
  siblings(id: Id): Id[];
  /** The record shown after this one: where to put it back. */
  after(column: string, id: Id): Id | undefined;
  place(record: RecordData, from: string, to: string, before?: Id): void;
  insert(record: RecordData, column: string): void;
  /** Somebody else's change; true when a card appeared in a column. */
  follow(change: RowChange): boolean;
}

export function boardCache(client: QueryClient, source: Source, scope: BoardScope): BoardCache {
  const { field, columns, holds } = scope.group;
  const keyOf = (column: string) => source.pages(columnQuery(scope, column), column).queryKey;
  const pagesOf = (column: string) => client.getQueryData<Pages>(keyOf(column));
  const change = (column: string, next: (pages: Pages) => Pages) => {
    void client.cancelQueries({ queryKey: keyOf(column) });
    client.setQueryData<Pages>(keyOf(column), (pages) => (pages ? next(pages) : pages));
  };
  const shift = (from: string, to: string, record: RecordData) => {
    const { queryKey } = source.totals(totalsQuery(scope));
    client.setQueryData<AggregateRow[]>(
      queryKey,
      (rows) => rows && shiftTotals(rows, field, from, to, record.fields),
    );
  };
  const holding = (id: Id) => columns.find((column) => findRecord(pagesOf(column.key), id))?.key;

  return {
    siblings(id) {
      const column = holding(id);
      return column ? flatten(pagesOf(column)).map((item) => item.id) : [];
    },
    after(column, id) {
      const items = flatten(pagesOf(column));
      return items[items.findIndex((item) => item.id === id) + 1]?.id;
    },
    place(record, from, to, before) {
      const refs = Object.assign({}, ...(pagesOf(from)?.pages.map((page) => page.refs) ?? []));
      change(from, (pages) => removeRecord(pages, record.id));
      change(to, (pages) => insertRecord(pages, record, refs, before));
      source.show(record.id, { [field]: record.fields[field] });
      shift(from, to, record);
    },
    insert(record, column) {
      client.setQueryData<Pages>(keyOf(column), (pages) => pages && insertRecord(pages, record, record.refs));
    },
    follow({ id, record, fresh }) {
      const held = holding(id);
      if (!record) {
        if (held) change(held, (pages) => removeRecord(pages, id));
        return false;
      }
      const here = holds(record.fields);
      const column = String(record.fields[field]);
      if (held && (held !== column || !here)) change(held, (pages) => removeRecord(pages, id));
      if (!here || held === column) return false;
      if (scope.filter || scope.q) {
        // Whether it belongs here is the source's to say.
        void client.invalidateQueries({ queryKey: keyOf(column) });
        return false;
      }
      if (!held && !fresh) {
        void client.invalidateQueries({ queryKey: keyOf(column) });
        return true;
      }
      change(column, (pages) => insertRecord(pages, record, record.refs));
      return true;
    },
  };
}
