/** `/journal`: what runs and what ran, newest first, beside the map of the one that is looked at. */
import { Button, Select, TextInput } from "@mantine/core";
import { useMediaQuery } from "@mantine/hooks";
import { IconHistory, IconSearch } from "@tabler/icons-react";
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { getRouteApi, Link, useNavigate } from "@tanstack/react-router";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { definitionsQuery, instanceQuery, instancesQuery } from "@/api/processes";
import type { Id, Instance } from "@/api/types";
import { useSpan, useWorked } from "@/engines/route-map/span";
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
      <Filters search={search} total={query.data?.pages[0]?.total} go={go} />
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

interface FiltersProps {
  search: JournalSearch;
  /** How many answer to what is chosen. */
  total: number | undefined;
  go(search: JournalSearch): void;
}

function Filters({ search, total, go }: FiltersProps) {
  const { t } = useTranslation(["processes", "fields"]);
  const definitions = useQuery(definitionsQuery);
  const counted = (pressed: boolean) => (pressed ? total : undefined);
  return (
    <CounterBar label={t("processes:filters")}>
      <Counter
        label={t("processes:instance_all")}
        count={counted(!search.state)}
        pressed={!search.state}
        onPress={() => go({ ...search, state: undefined, instance: undefined })}
      />
      {journalStates.map((state) => (
        <Counter
          key={state}
          label={t(`processes:instances_${state}`)}
          count={counted(search.state === state)}
          pressed={search.state === state}
          onPress={() => go({ ...search, state, instance: undefined })}
        />
      ))}
      <Counter
        label={t("processes:only_overdue")}
        count={undefined}
        pressed={search.overdue === true}
        onPress={() => go({ ...search, overdue: search.overdue ? undefined : true, instance: undefined })}
      />
      <Counter
        label={t("processes:only_mine")}
        count={undefined}
        pressed={search.person === "me"}
        onPress={() => go({ ...search, person: search.person ? undefined : "me", instance: undefined })}
      />
      <Words
        value={search.q ?? ""}
        onSearch={(q) => go({ ...search, q: q || undefined, instance: undefined })}
      />
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

/** Asked when Enter is pressed or the field is left: not with each letter. */
function Words({ value, onSearch }: { value: string; onSearch(words: string): void }) {
  const { t } = useTranslation("processes");
  const [typed, setTyped] = useState(value);
  useEffect(() => setTyped(value), [value]);
  const search = () => {
    if (typed.trim() !== value) onSearch(typed.trim());
  };
  return (
    <TextInput
      type="search"
      w={220}
      maxLength={200}
      aria-label={t("journal_search")}
      placeholder={t("journal_search")}
      leftSection={<IconSearch size={16} aria-hidden />}
      value={typed}
      onChange={(event) => setTyped(event.currentTarget.value)}
      onBlur={search}
      onKeyDown={(event) => event.key === "Enter" && search()}
    />
  );
}

function Empty({ search, go }: { search: JournalSearch; go(search: JournalSearch): void }) {
  const { t } = useTranslation("processes");
  const filtered =
    search.state ||
    search.definition ||
    search.subject ||
    search.element ||
    search.overdue ||
    search.person ||
    search.q;
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
  const worked = useWorked();
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
        end={<InstanceState instance={instance} late={instance.active.some(({ late }) => late)} />}
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
        <PickFacts>{[step || instance.name, ...whoAndTime(instance, worked)].join(" · ")}</PickFacts>
        <PickFacts>
          {instance.name} · {formatRelative(instance.started_at, Date.now())} ·{" "}
          {span(instance.started_at, instance.ended_at ?? now)}
        </PickFacts>
      </PickRow>
    );
  });
}

/** Who has the first step that it stands at, and how much of its time is gone. */
function whoAndTime(instance: Instance, worked: (elapsed: number, limit?: number) => string): string[] {
  const [first] = instance.active;
  if (!first) return [];
  const who = first.who?.name ?? first.who?.role;
  const time = first.limit !== undefined && first.elapsed !== undefined && worked(first.elapsed, first.limit);
  return [who, time].filter((one): one is string => Boolean(one));
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
