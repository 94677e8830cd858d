/** A letter with a document: to whom, with which words; the PDF goes with it. */
import { TagsInput, Textarea, TextInput } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { type Language, type LetterDraft, letterQuery, refreshPapers, sendPaper } from "@/api/papers";
import { refusalOf } from "@/api/refusal";
import type { SaleCard } from "@/engines/card-parts";
import { FormNote } from "@/ui/form";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { FormProblem } from "@/ui/sign-in";
import { toast } from "@/ui/toast";
import { askedBy } from "./choices";
import { PaperChoice } from "./paper-choice";
import { isDraft, rewritten, type Written, writtenBy } from "./papers";
import { changed } from "./use-opened";
import { useTemplates } from "./use-templates";

const nothing: Written = { to: [], cc: [], subject: "", text: "" };
const beside = ["to", "cc", "subject", "text"];

/** What is written: the draft of the chosen language, with what somebody typed over it. */
function useLetter(draft: LetterDraft | undefined) {
  const [base, setBase] = useState<LetterDraft>();
  const [written, setWritten] = useState<Written>(nothing);
  if (draft && draft !== base) {
    setWritten(base ? rewritten(written, base, draft) : writtenBy(draft));
    setBase(draft);
  }
  const put = (part: Partial<Written>) => setWritten((now) => ({ ...now, ...part }));
  const touched = base && JSON.stringify(written) !== JSON.stringify(writtenBy(base));
  return { written, put, touched };
}

export default function SendDrawer({ entity, record, onClose }: SaleCard & { onClose(): void }) {
  const { t } = useTranslation(["documents", "common"]);
  const { choices, chosen, known: ready, choose } = useTemplates(entity.key, record);
  const [language, setLanguage] = useState<Language>();
  const asked = askedBy(chosen);
  const which = { entity: entity.key, id: record.id, ...asked, locale: language };
  const found = useQuery({
    ...letterQuery(which, record.version),
    enabled: ready,
    placeholderData: (before) => before,
  });
  const draft = found.data;
  const { written, put, touched } = useLetter(draft);
  const run = useMutation({
    mutationFn: () =>
      sendPaper(which, {
        ...written,
        template: asked.template ?? null,
        own: asked.own ?? null,
        locale: draft?.locale ?? null,
      }),
    onSuccess: (after) => {
      changed(after);
      refreshPapers(entity.key, record.id);
      onClose();
      toast({ message: t("documents:letter_going"), kind: "done" });
    },
  });
  const known = draft?.recipients.map(({ address }) => address) ?? [];
  const people = (field: "to" | "cc") => ({
    data: known,
    value: written[field],
    splitChars: [",", ";", " "],
    error: fieldRefusal(run.error, field),
    onChange: (value: string[]) => put({ [field]: value }),
  });
  const refusal = refusalOf(run.error, beside);
  return (
    <FormDrawer
      title={t("documents:letter_title")}
      submit={t("documents:letter_send")}
      pending={run.isPending || !draft}
      error={refusal ? undefined : (run.error ?? found.error)}
      fields={beside}
      values={touched ? written : nothing}
      onClose={onClose}
      onSubmit={() => run.mutate()}
    >
      {refusal && <FormProblem>{refusal}</FormProblem>}
      {draft && !draft.mail && <FormNote urgent>{t("documents:no_mail")}</FormNote>}
      {draft && known.length === 0 && <FormNote>{t("documents:no_address")}</FormNote>}
      <PaperChoice
        choices={choices}
        chosen={chosen}
        language={language ?? draft?.locale}
        onChoose={choose}
        onLanguage={setLanguage}
      />
      <TagsInput label={t("documents:letter_to")} withAsterisk data-autofocus {...people("to")} />
      <TagsInput label={t("documents:letter_cc")} {...people("cc")} />
      <TextInput
        label={t("documents:letter_subject")}
        withAsterisk
        maxLength={500}
        value={written.subject}
        error={fieldRefusal(run.error, "subject")}
        onChange={(event) => put({ subject: event.currentTarget.value })}
      />
      <Textarea
        label={t("documents:letter_text")}
        withAsterisk
        autosize
        minRows={6}
        maxRows={16}
        value={written.text}
        error={fieldRefusal(run.error, "text")}
        onChange={(event) => put({ text: event.currentTarget.value })}
      />
      {draft && <FormNote>{t("documents:letter_file", { name: draft.file_name })}</FormNote>}
      {isDraft(record.fields) && (
        <FormNote>{t(`documents:letter_numbers_${entity.key === "quote" ? "quote" : "invoice"}`)}</FormNote>
      )}
    </FormDrawer>
  );
}
