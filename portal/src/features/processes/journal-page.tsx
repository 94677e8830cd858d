/** `/journal`: what runs and what ran, newest first, beside the map of the one that is looked at. */
import { Button, Select } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconHistory } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import { definitionsQuery, instanceQuery, instancesQuery } from "@/api/processes";
import type { Id, Instance } from "@/api/types";
import { useSpan } from "@/engines/route-map/span";
import { standingOf } from "@/engines/route-map/states";
import { useTitles } from "@/engines/titles";
import { formatRelative } from "@/i18n/format";
import { type JournalSearch, journalStates } from "@/state/search";
import { ShowMore } from "@/ui/more";
import { PageHeader } from "@/ui/page";
import { EmptyState, ErrorState, ListSkeleton } from "@/ui/states";
import { Counter, CounterBar, PickFacts, PickRow, Split } from "@/ui/work";
import { InstanceHead } from "./instance-head";
import { InstanceMap } from "./instance-map";
import { InstanceState } from "./parts";

const route = getRouteApi("/shell/journal");

export default function JournalPage() {
  const { t } = useTranslation(["processes", "fields"]);
  const search = route.useSearch();
  const navigate = useNavigate();
  const narrow = useMediaQuery("(max-width: 899px)", false, { getInitialValueInEffect: false });
  const { instance: looked, ...list } = search;
  const query = useInfiniteQuery(instancesQuery(list));
  const items = query.data?.pages.flatMap((page) => page.items) ?? [];
  useArrowsFromAnywhere();
  const go = (next: JournalSearch) => void navigate({ to: "/journal", search: next });
  const shown = looked ?? items[0]?.id;
  return (
    <>
      <PageHeader icon={<IconHistory size={18} />} title={t("processes:journal_title")} />
      <Filters search={search} go={go} />
      {query.isPending ? (
        <ListSkeleton />
      ) : query.isError && items.length === 0 ? (
        <ErrorState error={query.error} retry={() => void query.refetch()} />
      ) : items.length === 0 ? (
        <Empty search={search} go={go} />
      ) : (
        <Split
          label={t("processes:instances")}
          side={
            <>
              <Rows items={items} search={search} shown={shown} narrow={narrow} />
              <ShowMore of={query} label={t("processes:show_more")} wide />
            </>
          }
        >
          {!narrow && shown && <Sight id={shown} />}
        </Split>
      )}
    </>
  );
}

/** An arrow pressed while nothing has the focus begins at the row that is looked at. */
function useArrowsFromAnywhere() {
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (event.defaultPrevented || (event.key !== "ArrowDown" && event.key !== "ArrowUp")) return;
      if (document.activeElement !== document.body && document.activeElement?.id !== "content") return;
      const links = [...document.querySelectorAll<HTMLElement>("[data-row] a[data-row-link]")];
      const at = links.findIndex((link) => link.getAttribute("aria-current") === "true");
      const next = links[at + (event.key === "ArrowDown" ? 1 : -1)] ?? links[at];
      if (!next) return;
      event.preventDefault();
      next.focus();
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}

function Filters({ search, go }: { search: JournalSearch; go(search: JournalSearch): void }) {
  const { t } = useTranslation(["processes", "fields"]);
  const definitions = useQuery(definitionsQuery);
  return (
    <CounterBar label={t("processes:filters")}>
      <Counter
        label={t("processes:instance_all")}
        count={undefined}
        pressed={!search.state}
        onPress={() => go({ ...search, state: undefined, instance: undefined })}
      />
      {journalStates.map((state) => (
        <Counter
          key={state}
          label={t(`processes:instances_${state}`)}
          count={undefined}
          pressed={search.state === state}
          onPress={() => go({ ...search, state, instance: undefined })}
        />
      ))}
      <Select
        aria-label={t("processes:which")}
        placeholder={t("processes:all_processes")}
        clearable
        clearButtonProps={{ "aria-label": t("fields:clear") }}
        w={240}
        data={(definitions.data ?? []).map(({ key, name }) => ({ value: key, label: name }))}
        value={search.definition ?? null}
        onChange={(next) => go({ ...search, definition: next ?? undefined, instance: undefined })}
      />
      {search.subject && (
        <Counter
          label={t("processes:of_record")}
          count={undefined}
          pressed
          onPress={() => go({ ...search, subject: undefined, instance: undefined })}
        />
      )}
    </CounterBar>
  );
}

function Empty({ search, go }: { search: JournalSearch; go(search: JournalSearch): void }) {
  const { t } = useTranslation("processes");
  const filtered = search.state || search.definition || search.subject || search.element;
  return (
    <EmptyState
      title={t(filtered ? "journal_nothing" : "journal_empty_title")}
      action={
        filtered ? (
          <Button variant="default" onClick={() => go({})}>
            {t("journal_all")}
          </Button>
        ) : (
          <Button renderRoot={(props) => <Link to="/processes" {...props} />}>{t("title")}</Button>
        )
      }
    >
      {t(filtered ? "journal_nothing_text" : "journal_empty")}
    </EmptyState>
  );
}

interface RowsProps {
  items: Instance[];
  search: JournalSearch;
  shown: Id | undefined;
  narrow: boolean;
}

/** Arrows walk the rows; where the keyboard stands is what the map shows. */
function Rows({ items, search, shown, narrow }: RowsProps) {
  const { t } = useTranslation(["processes", "fields"]);
  const navigate = useNavigate();
  const span = useSpan();
  const titles = useTitles(
    items.map((instance) => instance.subject),
    t("fields:untitled"),
  );
  const look = (id: Id) =>
    !narrow &&
    id !== shown &&
    void navigate({ to: "/journal", search: { ...search, instance: id }, replace: true, resetScroll: false });
  const now = new Date().toISOString();
  return items.map((instance) => {
    const standing = standingOf(instance);
    const step = standing
      .slice(0, 2)
      .map(({ name }) => name)
      .join(", ");
    return (
      <PickRow
        key={instance.id}
        testId={`instance-${instance.id}`}
        opened={!narrow && instance.id === shown}
        end={<InstanceState instance={instance} />}
        link={
          <Link
            {...(narrow
              ? { to: "/instances/$id", params: { id: instance.id } }
              : { to: "/journal", search: { ...search, instance: instance.id }, resetScroll: false })}
            aria-current={!narrow && instance.id === shown ? "true" : undefined}
            data-row-link
            onFocus={() => look(instance.id)}
          >
            {titles.get(instance.subject?.id ?? "") ?? instance.name}
          </Link>
        }
      >
        <PickFacts>{step || instance.name}</PickFacts>
        <PickFacts>
          {instance.name} · {formatRelative(instance.started_at, Date.now())} ·{" "}
          {span(instance.started_at, instance.ended_at ?? now)}
        </PickFacts>
      </PickRow>
    );
  });
}

/** The last one seen stays until the next one has come: nothing jumps while arrows are pressed. */
function Sight({ id }: { id: Id }) {
  const query = useQuery(instanceQuery(id));
  const last = useRef<Instance>(undefined);
  useEffect(() => {
    if (query.data) last.current = query.data;
  }, [query.data]);
  if (query.isError) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  const instance = query.data ?? last.current;
  if (!instance) return <ListSkeleton rows={6} />;
  return (
    <InstanceHead instance={instance} compact>
      <InstanceMap instance={instance} />
    </InstanceHead>
  );
}
