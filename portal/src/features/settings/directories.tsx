/** Lists of options that fields share; one opens into the editor of its items. */
import { Button, Textarea } from "@mantine/core";
import { IconList, IconPlus } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { createDirectory, directoriesQuery, directoryQuery } from "@/api/directories";
import type { DirectoryHead } from "@/api/types";
import { currentLocale } from "@/i18n";
import { Block, BlockBones, ItemBody, ItemList, itemClass, Tag } from "@/ui/block";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { IconText } from "@/ui/page";
import { EmptyState, ErrorState } from "@/ui/states";
import { useOnce } from "@/ui/use-once";
import { DirectoryEditor } from "./directory-editor";
import { itemsOf } from "./directory-model";
import { nameOf, type Words } from "./pipelines/model";
import { WordsInput } from "./pipelines/words";

interface Props {
  /** The key of the open one; `new` makes one. */
  editing?: string;
  onEdit(key?: string): void;
}

export default function Directories({ editing, onEdit }: Props) {
  const open = editing !== undefined && editing !== "new";
  return open ? (
    <One key={editing} directory={editing} onEdit={onEdit} />
  ) : (
    <All editing={editing} onEdit={onEdit} />
  );
}

function One({ directory, onEdit }: { directory: string; onEdit(key?: string): void }) {
  const { t } = useTranslation("common");
  const query = useQuery(directoryQuery(directory));
  if (query.isPending) return <BlockBones label={t("loading")} />;
  if (!query.data) return <ErrorState error={query.error} retry={() => void query.refetch()} />;
  const one = query.data;
  return <DirectoryEditor key={one.version} directory={one} onClose={() => onEdit()} />;
}

function All({ editing, onEdit }: Props) {
  const { t } = useTranslation(["directories", "common"]);
  const query = useQuery(directoriesQuery);
  const all = query.data ?? [];
  const own = all.filter((one) => !one.built_in);
  const add = (
    <Button aria-label={t("directories:add")} onClick={() => onEdit("new")}>
      <IconText icon={<IconPlus size={16} />}>{t("directories:add")}</IconText>
    </Button>
  );
  return (
    <>
      <Block title={t("directories:title")} note={t("directories:note")} actions={own.length > 0 && add}>
        {query.isPending && <BlockBones label={t("common:loading")} />}
        {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
        {query.isSuccess && own.length === 0 && (
          <EmptyState icon={<IconList size={28} />} action={add}>
            {t("directories:none")}
          </EmptyState>
        )}
        <Rows all={own} onEdit={onEdit} />
      </Block>
      {query.isSuccess && (
        <Block title={t("directories:built_in")} note={t("directories:built_in_note")}>
          <Rows all={all.filter((one) => one.built_in)} onEdit={onEdit} />
        </Block>
      )}
      {editing === "new" && <NewDirectory onEdit={onEdit} />}
    </>
  );
}

function Rows({ all, onEdit }: { all: DirectoryHead[]; onEdit(key: string): void }) {
  const { t } = useTranslation("directories");
  if (all.length === 0) return null;
  return (
    <ItemList>
      {all.map((one) => (
        <button
          type="button"
          key={one.key}
          className={itemClass}
          data-testid={`directory-${one.key}`}
          onClick={() => onEdit(one.key)}
        >
          <ItemBody
            icon={<IconList size={18} />}
            title={one.name}
            tags={one.archived > 0 && <Tag>{t("archived_count", { count: one.archived })}</Tag>}
            note={one.fields.length > 0 ? one.fields.map(({ name }) => name).join(" · ") : t("unused")}
            aside={t("items_count", { count: one.offered })}
          />
        </button>
      ))}
    </ItemList>
  );
}

function NewDirectory({ onEdit }: { onEdit(key?: string): void }) {
  const { t } = useTranslation(["directories", "common"]);
  const [values, setValues] = useState<{ label: Words; lines: string }>({ label: {}, lines: "" });
  const [tried, setTried] = useState(false);
  const named = nameOf(values.label, currentLocale()) !== "";
  const save = useMutation({
    mutationFn: () =>
      createDirectory(values.label as Record<string, string>, itemsOf(values.lines, currentLocale())),
    onSuccess: (made) => onEdit(made.key),
  });
  const send = useOnce(save.mutateAsync);
  return (
    <FormDrawer
      title={t("directories:add")}
      submit={t("common:add")}
      values={values}
      pending={save.isPending}
      error={save.error}
      fields={["label", "items"]}
      onClose={() => onEdit()}
      onSubmit={() => {
        setTried(true);
        if (named) send();
      }}
    >
      <WordsInput
        label={t("directories:name")}
        focus
        value={values.label}
        error={tried && !named ? t("directories:name_needed") : fieldRefusal(save.error, "label")}
        onChange={(label) => setValues({ ...values, label })}
      />
      <Textarea
        label={t("directories:lines")}
        description={t("directories:lines_hint")}
        inputWrapperOrder={["label", "input", "description", "error"]}
        autosize
        minRows={4}
        maxRows={14}
        value={values.lines}
        error={fieldRefusal(save.error, "items")}
        onChange={(event) => setValues({ ...values, lines: event.currentTarget.value })}
      />
    </FormDrawer>
  );
}
