/** How likely a deal of each stage is won, as figures say and as administrators set it. */
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import type { ForecastAnswer } from "@/api/reports-wire";
import { setProbabilities } from "@/api/sales-reports";
import { useMe } from "@/api/session";
import { NumberEditor } from "@/engines/fields/number-editor";
import { figureOrDash, figureText } from "@/engines/reports/figures";
import { Block } from "@/ui/block";
import { FigureNote, FigureTable } from "@/ui/report";
import { toast, toastError } from "@/ui/toast";

/** How likely a deal of each stage is won; administrators may say so. */
export default function Probabilities({ answer }: { answer: ForecastAnswer }) {
  const { t } = useTranslation("reports");
  const { admin } = useMe();
  if (answer.probabilities.length === 0) return null;
  return (
    <Block title={t("probabilities")} note={t("probabilities_note")}>
      <FigureTable
        label={t("probabilities")}
        lead={1}
        heads={[
          { key: "stage", label: t("funnel_step") },
          { key: "probability", label: t("probability"), numeric: true },
          { key: "history", label: t("by_history"), numeric: true },
        ]}
        rows={answer.probabilities.map((one) => ({
          key: one.stage,
          labels: [one.label],
          cells: [
            admin ? (
              <Probability key={`${one.stage} ${one.probability} ${one.by}`} of={one} />
            ) : (
              <span key="still">{figureText(one.probability, "percent", "")}</span>
            ),
            <span key="history">
              {figureOrDash(one.history, "percent")}
              <FigureNote>{t("of_decided", { count: one.decided })}</FigureNote>
            </span>,
          ],
        }))}
      />
    </Block>
  );
}

function Probability({ of }: { of: ForecastAnswer["probabilities"][number] }) {
  const { t } = useTranslation(["reports", "common"]);
  const [value, setValue] = useState<unknown>(of.by === "set" ? of.probability : null);
  const wrong =
    typeof value === "number" && (value < 0 || value > 100) ? t("reports:percent_wrong") : undefined;
  const save = useMutation({
    mutationFn: (probability: number | null) => setProbabilities([{ stage: of.stage, probability }]),
    onSuccess: () => toast({ message: t("common:saved"), kind: "done" }),
    onError: (error) => toastError(error),
  });
  const settle = () => {
    const next = value === null || value === "" ? null : typeof value === "number" ? value : undefined;
    if (next === undefined || wrong || next === (of.by === "set" ? of.probability : null)) return;
    save.mutate(next);
  };
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: what is typed inside is sent when it is left
    <div
      style={{ width: 160, marginLeft: "auto" }}
      onBlur={settle}
      onKeyDown={({ key }) => key === "Enter" && settle()}
    >
      <NumberEditor
        name={`${of.label}: ${t("reports:probability")}`}
        decimals={0}
        value={value}
        placeholder={`${figureText(of.probability, "percent", "")}, ${t("reports:by_place")}`}
        error={wrong}
        onChange={setValue}
      />
    </div>
  );
}
