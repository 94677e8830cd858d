/**
 * `/`: what to do next. Never empty: the cards of one's role, my open records, or the first steps of a new company.
 */
import { Button, Checkbox } from "@mantine/core";
import { IconFileImport, IconPlus, IconPuzzle } from "@tabler/icons-react";
import { useQuery, useQueryClient } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { lazy, Suspense, useMemo } from "react";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import { queryRecords, updateRecord } from "@/api/records";
import { useEntities, useMe } from "@/api/session";
import type { Entity, Filter, RecordData } from "@/api/types";
import { concernedBy } from "@/engines/fields/concerned";
import { useTextContext } from "@/engines/fields/context";
import { fieldOf, titleOf } from "@/engines/fields/text";
import { FieldValue } from "@/engines/fields/value";
import { SlotSurface, useSlot } from "@/engines/slots";
import { withReportTexts } from "@/i18n";
import { formatDateTime, formatRelative } from "@/i18n/format";

import { openCreate } from "@/state/creating";
import { BlockSkeleton } from "@/ui/block-frame";
import { EntityIcon } from "@/ui/entity-icon";
import {
  HomeBlock,
  HomeColumns,
  HomeLine,
  HomeMore,
  HomeNote,
  HomeSteps,
  HomeWidth,
  StepCard,
} from "@/ui/home";
import { PageBody, PageHeader } from "@/ui/page";
import { CardSection } from "@/ui/panel";
import { Bone } from "@/ui/states";
import { toastError } from "@/ui/toast";
import { loadMyTasks } from "./my-tasks";
import { Setup } from "./setup";

const Board = lazy(() => withReportTexts(() => import("./board")));

const shown = 8;

export default function HomePage() {
  const { t } = useTranslation(["home", "common"]);
  const entities = useEntities();
  const { admin } = useMe();
  // What stands in no menu is shown by pages of its module.
  const staged = entities.filter(({ staged: has, inner, actions }) => has && !inner && actions.read);
  const task = entities.find((entity) => entity.key === "task" && entity.actions.read);
  return (
    <>
      <PageHeader title={t("home:title")} />
      <PageBody wide>
        <HomeWidth>
          <FirstSteps entity={staged[0]} />
          <Suspense fallback={<BlockSkeleton height={420} label={t("common:loading")} />}>
            <Board tasks={task && <Tasks entity={task} />} />
          </Suspense>
          <HomeColumns>
            {staged.map((entity) => (
              <Mine key={entity.key} entity={entity} />
            ))}
            {admin && <Setup />}
          </HomeColumns>
          <Widgets />
        </HomeWidth>
      </PageBody>
    </>
  );
}

/** What modules show on the first page. */
function Widgets() {
  return useSlot("dashboard.widget").map((surface) => (
    <CardSection key={`${surface.plugin} ${surface.id}`} title={surface.title}>
      <SlotSurface surface={surface} />
    </CardSection>
  ));
}

/** Shown while the main section has no records at all. */
function FirstSteps({ entity }: { entity?: Entity }) {
  const { t } = useTranslation("home");
  const me = useMe();
  const any = useQuery({
    queryKey: ["records", entity?.key, "any"],
    queryFn: ({ signal }) => queryRecords(entity?.key ?? "", { limit: 1 }, { signal }),
    enabled: entity !== undefined,
  });
  if (!entity || !any.data || any.data.items.length > 0) return null;
  return (
    <HomeSteps title={t("first_title", { name: me.user.name })} text={t("first_text")}>
      <StepCard
        icon={<IconFileImport size={18} />}
        title={t("step_import")}
        text={t("step_import_text")}
        action={
          <Button component={Link} to="/imports">
            {t("step_import_do")}
          </Button>
        }
      />
      {entity.actions.create && (
        <StepCard
          icon={<IconPlus size={18} />}
          title={t("step_create")}
          text={t("step_create_text")}
          action={
            <Button variant="default" onClick={() => openCreate(entity.key)}>
              {t("step_create_do")}
            </Button>
          }
        />
      )}
      {me.admin && (
        <StepCard
          icon={<IconPuzzle size={18} />}
          title={t("step_plugins")}
          text={t("step_plugins_text")}
          action={
            <Button variant="default" component={Link} to="/plugins">
              {t("step_plugins_do")}
            </Button>
          }
        />
      )}
    </HomeSteps>
  );
}

