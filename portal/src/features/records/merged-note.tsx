/** The card of a record that was merged: its page leads on, beside a list it says where to. */
import { Button } from "@mantine/core";
import { useNavigate } from "@tanstack/react-router";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { RecordData } from "@/api/types";
import { CardNotice } from "@/ui/panel";
import { toast } from "@/ui/toast";

export default function MergedNote({ record, leads }: { record: RecordData; leads: boolean }) {
  const { t } = useTranslation("records");
  const navigate = useNavigate();
  const into = String(record.fields.merged_into);
  const place = { to: "/records/$entity/$id", params: { entity: record.entity, id: into } } as const;
  useEffect(() => {
    if (!leads) return;
    toast({ message: t("redirected") });
    void navigate({
      to: "/records/$entity/$id",
      params: { entity: record.entity, id: into },
      replace: true,
    });
  }, [leads, navigate, record.entity, into, t]);
  return (
    <CardNotice
      action={
        <Button variant="default" onClick={() => void navigate(place)}>
          {t("open_merged")}
        </Button>
      }
    >
      {t("was_merged")}
    </CardNotice>
  );
}
