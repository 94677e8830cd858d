/** One task: what is to be done, the process around it, its history, the next step; at the foot what to do now. */

import { IconCheckbox } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { rolesQuery } from "@/api/people";
import { recordQuery } from "@/api/records";
import { useEntity, useMe } from "@/api/session";
import { seeTask, taskQuery } from "@/api/tasks";
import type { Id, Task } from "@/api/types";
import { CardFiles } from "@/engines/files/card-files";
import { SlotSurface, useSlot } from "@/engines/slots";
import { useNames, useTitles } from "@/engines/titles";
import { formatDateTime, formatRelative } from "@/i18n/format";
import { taskTabs } from "@/state/search";
import { CardBody, CardBones, CardHead, CardSection } from "@/ui/panel";
import { ErrorState } from "@/ui/states";
import { ViewTab, ViewTabs } from "@/ui/table";
import { Fact, Facts, Hint, PlainText, StateMark, WorkTitle } from "@/ui/work";
import { Checklist } from "./checklist";
import { TaskFoot } from "./foot";
import { TaskForm, useTaskForm } from "./form";
import { TaskHistory, TaskTalk } from "./history";
import { NextStep, ProcessTab } from "./process";

export type TaskTab = (typeof taskTabs)[number];

interface Props {
  id: Id;
  place: "panel" | "page";
  tab: TaskTab;
  onTab(tab: TaskTab): void;
  lead?: ReactNode;
  tail?: ReactNode;
}

