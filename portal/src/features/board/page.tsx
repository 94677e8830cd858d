/** `/records/{entity}/board`: records by stage of one pipeline. */
import { monitorForElements } from "@atlaskit/pragmatic-drag-and-drop/element/adapter";
import { autoScrollForElements } from "@atlaskit/pragmatic-drag-and-drop-auto-scroll/element";
import { Button } from "@mantine/core";
import { useLocalStorage } from "@mantine/hooks";
import { useQuery } from "@tanstack/react-query";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useMemo, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { aggregateQuery } from "@/api/records";
import { useEntity, useMe } from "@/api/session";
import type { Entity, Pipeline, RecordData } from "@/api/types";
import { RecordPanel, usePanelAhead } from "@/features/card/lazy-panel";
import { FilterBar } from "@/features/filters/filter-bar";
import { RecordsHeader, useRecordsSearch } from "@/features/records/header";
import { NotFound } from "@/routes/not-found";
import { BoardArea, Hidden } from "@/ui/board";
import { EmptyState } from "@/ui/states";
import { Toolbar } from "@/ui/table";
import { Column } from "./column";
import { type BoardScope, totalsOf, totalsQuery } from "./columns";
import { DropBar } from "./drop-bar";
import { useBoard } from "./use-board";

const route = getRouteApi("/shell/records/$entity/board");

export default function BoardPage() {
  const { t } = useTranslation("board");
  const { entity: key } = route.useParams();
  const search = route.useSearch();
  const entity = useEntity(key);
  if (!entity) return <NotFound />;
  const pipeline =
    entity.pipelines.find((one) => one.id === search.pipeline) ??
    entity.pipelines.find((one) => one.is_default) ??
    entity.pipelines[0];
  if (!pipeline) {
    return (
      <EmptyState
        title={t("no_board_title")}
        action={
          <Button component={Link} to={`/records/${key}/list`}>
            {t("to_list")}
          </Button>
        }
      >
        {t("no_board")}
      </EmptyState>
    );
  }
  return <BoardView key={entity.key + pipeline.id} entity={entity} pipeline={pipeline} />;
}

function BoardView({ entity, pipeline }: { entity: Entity; pipeline: Pipeline }) {
  const { t } = useTranslation("board");
  const search = route.useSearch();
  usePanelAhead();
  const [, setSearch] = useRecordsSearch();
  const { currency } = useMe().tenant;
  const area = useRef<HTMLDivElement>(null);
  const [dragged, setDragged] = useState(false);
  const [open, setOpen] = useLocalStorage<Record<string, boolean>>({
    key: `verstak.columns.${entity.key}`,
    defaultValue: {},
    getInitialValueInEffect: false,
  });
  const stages = useMemo(
    () => [...pipeline.stages].sort((left, right) => left.sort - right.sort),
    [pipeline],
  );
  const { filter, q, sort } = search;
  const scope = useMemo<BoardScope>(
    () => ({ entity, pipeline: pipeline.id, filter, q, sort }),
    [entity, pipeline.id, filter, q, sort],
  );
  const board = useBoard(scope, stages);
  const totals = useQuery({
    ...aggregateQuery(entity.key, totalsQuery(scope)),
    placeholderData: (old) => old,
  });
  const { move } = board;

  useEffect(() => {
    localStorage.setItem(`verstak.mode.${entity.key}`, "board");
  }, [entity.key]);

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

  return (
    <>
      <RecordsHeader entity={entity} mode="board" pipeline={pipeline} />
      <Toolbar>
        <FilterBar entity={entity} filter={filter} onChange={(next) => setSearch({ filter: next })} />
      </Toolbar>
      <Hidden id="board-keys">{t("keys_hint")}</Hidden>
      <BoardArea ref={area}>
        {stages.map((stage) => (
          <Column
            key={stage.key}
            board={board}
            stage={stage}
            totals={totals.data && totalsOf(totals.data, stage.key, currency)}
            collapsed={stage.semantic !== "open" && !open[stage.key]}
            selected={search.record}
            onToggle={() => setOpen((old) => ({ ...old, [stage.key]: !old[stage.key] }))}
          />
        ))}
      </BoardArea>
      {dragged && <DropBar stages={stages.filter((stage) => stage.semantic !== "open")} />}
      {search.record && (
        <RecordPanel
          entity={entity}
          id={search.record}
          siblings={() => board.siblings(search.record ?? "")}
        />
      )}
    </>
  );
}
