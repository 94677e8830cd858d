/** The PDF of a document: looked at in a tab of its own, taken home, and kept when the document is issued. */
import { Button, Loader, Modal, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { files } from "@/api/files";
import { refreshFiles } from "@/api/live-files";
import { type Language, makePaper, type Paper, previewQuery, refreshPapers } from "@/api/papers";
import { messageOf } from "@/api/problem";
import type { SaleCard } from "@/engines/card-parts";
import { FormActions } from "@/ui/form";
import { FormProblem } from "@/ui/sign-in";
import { toast } from "@/ui/toast";
import { useFocusBack } from "@/ui/use-focus-back";
import { PaperChoice } from "./paper-choice";
import { isDraft, papersOf } from "./papers";
import { refusalOf } from "./refusal";

/** The address of bytes that are only in memory. */
function useAddress(bytes: Blob | undefined): string | undefined {
  const [address, setAddress] = useState<string>();
  useEffect(() => {
    if (!bytes) return;
    const made = URL.createObjectURL(bytes);
    setAddress(made);
    return () => {
      setAddress(undefined);
      URL.revokeObjectURL(made);
    };
  }, [bytes]);
  return address;
}

export default function PaperDialog({ entity, record, onClose }: SaleCard & { onClose(): void }) {
  useFocusBack();
  const { t } = useTranslation(["documents", "common"]);
  const papers = papersOf(entity.key, record.fields);
  const [paper, setPaper] = useState<Paper | undefined>(papers[0]);
  const [language, setLanguage] = useState<Language>();
  const which = { entity: entity.key, id: record.id, template: paper, locale: language };
  const preview = useQuery(previewQuery(which, record.version));
  const address = useAddress(preview.data);
  const draft = isDraft(record.fields);
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
  const name = `${t(`documents:paper_${paper ?? "quote"}`)}.pdf`;
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("documents:pdf_title")}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <Stack gap={12}>
        <PaperChoice
          papers={papers}
          paper={paper}
          language={language}
          onPaper={setPaper}
          onLanguage={setLanguage}
        />
        <Text size="sm">{t(draft ? "documents:pdf_draft" : "documents:pdf_issued")}</Text>
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
          {address && (
            <Button component="a" href={address} target="_blank" rel="noopener" data-autofocus>
              {t("documents:pdf_open")}
            </Button>
          )}
        </FormActions>
      </Stack>
    </Modal>
  );
}
