/** Whom a module is on for: everybody, or some departments with those below them. For the others it does not exist. */
import { Button, Checkbox } from "@mantine/core";
import { useMutation, useQuery, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { departmentTreeQuery } from "@/api/people";
import { pluginQuery, savePluginGate } from "@/api/plugins";
import { ApiError, messageOf } from "@/api/problem";
import type { Id, PluginDetail } from "@/api/types";
import { dropDraft, keepDraft, readDraft } from "@/engines/drafts";
import { Block, Buttons, Notice } from "@/ui/block";
import { PickMany } from "@/ui/pick-many";
import { Form } from "@/ui/sign-in";
import { toast } from "@/ui/toast";
import { draftOf, type GateDraft, GateMoved, goneOf, markOf } from "./gate";

/** What is chosen and not saved: it survives other tabs and a reload. */
function useGate(plugin: PluginDetail) {
  const place = `plugin-gate.${plugin.id}`;
  const [draft, setDraft] = useState(() => readDraft<GateDraft>(place));
  const change = (next: GateDraft | undefined) => {
    setDraft(next);
    if (next) keepDraft(place, next);
    else dropDraft(place);
  };
  return { ...(draft ?? draftOf(plugin.gate)), touched: draft !== undefined, change };
}

/** Saves where it still stands as it did; else says so, and the next press is the person's decision. */
function useSave(plugin: PluginDetail, gate: ReturnType<typeof useGate>) {
  const { t } = useTranslation("common");
  const client = useQueryClient();
  const { everybody, named, base, change } = gate;
  return useMutation({
    mutationFn: async () => {
      const now = await client.fetchQuery({ ...pluginQuery(plugin.id), staleTime: 0 });
      if (markOf(now.gate) === base) return savePluginGate(plugin.id, everybody ? null : named);
      change({ everybody, named, base: markOf(now.gate) });
      throw new GateMoved();
    },
    onSuccess: () => {
      change(undefined);
      toast({ message: t("saved"), kind: "done" });
    },
  });
}

export function GateTab({ plugin, onEnable }: { plugin: PluginDetail; onEnable(): void }) {
  const { t } = useTranslation(["plugins", "common", "fields"]);
  const departments = useQuery(departmentTreeQuery);
  const gate = useGate(plugin);
  const { everybody, named, base, touched, change } = gate;
  const save = useSave(plugin, gate);
  if (!plugin.enabled) {
    return (
      <Notice action={<Button onClick={onEnable}>{t("plugins:switch_on")}</Button>}>
        {t("plugins:gate_when_on")}
      </Notice>
    );
  }
  const gone = goneOf(plugin.gate);
  const refusal = save.error instanceof ApiError ? save.error.fieldMessage("departments") : undefined;
  const all = departments.data ?? [];
  const nameOf = (id: Id | null | undefined): string | undefined => all.find((one) => one.id === id)?.name;
  return (
    <Form label={t("plugins:tab_gate")} onSubmit={() => save.mutate()}>
      <Block title={t("plugins:tab_gate")} note={t("plugins:gate_note")}>
        {save.error instanceof GateMoved ? (
          <Moved plugin={plugin} onTake={() => change(undefined)} onTaken={save.reset} />
        ) : (
          save.error && <Notice tone="danger">{messageOf(save.error, t("common:network"))}</Notice>
        )}
        {gone > 0 && <Notice tone="danger">{t("plugins:gate_gone", { count: gone })}</Notice>}
        <Checkbox
          label={t("plugins:gate_everybody")}
          checked={everybody}
          onChange={(event) => change({ everybody: event.currentTarget.checked, named, base })}
        />
        {!everybody && (
          <PickMany
            label={t("plugins:gate_departments")}
            description={t("plugins:gate_below")}
            inputWrapperOrder={["label", "input", "description", "error"]}
            data={all.map(({ id, name, parent_id }) => {
              const above = nameOf(parent_id);
              return { value: id, label: above ? `${name} (${above})` : name };
            })}
            nothingFoundMessage={t("fields:nothing_found")}
            value={named}
            error={refusal}
            onChange={(next) => change({ everybody, named: next, base })}
          />
        )}
        {!everybody && named.length === 0 && <Notice tone="warn">{t("plugins:gate_nobody")}</Notice>}
      </Block>
      <Buttons>
        <Button type="submit" loading={save.isPending}>
          {t("common:save")}
        </Button>
        {touched && (
          <Button variant="default" onClick={() => change(undefined)}>
            {t("common:cancel")}
          </Button>
        )}
      </Buttons>
    </Form>
  );
}

/** What somebody else made of it meanwhile; the chosen stays until the person decides. */
function Moved({ plugin, onTake, onTaken }: { plugin: PluginDetail; onTake(): void; onTaken(): void }) {
  const { t } = useTranslation("plugins");
  const names = plugin.gate?.map(({ id, name }) => name ?? id).join(", ");
  const now = plugin.gate ? names || t("gate_now_nobody") : t("gate_everybody");
  return (
    <Notice
      tone="danger"
      title={t("gate_moved")}
      action={
        <Button
          variant="default"
          onClick={() => {
            onTake();
            onTaken();
          }}
        >
          {t("gate_take")}
        </Button>
      }
    >
      {t("gate_moved_text", { now })}
    </Notice>
  );
}
