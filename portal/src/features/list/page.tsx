/** `/records/{entity}/list`: records as a table (cards on a phone), with filters and saved views. */
import { Button } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, useCallback, useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useEntity } from "@/api/session";
import type { Entity } from "@/api/types";
import { openCreate } from "@/features/card/create-store";
import { RecordPanel, usePanelAhead } from "@/features/card/lazy-panel";
import { FilterBar } from "@/features/filters/filter-bar";
import { RecordsHeader, useRecordsSearch } from "@/features/records/header";
import { NotFound } from "@/routes/not-found";
import { EmptyState, ErrorState, ListSkeleton } from "@/ui/states";
import { Toolbar, ToolbarGap, ToolbarText } from "@/ui/table";
import { ListCards } from "./cards";
import { columnsOf } from "./columns";
import { ColumnsMenu } from "./columns-menu";
import { ListGrid } from "./grid";
import { sortOf, useList } from "./use-list";
import { useSelection } from "./use-selection";
import { Views } from "./views";

const SelectionBar = lazy(() => import("./selection-bar"));

const route = getRouteApi("/shell/records/$entity/list");

export default function ListPage() {
  const { entity: key } = route.useParams();
  const entity = useEntity(key);
  if (!entity) return <NotFound />;
  return <ListView key={entity.key} entity={entity} />;
}

function ListView({ entity }: { entity: Entity }) {
  const { t } = useTranslation(["list", "common"]);
  usePanelAhead();
  const [search, setSearch] = useRecordsSearch();
  const phone = useMediaQuery("(max-width: 767px)", false, { getInitialValueInEffect: false });
  const columns = useMemo(() => columnsOf(entity, search.columns), [entity, search.columns]);
  const list = useList(entity, search, columns);
  const { query, records, refs, total } = list;
  const selection = useSelection(records, JSON.stringify([search.filter, search.q, search.deleted]));
  const { hasNextPage, isFetchingNextPage, fetchNextPage } = query;
  const more = useCallback(() => {
    if (hasNextPage && !isFetchingNextPage) void fetchNextPage();
  }, [hasNextPage, isFetchingNextPage, fetchNextPage]);

  useEffect(() => {
    if (entity.staged) localStorage.setItem(`verstak.mode.${entity.key}`, "list");
  }, [entity.key, entity.staged]);

  const narrowed = Boolean(search.filter || search.q);
  const setColumns = (keys: string[]) => setSearch({ columns: keys }, true);
  return (
    <>
      <RecordsHeader entity={entity} mode="list" />
      <Views entity={entity} />
      <Toolbar>
        <FilterBar entity={entity} filter={search.filter} onChange={(filter) => setSearch({ filter })} />
        <ToolbarGap />
        {total !== undefined && <ToolbarText>{t("common:records", { count: total })}</ToolbarText>}
        <Button
          variant={search.deleted ? "light" : "subtle"}
          color="gray"
          size="compact-sm"
          leftSection={<IconTrash size={16} />}
          aria-pressed={search.deleted === true}
          onClick={() => setSearch({ deleted: search.deleted ? undefined : true })}
        >
          {t("list:bin")}
        </Button>
        {!phone && <ColumnsMenu entity={entity} columns={columns} onChange={setColumns} />}
      </Toolbar>
      {query.isPending && <ListSkeleton />}
      {query.isError && records.length === 0 && (
        <ErrorState error={query.error} retry={() => void query.refetch()} />
      )}
      {query.isSuccess && records.length === 0 && (
        <EmptyState
          action={
            narrowed ? (
              <Button variant="default" onClick={() => setSearch({ filter: undefined, q: undefined })}>
                {t("list:show_all")}
              </Button>
            ) : (
              entity.actions.create &&
              !search.deleted && (
                <Button leftSection={<IconPlus size={16} />} onClick={() => openCreate(entity.key)}>
                  {t("common:create")}
                </Button>
              )
            )
          }
        >
          {search.deleted ? t("list:bin_empty") : narrowed ? t("list:no_match") : t("list:empty")}
        </EmptyState>
      )}
      {records.length > 0 &&
        (phone ? (
          <ListCards entity={entity} columns={columns} records={records} refs={refs} onNearEnd={more} />
        ) : (
          <ListGrid
            entity={entity}
            columns={columns}
            records={records}
            refs={refs}
            total={total}
            sort={sortOf(entity, search.sort)}
            opened={search.record}
            selection={selection}
            stale={query.isPlaceholderData}
            onSort={(sort) => setSearch({ sort }, true)}
            onColumns={setColumns}
            onNearEnd={more}
          />
        ))}
      {selection.ids.size > 0 && (
        <Suspense>
          <SelectionBar
            entity={entity}
            selection={selection}
            records={records}
            refs={refs}
            total={total}
            request={list.request}
          />
        </Suspense>
      )}
      {search.record && (
        <RecordPanel entity={entity} id={search.record} siblings={() => records.map((record) => record.id)} />
      )}
    </>
  );
}