export function TaskCard({ id, place, tab, onTab, lead, tail }: Props) {
  const { t } = useTranslation(["tasks", "common"]);
  const query = useQuery(taskQuery(id));
  const task = query.data;
  useEffect(() => {
    if (task && place === "page") document.title = `${task.title} · Verstak`;
  }, [task, place]);
  const unseen = task?.unseen;
  // Of others' tasks the server keeps nothing. Not said, it is new once more the next time.
  useEffect(() => {
    if (unseen) seeTask(id).catch(() => {});
  }, [unseen, id]);
  return (
    <>
      <CardHead
        icon={<IconCheckbox size={18} aria-hidden />}
        lead={lead}
        crumb={place === "page" ? <Link to="/tasks">{t("tasks:title")}</Link> : t("tasks:task")}
        actions={tail}
      />
      {query.isPending && <CardBones />}
      {query.isError && !task && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {task && <Content key={task.id} task={task} place={place} tab={tab} onTab={onTab} />}
    </>
  );
}

function Content({ task, place, tab, onTab }: { task: Task } & Pick<Props, "place" | "tab" | "onTab">) {
  const { t } = useTranslation("tasks");
  const subject = useEntity(task.subject?.entity ?? "");
  const own = useEntity("task");
  // Whoever looks as somebody else ticks nothing off for them.
  const looks = useMe().viewing !== undefined;
  const spoken = task.form.some(({ name }) => name.startsWith("record."));
  const record = useQuery({
    ...recordQuery(task.subject?.entity ?? "", task.subject?.id ?? ""),
    enabled: spoken && task.subject !== null && task.subject !== undefined && subject !== undefined,
  });
  const form = useTaskForm(task, subject, record.data);
  const tabs = taskTabs.filter((one) => task.instance || one === "text" || one === "history");
  const shown = tabs.includes(tab) ? tab : "text";
  const modules = useSlot("record.task.tab");
  const itself = useQuery({ ...recordQuery("task", task.id), enabled: modules.length > 0 });
  const [chosen, setChosen] = useState<string>();
  const module = itself.data && modules.find(({ plugin, id }) => `${plugin} ${id}` === chosen);
  const open = (next: TaskTab) => {
    setChosen(undefined);
    onTab(next);
  };
  const toForm = () => open("text");
  return (
    <>
      <CardBody>
        <WorkTitle level={place === "page" ? 1 : 2}>{task.title}</WorkTitle>
        <About task={task} />
        <ViewTabs label={t("task")}>
          {tabs.map((one) => (
            <ViewTab key={one} active={!module && one === shown} onClick={() => open(one)}>
              {t(`tab_${one}`)}
            </ViewTab>
          ))}
          {itself.data &&
            modules.map((one) => (
              <ViewTab
                key={`${one.plugin} ${one.id}`}
                active={one === module}
                onClick={() => setChosen(`${one.plugin} ${one.id}`)}
              >
                {one.title}
              </ViewTab>
            ))}
        </ViewTabs>
        {module && <SlotSurface surface={module} subject={{ entity: "task", record: itself.data }} />}
        {!module && shown === "text" && (
          <>
            {task.description && <PlainText>{task.description}</PlainText>}
            {task.withheld && <Hint>{t("withheld")}</Hint>}
            {task.form.length > 0 && (
              <CardSection title={t("fields")}>
                <TaskForm task={task} form={form} subject={subject} record={record.data} />
              </CardSection>
            )}
            <CardSection title={t("checklist")}>
              <Checklist task={task} readOnly={looks || task.state !== "open"} />
            </CardSection>
            <CardFiles
              entity="task"
              id={task.id}
              changes={task.state === "open" && (own?.actions.update ?? false)}
            />
            <CardSection title={t("comments")}>
              <TaskTalk id={task.id} />
            </CardSection>
          </>
        )}
        {!module && shown === "process" && <ProcessTab task={task} />}
        {!module && shown === "history" && <TaskHistory id={task.id} />}
        {!module && shown === "next" && <NextStep task={task} answers={form.answers} />}
      </CardBody>
      <TaskFoot task={task} form={form} onForm={toForm} />
    </>
  );
}

/** Whose, about what, until when. */
function About({ task }: { task: Task }) {
  const { t } = useTranslation(["tasks", "fields"]);
  const me = useMe();
  const names = useNames();
  const titles = useTitles([task.subject], t("fields:untitled"));
  const free = !task.assignee && task.executors.some(({ role }) => role);
  const roles = useQuery({ ...rolesQuery, enabled: free });
  const roleName = (key: string) => roles.data?.find((role) => role.key === key)?.name ?? key;
  const nobody = task.executors.map(
    ({ role, user, unresolved }) => (role && roleName(role)) ?? (user && names.get(user)) ?? unresolved,
  );
  const who = task.assignee
    ? task.assignee === me.user.id
      ? t("tasks:you")
      : (names.get(task.assignee) ?? t("fields:unknown"))
    : t("tasks:nobody", { who: nobody.filter(Boolean).join(", ") || "—" });
  return (
    <Facts>
      {task.state !== "open" && (
        <Fact name={t("tasks:state")}>
          <StateMark tone={task.state === "completed" ? "done" : "plain"}>
            {t(`tasks:state_${task.state}`)}
          </StateMark>
        </Fact>
      )}
      {task.due && (
        <Fact name={t("tasks:due")}>
          {formatDateTime(task.due)}{" "}
          {task.state === "open" && (
            <StateMark tone={new Date(task.due).getTime() < Date.now() ? "late" : "plain"}>
              {new Date(task.due).getTime() < Date.now() ? `${t("tasks:late")} · ` : ""}
              {formatRelative(task.due, Date.now())}
            </StateMark>
          )}
        </Fact>
      )}
      <Fact name={t("tasks:who")}>{who}</Fact>
      {task.votes.needed > 1 && (
        <Fact name={t("tasks:votes")}>
          {t("tasks:votes_of", { done: task.votes.done, needed: task.votes.needed })}
        </Fact>
      )}
      {task.subject && titles.has(task.subject.id) && (
        <Fact name={t("tasks:subject")}>
          <Link to="/records/$entity/$id" params={{ entity: task.subject.entity, id: task.subject.id }}>
            {titles.get(task.subject.id)}
          </Link>
        </Fact>
      )}
      {task.process_name && (
        <Fact name={t("tasks:process")}>
          {task.instance ? (
            <Link to="/instances/$id" params={{ id: task.instance }}>
              {task.process_name}
            </Link>
          ) : (
            task.process_name
          )}
        </Fact>
      )}
    </Facts>
  );
}
