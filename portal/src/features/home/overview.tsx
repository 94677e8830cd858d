/**
 * For those who answer for others' work (administrators, heads of departments): the open pipeline by stage, what is
 * overdue or in nobody's hands, the newest records, what to set up next. The reports take this over.
 */
import { IconAlertTriangle, IconSettings } from "@tabler/icons-react";
import { useQueries, useQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import { departmentTreeQuery, usersQuery } from "@/api/people";
import { messageOf } from "@/api/problem";
import { aggregate, queryRecords } from "@/api/records";
import { useMe } from "@/api/session";
import type { AggregateQuery, Entity, Filter, Pipeline } from "@/api/types";
import { totalsOf } from "@/engines/board/columns";
import { fieldOf, titleOf } from "@/engines/fields/text";
import { formatMoney, formatNumber, formatRelative } from "@/i18n/format";
import { localDay } from "@/i18n/read";
import { entityIcon } from "@/ui/entity-icon";
import { HomeBlock, HomeLine, HomeNote } from "@/ui/home";
import { StageDot } from "@/ui/value";

const newest = 6;

/** Whether others' work is this person's to see to. */
export function useAnswersForOthers(): boolean {
  const me = useMe();
  const departments = useQuery({ ...departmentTreeQuery, enabled: !me.admin });
  return me.admin || (departments.data ?? []).some(({ head_ids }) => head_ids.includes(me.user.id));
}

export function Overview({ staged, activity }: { staged: Entity[]; activity?: Entity }) {
  const me = useMe();
  return (
    <>
      {staged.map((entity) => {
        const pipeline = entity.pipelines.find((one) => one.is_default) ?? entity.pipelines[0];
        return pipeline && <OpenPipeline key={entity.key} entity={entity} pipeline={pipeline} />;
      })}
      <Attention staged={staged} activity={activity} />
      {staged[0] && <Newest entity={staged[0]} />}
      {me.admin && <Setup />}
    </>
  );
}

const openStages = (entity: Entity) =>
  entity.pipelines.flatMap((pipeline) =>
    pipeline.stages.filter((stage) => stage.semantic === "open").map((stage) => stage.key),
  );

const stageFilter = (pipeline: Pipeline, stage: string): Filter => ({
  and: [
    { field: "pipeline", op: "eq", value: pipeline.id },
    { field: "stage", op: "in", value: [stage] },
  ],
});

/** How much stands in each open stage. */
function OpenPipeline({ entity, pipeline }: { entity: Entity; pipeline: Pipeline }) {
  const { t } = useTranslation(["home", "common"]);
  const { currency } = useMe().tenant;
  const Icon = entityIcon(entity.key);
  const sums = fieldOf(entity, "amount") !== undefined;
  const query: AggregateQuery = {
    filter: { field: "pipeline", op: "eq", value: pipeline.id },
    group_by: sums ? ["stage", "currency"] : ["stage"],
    measures: sums ? [{ op: "count" }, { op: "sum", field: "amount" }] : [{ op: "count" }],
  };
  const rows = useQuery({
    queryKey: keys.aggregate(entity.key, query),
    queryFn: ({ signal }) => aggregate(entity.key, query, signal),
  });
  const stages = pipeline.stages
    .filter((stage) => stage.semantic === "open")
    .toSorted((left, right) => left.sort - right.sort);
  return (
    <HomeBlock
      title={t("home:open_pipeline", { entity: entity.label_plural })}
      icon={<Icon size={16} aria-hidden />}
      more={
        <Link to="/records/$entity/board" params={{ entity: entity.key }}>
          {t("home:to_board")}
        </Link>
      }
    >
      {rows.isError && <HomeNote>{messageOf(rows.error, t("common:network"))}</HomeNote>}
      {stages.map((stage) => {
        const totals = rows.data && totalsOf(rows.data, "stage", stage.key, currency);
        return (
          <HomeLine
            key={stage.key}
            lead={<StageDot color={stage.color} semantic={stage.semantic} />}
            title={
              <Link
                to="/records/$entity/list"
                params={{ entity: entity.key }}
                search={{ filter: stageFilter(pipeline, stage.key) }}
              >
                {stage.name}
              </Link>
            }
            note={totals?.sums.map((one) => formatMoney(one.amount, one.currency)).join(" + ")}
            time={totals ? formatNumber(totals.count, 0) : ""}
          />
        );
      })}
    </HomeBlock>
  );
}

interface Concern {
  key: string;
  entity: string;
  text: string;
  filter: Filter;
}

/** What is late and what nobody has taken, with the way to it. */
function Attention({ staged, activity }: { staged: Entity[]; activity?: Entity }) {
  const { t } = useTranslation("home");
  const concerns: Concern[] = staged.flatMap((entity) => {
    const open: Filter = { field: "stage", op: "in", value: openStages(entity) };
    const nobody: Concern = {
      key: `${entity.key} nobody`,
      entity: entity.key,
      text: t("unassigned", { entity: entity.label_plural }),
      filter: { and: [open, { field: "owner", op: "empty" }] },
    };
    const late: Concern = {
      key: `${entity.key} late`,
      entity: entity.key,
      text: t("overdue", { entity: entity.label_plural }),
      filter: { and: [open, { field: "close_date", op: "lt", value: localDay(new Date()) }] },
    };
    return [...(fieldOf(entity, "close_date") ? [late] : []), ...(fieldOf(entity, "owner") ? [nobody] : [])];
  });
  if (activity) {
    concerns.push({
      key: "tasks",
      entity: activity.key,
      text: t("late_tasks"),
      filter: {
        and: [
          { field: "kind", op: "eq", value: "task" },
          { field: "done", op: "ne", value: true },
          { field: "deadline", op: "lt", value: new Date(`${localDay(new Date())}T00:00:00`).toISOString() },
        ],
      },
    });
  }
  const counts = useQueries({
    queries: concerns.map(({ key, entity, filter }) => ({
      queryKey: ["records", entity, "count", key],
      queryFn: ({ signal }: { signal: AbortSignal }) =>
        queryRecords(entity, { filter, limit: 1, total: true }, { signal }).then((page) => page.total ?? 0),
    })),
  });
  const found = concerns
    .map((concern, index) => ({ ...concern, count: counts[index]?.data ?? 0 }))
    .filter(({ count }) => count > 0);
  return (
    <HomeBlock title={t("attention")} icon={<IconAlertTriangle size={16} aria-hidden />}>
      {counts.every(({ isSuccess }) => isSuccess) && found.length === 0 && (
        <HomeNote>{t("attention_none")}</HomeNote>
      )}
      {found.map(({ key, entity, text, filter, count }) => (
        <HomeLine
          key={key}
          title={
            <Link to="/records/$entity/list" params={{ entity }} search={{ filter }}>
              {text}
            </Link>
          }
          time={formatNumber(count, 0)}
        />
      ))}
    </HomeBlock>
  );
}

/** What has come in last. */
function Newest({ entity }: { entity: Entity }) {
  const { t } = useTranslation(["home", "common", "fields"]);
  const Icon = entityIcon(entity.key);
  const query = useQuery({
    queryKey: ["records", entity.key, "newest"],
    queryFn: ({ signal }) =>
      queryRecords(
        entity.key,
        {
          sort: [{ field: "created_at", desc: true }],
          limit: newest,
          fields: [entity.title_field, "owner", "created_at"],
        },
        { signal },
      ),
  });
  return (
    <HomeBlock
      title={t("home:newest", { entity: entity.label_plural })}
      icon={<Icon size={16} aria-hidden />}
      more={
        <Link to="/records/$entity/list" params={{ entity: entity.key }}>
          {t("home:all")}
        </Link>
      }
    >
      {query.isError && <HomeNote>{messageOf(query.error, t("common:network"))}</HomeNote>}
      {query.data?.items.length === 0 && <HomeNote>{t("home:newest_none")}</HomeNote>}
      {query.data?.items.map((record) => (
        <HomeLine
          key={record.id}
          title={
            <Link to="/records/$entity/$id" params={{ entity: entity.key, id: record.id }}>
              {titleOf(entity, record.fields, t("fields:untitled"))}
            </Link>
          }
          note={query.data.refs?.[String(record.fields.owner)]?.title ?? t("home:nobody")}
          time={formatRelative(String(record.fields.created_at ?? ""), Date.now())}
        />
      ))}
    </HomeBlock>
  );
}

/** What an administrator has not done yet; nothing when all is done. */
function Setup() {
  const { t } = useTranslation("home");
  const me = useMe();
  const users = useQuery(usersQuery);
  const departments = useQuery(departmentTreeQuery);
  const steps = [
    { key: "people", todo: users.data?.length === 1, to: "/settings/people", text: t("setup_people") },
    {
      key: "departments",
      todo: departments.data?.length === 0,
      to: "/settings/departments",
      text: t("setup_departments"),
    },
    { key: "plugins", todo: me.plugins.length === 0, to: "/plugins", text: t("setup_plugins") },
  ].filter(({ todo }) => todo);
  if (steps.length === 0) return null;
  return (
    <HomeBlock title={t("setup")} icon={<IconSettings size={16} aria-hidden />}>
      {steps.map(({ key, to, text }) => (
        <HomeLine key={key} title={<Link to={to}>{text}</Link>} time="" />
      ))}
    </HomeBlock>
  );
}
