/** Installing from a file: drop or pick, watch it go, read why it was refused. */
import { Modal } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { installPlugin } from "@/api/plugins";
import { messageOf } from "@/api/problem";
import { formatNumber } from "@/i18n/format";
import { Notice } from "@/ui/block";
import { DropFile } from "@/ui/drop-file";
import { toast } from "@/ui/toast";
import { useFocusBack } from "@/ui/use-focus-back";

export function InstallDrop({ onDone }: { onDone?(): void }) {
  const { t } = useTranslation(["plugins", "common"]);
  const navigate = useNavigate();
  const [sending, setSending] = useState<{ name: string; share: number } | null>(null);
  const [refusal, setRefusal] = useState<{ name: string; reason: string } | null>(null);
  const abort = useRef<AbortController>(null);

  const install = async (file: File) => {
    const controller = new AbortController();
    abort.current = controller;
    setRefusal(null);
    setSending({ name: file.name, share: 0 });
    try {
      const plugin = await installPlugin(file, {
        onProgress: (share) => setSending({ name: file.name, share }),
        signal: controller.signal,
      });
      toast({ message: t("plugins:installed", { title: plugin.title }), kind: "done" });
      onDone?.();
      await navigate({ to: "/plugins/$id", params: { id: plugin.id } });
    } catch (error) {
      if (!controller.signal.aborted)
        setRefusal({ name: file.name, reason: messageOf(error, t("common:network")) });
    } finally {
      setSending(null);
    }
  };

  return (
    <>
      {refusal && (
        <Notice tone="danger" title={t("plugins:install_refused", { name: refusal.name })}>
          {refusal.reason}
        </Notice>
      )}
      <DropFile
        label={t("plugins:drop")}
        hint={t("plugins:drop_hint")}
        accept=".vpkg"
        pick={t("plugins:pick")}
        onFile={(file) => void install(file)}
        sending={
          sending
            ? {
                label: sending.name,
                text:
                  sending.share < 1
                    ? `${formatNumber(sending.share * 100, 0)} %`
                    : t("plugins:package_checked"),
                share: sending.share,
                cancelLabel: t("common:cancel"),
                onCancel: () => abort.current?.abort(),
              }
            : undefined
        }
      />
    </>
  );
}

export function InstallDialog({ onClose }: { onClose(): void }) {
  useFocusBack();
  const { t } = useTranslation(["plugins", "common"]);
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("plugins:install")}
      size="lg"
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <InstallDrop onDone={onClose} />
    </Modal>
  );
}
