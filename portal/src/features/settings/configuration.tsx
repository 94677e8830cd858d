/** The company's configuration: out as a file, in from one of another company, and what changed. */
import { Button, Checkbox } from "@mantine/core";
import { IconDownload } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import { formatNumber } from "@/i18n/format";
import { Block, BlockBones, Buttons, Hint, Lead, Notice, Pair } from "@/ui/block";
import { DropFile } from "@/ui/drop-file";
import { IconText } from "@/ui/page";
import { FormProblem } from "@/ui/sign-in";
import { ErrorState } from "@/ui/states";
import { toast } from "@/ui/toast";
import {
  type ConfigurationArea,
  configurationAreasQuery,
  configurationUrl,
  importConfiguration,
  refusedPlan,
} from "./configuration-api";
import { ConfigurationChanges } from "./configuration-changes";
import { areas, isBlocked, isIdle } from "./configuration-model";
import { PlanTable } from "./configuration-plan";

export default function Configuration() {
  return (
    <>
      <Download />
      <Upload />
      <ConfigurationChanges />
    </>
  );
}

function Download() {
  const { t } = useTranslation(["configuration", "common"]);
  const query = useQuery(configurationAreasQuery);
  const [left, setLeft] = useState<ReadonlySet<ConfigurationArea>>(new Set());
  const chosen = areas.filter((area) => !left.has(area));
  const toggle = (area: ConfigurationArea) => {
    const next = new Set(left);
    if (!next.delete(area)) next.add(area);
    setLeft(next);
  };
  const stays = query.data?.flatMap(({ area, left_out }) => left_out.map((one) => ({ area, ...one }))) ?? [];
  return (
    <Block title={t("configuration:download")} note={t("configuration:download_note")}>
      {query.isPending && <BlockBones label={t("common:loading")} rows={3} />}
      {query.isError && <ErrorState error={query.error} retry={() => void query.refetch()} />}
      {query.data && (
        <>
          <Pair>
            {query.data.map(({ area, count }) => (
              <Checkbox
                key={area}
                label={t("configuration:area_count", {
                  area: t(`configuration:area_${area}`),
                  number: formatNumber(count),
                })}
                checked={!left.has(area)}
                onChange={() => toggle(area)}
              />
            ))}
          </Pair>
          {stays.length > 0 && (
            <Notice title={t("configuration:left_out")}>
              <ul>
                {stays.map(({ area, key, message }) => (
                  <li key={`${area} ${key}`}>{`${t(`configuration:area_${area}`)}, ${key}: ${message}`}</li>
                ))}
              </ul>
            </Notice>
          )}
          <Buttons>
            {chosen.length > 0 ? (
              <Button component="a" href={configurationUrl(chosen)} download="configuration.zip">
                <IconText icon={<IconDownload size={16} />}>{t("configuration:download_do")}</IconText>
              </Button>
            ) : (
              <Hint>{t("configuration:choose")}</Hint>
            )}
          </Buttons>
        </>
      )}
    </Block>
  );
}

function Upload() {
  const { t } = useTranslation(["configuration", "common"]);
  const [file, setFile] = useState<File>();
  const look = useMutation({ mutationFn: (picked: File) => importConfiguration(picked, true) });
  const save = useMutation({
    mutationFn: (picked: File) => importConfiguration(picked, false),
    onSuccess: () => toast({ message: t("configuration:imported"), kind: "done" }),
  });
  const pick = (picked: File) => {
    save.reset();
    setFile(picked);
    look.mutate(picked);
  };
  const plan = save.data ?? refusedPlan(save.error) ?? look.data;
  const problem = save.error ?? look.error;
  return (
    <Block title={t("configuration:upload")} note={t("configuration:upload_note")}>
      <DropFile
        compact
        label={t("configuration:file")}
        hint={file ? file.name : t("configuration:file_hint")}
        accept=".zip"
        pick={file ? t("configuration:pick_another") : t("configuration:pick")}
        onFile={pick}
      />
      {(look.isPending || save.isPending) && <BlockBones label={t("common:loading")} rows={3} />}
      {problem && <FormProblem>{messageOf(problem, t("common:network"))}</FormProblem>}
      {plan && !look.isPending && (
        <>
          {isBlocked(plan) && <Notice tone="danger">{t("configuration:blocked")}</Notice>}
          {!isBlocked(plan) && isIdle(plan) && <Lead>{t("configuration:idle")}</Lead>}
          {plan.applied && <Notice tone="ok">{t("configuration:imported")}</Notice>}
          <PlanTable plan={plan} />
          {file && !plan.applied && !isIdle(plan) && (
            <Buttons>
              {isBlocked(plan) ? (
                <Button variant="default" onClick={() => pick(file)}>
                  {t("configuration:again")}
                </Button>
              ) : (
                <Button loading={save.isPending} onClick={() => save.mutate(file)}>
                  {t("configuration:import")}
                </Button>
              )}
            </Buttons>
          )}
        </>
      )}
    </Block>
  );
}
