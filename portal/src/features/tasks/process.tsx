/** The process around a task: its route map with where it stands, and what follows when the task is done. */
import { Button } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { keepPreviousData, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import { drawingQuery, instanceQuery, nextQuery } from "@/api/processes";
import type { Fields, Task } from "@/api/types";
import { nameOf } from "@/engines/route-map/drawing";
import { RouteMap, useDrawing } from "@/engines/route-map/route-map";
import { sightsOf } from "@/engines/route-map/states";
import { useNames } from "@/engines/titles";
import { Bone } from "@/ui/states";
import { Hint, PlainText } from "@/ui/work";

/** The instance and its drawing; a person of one task may be refused both. */
function useProcess(task: Task) {
  const instance = useQuery({ ...instanceQuery(task.instance ?? ""), enabled: Boolean(task.instance) });
  const { key, version } = instance.data ?? { key: "", version: 0 };
  const drawing = useQuery({ ...drawingQuery(key, version), enabled: instance.isSuccess });
  return { instance, drawing };
}

export function ProcessTab({ task }: { task: Task }) {
  const { t } = useTranslation(["tasks", "common"]);
  const { instance, drawing } = useProcess(task);
  const names = useNames();
  const read = useDrawing(drawing.data);
  const sights = useMemo(
    () => (instance.data ? sightsOf(instance.data, instance.data.visited, [task], new Date()) : new Map()),
    [instance.data, task],
  );
  const error = instance.error ?? drawing.error;
  if (error) return <Hint>{messageOf(error, t("common:network"))}</Hint>;
  if (!drawing.data || !instance.data) return <Bone height={240} />;
  const about = read?.nodes.get(instance.data.process)?.documentation;
  return (
    <>
      {about && <PlainText>{about}</PlainText>}
      <RouteMap
        xml={drawing.data}
        label={t("tasks:route_map")}
        sights={sights}
        names={names}
        selected={task.element ?? undefined}
      />
      <div>
        <Button
          variant="default"
          renderRoot={(props) => <Link to="/instances/$id" params={{ id: task.instance ?? "" }} {...props} />}
        >
          {t("tasks:open_instance")}
        </Button>
      </div>
    </>
  );
}

/** Computed by the engine from what is typed now; nothing happens. */
export function NextStep({ task, answers }: { task: Task; answers: Fields }) {
  const { t } = useTranslation(["tasks", "common"]);
  const { drawing } = useProcess(task);
  const read = useDrawing(drawing.data);
  const own = useMemo(
    () => Object.fromEntries(Object.entries(answers).filter(([key]) => !key.startsWith("record."))),
    [answers],
  );
  const [given] = useDebouncedValue(own, 400);
  const next = useQuery({
    ...nextQuery(task.instance ?? "", task.wait ?? 0, given),
    enabled: task.state === "open" && Boolean(task.instance) && typeof task.wait === "number",
    placeholderData: keepPreviousData,
    staleTime: 0,
  });
  if (task.state !== "open") return <Hint>{t("tasks:next_closed")}</Hint>;
  if (next.isError) return <Hint>{messageOf(next.error, t("common:network"))}</Hint>;
  if (!next.data) return <Bone height={60} />;
  const lines = (elements: string[]) => elements.map((element) => `• ${nameOf(read, element)}`).join("\n");
  const { next: sure, possible, ended, problems, cut } = next.data;
  return (
    <>
      {sure.length > 0 && (
        <>
          <Hint>{t("tasks:next_sure")}</Hint>
          <PlainText>{lines(sure)}</PlainText>
        </>
      )}
      {possible.length > 0 && (
        <>
          <Hint>{t("tasks:next_possible")}</Hint>
          <PlainText>{lines(possible)}</PlainText>
        </>
      )}
      {ended && <PlainText>{t("tasks:next_end")}</PlainText>}
      {!ended && sure.length + possible.length === 0 && <Hint>{t("tasks:next_unknown")}</Hint>}
      {problems.map(({ element, message }) => (
        <PlainText key={element}>
          {t("tasks:next_problem", { name: nameOf(read, element) })} {message}
        </PlainText>
      ))}
      {cut && <Hint>{t("tasks:next_cut")}</Hint>}
    </>
  );
}
