/** What a report is called and who sees it. */
import { Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { SavedInput, SavedReport } from "@/api/reports-wire";
import { createSaved, updateSaved } from "@/api/saved-reports";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { toast } from "@/ui/toast";
import { onlyMine, SharingFields } from "./sharing";

interface Props {
  /** The one that is changed; a new one without it. */
  report?: SavedReport;
  /** What it is called until somebody says. */
  suggested: string;
  content: Pick<SavedInput, "config" | "chart" | "kind">;
  onClose(): void;
  onSaved(report: SavedReport): void;
}

export default function SaveForm({ report, suggested, content, onClose, onSaved }: Props) {
  const { t } = useTranslation(["reports", "common"]);
  const [name, setName] = useState(report?.name ?? suggested.slice(0, 100));
  const [description, setDescription] = useState(report?.description ?? "");
  const [shared, setShared] = useState(report?.shared ?? onlyMine);
  const [tried, setTried] = useState(false);
  const save = useMutation({
    mutationFn: () => {
      const input = { name: name.trim(), description: description.trim(), shared };
      return report ? updateSaved(report, input) : createSaved({ ...content, ...input });
    },
    onSuccess: (saved) => {
      toast({ message: t("common:saved"), kind: "done" });
      onSaved(saved);
    },
  });
  const missing = tried && !name.trim() ? t("reports:name_needed") : undefined;
  return (
    <FormDrawer
      title={t(report ? "reports:about_report" : "reports:save_new")}
      submit={t("common:save")}
      pending={save.isPending}
      error={save.error}
      fields={["name", "description"]}
      values={{ name, description, shared }}
      onClose={onClose}
      onSubmit={() => {
        setTried(true);
        if (name.trim()) save.mutate();
      }}
    >
      <TextInput
        label={t("reports:name")}
        withAsterisk
        data-autofocus
        maxLength={100}
        value={name}
        error={missing ?? fieldRefusal(save.error, "name")}
        onFocus={(event) => event.currentTarget.select()}
        onChange={(event) => setName(event.currentTarget.value)}
      />
      <Textarea
        label={t("reports:description")}
        autosize
        minRows={2}
        maxRows={8}
        maxLength={2_000}
        value={description}
        error={fieldRefusal(save.error, "description")}
        onChange={(event) => setDescription(event.currentTarget.value)}
      />
      <SharingFields shared={shared} onChange={setShared} />
    </FormDrawer>
  );
}
