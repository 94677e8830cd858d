/** Ctrl-K: find a record of any section, go somewhere, start something. */
import { Combobox, Modal, useCombobox, useMantineColorScheme } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import {
  IconArrowRight,
  IconChecklist,
  IconEye,
  IconHome,
  IconMoon,
  IconPlus,
  IconPuzzle,
  IconSettings,
  IconSun,
} from "@tabler/icons-react";
import { keepPreviousData, useQueries, useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type ReactNode, useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { lookupQuery } from "@/api/lookups";
import { usersQuery } from "@/api/people";
import { useEntities, useMe } from "@/api/session";
import { startViewAs, stopViewAs } from "@/api/view-as";
import { menuOf } from "@/engines/menu";
import { openSurface } from "@/engines/open-surface";
import { useSlot } from "@/engines/slots";
import { openCreate } from "@/state/creating";
import { useOpened } from "@/state/history";
import { EntityIcon } from "@/ui/entity-icon";
import { PaletteBody, PaletteLine } from "@/ui/palette";
import { toastError } from "@/ui/toast";
import { useSettingsSections } from "./palette-settings";
import { firstSections, processSections, sections } from "./sections";

interface Item {
  id: string;
  group: string;
  text: string;
  note?: string;
  icon: ReactNode;
  run(): void;
}

export function Palette({ onClose }: { onClose(): void }) {
  const { t } = useTranslation(["palette", "shell", "common"]);
  const [q, setQ] = useState("");
  const combobox = useCombobox({ opened: true });
  const items = useItems(q);
  const groups = [...new Set(items.map((item) => item.group))];

  // biome-ignore lint/correctness/useExhaustiveDependencies: another list, another first line
  useEffect(() => {
    combobox.selectFirstOption();
  }, [items.map((item) => item.id).join()]);

  return (
    <Modal
      opened
      onClose={onClose}
      withCloseButton={false}
      padding={0}
      size={620}
      yOffset="12vh"
      centered={false}
      attributes={{ content: { "aria-label": t("shell:search_hint") } }}
    >
      <Combobox
        store={combobox}
        onOptionSubmit={(id) => {
          onClose();
          items.find((item) => item.id === id)?.run();
        }}
      >
        <Combobox.EventsTarget>
          <Combobox.Search
            size="md"
            autoFocus
            data-autofocus
            value={q}
            placeholder={t("palette:placeholder")}
            aria-label={t("shell:search_hint")}
            onChange={(event) => setQ(event.currentTarget.value)}
            // The list takes Esc for itself, though it is always open.
            onKeyDown={(event) => event.key === "Escape" && onClose()}
          />
        </Combobox.EventsTarget>
        <PaletteBody>
          <Combobox.Options aria-label={t("shell:search_hint")}>
            {groups.map((group) => (
              <Combobox.Group key={group} label={group}>
                {items
                  .filter((item) => item.group === group)
                  .map((item) => (
                    <Combobox.Option key={item.id} value={item.id}>
                      <PaletteLine icon={item.icon} text={item.text} note={item.note} />
                    </Combobox.Option>
                  ))}
              </Combobox.Group>
            ))}
            {items.length === 0 && <Combobox.Empty>{t("common:nothing_found")}</Combobox.Empty>}
          </Combobox.Options>
        </PaletteBody>
      </Combobox>
    </Modal>
  );
}

/** Looking as somebody else, and the way back. */
function useEyes(wanted: string): Item[] {
  const { t } = useTranslation("palette");
  const me = useMe();
  const asked = me.admin && !me.viewing && wanted.length > 1;
  const { data } = useQuery({ ...usersQuery, enabled: asked });
  const item = (id: string, text: string, act: () => Promise<void>): Item => ({
    id,
    group: t("do"),
    text,
    icon: <IconEye size={16} aria-hidden />,
    run: () => void act().catch((error: unknown) => toastError(error)),
  });
  if (me.viewing) return [item("view-as:stop", t("view_as_stop"), stopViewAs)];
  const others = asked ? (data ?? []).filter(({ id, active }) => active && id !== me.user.id) : [];
  return others
    .map(({ id, name }) => item(`view-as:${id}`, t("view_as", { name }), () => startViewAs({ user: id })))
    .filter(({ text }) => text.toLocaleLowerCase().includes(wanted))
    .slice(0, 5);
}

function useItems(q: string): Item[] {
  const { t } = useTranslation(["palette", "shell", "common"]);
  const navigate = useNavigate();
  const me = useMe();
  const entities = useEntities().filter((entity) => entity.actions.read && entity.key !== "activity");
  // What stands in no menu is found by its name; its module's pages lead to it otherwise.
  const listed = entities.filter(({ inner }) => !inner);
  const opened = useOpened();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const [searched] = useDebouncedValue(q.trim(), 150);
  const found = useQueries({
    queries: entities.map((entity) => ({
      ...lookupQuery(entity.key, entity.title_field, searched),
      enabled: searched.length > 1,
      placeholderData: keepPreviousData,
    })),
  });
  const wanted = q.trim().toLocaleLowerCase();
  const matches = (text: string) => !wanted || text.toLocaleLowerCase().includes(wanted);
  const eyes = useEyes(wanted);
  const openRecord = (entity: string, id: string) =>
    void navigate({ to: "/records/$entity/$id", params: { entity, id } });
  const line = (entity: string, id: string, title: string, group: string): Item => {
    const kind = entities.find((one) => one.key === entity);
    return {
      id: `${group}:${id}`,
      group,
      text: title,
      note: kind?.label,
      icon: <EntityIcon of={kind ?? { key: entity }} size={16} />,
      run: () => openRecord(entity, id),
    };
  };

  const records =
    searched.length > 1 && wanted
      ? entities.flatMap((entity, index) =>
          (found[index]?.data ?? [])
            .slice(0, 5)
            .map(({ id, ref }) => line(entity.key, id, ref.title, t("palette:records"))),
        )
      : [];
  const recent = wanted
    ? []
    : opened.slice(0, 5).map((one) => line(one.entity, one.id, one.title, t("shell:recent")));
  const go = t("palette:go");
  const places: Item[] = [
    {
      id: "go:home",
      group: go,
      text: t("shell:home"),
      icon: <IconHome size={16} aria-hidden />,
      run: () => void navigate({ to: "/" }),
    },
    ...listed.map((entity) => ({
      id: `go:${entity.key}`,
      group: go,
      text: entity.label_plural,
      icon: <EntityIcon of={entity} size={16} />,
      run: () => void navigate({ to: "/records/$entity", params: { entity: entity.key } }),
    })),
    ...useSlot("nav.page").map(({ plugin, id, title }) => ({
      id: `page:${plugin}:${id}`,
      group: go,
      text: title,
      icon: <IconPuzzle size={16} aria-hidden />,
      run: () => void navigate({ to: "/app/$plugin/$page", params: { plugin, page: id }, search: {} }),
    })),
    {
      id: "go:tasks",
      group: go,
      text: t("shell:my_tasks"),
      icon: <IconChecklist size={16} aria-hidden />,
      run: () => void navigate({ to: "/tasks" }),
    },
    ...[...firstSections, ...processSections].map(({ to, label, icon: Icon }) => ({
      id: `go:${to}`,
      group: go,
      text: t(`shell:${label}`),
      icon: <Icon size={16} aria-hidden />,
      run: () => void navigate({ to }),
    })),
    ...sections
      .filter((section) => section.shown(me))
      .map(({ to, label, icon: Icon }) => ({
        id: `go:${to}`,
        group: go,
        text: t(`shell:${label}`),
        icon: <Icon size={16} aria-hidden />,
        run: () => void navigate({ to }),
      })),
  ];
  const settings: Item[] = useSettingsSections().map(({ key, title }) => ({
    id: `settings:${key}`,
    group: t("shell:settings"),
    text: title,
    icon: <IconSettings size={16} aria-hidden />,
    run: () => void navigate({ to: "/settings/$section", params: { section: key } }),
  }));
  const commands = useSlot("palette.command").map(({ plugin, id, title }) => ({
    id: `module:${plugin}:${id}`,
    group: t("palette:do"),
    text: title,
    icon: <IconPuzzle size={16} aria-hidden />,
    run: () => openSurface({ plugin, id, subject: {} }),
  }));
  const dark = colorScheme === "dark";
  const task = entities.find(({ key, actions }) => key === "task" && actions.create);
  // What is typed may be a task in one line.
  const quick: Item[] =
    task && q.trim().includes(" ")
      ? [
          {
            id: "quick",
            group: t("palette:do"),
            text: `${t("palette:create", { entity: task.label })}: ${q.trim()}`,
            icon: <IconPlus size={16} aria-hidden />,
            run: () => void navigate({ to: "/tasks", search: { line: q.trim() } }),
          },
        ]
      : [];
  const acts: Item[] = [
    ...listed
      .filter((entity) => entity.actions.create)
      .map((entity) => ({
        id: `new:${entity.key}`,
        group: t("palette:do"),
        text: t("palette:create", { entity: entity.label }),
        icon: <IconPlus size={16} aria-hidden />,
        run: () => openCreate(entity.key),
      })),
    ...commands,
    {
      id: "theme",
      group: t("palette:do"),
      text: dark ? t("palette:to_light") : t("palette:to_dark"),
      icon: dark ? <IconSun size={16} aria-hidden /> : <IconMoon size={16} aria-hidden />,
      run: () => setColorScheme(dark ? "light" : "dark"),
    },
  ];
  // What is seldom looked at is found by its records, or by its own name above.
  const lists = menuOf(listed)
    .work.filter(() => wanted.length > 1)
    .map((entity) => ({
      id: `find:${entity.key}`,
      group: t("palette:search_in"),
      text: `${entity.label_plural}: ${q.trim()}`,
      icon: <IconArrowRight size={16} aria-hidden />,
      run: () =>
        void navigate({
          to: "/records/$entity/list",
          params: { entity: entity.key },
          search: { q: q.trim() },
        }),
    }));
  return [
    ...records,
    ...recent,
    ...[...places, ...acts, ...(me.viewing ? eyes : [])].filter((item) => matches(item.text)),
    ...quick,
    ...(me.viewing ? [] : eyes),
    // So many that they stand there only when one of them is asked for.
    ...(wanted.length > 1 ? settings.filter((item) => matches(item.text)) : []),
    ...lists,
  ];
}
