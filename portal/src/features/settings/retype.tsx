/** Another type for a field that has values: tried first, misfits are named, then done. */
import { Button, Select, Textarea } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { Link } from "@tanstack/react-router";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { ApiError } from "@/api/problem";
import { type FieldTypeFit, retypeField } from "@/api/rules";
import type { Entity, Field } from "@/api/types";
import { currentLocale } from "@/i18n";
import { Hint, ItemBody, ItemLine, ItemList, Notice } from "@/ui/block";
import { fieldRefusal, generalRefusal } from "@/ui/form-drawer";
import { FieldGroup } from "@/ui/gateway-form";
import { FormProblem } from "@/ui/sign-in";
import { toast } from "@/ui/toast";
import { InlineLink } from "@/ui/value";
import { type MadeType, mayBecome, retypeChoices } from "./fields-model";
import { usersOf } from "./users-of";

export function Retype({ entity, field, onDone }: { entity: Entity; field: Field; onDone(): void }) {
  const { t } = useTranslation(["rules", "common"]);
  const [type, setType] = useState<MadeType | null>(null);
  const [options, setOptions] = useState(
    field.type === "boolean" ? `${t("rules:yes")}\n${t("rules:no")}` : "",
  );
  const [fit, setFit] = useState<FieldTypeFit>();
  const listed = (type === "choice" || type === "choices") && field.type !== "choice";
  const ask = useMutation({
    mutationFn: (dryRun: boolean) =>
      retypeField(entity.key, field.key, {
        type: type ?? "text",
        choices: listed ? retypeChoices(field.type, options, currentLocale()) : [],
        dry_run: dryRun,
      }),
    onSuccess: (found, dryRun) => {
      if (dryRun) {
        setFit(found);
        return;
      }
      toast({ kind: "done", message: t("rules:retyped", { name: field.label }) });
      onDone();
    },
    // Written between the try and the change.
    onError: (error) => setFit(misfitsOf(error)),
  });
  const users = usersOf(ask.error);
  const refusal =
    users.length > 0
      ? t("rules:in_use", { users: users.join(", ") })
      : generalRefusal(ask.error, ["type", "choices"], t("common:network"));
  const targets = mayBecome(field.type);
  if (targets.length === 0) return null;
  const change = (next: () => void) => {
    setFit(undefined);
    ask.reset();
    next();
  };
  return (
    <FieldGroup label={t("rules:retype")}>
      <Select
        label={t("rules:retype_to")}
        clearable
        clearButtonProps={{ "aria-label": t("common:close") }}
        data={targets.map((one) => ({ value: one, label: t(`rules:type_${one}`) }))}
        value={type}
        error={fieldRefusal(ask.error, "type")}
        onChange={(one) => change(() => setType(one as MadeType | null))}
      />
      {listed && (
        <Textarea
          label={t("rules:options")}
          autosize
          minRows={2}
          maxRows={12}
          value={options}
          error={fieldRefusal(ask.error, "choices")}
          onChange={(event) => {
            const text = event.currentTarget.value;
            change(() => setOptions(text));
          }}
        />
      )}
      {refusal && <FormProblem>{refusal}</FormProblem>}
      {fit && <Fits entity={entity} fit={fit} />}
      {type && (
        <div>
          {fit && fit.misfits === 0 ? (
            <Button loading={ask.isPending} onClick={() => ask.mutate(false)}>
              {t("rules:retype_do")}
            </Button>
          ) : (
            <Button variant="default" loading={ask.isPending} onClick={() => ask.mutate(true)}>
              {t("rules:retype_try")}
            </Button>
          )}
        </div>
      )}
    </FieldGroup>
  );
}

const misfitsOf = (error: unknown): FieldTypeFit | undefined =>
  error instanceof ApiError && error.code === "config.misfits"
    ? (error.problem.current as unknown as FieldTypeFit)
    : undefined;

function Fits({ entity, fit }: { entity: Entity; fit: FieldTypeFit }) {
  const { t } = useTranslation("rules");
  return (
    <>
      <Notice tone={fit.misfits > 0 ? "warn" : "ok"} title={t("retype_fits", { count: fit.fits })}>
        {fit.misfits > 0 && t("retype_misfits", { count: fit.misfits })}
        {fit.narrows && t("retype_narrows")}
      </Notice>
      {fit.examples.length > 0 && (
        <ItemList>
          {fit.examples.map(({ id, title, value }) => (
            <ItemLine key={id}>
              <ItemBody
                title={
                  <InlineLink>
                    <Link to="/records/$entity/$id" params={{ entity: entity.key, id }}>
                      {title || id}
                    </Link>
                  </InlineLink>
                }
                note={<Hint>{String(value)}</Hint>}
              />
            </ItemLine>
          ))}
        </ItemList>
      )}
    </>
  );
}
