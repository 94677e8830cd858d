/** What may be done with a directory as a whole: named, another one merged into it, taken away. */
import { ActionIcon, Button, Menu, Modal, Select, Stack } from "@mantine/core";
import { IconArrowMerge, IconDots, IconPencil, IconTrash } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import {
  directoriesQuery,
  directoryQuery,
  mergeDirectories,
  removeDirectory,
  renameDirectory,
} from "@/api/directories";
import { messageOf } from "@/api/problem";
import { queryClient } from "@/api/query-client";
import type { DirectoryChange, DirectoryView } from "@/api/types";
import { currentLocale } from "@/i18n";
import { Hint, Notice } from "@/ui/block";
import { Confirm } from "@/ui/confirm";
import { FormActions } from "@/ui/form";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { FormProblem } from "@/ui/sign-in";
import { toast } from "@/ui/toast";
import { useFocusBack } from "@/ui/use-focus-back";
import { alike } from "./directory-model";
import { nameOf, type Words } from "./pipelines/model";
import { WordsInput } from "./pipelines/words";
import { usersOf } from "./users-of";

interface Props {
  directory: DirectoryView;
  /** Something is not saved yet. */
  disabled: boolean;
  onGone(): void;
  onMerged(change: DirectoryChange): void;
}

export function DirectoryActions({ directory, disabled, onGone, onMerged }: Props) {
  const { t } = useTranslation(["directories", "common"]);
  const [open, setOpen] = useState<"name" | "merge" | "remove">();
  const close = () => setOpen(undefined);
  const remove = useMutation({
    mutationFn: () => removeDirectory(directory.key, directory.version),
    onSuccess: () => {
      toast({ message: t("directories:removed", { name: directory.name }), kind: "done" });
      onGone();
    },
  });
  const users = usersOf(remove.error);
  const problem =
    users.length > 0
      ? t("directories:in_use", { users: users.join(", ") })
      : remove.error && messageOf(remove.error, t("common:network"));
  return (
    <>
      <Menu position="bottom-end" width={260}>
        <Menu.Target>
          <ActionIcon aria-label={t("directories:actions")} disabled={disabled}>
            <IconDots size={18} />
          </ActionIcon>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item leftSection={<IconPencil size={16} />} onClick={() => setOpen("name")}>
            {t("directories:rename")}
          </Menu.Item>
          <Menu.Item leftSection={<IconArrowMerge size={16} />} onClick={() => setOpen("merge")}>
            {t("directories:merge_in")}
          </Menu.Item>
          {!directory.built_in && (
            <Menu.Item leftSection={<IconTrash size={16} />} onClick={() => setOpen("remove")}>
              {t("directories:remove")}
            </Menu.Item>
          )}
        </Menu.Dropdown>
      </Menu>
      {open === "name" && <Rename directory={directory} onClose={close} />}
      {open === "merge" && <MergeOther directory={directory} onMerged={onMerged} onClose={close} />}
      {open === "remove" && (
        <Confirm
          title={t("directories:remove_title", { name: directory.name })}
          text={t("directories:remove_text")}
          yes={t("directories:remove")}
          no={t("common:cancel")}
          close={t("common:close")}
          danger
          pending={remove.isPending}
          problem={problem && <FormProblem>{problem}</FormProblem>}
          onYes={() => remove.mutate()}
          onNo={close}
        />
      )}
    </>
  );
}

function Rename({ directory, onClose }: { directory: DirectoryView; onClose(): void }) {
  const { t } = useTranslation(["directories", "common"]);
  const [label, setLabel] = useState<Words>(directory.label as Words);
  const [tried, setTried] = useState(false);
  const named = nameOf(label, currentLocale()) !== "";
  const save = useMutation({
    mutationFn: () => renameDirectory(directory.key, label as Record<string, string>, directory.version),
    onSuccess: () => {
      toast({ message: t("common:saved"), kind: "done" });
      onClose();
    },
  });
  return (
    <FormDrawer
      title={directory.name}
      submit={t("common:save")}
      values={label}
      pending={save.isPending}
      error={save.error}
      fields={["label"]}
      onClose={onClose}
      onSubmit={() => {
        setTried(true);
        if (named) save.mutate();
      }}
    >
      <WordsInput
        label={t("directories:name")}
        focus
        value={label}
        error={tried && !named ? t("directories:name_needed") : fieldRefusal(save.error, "label")}
        onChange={setLabel}
      />
    </FormDrawer>
  );
}

interface MergeProps {
  directory: DirectoryView;
  onMerged(change: DirectoryChange): void;
  onClose(): void;
}

/** Another directory goes into this one: what is called alike becomes one, the rest is added. Counted before it is done. */
function MergeOther({ directory, onMerged, onClose }: MergeProps) {
  useFocusBack();
  const { t } = useTranslation(["directories", "common"]);
  const others = (useQuery(directoriesQuery).data ?? []).filter(
    ({ key, built_in }) => key !== directory.key && !built_in,
  );
  const [from, setFrom] = useState<string | null>(null);
  const look = useMutation({
    mutationFn: async (key: string) => {
      const other = await queryClient.fetchQuery(directoryQuery(key));
      const items = alike(other.items, directory.items, currentLocale());
      const known = new Set(directory.items.map((item) => item.key));
      const added = other.items.filter((item) => !known.has(item.key) && !items[item.key]).length;
      return { items, added, plan: await mergeDirectories(directory.key, key, items, true) };
    },
  });
  const act = useMutation({
    mutationFn: ({ key, items }: { key: string; items: Record<string, string> }) =>
      mergeDirectories(directory.key, key, items, false),
    onSuccess: (change) => {
      onMerged(change);
      onClose();
    },
  });
  const seen = look.data;
  const users = usersOf(act.error);
  const error = act.error ?? look.error;
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("directories:merge_other_title", { name: directory.name })}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <Stack gap={12}>
        {error && (
          <FormProblem>
            {users.length > 0
              ? t("directories:in_use", { users: users.join(", ") })
              : messageOf(error, t("common:network"))}
          </FormProblem>
        )}
        <Select
          label={t("directories:merge_from")}
          placeholder={t(others.length > 0 ? "directories:choose_directory" : "directories:none_else")}
          data-autofocus
          searchable
          allowDeselect={false}
          disabled={others.length === 0}
          data={others.map(({ key, name }) => ({ value: key, label: name }))}
          value={from}
          onChange={(key) => {
            setFrom(key);
            if (key) look.mutate(key);
          }}
        />
        {seen && (
          <Notice title={t("directories:will_happen")}>
            <ul style={{ margin: 0, paddingInlineStart: 18 }} data-testid="directory-effects">
              <li>{t("directories:effect_added", { count: seen.added })}</li>
              <li>{t("directories:effect_alike", { count: Object.keys(seen.items).length })}</li>
              {seen.plan.moves > 0 && <li>{t("directories:effect_moves", { count: seen.plan.moves })}</li>}
              {seen.plan.users.length > 0 && (
                <li>
                  {t("directories:in_use", { users: seen.plan.users.map(({ name }) => name).join(", ") })}
                </li>
              )}
            </ul>
          </Notice>
        )}
        <Hint>{t("directories:merge_other_hint")}</Hint>
        <FormActions>
          <Button variant="default" onClick={onClose}>
            {t("common:cancel")}
          </Button>
          <Button
            disabled={!from || !seen || look.isPending || seen.plan.users.length > 0}
            loading={act.isPending}
            onClick={() => from && seen && act.mutate({ key: from, items: seen.items })}
          >
            {t("directories:merge")}
          </Button>
        </FormActions>
      </Stack>
    </Modal>
  );
}
