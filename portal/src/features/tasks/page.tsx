/** `/tasks`: the inbox. What is mine, what waits to be taken, what I gave, what my people have; by deadline. */
import { Button, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconCheckbox, IconPlus, IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { lazy, Suspense, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { useEntity, useMe } from "@/api/session";
import { tasksQuery } from "@/api/tasks";
import type { Id, Task } from "@/api/types";
import { countersQuery } from "@/api/work-cache";
import { useNames, useTitles } from "@/engines/titles";
import { withMessageTexts } from "@/i18n";
import { formatDateTime, formatRelative } from "@/i18n/format";
import { openCreate } from "@/state/creating";
import { inboxViews, type TasksSearch } from "@/state/search";
import { ShowMore } from "@/ui/more";
import { IconText, PageHeader } from "@/ui/page";
import { SidePanel } from "@/ui/panel";
import { PanelArrows, PanelEnds, usePanelKeys } from "@/ui/panel-tools";
import { Avatar } from "@/ui/person";
import { useShortcuts } from "@/ui/shortcuts";
import { EmptyState, ErrorState, ListSkeleton } from "@/ui/states";
import { ViewTab, ViewTabs } from "@/ui/table";
import { useAhead } from "@/ui/use-ahead";
import { WorkGroup, WorkList, WorkPage, WorkRow } from "@/ui/work";
import type { TaskTab } from "./card";
import { Counters } from "./counters";
import { isListed, listOf } from "./inbox";
import { groupsOf } from "./model";
import { Team } from "./team";

const route = getRouteApi("/shell/tasks");
const loadCard = () => import("./card");
const QuickTask = lazy(() => withMessageTexts(() => import("./quick")));
const TaskCard = lazy(() => loadCard().then((card) => ({ default: card.TaskCard })));

export default function TasksPage() {
  const { t } = useTranslation(["tasks", "common"]);
  const search = route.useSearch();
  const navigate = useNavigate();
  const me = useMe();
  const mayCreate = useEntity("task")?.actions.create ?? false;
  const counters = useQuery(countersQuery);
  const view = search.view ?? "mine";
  const go = (next: TasksSearch, replace = false) => void navigate({ to: "/tasks", search: next, replace });
  const leads = (counters.data?.subordinates.length ?? 0) > 0;
  const list = listOf(search);
  const tasks = useInfiniteQuery({ ...tasksQuery(list), enabled: isListed(search) });
  const items = tasks.data?.pages.flatMap((page) => page.items) ?? [];
  const total = tasks.data?.pages[0]?.total ?? undefined;
  useAhead(loadCard, 600);
  useShortcuts([
    { key: "n", code: "KeyN", run: () => mayCreate && openCreate("task", { assignee: me.user.id }) },
  ]);
  const person = counters.data?.subordinates.find((one) => one.user === search.person);
  return (
    <>
      <PageHeader
        icon={<IconCheckbox size={18} />}
        title={t("tasks:title")}
        actions={
          <>
            <Search
              key={view}
              value={search.q ?? ""}
              onSearch={(q) => go({ ...search, q: q || undefined }, true)}
            />
            {mayCreate && (
              <Button onClick={() => openCreate("task", { assignee: me.user.id })}>
                <IconText icon={<IconPlus size={16} aria-hidden />}>{t("tasks:new")}</IconText>
              </Button>
            )}
          </>
        }
      />
      <ViewTabs label={t("tasks:title")}>
        {inboxViews
          .filter((one) => one !== "team" || leads || view === "team")
          .map((one) => (
            <ViewTab key={one} active={one === view} onClick={() => go(one === "mine" ? {} : { view: one })}>
              {t(`tasks:view_${one}`)}
            </ViewTab>
          ))}
      </ViewTabs>
      {mayCreate && (
        <Suspense>
          <QuickTask line={search.line} onTaken={() => go({ ...search, line: undefined }, true)} />
        </Suspense>
      )}
      <Counters search={search} person={person} total={total} go={go} />
      <WorkPage>
        {!isListed(search) ? (
          <Team people={counters.data?.subordinates ?? []} go={go} />
        ) : tasks.isPending ? (
          <ListSkeleton />
        ) : tasks.isError && items.length === 0 ? (
          <ErrorState error={tasks.error} retry={() => void tasks.refetch()} />
        ) : items.length === 0 ? (
          <Empty search={search} mayCreate={mayCreate} go={go} />
        ) : (
          <Tasks items={items} search={search}>
            <ShowMore of={tasks} label={t("tasks:show_more")} />
          </Tasks>
        )}
      </WorkPage>
      {search.task && (
        <Panel key="panel" id={search.task} ids={items.map((task) => task.id)} search={search} go={go} />
      )}
    </>
  );
}

function Search({ value, onSearch }: { value: string; onSearch(q: string): void }) {
  const { t } = useTranslation("tasks");
  const [typed, setTyped] = useState(value);
  const sent = useRef(value);
  const send = useDebouncedCallback((q: string) => {
    sent.current = q;
    onSearch(q);
  }, 250);
  // Taken back elsewhere ("Show all", the browser's Back): the words go too.
  useEffect(() => {
    if (value === sent.current) return;
    sent.current = value;
    setTyped(value);
  }, [value]);
  return (
    <TextInput
      type="search"
      aria-label={t("search")}
      placeholder={t("search")}
      leftSection={<IconSearch size={14} aria-hidden />}
      maxLength={200}
      value={typed}
      onChange={(event) => {
        setTyped(event.currentTarget.value);
        send(event.currentTarget.value.trim());
      }}
    />
  );
}

function Empty({
  search,
  mayCreate,
  go,
}: {
  search: TasksSearch;
  mayCreate: boolean;
  go(search: TasksSearch): void;
}) {
  const { t } = useTranslation("tasks");
  const me = useMe();
  const view = search.person ? "person" : (search.view ?? "mine");
  if (search.q || search.show) {
    return (
      <EmptyState
        title={t("empty_filter_title")}
        action={
          <Button variant="default" onClick={() => go({ view: search.view, person: search.person })}>
            {t("empty_filter_do")}
          </Button>
        }
      >
        {t("empty_filter")}
      </EmptyState>
    );
  }
  return (
    <EmptyState
      title={t(`empty_${view}_title`)}
      action={
        mayCreate && view !== "take" ? (
          <Button
            onClick={() =>
              openCreate("task", view === "given" ? {} : { assignee: search.person ?? me.user.id })
            }
          >
            {t("new")}
          </Button>
        ) : undefined
      }
    >
      {t(`empty_${view}`)}
    </EmptyState>
  );
}

function Tasks({
  items,
  search,
  children,
}: {
  items: Task[];
  search: TasksSearch;
  children: React.ReactNode;
}) {
  const { t } = useTranslation(["tasks", "fields"]);
  const titles = useTitles(
    items.map((task) => task.subject),
    t("fields:untitled"),
  );
  const names = useNames();
  const now = new Date();
  const closed = search.show === "completed";
  const groups = closed ? [{ when: "none" as const, tasks: items }] : groupsOf(items, now);
  return (
    <WorkList>
      {groups.map(({ when, tasks }) => (
        <WorkGroup
          key={when}
          title={closed ? t("tasks:show_completed") : t(`tasks:when_${when}`)}
          late={when === "overdue"}
        >
          {tasks.map((task) => {
            const at = closed ? task.completed : task.due;
            const who = task.assignee ? names.get(task.assignee) : undefined;
            return (
              <WorkRow
                key={task.id}
                testId={`task-${task.id}`}
                opened={task.id === search.task}
                link={
                  <Link to="/tasks" search={{ ...search, task: task.id }} data-row-link resetScroll={false}>
                    {task.title}
                  </Link>
                }
                facts={[task.process_name, task.main_action && !closed && actionWords(task, t)]
                  .filter(Boolean)
                  .join(" · ")}
                about={task.subject ? titles.get(task.subject.id) : undefined}
                due={at ? (when === "overdue" ? formatRelative(at, now.getTime()) : formatDateTime(at)) : ""}
                exact={at ? formatDateTime(at) : undefined}
                late={when === "overdue"}
                who={who && <Avatar name={who} title={who} />}
              />
            );
          })}
        </WorkGroup>
      ))}
      {children}
    </WorkList>
  );
}

type Translate = ReturnType<typeof useTranslation<["tasks", "fields"]>>["t"];

function actionWords(task: Task, t: Translate): string {
  switch (task.main_action?.kind) {
    case "email":
      return t("tasks:kind_email");
    case "approve":
      return t("tasks:kind_approve");
    case "acknowledge":
      return t("tasks:kind_acknowledge");
    case "form":
      return t("tasks:kind_form");
    default:
      return "";
  }
}

function Panel({
  id,
  ids,
  search,
  go,
}: {
  id: Id;
  ids: Id[];
  search: TasksSearch;
  go(search: TasksSearch, replace?: boolean): void;
}) {
  const { t } = useTranslation("tasks");
  const [tab, setTab] = useState<TaskTab>("text");
  const close = () => go({ ...search, task: undefined });
  const step = (by: 1 | -1) => {
    const next = ids[ids.indexOf(id) + by];
    if (next && ids.includes(id)) go({ ...search, task: next }, true);
  };
  // On a row of the list arrows go along the rows.
  usePanelKeys(step, close, "[data-row]");
  return (
    <SidePanel label={t("task")}>
      <Suspense fallback={<ListSkeleton />}>
        <TaskCard
          key={id}
          id={id}
          place="panel"
          tab={tab}
          onTab={setTab}
          lead={<PanelArrows previous={t("previous")} next={t("following")} step={step} />}
          tail={
            <PanelEnds
              close={close}
              expand={(props) => <Link to="/tasks/$id" params={{ id }} {...props} />}
            />
          }
        />
      </Suspense>
    </SidePanel>
  );
}
