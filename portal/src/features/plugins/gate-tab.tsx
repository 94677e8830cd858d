/** Whom a module is on for: everybody, or some departments with those below them. For the others it does not exist. */
import { Button, Checkbox, MultiSelect } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { departmentTreeQuery } from "@/api/people";
import { savePluginGate } from "@/api/plugins";
import { ApiError, messageOf } from "@/api/problem";
import type { Id, PluginDetail } from "@/api/types";
import { Block, Buttons, Lead, Notice } from "@/ui/block";
import { Form } from "@/ui/sign-in";
import { toast } from "@/ui/toast";

export function GateTab({ plugin, onEnable }: { plugin: PluginDetail; onEnable(): void }) {
  const { t } = useTranslation(["plugins", "common", "fields"]);
  const departments = useQuery(departmentTreeQuery);
  const kept = plugin.gate ?? null;
  const [everybody, setEverybody] = useState(kept === null);
  const [named, setNamed] = useState<Id[]>(() => kept?.filter(({ name }) => name).map(({ id }) => id) ?? []);
  const gone = kept?.filter(({ name }) => !name).length ?? 0;
  const save = useMutation({
    mutationFn: () => savePluginGate(plugin.id, everybody ? null : named),
    onSuccess: () => toast({ message: t("common:saved"), kind: "done" }),
  });
  if (!plugin.enabled) {
    return (
      <Notice action={<Button onClick={onEnable}>{t("plugins:switch_on")}</Button>}>
        {t("plugins:gate_when_on")}
      </Notice>
    );
  }
  const refusal = save.error instanceof ApiError ? save.error.fieldMessage("departments") : undefined;
  const all = departments.data ?? [];
  const nameOf = (id: Id | null | undefined): string | undefined => all.find((one) => one.id === id)?.name;
  return (
    <Form label={t("plugins:tab_gate")} onSubmit={() => save.mutate()}>
      <Block title={t("plugins:tab_gate")} note={t("plugins:gate_note")}>
        {save.error && <Notice tone="danger">{messageOf(save.error, t("common:network"))}</Notice>}
        {gone > 0 && <Notice tone="danger">{t("plugins:gate_gone", { count: gone })}</Notice>}
        <Checkbox
          label={t("plugins:gate_everybody")}
          checked={everybody}
          onChange={(event) => setEverybody(event.currentTarget.checked)}
        />
        {!everybody && (
          <MultiSelect
            label={t("plugins:gate_departments")}
            description={t("plugins:gate_below")}
            inputWrapperOrder={["label", "input", "description", "error"]}
            data={all.map(({ id, name, parent_id }) => {
              const above = nameOf(parent_id);
              return { value: id, label: above ? `${name} (${above})` : name };
            })}
            searchable
            nothingFoundMessage={t("fields:nothing_found")}
            value={named}
            error={refusal}
            onChange={setNamed}
          />
        )}
        {!everybody && named.length === 0 && <Lead>{t("plugins:gate_nobody")}</Lead>}
      </Block>
      <Buttons>
        <Button type="submit" loading={save.isPending}>
          {t("common:save")}
        </Button>
      </Buttons>
    </Form>
  );
}
