/** `/instances/{id}`: one run of a process: its map, what it left behind, its tasks, what it knows. */
import { IconRoute } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import { drawingQuery, instanceHistoryQuery, instanceQuery } from "@/api/processes";
import { tasksQuery } from "@/api/tasks";
import type { Instance, Visit } from "@/api/types";
import { nameOf } from "@/engines/route-map/drawing";
import { useDrawing } from "@/engines/route-map/route-map";
import { useSpan } from "@/engines/route-map/span";
import { useNames } from "@/engines/titles";
import { formatDateTime, formatRelative } from "@/i18n/format";
import { instanceTabs } from "@/state/search";
import { ShowMore } from "@/ui/more";
import { CardBones, CardHead } from "@/ui/panel";
import { Avatar } from "@/ui/person";
import { Bone, ErrorState } from "@/ui/states";
import { ViewTab, ViewTabs } from "@/ui/table";
import { Fact, Facts, Hint, StateMark, WorkGroup, WorkPage, WorkRow } from "@/ui/work";
import { InstanceHead } from "./instance-head";
import { InstanceMap } from "./instance-map";
import { shownValue } from "./model";

const route = getRouteApi("/shell/instances/$id");

export default function InstancePage() {
  const { t } = useTranslation("processes");
  const { id } = route.useParams();
  const { tab = "map" } = route.useSearch();
  const navigate = useNavigate();
  const query = useQuery(instanceQuery(id));
  const instance = query.data;
  useEffect(() => {
    if (instance) document.title = `${instance.name} · Verstak`;
  }, [instance]);
  return (
    <WorkPage>
      <CardHead
        icon={<IconRoute size={18} aria-hidden />}
        crumb={<Link to="/journal">{t("journal_title")}</Link>}
        actions={null}
      />
      {query.isPending && <CardBones />}
      {query.isError && !instance && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {instance && (
        <InstanceHead key={instance.id} instance={instance}>
          <ViewTabs label={instance.name}>
            {instanceTabs.map((one) => (
              <ViewTab
                key={one}
                active={one === tab}
                onClick={() =>
                  void navigate({
                    to: "/instances/$id",
                    params: { id },
                    search: one === "map" ? {} : { tab: one },
                    replace: true,
                  })
                }
              >
                {t(`tab_${one}`)}
              </ViewTab>
            ))}
          </ViewTabs>
          {tab === "map" && <InstanceMap instance={instance} />}
          {tab === "history" && <History instance={instance} />}
          {tab === "tasks" && <Tasks instance={instance} />}
          {tab === "variables" && <Variables instance={instance} />}
        </InstanceHead>
      )}
    </WorkPage>
  );
}

const keyOfVisit = ({ element, entered, left }: Visit) => `${element} ${entered} ${left}`;

function History({ instance }: { instance: Instance }) {
  const { t } = useTranslation(["processes", "common"]);
  const query = useInfiniteQuery(instanceHistoryQuery(instance.id));
  const xml = useQuery(drawingQuery(instance.key, instance.version));
  const drawing = useDrawing(xml.data);
  const names = useNames();
  const span = useSpan();
  const visits = query.data?.pages.flatMap((page) => page.items) ?? [];
  const undone = new Set(instance.visited.filter((one) => one.undone).map(keyOfVisit));
  const outcomeOf = (visit: Visit) => (undone.has(keyOfVisit(visit)) ? "undone" : visit.outcome);
  if (query.isPending) return <Bone height={160} />;
  if (query.isError) return <Hint>{messageOf(query.error, t("common:network"))}</Hint>;
  if (visits.length === 0) return <Hint>{t("processes:history_empty")}</Hint>;
  return (
    <WorkGroup title={t("processes:tab_history")}>
      {visits.map((visit, index) => {
        const person = visit.actor ? names.get(visit.actor) : undefined;
        return (
          <WorkRow
            key={index}
            testId={`visit-${visit.element}`}
            link={nameOf(drawing, visit.element)}
            facts={[
              t(`processes:kind_${drawing?.nodes.get(visit.element)?.kind ?? "event"}`),
              visit.entered === visit.left ? "" : span(visit.entered, visit.left),
              person ?? "",
            ]
              .filter(Boolean)
              .join(" · ")}
            about={
              outcomeOf(visit) !== "completed" && (
                <StateMark tone={visit.outcome === "error" ? "late" : "plain"}>
                  {t(`processes:outcome_${outcomeOf(visit) as "skipped"}`)}
                </StateMark>
              )
            }
            due={formatDateTime(visit.left)}
            who={person && <Avatar name={person} title={person} />}
          />
        );
      })}
      {query.hasNextPage && (
        <li>
          <ShowMore of={query} label={t("processes:show_more")} />
        </li>
      )}
    </WorkGroup>
  );
}

function Tasks({ instance }: { instance: Instance }) {
  const { t } = useTranslation(["processes", "common"]);
  const query = useInfiniteQuery(tasksQuery({ instance: instance.id, sort: "created" }));
  const names = useNames();
  const tasks = query.data?.pages.flatMap((page) => page.items) ?? [];
  if (query.isPending) return <Bone height={160} />;
  if (query.isError) return <Hint>{messageOf(query.error, t("common:network"))}</Hint>;
  if (tasks.length === 0) return <Hint>{t("processes:tasks_empty")}</Hint>;
  return (
    <WorkGroup title={t("processes:tab_tasks")}>
      {tasks.map((task) => {
        const who = task.assignee ? names.get(task.assignee) : undefined;
        const late = task.state === "open" && task.due && new Date(task.due).getTime() < Date.now();
        return (
          <WorkRow
            key={task.id}
            testId={`task-${task.id}`}
            link={
              <Link to="/tasks/$id" params={{ id: task.id }} data-row-link>
                {task.title}
              </Link>
            }
            facts={who ?? t("processes:nobody")}
            about={
              <StateMark tone={task.state === "completed" ? "done" : late ? "late" : "plain"}>
                {t(late ? "processes:state_overdue" : `processes:task_${task.state}`)}
              </StateMark>
            }
            due={task.due ? formatRelative(task.due, Date.now()) : ""}
            exact={task.due ? formatDateTime(task.due) : undefined}
            late={Boolean(late)}
            who={who && <Avatar name={who} title={who} />}
          />
        );
      })}
    </WorkGroup>
  );
}

function Variables({ instance }: { instance: Instance }) {
  const { t } = useTranslation("processes");
  const entries = Object.entries(instance.variables);
  if (instance.withheld) return <Hint>{t("withheld")}</Hint>;
  if (entries.length === 0) return <Hint>{t("variables_empty")}</Hint>;
  return (
    <Facts>
      {entries.map(([name, value]) => (
        <Fact key={name} name={name}>
          {shownValue(value)}
        </Fact>
      ))}
    </Facts>
  );
}
