/** `/processes/drawings/{id}/compare`: a drawing beside its pair, a version or a revision; what differs on both and in words. */
import { Button, Select } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconArrowLeft, IconArrowsExchange, IconColumns2, IconRoute } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import {
  type Drawing,
  differencesQuery,
  drawingOneQuery,
  drawingsQuery,
  revisionsQuery,
} from "@/api/drawings";
import { versionsQuery } from "@/api/processes";
import { nameOf, readDrawing } from "@/engines/route-map/drawing";
import { SideBySide } from "@/engines/route-map/side-by-side";
import { formatDateTime } from "@/i18n/format";
import type { CompareSearch } from "@/state/search";
import { IconText, PageBody, PageHeader } from "@/ui/page";
import { CardSection } from "@/ui/panel";
import { Bone, EmptyState, ErrorState, PageSkeleton } from "@/ui/states";
import { WorkStack } from "@/ui/work";
import { counterpart, ofSteps, sightsOfDifferences } from "./compare";
import { Differences } from "./differences";
import { fileQuery, type Shown, useSides } from "./sides";

const route = getRouteApi("/shell/processes/drawings/$id/compare");

export default function ComparePage() {
  const { id } = route.useParams();
  const drawing = useQuery(drawingOneQuery(id));
  if (drawing.isPending) return <PageSkeleton />;
  if (drawing.isError) return <ErrorState error={drawing.error} retry={() => void drawing.refetch()} />;
  return <Page key={id} drawing={drawing.data} />;
}

function Page({ drawing }: { drawing: Drawing }) {
  const { t } = useTranslation("drawings");
  const search = route.useSearch();
  const navigate = useNavigate();
  const { sides, error } = useSides(drawing, search);
  const go = (next: CompareSearch) =>
    void navigate({
      to: "/processes/drawings/$id/compare",
      params: { id: drawing.id },
      search: next,
      replace: true,
    });
  return (
    <>
      <PageHeader
        icon={<IconRoute size={18} />}
        title={drawing.title}
        actions={
          <>
            {sides && (
              <Button variant="default" onClick={() => go({ ...search, swap: !search.swap || undefined })}>
                <IconText icon={<IconArrowsExchange size={16} aria-hidden />}>{t("compare_swap")}</IconText>
              </Button>
            )}
            <Button
              variant="default"
              renderRoot={(props) => (
                <Link to="/processes/drawings/$id" params={{ id: drawing.id }} {...props} />
              )}
            >
              <IconText icon={<IconArrowLeft size={16} aria-hidden />}>{t("compare_back")}</IconText>
            </Button>
          </>
        }
      />
      <PageBody>
        <WorkStack>
          <With drawing={drawing} search={search} onChoose={go} />
          {error ? (
            <ErrorState error={error} />
          ) : sides ? (
            <Both key={JSON.stringify(sides.map(({ side }) => side))} sides={sides} />
          ) : (
            <EmptyState icon={<IconColumns2 size={28} />} title={t("compare_choose")}>
              {t("compare_choose_text")}
            </EmptyState>
          )}
        </WorkStack>
      </PageBody>
    </>
  );
}

