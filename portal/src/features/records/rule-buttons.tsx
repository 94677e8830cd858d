/**
 * In the menu of a card: buttons of rules of automation that this person may press on the record now. What a press comes to
 * is told when it is known.
 */
import { Menu } from "@mantine/core";
import { IconBolt } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { api, newKey } from "@/api/client";
import { queryClient } from "@/api/query-client";
import { refreshAround } from "@/api/records";
import { useMe } from "@/api/session";
import type { Body, Id, RecordData } from "@/api/types";
import i18next from "@/i18n";
import { toast, toastError } from "@/ui/toast";

type Run = Body<"AutomationButtonRun">;

/** Milliseconds between looks at a run, and how many of them. */
const LOOK = 500;
const LOOKS = 20;

export default function RuleButtons({ entity, record }: { entity: string; record: RecordData }) {
  const { t } = useTranslation("records");
  const path = { entity, id: record.id };
  // Which there are is seen; nothing is pressed for somebody else.
  const looks = useMe().viewing !== undefined;
  const { data } = useQuery({
    queryKey: ["automations", "buttons", record.id, record.version],
    queryFn: ({ signal }) => api.get("/records/{entity}/{id}/buttons", { path, signal }),
    staleTime: 0,
  });
  return (data?.items ?? []).map(({ rule, label }) => (
    <Menu.Item
      key={rule}
      leftSection={<IconBolt size={16} />}
      title={t("button_hint")}
      disabled={looks}
      onClick={() => void press(path, rule, label)}
    >
      {label}
    </Menu.Item>
  ));
}

async function press(path: { entity: string; id: Id }, rule: Id, label: string): Promise<void> {
  try {
    const key = newKey();
    const send = () =>
      api.post("/records/{entity}/{id}/buttons/{rule}", { press: key }, { path: { ...path, rule } });
    let run: Run = await send();
    // The same press again is the same run. What it did may have taken the record out of sight.
    for (let look = 0; run.state === "running" && look < LOOKS; look += 1) {
      await new Promise((later) => setTimeout(later, LOOK));
      const now = await send().catch(() => undefined);
      if (!now) break;
      run = now;
    }
    tell(label, run);
    refreshAround(path.entity, path.id);
    void queryClient.invalidateQueries({ queryKey: ["automations"] });
  } catch (error) {
    toastError(error);
  }
}

function tell(label: string, { state, error }: Run): void {
  const said = i18next.t(`records:button_${state}`, { label, error: error ?? "" });
  toast({
    message: said,
    kind: state === "failed" || state === "stopped" ? "error" : state === "done" ? "done" : "plain",
  });
}
