/** Pieces that several pages of processes show. */
import { IconAlertTriangle, IconCheck, IconPlayerPlay, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Instance, ProcessProblem } from "@/api/types";
import { type Drawing, nameOf } from "@/engines/route-map/drawing";
import { PlainText, StateMark } from "@/ui/work";
import { worstFirst } from "./model";

export function Problems({
  problems,
  drawing,
}: {
  problems: ProcessProblem[];
  drawing: Drawing | undefined;
}) {
  const { t } = useTranslation("processes");
  return (
    <ul style={{ listStyle: "none", margin: 0, padding: 0 }} data-testid="problems">
      {worstFirst(problems).map(({ element, severity, message }, index) => (
        <li key={`${element} ${index}`}>
          <PlainText>
            <StateMark
              tone={severity === "error" ? "late" : "wait"}
              icon={<IconAlertTriangle size={12} aria-hidden />}
            >
              {t(severity === "error" ? "state_problem" : "state_warning")}
            </StateMark>{" "}
            <b>{element ? nameOf(drawing, element) : t("whole_file")}</b>: {message}
          </PlainText>
        </li>
      ))}
    </ul>
  );
}

interface InstanceStateProps {
  instance: Pick<Instance, "state" | "incidents">;
  /** A task of it is behind its deadline. */
  late?: boolean;
}

export function InstanceState({ instance, late }: InstanceStateProps) {
  const { t } = useTranslation("processes");
  if (instance.state === "active" && instance.incidents.length > 0) {
    return (
      <StateMark tone="late" icon={<IconAlertTriangle size={12} aria-hidden />}>
        {t("instance_incident")}
      </StateMark>
    );
  }
  if (instance.state === "completed") {
    return (
      <StateMark tone="done" icon={<IconCheck size={12} aria-hidden />}>
        {t("instance_completed")}
      </StateMark>
    );
  }
  if (instance.state === "cancelled") {
    return (
      <StateMark tone="plain" icon={<IconX size={12} aria-hidden />}>
        {t("instance_cancelled")}
      </StateMark>
    );
  }
  if (late) {
    return (
      <StateMark tone="late" icon={<IconAlertTriangle size={12} aria-hidden />}>
        {t("state_overdue")}
      </StateMark>
    );
  }
  return (
    <StateMark tone="plain" icon={<IconPlayerPlay size={12} aria-hidden />}>
      {t("instance_active")}
    </StateMark>
  );
}
