/** `/records/{entity}/board`: records by stage of one pipeline. */
import { Button } from "@mantine/core";
import { getRouteApi, Link } from "@tanstack/react-router";
import { useEffect, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useEntity, useMe } from "@/api/session";
import type { Entity, Pipeline } from "@/api/types";
import { BoardBody } from "@/engines/board/board";
import type { BoardScope, Grouping } from "@/engines/board/columns";
import { useBoard } from "@/engines/board/use-board";
import { FilterBar } from "@/engines/filters/filter-bar";
import { SlotButtons } from "@/engines/slots";
import { NotFound } from "@/ui/not-found";
import { EmptyState } from "@/ui/states";
import { Toolbar } from "@/ui/table";
import { RecordsHeader, useRecordsSearch } from "./header";
import { laidIn } from "./laid-in";
import { RecordPanel, usePanelAhead } from "./lazy-panel";
import { useRecordsSource } from "./source";

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
  return <RecordsBoard key={entity.key + pipeline.id} entity={entity} pipeline={pipeline} />;
}

/** Columns are the stages of one pipeline. */
function stagesOf(pipeline: Pipeline): Grouping {
  return {
    field: "stage",
    columns: [...pipeline.stages].sort((left, right) => left.sort - right.sort),
    within: { field: "pipeline", op: "eq", value: pipeline.id },
    holds: (fields) => fields.pipeline === pipeline.id,
  };
}

function RecordsBoard({ entity: whole, pipeline }: { entity: Entity; pipeline: Pipeline }) {
  const entity = useMemo(() => laidIn(whole, pipeline.id), [whole, pipeline.id]);
  const search = route.useSearch();
  usePanelAhead();
  const [, setSearch] = useRecordsSearch();
  const { currency } = useMe().tenant;
  const group = useMemo(() => stagesOf(pipeline), [pipeline]);
  const { filter, q, sort } = search;
  const scope = useMemo<BoardScope>(
    () => ({ shape: entity, group, filter, q, sort }),
    [entity, group, filter, q, sort],
  );
  const board = useBoard(useRecordsSource(entity), scope);

  useEffect(() => {
    localStorage.setItem(`verstak.mode.${entity.key}`, "board");
  }, [entity.key]);

  return (
    <>
      <RecordsHeader entity={entity} mode="board" pipeline={pipeline} />
      <Toolbar>
        <FilterBar entity={entity} filter={filter} onChange={(next) => setSearch({ filter: next })} />
        <SlotButtons slot={`list.${entity.key}.toolbar`} subject={{ entity: entity.key }} />
      </Toolbar>
      <BoardBody board={board} opened={search.record} currency={currency} />
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
