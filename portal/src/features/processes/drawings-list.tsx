/** Drawings in the list of processes, and the ways to begin one. */
import { Button, Menu } from "@mantine/core";
import {
  IconAlertTriangle,
  IconFileUpload,
  IconListNumbers,
  IconPlus,
  IconVector,
} from "@tabler/icons-react";
import { useInfiniteQuery } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { type Drawing, drawingsQuery } from "@/api/drawings";
import { messageOf } from "@/api/problem";
import { formatDateTime, formatRelative } from "@/i18n/format";
import { ShowMore } from "@/ui/more";
import { Hint, StateMark, WorkGroup, WorkList, WorkRow } from "@/ui/work";

const ways = [
  ["lines", IconListNumbers],
  ["empty", IconVector],
  ["file", IconFileUpload],
] as const;

export function NewProcess() {
  const { t } = useTranslation("processes");
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button leftSection={<IconPlus size={16} />}>{t("new_process")}</Button>
      </Menu.Target>
      <Menu.Dropdown>
        {ways.map(([from, Icon]) => (
          <Menu.Item
            key={from}
            leftSection={<Icon size={16} />}
            renderRoot={(props) => <Link to="/processes/drawings/new" search={{ from }} {...props} />}
          >
            {t(`new_${from}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

export function Drawings() {
  const { t } = useTranslation(["processes", "common"]);
  const query = useInfiniteQuery(drawingsQuery);
  const drawings = query.data?.pages.flatMap(({ items }) => items) ?? [];
  if (query.isError) return <Hint>{messageOf(query.error, t("common:network"))}</Hint>;
  if (drawings.length === 0) return null;
  return (
    <WorkList>
      <WorkGroup title={t("processes:drawings")}>
        {drawings.map((drawing) => (
          <Row key={drawing.id} drawing={drawing} />
        ))}
      </WorkGroup>
      <ShowMore of={query} label={t("processes:show_more")} />
    </WorkList>
  );
}

function Row({ drawing }: { drawing: Drawing }) {
  const { t } = useTranslation("processes");
  const { definition, editing, problems } = drawing;
  const facts = [
    // A draft that runs is none.
    (drawing.kind !== "draft" || !definition) && t(`drawing_${drawing.kind}`),
    definition ? t("version_runs", { version: definition.version }) : t("drawing_unpublished"),
    editing && t("drawing_edited_by", { name: editing.user.name }),
  ];
  return (
    <WorkRow
      testId={`drawing-${drawing.id}`}
      link={
        <Link to="/processes/drawings/$id" params={{ id: drawing.id }} data-row-link>
          {drawing.title}
        </Link>
      }
      facts={facts.filter(Boolean).join(" · ")}
      about={
        problems.length > 0 && (
          <StateMark tone="wait" icon={<IconAlertTriangle size={12} aria-hidden />}>
            {t("problems_count", { count: problems.length })}
          </StateMark>
        )
      }
      due={formatRelative(drawing.updated_at, Date.now())}
      exact={formatDateTime(drawing.updated_at)}
    />
  );
}
