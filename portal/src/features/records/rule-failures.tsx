/**
 * On a card: rules of automation that failed about the record, for administrators, who may have them tried again. It asks by
 * itself: what the settings of rules ask with is not loaded here.
 */
import { Button } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api } from "@/api/client";
import { useMe } from "@/api/session";
import type { Id, RecordData } from "@/api/types";
import { CardNotice } from "@/ui/panel";
import { toastError } from "@/ui/toast";

/** More of them stand in the settings. */
const SHOWN = 3;

export default function RuleFailures({ record }: { record: RecordData }) {
  const { t } = useTranslation("records");
  const { admin } = useMe();
  const client = useQueryClient();
  const { data } = useQuery({
    queryKey: ["automations", "runs", "of", record.id],
    queryFn: ({ signal }) =>
      api.get("/automations/runs", { query: { record: record.id, limit: 50 }, signal }),
    enabled: admin,
  });
  const retry = useMutation({
    mutationFn: (run: Id) => api.post("/automations/runs/{run}/retry", undefined, { path: { run } }),
    onSuccess: () => client.invalidateQueries({ queryKey: ["automations"] }),
    onError: (error) => toastError(error),
  });
  const failed = (data?.items ?? []).filter(({ state }) => state === "failed" || state === "stopped");
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
