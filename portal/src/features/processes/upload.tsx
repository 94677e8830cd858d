/** A BPMN file of one's own: taken as a new version, or refused with the problems at their elements. */
import { useNavigate } from "@tanstack/react-router";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError, messageOf } from "@/api/problem";
import { deployFile } from "@/api/processes";
import type { ProcessProblem } from "@/api/types";
import { RouteMap, useDrawing } from "@/engines/route-map/route-map";
import { sightsOfProblems } from "@/engines/route-map/states";
import { Notice } from "@/ui/block";
import { DropFile } from "@/ui/drop-file";
import { toast } from "@/ui/toast";
import { Problems } from "./parts";

interface Refusal {
  name: string;
  xml: string;
  reason: string;
  problems: ProcessProblem[];
}

export function UploadFile() {
  const { t } = useTranslation(["processes", "common"]);
  const navigate = useNavigate();
  const [sending, setSending] = useState<string>();
  const [refusal, setRefusal] = useState<Refusal>();
  const send = async (file: File) => {
    setRefusal(undefined);
    setSending(file.name);
    try {
      const made = await deployFile(file);
      toast({ message: t("processes:deployed", { title: made.name }), kind: "done" });
      await navigate({
        to: "/processes/$key",
        params: { key: made.key },
        search: { version: made.version },
      });
    } catch (error) {
      const fields = error instanceof ApiError ? (error.problem.fields ?? {}) : {};
      setRefusal({
        name: file.name,
        xml: await file.text(),
        reason: messageOf(error, t("common:network")),
        problems: Object.entries(fields).map(([element, { message }]) => ({
          element,
          severity: "error" as const,
          message,
        })),
      });
    } finally {
      setSending(undefined);
    }
  };
  return (
    <>
      <DropFile
        label={t("processes:drop")}
        hint={t("processes:drop_hint")}
        accept=".bpmn,.xml,application/xml"
        pick={t("processes:pick")}
        onFile={(file) => void send(file)}
        sending={
          sending
            ? {
                label: sending,
                text: t("processes:checked"),
                share: 1,
                cancelLabel: t("common:close"),
                onCancel: () => setSending(undefined),
              }
            : undefined
        }
      />
      {refusal && <Refused refusal={refusal} />}
    </>
  );
}

function Refused({ refusal }: { refusal: Refusal }) {
  const { t } = useTranslation("processes");
  const drawing = useDrawing(refusal.xml);
  const sights = useMemo(() => sightsOfProblems(refusal.problems), [refusal.problems]);
  return (
    <>
      <Notice tone="danger" title={t("refused", { name: refusal.name })}>
        {refusal.problems.length === 0 ? refusal.reason : t("refused_text")}
      </Notice>
      <Problems problems={refusal.problems} drawing={drawing} />
      {(drawing?.order.length ?? 0) > 0 && (
        <RouteMap xml={refusal.xml} label={refusal.name} sights={sights} />
      )}
    </>
  );
}
