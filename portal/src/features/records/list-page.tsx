/** `/records/{entity}/list`: records as a table (cards on a phone), with filters and saved views. */
import { Button } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { getRouteApi } from "@tanstack/react-router";
import { lazy, Suspense, useEffect } from "react";
import { useTranslation } from "react-i18next";
import { useEntity, useMe } from "@/api/session";
import type { Entity } from "@/api/types";
import { FilterBar } from "@/engines/filters/filter-bar";
import { ColumnsMenu } from "@/engines/list/columns-menu";
import { ListBody } from "@/engines/list/list";
import { useList } from "@/engines/list/use-list";
import { SlotButtons, SlotEntity, useSlots } from "@/engines/slots";
import { openCreate } from "@/state/creating";
import { NotFound } from "@/ui/not-found";
import { Toolbar, ToolbarGap, ToolbarText } from "@/ui/table";
import { usePhone } from "@/ui/use-phone";
import { RecordsHeader, useRecordsSearch } from "./header";
import { RecordPanel, usePanelAhead } from "./lazy-panel";
import { PrintedFilter } from "./printed-filter";
import { useRecordsSource } from "./source";
import { Views } from "./views";

const ExportMenu = lazy(() => import("./export-menu"));

const route = getRouteApi("/shell/records/$entity/list");

export default function ListPage() {
  const { entity: key } = route.useParams();
  const entity = useEntity(key);
  if (!entity) return <NotFound />;
  return <RecordsList key={entity.key} entity={entity} />;
}

function RecordsList({ entity }: { entity: Entity }) {
  const { t } = useTranslation(["list", "common"]);
  usePanelAhead();
  const [search, setSearch] = useRecordsSearch();
  const phone = usePhone();
  // What somebody may take along is theirs alone.
  const looks = useMe().viewing !== undefined;
  const source = useSlots(useRecordsSource(entity), entity.key);
  const list = useList(source, search);

  useEffect(() => {
    if (entity.staged) localStorage.setItem(`verstak.mode.${entity.key}`, "list");
  }, [entity.key, entity.staged]);

  const setColumns = (keys: string[]) => setSearch({ columns: keys }, true);
  const empty = list.narrowed ? (
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
  );
  return (
    <>
      <RecordsHeader entity={entity} mode="list" />
      <Views entity={entity} />
      <Toolbar>
        <FilterBar entity={entity} filter={search.filter} onChange={(filter) => setSearch({ filter })} />
        <ToolbarGap />
        <SlotButtons slot={`list.${entity.key}.toolbar`} subject={{ entity: entity.key }} />
        {list.total !== undefined && <ToolbarText>{t("common:records", { count: list.total })}</ToolbarText>}
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
        {!looks && (
          <Suspense>
            <ExportMenu
              asked={{
                entity: entity.key,
                filter: search.filter,
                q: search.q,
                sort: search.sort,
                deleted: search.deleted ?? false,
                fields: list.columns.map((field) => field.key),
                name: entity.label_plural,
              }}
            />
          </Suspense>
        )}
        {!phone && <ColumnsMenu entity={entity} columns={list.columns} onChange={setColumns} />}
      </Toolbar>
      <PrintedFilter entity={entity} filter={search.filter} q={search.q} />
      <SlotEntity value={entity.key}>
        <ListBody
          source={source}
          list={list}
          opened={search.record}
          empty={{
            text: search.deleted ? t("list:bin_empty") : list.narrowed ? t("list:no_match") : t("list:empty"),
            action: empty,
          }}
          onSort={(sort) => setSearch({ sort }, true)}
          onColumns={setColumns}
        />
      </SlotEntity>
      {search.record && (
        <RecordPanel
          entity={entity}
          id={search.record}
          siblings={() => list.records.map((record) => record.id)}
        />
      )}
    </>
  );
}
