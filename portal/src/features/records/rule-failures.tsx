/** On a card: rules of automation that failed about the record, for administrators, who may have them tried again. */
import { Button } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { recordRunsQuery, retryAutomationRun } from "@/api/automations";
import { useMe } from "@/api/session";
import type { RecordData } from "@/api/types";
import { CardNotice } from "@/ui/panel";
import { toastError } from "@/ui/toast";

/** More of them stand in the settings. */
const SHOWN = 3;

export default function RuleFailures({ record }: { record: RecordData }) {
  const { t } = useTranslation("records");
  const { admin } = useMe();
  const { data = [] } = useQuery({ ...recordRunsQuery(record.id), enabled: admin });
  const retry = useMutation({ mutationFn: retryAutomationRun, onError: (error) => toastError(error) });
  const failed = data.filter(({ state }) => state === "failed" || state === "stopped");
  return failed.slice(0, SHOWN).map(({ id, name, error }) => (
    <CardNotice
      key={id}
      action={
        <Button
          variant="default"
          loading={retry.isPending && retry.variables === id}
          onClick={() => retry.mutate(id)}
        >
          {t("rule_retry")}
        </Button>
      }
    >
      {t("rule_failed", { name, error })}
    </CardNotice>
  ));
}
