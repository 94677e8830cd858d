/** Saved views as tabs: choosing one puts its filter, sort and columns into the address. */
import { ActionIcon, Button, Checkbox, Menu, Popover, TextInput } from "@mantine/core";
import { IconChevronDown, IconDeviceFloppy, IconTrash, IconUsers } from "@tabler/icons-react";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import { sameValue } from "@/api/save";
import type { Entity, View, ViewConfig } from "@/api/types";
import { createView, deleteView, updateView, viewsQuery } from "@/api/views";
import { calendarModes, type RecordsSearch } from "@/state/search";
import { PopoverForm } from "@/ui/chips";
import { ViewTab, ViewTabs } from "@/ui/table";
import { toast, toastError } from "@/ui/toast";
import { useRecordsSearch } from "./header";

type Kind = "list" | "calendar";

function configOf(search: RecordsSearch, kind: Kind): ViewConfig {
  const config: ViewConfig = {};
  if (search.filter) config.filter = search.filter;
  if (kind === "list" && search.sort?.length) config.sort = search.sort;
  if (kind === "list" && search.columns?.length) config.columns = search.columns;
  if (search.q) config.q = search.q;
  if (kind === "calendar") {
    if (search.date) config.date = search.date;
    if (search.mode) config.mode = search.mode;
  }
  return config;
}

const same = (left: ViewConfig, right: ViewConfig) =>
  (["filter", "sort", "columns", "q", "date", "mode"] as const).every((key) =>
    sameValue(left[key], right[key]),
  );

export function Views({ entity, kind = "list" }: { entity: Entity; kind?: Kind }) {
  const { t } = useTranslation(["list", "common"]);
  const client = useQueryClient();
  const [search, setSearch] = useRecordsSearch();
  const views = useQuery(viewsQuery(entity.key)).data?.filter((view) => view.kind === kind) ?? [];
  const current = views.find((view) => view.id === search.view);
  const config = configOf(search, kind);
  const changed = !same(config, current?.config ?? {});
  const refresh = () => client.invalidateQueries({ queryKey: keys.views(entity.key) });
  const show = (view?: View) =>
    setSearch({
      view: view?.id,
      filter: view?.config.filter ?? undefined,
      sort: view?.config.sort?.map(({ field, desc }) => ({ field, desc: desc ?? undefined })),
      columns: view?.config.columns ?? undefined,
      q: view?.config.q ?? undefined,
      date: view?.config.date ?? undefined,
      mode: calendarModes.find((mode) => mode === view?.config.mode),
      deleted: undefined,
    });
  const update = async (view: View, patch: Partial<Pick<View, "shared" | "config">>) => {
    try {
      await updateView(view.id, patch);
      await refresh();
      toast({ message: t("common:saved") });
    } catch (error) {
      toastError(error, view.name);
    }
  };
  const remove = async (view: View) => {
    try {
      await deleteView(view.id);
      if (view.id === search.view) show();
      await refresh();
      toast({
        message: t("list:view_deleted", { name: view.name }),
        action: {
          label: t("common:undo"),
          run: () => {
            createView({
              entity: view.entity,
              name: view.name,
              kind: view.kind,
              shared: view.shared,
              config: view.config,
            }).then(refresh, (error) => toastError(error, view.name));
          },
        },
      });
    } catch (error) {
      toastError(error, view.name);
    }
  };

  return (
    <ViewTabs label={t("list:views")}>
      <ViewTab active={!current} onClick={() => show()}>
        {t("list:all")}
      </ViewTab>
      {views.map((view) => (
        <ViewTab
          key={view.id}
          active={view.id === current?.id}
          onClick={() => show(view)}
          action={
            view.mine &&
            view.id === current?.id && (
              <Menu width={240}>
                <Menu.Target>
                  <ActionIcon size={20} aria-label={t("list:view_menu", { name: view.name })}>
                    <IconChevronDown size={14} />
                  </ActionIcon>
                </Menu.Target>
                <Menu.Dropdown>
                  <Menu.Item
                    leftSection={<IconUsers size={16} />}
                    onClick={() => void update(view, { shared: !view.shared })}
                  >
                    {view.shared ? t("list:unshare") : t("list:share")}
                  </Menu.Item>
                  <Menu.Item leftSection={<IconTrash size={16} />} onClick={() => void remove(view)}>
                    {t("common:delete")}
                  </Menu.Item>
                </Menu.Dropdown>
              </Menu>
            )
          }
        >
          {view.name}
        </ViewTab>
      ))}
      {changed && current?.mine && (
        <Button
          variant="subtle"
          size="compact-sm"
          leftSection={<IconDeviceFloppy size={16} />}
          onClick={() => void update(current, { config })}
        >
          {t("list:save_view")}
        </Button>
      )}
      {changed && (
        <SaveAs
          onSave={async (name, shared) => {
            const view = await createView({ entity: entity.key, name, kind, shared, config });
            await refresh();
            setSearch({ view: view.id });
          }}
        />
      )}
    </ViewTabs>
  );
}

function SaveAs({ onSave }: { onSave(name: string, shared: boolean): Promise<void> }) {
  const { t } = useTranslation(["list", "common"]);
  const [open, setOpen] = useState(false);
  const [name, setName] = useState("");
  const [shared, setShared] = useState(false);
  const save = useMutation({
    mutationFn: () => onSave(name.trim(), shared),
    onSuccess: () => {
      setOpen(false);
      setName("");
    },
    onError: (error) => toastError(error),
  });
  return (
    <Popover opened={open} onChange={setOpen} position="bottom-start" trapFocus>
      <Popover.Target>
        <Button variant="subtle" color="gray" size="compact-sm" onClick={() => setOpen(!open)}>
          {t("list:save_as")}
        </Button>
      </Popover.Target>
      <Popover.Dropdown>
        <PopoverForm onSubmit={() => name.trim() && save.mutate()}>
          <TextInput
            label={t("list:view_name")}
            autoFocus
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
          />
          <Checkbox
            size="xs"
            label={t("list:share")}
            checked={shared}
            onChange={(event) => setShared(event.currentTarget.checked)}
          />
          <Button type="submit" loading={save.isPending} disabled={!name.trim()}>
            {t("common:save")}
          </Button>
        </PopoverForm>
      </Popover.Dropdown>
    </Popover>
  );
}
