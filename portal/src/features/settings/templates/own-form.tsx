/** One own template: its name, whether it is the usual one, its versions, a new one, and how a paper by it looks. */
import { Button, Select, Switch, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { editOwn, ownTrialQuery, removeOwn, replaceOwn } from "@/api/document-templates";
import type { OwnTemplate } from "@/api/own-templates";
import type { Language } from "@/api/papers";
import { messageOf } from "@/api/problem";
import { refusalOf } from "@/api/refusal";
import type { Id } from "@/api/types";
import { currentLocale, locales } from "@/i18n";
import { BlockBones, Notice, Pair } from "@/ui/block";
import { Confirm } from "@/ui/confirm";
import { DropFile } from "@/ui/drop-file";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { FormProblem } from "@/ui/sign-in";
import { toast } from "@/ui/toast";
import { useOnce } from "@/ui/use-once";
import { PaperPreview } from "./paper-preview";
import { RecordChoice } from "./record-choice";
import { accepted } from "./upload-form";
import { Versions } from "./versions";

interface Props {
  template: OwnTemplate;
  onClose(): void;
}

export function OwnForm({ template, onClose }: Props) {
  const { t } = useTranslation(["templates", "common"]);
  const [title, setTitle] = useState(template.title);
  const [usual, setUsual] = useState(template.usual);
  const [removing, setRemoving] = useState(false);
  const save = useMutation({
    mutationFn: () => editOwn(template.id, { title, usual }),
    onSuccess: (made) => {
      toast({ message: t("templates:saved", { name: made.title }), kind: "done" });
      onClose();
    },
  });
  const send = useOnce(save.mutateAsync);
  return (
    <FormDrawer
      title={template.title}
      submit={t("common:save")}
      values={[title, usual]}
      pending={save.isPending}
      error={save.error}
      fields={["title"]}
      extra={
        <Button variant="subtle" color="red" onClick={() => setRemoving(true)}>
          {t("common:delete")}
        </Button>
      }
      onClose={onClose}
      onSubmit={() => send()}
    >
      <TextInput
        label={t("templates:title")}
        data-autofocus
        maxLength={100}
        value={title}
        error={fieldRefusal(save.error, "title")}
        onChange={(event) => setTitle(event.currentTarget.value)}
      />
      <Switch
        label={t("templates:usual")}
        description={t("templates:usual_hint")}
        checked={usual}
        onChange={(event) => setUsual(event.currentTarget.checked)}
      />
      <Unknown names={template.unknown} />
      <NextVersion template={template} />
      <Versions template={template} />
      <Trial template={template} />
      {removing && <Removing template={template} onClose={() => setRemoving(false)} onGone={onClose} />}
    </FormDrawer>
  );
}

/** Names that no paper has: a paper is made all the same, with nothing in their place or not at all. */
function Unknown({ names }: { names: string[] }) {
  const { t } = useTranslation("templates");
  if (names.length === 0) return null;
  return (
    <Notice tone="warn" title={t("unknown")}>
      {names.join(", ")}
    </Notice>
  );
}

function NextVersion({ template }: { template: OwnTemplate }) {
  const { t } = useTranslation(["templates", "common"]);
  const replace = useMutation({
    mutationFn: (file: File) => replaceOwn(template.id, template.version, file),
    onSuccess: ({ version }) => toast({ message: t("templates:version_added", { version }), kind: "done" }),
  });
  return (
    <>
      <DropFile
        compact
        label={t("templates:version_new")}
        hint={t("templates:version_now", { version: template.version, name: template.file_name })}
        accept={accepted}
        pick={t("templates:version_new")}
        onFile={(file) => !replace.isPending && replace.mutate(file)}
      />
      {replace.isPending && <BlockBones label={t("common:loading")} rows={1} />}
      {replace.error && (
        <Notice tone="danger" title={t("templates:file_wrong")}>
          {refusalOf(replace.error) ?? messageOf(replace.error, t("common:network"))}
        </Notice>
      )}
    </>
  );
}

/** A draft by the present version, with a record or an example. */
function Trial({ template }: { template: OwnTemplate }) {
  const { t } = useTranslation("templates");
  const [language, setLanguage] = useState<Language>(currentLocale());
  const [record, setRecord] = useState<Id>();
  const trial = useQuery(ownTrialQuery(template.id, { version: template.version, locale: language, record }));
  return (
    <>
      <Pair>
        <RecordChoice entity={template.entity} value={record} onChange={setRecord} />
        <Select
          label={t("language")}
          allowDeselect={false}
          data={locales.map(({ code, name }) => ({ value: code, label: name }))}
          value={language}
          onChange={(code) => code && setLanguage(code as Language)}
        />
      </Pair>
      <PaperPreview
        paper={trial.data}
        error={trial.error}
        pending={trial.isFetching}
        name={`${template.title}.${template.kind === "docx" ? "docx" : "pdf"}`}
      />
    </>
  );
}

function Removing({ template, onClose, onGone }: { template: OwnTemplate; onClose(): void; onGone(): void }) {
  const { t } = useTranslation(["templates", "common"]);
  const remove = useMutation({
    mutationFn: () => removeOwn(template.id),
    onSuccess: () => {
      toast({ message: t("templates:removed", { name: template.title }), kind: "done" });
      onGone();
    },
  });
  const yes = useOnce(remove.mutateAsync);
  return (
    <Confirm
      title={t("templates:remove", { name: template.title })}
      text={t("templates:remove_text")}
      yes={t("common:delete")}
      no={t("common:cancel")}
      close={t("common:close")}
      danger
      pending={remove.isPending}
      problem={remove.error && <FormProblem>{messageOf(remove.error, t("common:network"))}</FormProblem>}
      onYes={() => yes()}
      onNo={onClose}
    />
  );
}
