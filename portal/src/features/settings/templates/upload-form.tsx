/** A template of the company's own: of what, and its file. What is wrong with the file stands where it was chosen. */
import { Anchor, Select, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { addOwn, sourceUrl } from "@/api/document-templates";
import type { OwnTemplate } from "@/api/own-templates";
import type { Paper } from "@/api/papers";
import { refusalOf } from "@/api/refusal";
import { useEntities } from "@/api/session";
import { Hint, Notice } from "@/ui/block";
import { DropFile } from "@/ui/drop-file";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { toast } from "@/ui/toast";
import { useOnce } from "@/ui/use-once";
import { kibibytes, papersFor } from "./model";

interface Props {
  onDone(made: OwnTemplate): void;
  onClose(): void;
}

export const accepted = ".typ,.zip,.docx";

/** How a template asks for what stands on a paper; in every language alike. */
const examples = {
  typ: '#let data = json("data.json"), data.heading, data.record.title, data.company.title, data.rows, data.total',
  word: "{{heading}}, {{record.title}}, {{company.title}}, {{#each rows}} {{title}} {{total}} {{/each}}, {{#if terms}} {{terms}} {{/if}}",
};

export function UploadForm({ onDone, onClose }: Props) {
  const { t } = useTranslation(["templates", "common"]);
  const entities = useEntities();
  const [entity, setEntity] = useState("quote");
  const [paper, setPaper] = useState<Paper>();
  const [title, setTitle] = useState("");
  const [file, setFile] = useState<File>();
  const [tried, setTried] = useState(false);
  const choices = papersFor(entity);
  const chosen = paper ?? choices[0];
  const add = useMutation({
    mutationFn: (given: File) => addOwn({ entity, paper: chosen, title: title.trim() || undefined }, given),
    onSuccess: (made) => {
      toast({ message: t("templates:added", { name: made.title }), kind: "done" });
      onDone(made);
    },
  });
  const send = useOnce(add.mutateAsync);
  const ofFile = refusalOf(add.error, ["title", "paper"]);
  return (
    <FormDrawer
      title={t("templates:add")}
      submit={t("templates:upload")}
      values={[entity, paper, title, file?.name]}
      pending={add.isPending}
      error={ofFile ? undefined : add.error}
      fields={["title", "paper"]}
      onClose={onClose}
      onSubmit={() => {
        setTried(true);
        if (file) send(file);
      }}
    >
      <Select
        label={t("templates:entity")}
        allowDeselect={false}
        searchable
        data-autofocus
        data={entities.filter(({ inner }) => !inner).map(({ key, label }) => ({ value: key, label }))}
        value={entity}
        onChange={(key) => {
          if (!key) return;
          setEntity(key);
          setPaper(undefined);
        }}
      />
      {choices.length > 1 && (
        <Select
          label={t("templates:paper")}
          allowDeselect={false}
          data={choices.map((value) => ({ value, label: t(`templates:paper_${value}`) }))}
          value={chosen ?? null}
          error={fieldRefusal(add.error, "paper")}
          onChange={(value) => value && setPaper(value as Paper)}
        />
      )}
      <TextInput
        label={t("templates:title")}
        description={t("templates:title_hint")}
        maxLength={100}
        value={title}
        error={fieldRefusal(add.error, "title")}
        onChange={(event) => setTitle(event.currentTarget.value)}
      />
      <DropFile
        compact
        label={t("templates:file")}
        hint={
          file
            ? `${file.name} · ${t("templates:kib", { size: kibibytes(file.size) })}`
            : t("templates:file_hint")
        }
        accept={accepted}
        pick={t(file ? "templates:file_again" : "templates:file_pick")}
        onFile={(one) => {
          setFile(one);
          add.reset();
        }}
      />
      {tried && !file && <Notice tone="danger">{t("templates:file_needed")}</Notice>}
      {ofFile && (
        <Notice tone="danger" title={t("templates:file_wrong")}>
          {ofFile}
        </Notice>
      )}
      <Hint>{t("templates:names_typ", { example: examples.typ })}</Hint>
      <Hint>{t("templates:names_word", { example: examples.word })}</Hint>
      {chosen && (
        <Anchor href={sourceUrl(chosen)} size="sm">
          {t("templates:source", { name: t(`templates:paper_${chosen}`) })}
        </Anchor>
      )}
    </FormDrawer>
  );
}