/** Another drawing, a version, a revision. */
function With({
  drawing,
  search,
  onChoose,
}: {
  drawing: Drawing;
  search: CompareSearch;
  onChoose(search: CompareSearch): void;
}) {
  const { t } = useTranslation(["drawings", "processes"]);
  const drawings = useInfiniteQuery(drawingsQuery);
  const versions = useQuery({
    ...versionsQuery(drawing.definition?.key ?? ""),
    enabled: drawing.definition !== undefined,
  });
  const revisions = useInfiniteQuery(revisionsQuery(drawing.id));
  const others =
    drawings.data?.pages.flatMap(({ items }) => items).filter(({ id }) => id !== drawing.id) ?? [];
  const kept = revisions.data?.pages.flatMap(({ items }) => items) ?? [];
  const groups = [
    {
      group: t("drawings:compare_drawings"),
      items: others.map(({ id, title, kind }) => ({
        value: `with ${id}`,
        label: `${title} · ${t(`processes:drawing_${kind}`)}`,
      })),
    },
    {
      group: t("drawings:compare_versions"),
      items: (versions.data ?? []).map(({ version, note }) => ({
        value: `version ${version}`,
        label: [t("drawings:compare_version", { version }), note].filter(Boolean).join(" · "),
      })),
    },
    {
      group: t("drawings:compare_revisions"),
      items: kept
        .filter(({ revision }) => revision !== drawing.revision)
        .map(({ revision, at, name }) => ({
          value: `revision ${revision}`,
          label: [t("drawings:revision", { number: revision }), name ?? formatDateTime(at)].join(" · "),
        })),
    },
  ].filter(({ items }) => items.length > 0);
  const { with: other = search.version || search.revision ? undefined : drawing.pair } = search;
  const value = search.version
    ? `version ${search.version}`
    : search.revision
      ? `revision ${search.revision}`
      : other
        ? `with ${other}`
        : null;
  return (
    <Select
      label={t("drawings:compare_with")}
      placeholder={t("drawings:compare_choose")}
      searchable
      allowDeselect={false}
      limit={200}
      w="min(100%, 420px)"
      data={groups}
      value={value}
      onChange={(next) => {
        const [what, which = ""] = next?.split(" ") ?? [];
        if (what === "with") onChoose({ with: which });
        else if (what === "version" || what === "revision") onChoose({ [what]: Number(which) });
      }}
    />
  );
}

function Both({ sides: [left, right] }: { sides: [Shown, Shown] }) {
  const { t } = useTranslation("drawings");
  // Where drawings stand one under another, what differs is said first.
  const narrow = useMediaQuery("(max-width: 899px)", false, { getInitialValueInEffect: false });
  const files = [useQuery(fileQuery(left)), useQuery(fileQuery(right))] as const;
  const found = useQuery(differencesQuery(left.side, right.side));
  const [selected, setSelected] = useState<[string | undefined, string | undefined]>([undefined, undefined]);
  const [one, other] = [files[0].data, files[1].data];
  const read = useMemo(
    () =>
      one !== undefined && other !== undefined
        ? ([readDrawing(one), readDrawing(other)] as const)
        : undefined,
    [one, other],
  );
  const sights = useMemo(
    () => read && found.data && sightsOfDifferences(found.data, read[0], read[1]),
    [read, found.data],
  );
  const failed = files.find(({ error }) => error)?.error ?? found.error;
  if (failed) {
    const again = () => {
      for (const query of [...files, found]) if (query.isError) void query.refetch();
    };
    return <ErrorState error={failed} retry={again} />;
  }
  if (!read || !sights || one === undefined || other === undefined) return <Bone height={320} />;
  const select = (element: string, side: 0 | 1) => {
    const [from, to] = side === 0 ? [read[0], read[1]] : [read[1], read[0]];
    const there = counterpart(element, from, to);
    setSelected(side === 0 ? [element, there] : [there, element]);
  };
  const removed = new Set(found.data?.removed.map(({ element }) => element));
  const list = (
    <CardSection title={t("differences")}>
      <Differences
        from={left.side}
        to={right.side}
        // What is no step is an arrow.
        nameOf={(element) => (read[1].nodes.has(element) ? nameOf(read[1], element) : t("kind_flow"))}
        onGo={(element) => select(element, removed.has(element) ? 0 : 1)}
      />
    </CardSection>
  );
  return (
    <>
      {narrow && list}
      <SideBySide
        together={t("compare_together")}
        onSelect={select}
        sides={[
          {
            title: left.title,
            xml: one,
            drawn: read[0].drawn,
            sights: sights.left,
            steps: ofSteps(sights.left, read[0]),
            selected: selected[0],
          },
          {
            title: right.title,
            xml: other,
            drawn: read[1].drawn,
            sights: sights.right,
            steps: ofSteps(sights.right, read[1]),
            selected: selected[1],
          },
        ]}
      />
      {!narrow && list}
    </>
  );
}
