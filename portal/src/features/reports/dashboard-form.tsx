/** What a dashboard is called and who sees it. */
import { Textarea, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { createDashboard, saveDashboard } from "@/api/dashboards";
import type { Dashboard } from "@/api/reports-wire";
import { inputOf } from "@/engines/reports/edit-cards";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { onlyMine, SharingFields } from "./sharing";

interface Props {
  /** The one that is changed; a new one without it. */
  dashboard?: Dashboard;
  onClose(): void;
  onSaved(dashboard: Dashboard): void;
}

export default function DashboardForm({ dashboard, onClose, onSaved }: Props) {
  const { t } = useTranslation(["reports", "common"]);
  const [name, setName] = useState(dashboard?.name ?? "");
  const [description, setDescription] = useState(dashboard?.description ?? "");
  const [shared, setShared] = useState(dashboard?.shared ?? onlyMine);
  const [tried, setTried] = useState(false);
  const save = useMutation({
    mutationFn: () => {
      const about = { name: name.trim(), description: description.trim(), shared };
      return dashboard
        ? saveDashboard(dashboard, { ...inputOf(dashboard, dashboard.cards), ...about })
        : createDashboard({ ...about, cards: [] });
    },
    onSuccess: onSaved,
  });
  return (
    <FormDrawer
      title={t(dashboard ? "reports:about_dashboard" : "reports:new_dashboard")}
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
        error={tried && !name.trim() ? t("reports:name_needed") : fieldRefusal(save.error, "name")}
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
