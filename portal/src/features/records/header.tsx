/** The head of a board, a list or a calendar: what it is, which of them, which pipeline, search, new record. */
import { Button, SegmentedControl, Select, TextInput } from "@mantine/core";
import { useDebouncedCallback } from "@mantine/hooks";
import { IconCalendar, IconLayoutKanban, IconList, IconPlus, IconSearch } from "@tabler/icons-react";
import { useNavigate, useSearch } from "@tanstack/react-router";
import { type ReactNode, useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import type { Entity, Pipeline } from "@/api/types";
import { openCreate } from "@/state/creating";
import type { RecordsSearch } from "@/state/search";
import { EntityIcon } from "@/ui/entity-icon";
import { IconText, PageHeader } from "@/ui/page";
import { useShortcuts } from "@/ui/shortcuts";
import { dateFields } from "./dates";

type Mode = "board" | "list" | "calendar";

const addresses = {
  board: "/records/$entity/board",
  list: "/records/$entity/list",
  calendar: "/records/$entity/calendar",
} as const;
const icons = { board: IconLayoutKanban, list: IconList, calendar: IconCalendar };

interface Props {
  entity: Entity;
  mode: Mode;
  pipeline?: Pipeline;
  children?: ReactNode;
}

/** Changes the address of the current board or list; `replace` keeps Back useful while typing. */
export function useRecordsSearch(): [
  RecordsSearch,
  (patch: Partial<RecordsSearch>, replace?: boolean) => void,
] {
  const search = useSearch({ strict: false }) as RecordsSearch;
  const navigate = useNavigate();
  const set = (patch: Partial<RecordsSearch>, replace = false) =>
    void navigate({ to: ".", search: (old: RecordsSearch) => ({ ...old, ...patch }), replace });
  return [search, set];
}

export function RecordsHeader({ entity, mode, pipeline, children }: Props) {
  const { t } = useTranslation(["board", "common"]);
  const navigate = useNavigate();
  const [search, setSearch] = useRecordsSearch();
  // An archived one is shown while it is looked at.
  const shown = entity.pipelines.filter((one) => !one.archived || one.id === pipeline?.id);

  const modes: Mode[] = [
    ...(entity.staged ? (["board"] as const) : []),
    "list",
    ...(dateFields(entity).length > 0 ? (["calendar"] as const) : []),
  ];

  const switchTo = (next: Mode) => {
    localStorage.setItem(`verstak.mode.${entity.key}`, next);
    const kept: RecordsSearch = { q: search.q, filter: search.filter, sort: search.sort };
    void navigate({
      to: addresses[next],
      params: { entity: entity.key },
      search: kept,
    });
  };

  return (
    <PageHeader
      icon={<EntityIcon of={entity} size={18} />}
      title={entity.label_plural}
      actions={
        <>
          <SearchField key={entity.key} />
          {entity.actions.create && (
            <Button onClick={() => openCreate(entity.key, { stage: firstStage(pipeline) })}>
              <IconText icon={<IconPlus size={16} aria-hidden />}>{t("common:create")}</IconText>
            </Button>
          )}
        </>
      }
    >
      {modes.length > 1 && (
        <SegmentedControl
          size="xs"
          value={mode}
          onChange={(next) => switchTo(next as Mode)}
          data={modes.map((one) => ({ value: one, label: <ModeLabel key={one} mode={one} /> }))}
        />
      )}
      {mode === "board" && shown.length > 1 && (
        <Select
          size="xs"
          w={150}
          aria-label={t("board:pipeline")}
          allowDeselect={false}
          data={shown.map((one) => ({ value: one.id, label: one.name }))}
          value={pipeline?.id ?? null}
          onChange={(value) => value && setSearch({ pipeline: value })}
        />
      )}
      {children}
    </PageHeader>
  );
}

function ModeLabel({ mode }: { mode: Mode }) {
  const { t } = useTranslation("board");
  const Icon = icons[mode];
  return <IconText icon={<Icon size={16} aria-hidden />}>{t(mode)}</IconText>;
}

/** Search in this section; `/` puts the cursor here. */
function SearchField() {
  const { t } = useTranslation("common");
  const [search, setSearch] = useRecordsSearch();
  const [text, setText] = useState(search.q ?? "");
  const input = useRef<HTMLInputElement>(null);
  const send = useDebouncedCallback(
    (value: string) => setSearch({ q: value.trim() || undefined }, true),
    200,
  );

  // The address may change elsewhere: a saved view, Back.
  useEffect(() => {
    if (document.activeElement !== input.current) setText(search.q ?? "");
  }, [search.q]);

  useShortcuts([{ key: "/", code: "Slash", run: () => input.current?.focus() }]);

  return (
    <TextInput
      ref={input}
      size="xs"
      type="search"
      aria-label={t("search")}
      placeholder={t("search")}
      leftSection={<IconSearch size={16} aria-hidden />}
      value={text}
      onChange={(event) => {
        setText(event.currentTarget.value);
        send(event.currentTarget.value);
      }}
    />
  );
}

/** A new record begins at the first stage of the pipeline on screen; the server knows the default one. */
function firstStage(pipeline: Pipeline | undefined): string | undefined {
  if (!pipeline || pipeline.is_default) return undefined;
  return [...pipeline.stages].sort((left, right) => left.sort - right.sort)[0]?.key;
}
