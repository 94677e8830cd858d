/** What an operator does to an instance: each act says what it does and asks first. */
import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import { cancelInstance, retryIncident, skipIncident, startFrom } from "@/api/processes";
import type { Incident, Instance } from "@/api/types";
import { type Drawing, nameOf } from "@/engines/route-map/drawing";
import { formatRelative } from "@/i18n/format";
import { Confirm } from "@/ui/confirm";
import { FormProblem } from "@/ui/sign-in";
import { toast } from "@/ui/toast";
import { FootButtons, Missing } from "@/ui/work";

type Act =
  | { what: "cancel" }
  | { what: "retry" | "skip"; incident: Incident }
  | { what: "from"; element: string };

function run(instance: Instance, act: Act): Promise<Instance> {
  switch (act.what) {
    case "cancel":
      return cancelInstance(instance.id);
    case "retry":
      return retryIncident(instance.id, act.incident.id);
    case "skip":
      return skipIncident(instance.id, act.incident.id);
    case "from":
      return startFrom(instance.id, act.element);
  }
}

interface Props {
  instance: Instance;
  drawing: Drawing | undefined;
  mayOperate: boolean;
  /** Chosen on the map. */
  element?: string;
  /** A step of the list that it is to be started from. */
  asked?: string;
  onAnswered(): void;
}

export function Operate({ instance, drawing, mayOperate, element, asked, onAnswered }: Props) {
  const { t } = useTranslation(["processes", "common"]);
  const [own, setAct] = useState<Act>();
  const act = own ?? (asked ? { what: "from" as const, element: asked } : undefined);
  const doing = useMutation({
    mutationFn: (chosen: Act) => run(instance, chosen),
    onSuccess: (_, chosen) => {
      leave();
      toast({ message: t(`processes:${chosen.what}_done`), kind: "done" });
    },
  });
  const leave = () => {
    doing.reset();
    setAct(undefined);
    onAnswered();
  };
  const ask = (next: Act) => {
    doing.reset();
    setAct(next);
  };
  const name =
    act && nameOf(drawing, "incident" in act ? act.incident.element : "element" in act ? act.element : "");
  const active = instance.state === "active";
  const canStart = active && element && drawing?.nodes.get(element)?.kind !== "process";
  return (
    <>
      {active && instance.incidents.length > 0 && (
        <Missing
          title={t("processes:incidents")}
          items={instance.incidents.map((incident) => ({
            key: String(incident.id),
            text: `${nameOf(drawing, incident.element)} · ${formatRelative(incident.since, Date.now())}: ${incident.message}`,
            fix: mayOperate ? (
              <FootButtons>
                <Button size="compact-sm" onClick={() => ask({ what: "retry", incident })}>
                  {t("processes:retry")}
                </Button>
                <Button size="compact-sm" variant="default" onClick={() => ask({ what: "skip", incident })}>
                  {t("processes:skip")}
                </Button>
              </FootButtons>
            ) : undefined,
          }))}
        />
      )}
      {mayOperate && active && (
        <FootButtons>
          {canStart && (
            <Button variant="default" onClick={() => ask({ what: "from", element })}>
              {t("processes:from", { name: nameOf(drawing, element) })}
            </Button>
          )}
          <Button variant="default" onClick={() => ask({ what: "cancel" })}>
            {t("processes:cancel")}
          </Button>
        </FootButtons>
      )}
      {act && (
        <Confirm
          title={t(`processes:${act.what}_title`)}
          text={t(`processes:${act.what}_text`, { name })}
          yes={t(`processes:${act.what}_yes`)}
          no={act.what === "cancel" ? t("processes:cancel_no") : t("common:cancel")}
          close={t("common:close")}
          danger={act.what === "cancel"}
          pending={doing.isPending}
          problem={doing.error && <FormProblem>{messageOf(doing.error, t("common:network"))}</FormProblem>}
          onYes={() => doing.mutate(act)}
          onNo={leave}
        />
      )}
    </>
  );
}
