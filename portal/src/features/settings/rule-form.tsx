/** A validation rule: when it is asked, what must hold, what somebody who breaks it is told. */
import { Button, Checkbox, Select, TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { changeRule, createRule, type PlacedRule, removeRule } from "@/api/rules";
import type { Entity } from "@/api/types";
import { currentLocale, locales } from "@/i18n";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { toast, toastError } from "@/ui/toast";
import { useOnce } from "@/ui/use-once";
import { ExpressionField } from "./expression-field";
import { type RuleDraft, ruleDraft, ruleOf } from "./fields-model";

const fields = ["name", "when", "check", "field", "message"];

interface Props {
  entity: Entity;
  placed?: PlacedRule;
  onClose(): void;
}

export function RuleForm({ entity, placed, onClose }: Props) {
  const { t } = useTranslation(["rules", "common"]);
  const [draft, setDraft] = useState<RuleDraft>(() => ruleDraft(placed?.rule));
  const put = (part: Partial<RuleDraft>) => setDraft((before) => ({ ...before, ...part }));
  const save = useMutation({
    mutationFn: () =>
      placed ? changeRule(entity.key, placed.id, ruleOf(draft)) : createRule(entity.key, ruleOf(draft)),
    onSuccess: () => {
      toast({ message: t("rules:rule_saved", { name: draft.name }), kind: "done" });
      onClose();
    },
  });
  const send = useOnce(save.mutateAsync);
  const wrong = (name: string) => fieldRefusal(save.error, name);
  const own = currentLocale();
  const inOrder = locales.toSorted((a, b) => Number(b.code === own) - Number(a.code === own));
  return (
    <FormDrawer
      title={placed ? t("rules:rule_edit", { name: placed.rule.name }) : t("rules:rule_add")}
      submit={t(placed ? "common:save" : "common:add")}
      values={draft}
      pending={save.isPending}
      error={save.error}
      fields={fields}
      extra={placed && <Remove entity={entity} placed={placed} onGone={onClose} />}
      onClose={onClose}
      onSubmit={() => send()}
    >
      <TextInput
        label={t("rules:rule_name")}
        data-autofocus
        maxLength={100}
        value={draft.name}
        error={wrong("name")}
        onChange={(event) => put({ name: event.currentTarget.value })}
      />
      <ExpressionField
        entity={entity}
        label={t("rules:rule_when")}
        hint={t("rules:rule_when_hint")}
        value={draft.when}
        error={wrong("when")}
        onChange={(when) => put({ when })}
      />
      <ExpressionField
        entity={entity}
        label={t("rules:rule_check")}
        hint={t("rules:conditions_hint")}
        value={draft.check}
        error={wrong("check")}
        onChange={(check) => put({ check })}
      />
      {inOrder.map(({ code }, index) => (
        <TextInput
          key={code}
          label={t(`rules:message_${code}`)}
          maxLength={100}
          value={draft.message[code]}
          error={index === 0 ? wrong("message") : undefined}
          onChange={(event) => put({ message: { ...draft.message, [code]: event.currentTarget.value } })}
        />
      ))}
      <Select
        label={t("rules:rule_field")}
        placeholder={t("rules:rule_field_none")}
        clearable
        searchable
        data={entity.fields.map((field) => ({ value: field.key, label: field.label }))}
        value={draft.field}
        error={wrong("field")}
        onChange={(field) => put({ field })}
      />
      <Checkbox
        label={t("rules:rule_warn")}
        checked={draft.warn}
        onChange={(event) => put({ warn: event.currentTarget.checked })}
      />
      <Checkbox
        label={t("rules:rule_enabled")}
        checked={draft.enabled}
        onChange={(event) => put({ enabled: event.currentTarget.checked })}
      />
    </FormDrawer>
  );
}

function Remove({ entity, placed, onGone }: { entity: Entity; placed: PlacedRule; onGone(): void }) {
  const { t } = useTranslation(["rules", "common"]);
  const { id, rule } = placed;
  const remove = useMutation({
    mutationFn: () => removeRule(entity.key, id),
    onSuccess: () => {
      const back = () => void createRule(entity.key, rule).catch(toastError);
      toast({
        message: t("rules:rule_removed", { name: rule.name }),
        action: { label: t("common:undo"), run: back },
      });
      onGone();
    },
    onError: (error) => toastError(error),
  });
  return (
    <Button variant="subtle" color="red" loading={remove.isPending} onClick={() => remove.mutate()}>
      {t("rules:rule_remove")}
    </Button>
  );
}