/** Records of mine that are not closed, those waiting longest first. */
function Mine({ entity }: { entity: Entity }) {
  const { t } = useTranslation(["home", "fields", "common"]);
  const filter = useMemo<Filter>(
    () => ({
      and: [
        { field: "owner", op: "eq", value: { me: true } },
        {
          field: "stage",
          op: "in",
          value: entity.pipelines.flatMap((pipeline) =>
            pipeline.stages.filter((stage) => stage.semantic === "open").map((stage) => stage.key),
          ),
        },
      ],
    }),
    [entity.pipelines],
  );
  const since = fieldOf(entity, "stage_since")?.sortable ? "stage_since" : "created_at";
  const query = useQuery({
    queryKey: ["records", entity.key, "mine"],
    queryFn: ({ signal }) =>
      queryRecords(entity.key, { filter, sort: [{ field: since }], limit: shown, total: true }, { signal }),
  });
  const context = useTextContext(entity, query.data?.refs ?? {});
  const stage = entity.fields.find((field) => field.type === "stage");
  return (
    <HomeBlock
      title={t("home:mine", { entity: entity.label_plural })}
      icon={<EntityIcon of={entity} size={16} />}
      count={query.data?.total ?? undefined}
      more={
        <Link to="/records/$entity/list" params={{ entity: entity.key }} search={{ filter }}>
          {t("home:all")}
        </Link>
      }
    >
      {query.isPending && <Bones />}
      {query.isError && <HomeNote>{messageOf(query.error, t("common:network"))}</HomeNote>}
      {query.data?.items.length === 0 && (
        <HomeNote>
          {t("home:mine_empty")}{" "}
          {entity.actions.create && (
            <Button
              variant="subtle"
              size="compact-sm"
              aria-label={`${t("common:create")}: ${entity.label}`}
              onClick={() => openCreate(entity.key)}
            >
              {t("common:create")}
            </Button>
          )}
        </HomeNote>
      )}
      {query.data?.items.map((record) => (
        <HomeLine
          key={record.id}
          title={
            <Link to="/records/$entity/$id" params={{ entity: entity.key, id: record.id }}>
              {titleOf(entity, record.fields, t("fields:untitled"))}
            </Link>
          }
          note={stage && <FieldValue field={stage} record={record} context={context} compact />}
          time={formatRelative(String(record.fields[since] ?? ""), Date.now())}
        />
      ))}
    </HomeBlock>
  );
}

/** What I promised to do: tasks not done, the nearest deadline first. */
function Tasks({ entity }: { entity: Entity }) {
  const { t } = useTranslation(["home", "fields", "common"]);
  const client = useQueryClient();
  const key = ["records", "task", "mine"];
  const query = useQuery({ queryKey: key, queryFn: ({ signal }) => loadMyTasks(shown, signal) });
  const finish = async (task: RecordData) => {
    try {
      await updateRecord("task", task.id, { state: "completed" }, task.version);
    } catch (error) {
      toastError(error);
    }
    await client.invalidateQueries({ queryKey: key });
  };
  return (
    <>
      {query.isPending && <Bones />}
      {query.isError && <HomeNote>{messageOf(query.error, t("common:network"))}</HomeNote>}
      {query.data?.items.length === 0 && <HomeNote>{t("home:tasks_empty")}</HomeNote>}
      {query.data?.items.map((task) => {
        const title = titleOf(entity, task.fields, t("fields:untitled"));
        const { due } = task.fields;
        const about = concernedBy(task, query.data.refs);
        const late = typeof due === "string" && new Date(due).getTime() < Date.now();
        return (
          <HomeLine
            key={task.id}
            lead={
              <Checkbox
                size="xs"
                aria-label={t("home:finish", { title })}
                checked={false}
                onChange={() => void finish(task)}
              />
            }
            title={
              <Link to="/tasks/$id" params={{ id: task.id }}>
                {title}
              </Link>
            }
            note={
              about && (
                <Link to="/records/$entity/$id" params={{ entity: about.entity, id: about.id }}>
                  {about.title}
                </Link>
              )
            }
            time={typeof due === "string" ? formatRelative(due, Date.now()) : ""}
            exact={typeof due === "string" ? formatDateTime(due) : undefined}
            late={late}
          />
        );
      })}
      <HomeMore>
        <Link to="/tasks" search={{}}>
          {t("home:all")}
        </Link>
      </HomeMore>
    </>
  );
}

const Bones = () => (
  <>
    {[70, 55, 80, 60].map((width) => (
      <HomeLine key={width} title={<Bone width={`${width}%`} />} time="" />
    ))}
  </>
);
