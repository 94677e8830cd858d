/** First step: what the rows become, and the file. */
import { Button, Select, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { linkImport, uploadImport } from "@/api/imports";
import { ApiError, messageOf } from "@/api/problem";
import { useEntities } from "@/api/session";
import { formatNumber } from "@/i18n/format";
import { Buttons, Notice, Stacked } from "@/ui/block";
import { DropFile } from "@/ui/drop-file";
import { NotFound } from "@/ui/not-found";

export function UploadStep({ entity: wanted }: { entity?: string }) {
  const { t } = useTranslation(["imports", "common"]);
  const navigate = useNavigate();
  const entities = useEntities().filter((entity) => entity.actions.create);
  const first = entities.find((entity) => entity.key === wanted) ?? entities[0];
  const [entity, setEntity] = useState(first?.key ?? "");
  const [sending, setSending] = useState<{ name: string; share: number } | null>(null);
  const [refusal, setRefusal] = useState<{ name: string; reason: string } | null>(null);
  const abort = useRef<AbortController>(null);
  if (!first) return <NotFound />;

  const send = async (file: File) => {
    const controller = new AbortController();
    abort.current = controller;
    setRefusal(null);
    setSending({ name: file.name, share: 0 });
    try {
      const one = await uploadImport(entity, file, {
        onProgress: (share) => setSending({ name: file.name, share }),
        signal: controller.signal,
      });
      await navigate({ to: "/imports/$id", params: { id: one.id } });
    } catch (error) {
      if (!controller.signal.aborted)
        setRefusal({ name: file.name, reason: messageOf(error, t("common:network")) });
    } finally {
      setSending(null);
    }
  };

  return (
    <Stacked>
      <Select
        label={t("imports:rows_become")}
        data={entities.map(({ key, label_plural }) => ({ value: key, label: label_plural }))}
        value={entity}
        onChange={(next) => next && setEntity(next)}
        allowDeselect={false}
        disabled={sending !== null}
        maw={320}
      />
      {refusal && (
        <Notice tone="danger" title={t("imports:upload_refused", { name: refusal.name })}>
          {refusal.reason}
        </Notice>
      )}
      <DropFile
        label={t("imports:drop")}
        hint={t("imports:drop_hint")}
        accept=".csv,.xlsx,.txt,.tsv"
        pick={t("imports:pick")}
        onFile={(file) => void send(file)}
        sending={
          sending
            ? {
                label: sending.name,
                text:
                  sending.share < 1 ? `${formatNumber(sending.share * 100, 0)} %` : t("imports:file_read"),
                share: sending.share,
                cancelLabel: t("common:cancel"),
                onCancel: () => abort.current?.abort(),
              }
            : undefined
        }
      />
      <LinkForm entity={entity} disabled={sending !== null} />
    </Stacked>
  );
}

/** A table behind a link, taken like a file. */
function LinkForm({ entity, disabled }: { entity: string; disabled: boolean }) {
  const { t } = useTranslation(["imports", "common"]);
  const navigate = useNavigate();
  const [url, setUrl] = useState("");
  const take = useMutation({
    mutationFn: () => linkImport(entity, url.trim()),
    onSuccess: (one) => navigate({ to: "/imports/$id", params: { id: one.id } }),
  });
  const own = take.error instanceof ApiError ? take.error.problem.fields?.url?.message : undefined;
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        if (url.trim()) take.mutate();
      }}
    >
      <Stacked>
        <TextInput
          label={t("imports:link")}
          description={t("imports:link_text")}
          placeholder="https://docs.google.com/spreadsheets/d/…"
          type="url"
          inputMode="url"
          maxLength={2000}
          value={url}
          onChange={(event) => setUrl(event.currentTarget.value)}
          error={take.isError ? (own ?? messageOf(take.error, t("common:network"))) : undefined}
        />
        <Buttons>
          <Button type="submit" variant="default" disabled={disabled || !url.trim()} loading={take.isPending}>
            {t("imports:link_take")}
          </Button>
        </Buttons>
      </Stacked>
    </form>
  );
}
