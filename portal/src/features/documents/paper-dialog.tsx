/** The PDF of a document: looked at in a tab of its own, taken home, and kept when the document is issued. */
import { Button, Loader, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { files } from "@/api/files";
import { refreshFiles } from "@/api/live-files";
import { type Language, makePaper, previewQuery, refreshPapers } from "@/api/papers";
import { messageOf } from "@/api/problem";
import { refusalOf } from "@/api/refusal";
import type { SaleCard } from "@/engines/card-parts";
import { FormActions } from "@/ui/form";
import { FormProblem } from "@/ui/sign-in";
import { toast } from "@/ui/toast";
import { useAddress } from "@/ui/use-address";
import { useFocusBack } from "@/ui/use-focus-back";
import { askedBy } from "./choices";
import { PaperChoice } from "./paper-choice";
import { isDraft } from "./papers";
import { useTemplates } from "./use-templates";

export default function PaperDialog({ entity, record, onClose }: SaleCard & { onClose(): void }) {
  useFocusBack();
  const { t } = useTranslation(["documents", "common"]);
  const { choices, chosen, known, choose } = useTemplates(entity.key, record);
  const [language, setLanguage] = useState<Language>();
  const which = { entity: entity.key, id: record.id, ...askedBy(chosen), locale: language };
  const preview = useQuery({ ...previewQuery(which, record.version), enabled: known });
  const address = useAddress(preview.data);
  const sale = chosen?.paper !== undefined;
  const draft = sale && isDraft(record.fields);
  const keep = useMutation({
    mutationFn: () => makePaper(which),
    onSuccess: ({ file, file_name }) => {
      refreshPapers(entity.key, record.id);
      refreshFiles(entity.key, record.id);
      onClose();
      toast({ message: t("documents:paper_kept", { name: file_name }), kind: "done" });
      if (file) window.location.assign(files.downloadUrl(file));
    },
  });
  const problem = preview.error ?? keep.error;
  const title = chosen?.title ?? t(`documents:paper_${chosen?.paper ?? "quote"}`);
  const name = `${title}.${chosen?.word ? "docx" : "pdf"}`;
  return (
    <Modal
      opened
      onClose={onClose}
      title={t(chosen?.word ? "documents:word_title" : "documents:pdf_title")}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <Stack gap={12}>
        <PaperChoice
          choices={choices}
          chosen={chosen}
          language={language}
          onChoose={choose}
          onLanguage={setLanguage}
        />
        <Text size="sm">
          {t(draft ? "documents:pdf_draft" : sale ? "documents:pdf_issued" : "documents:pdf_of_record")}
        </Text>
        {problem && (
          <FormProblem>{refusalOf(problem) ?? messageOf(problem, t("common:network"))}</FormProblem>
        )}
        {preview.isFetching && <Loader size="sm" aria-label={t("documents:pdf_making")} />}
        <FormActions>
          {address && draft && (
            <Button component="a" variant="default" href={address} download={name}>
              {t("documents:pdf_download")}
            </Button>
          )}
          {!draft && (
            <Button
              variant="default"
              loading={keep.isPending}
              disabled={!address}
              onClick={() => keep.mutate()}
            >
              {t("documents:pdf_keep")}
            </Button>
          )}
          {address && chosen?.word && !draft && (
            <Button component="a" href={address} download={name} data-autofocus>
              {t("documents:pdf_download")}
            </Button>
          )}
          {address && !chosen?.word && (
            <Button component="a" href={address} target="_blank" rel="noopener" data-autofocus>
              {t("documents:pdf_open")}
            </Button>
          )}
        </FormActions>
      </Stack>
    </Modal>
  );
}
