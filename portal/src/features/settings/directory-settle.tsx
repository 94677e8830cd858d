/**
 * What a change of a directory does to records, before it is done: how many have the items that go, what takes their place,
 * what names them and has to let go first. Asked of the server again with each choice.
 */
import { Button, Modal, Select, Stack } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import type { DirectoryChange } from "@/api/types";
import { Hint, Notice } from "@/ui/block";
import { FormActions } from "@/ui/form";
import { FormProblem } from "@/ui/sign-in";
import { useFocusBack } from "@/ui/use-focus-back";
import { optionsOf } from "./directory-item";
import type { Placed } from "./directory-model";

interface Props {
  title: string;
  /** What the server said first. */
  plan: DirectoryChange;
  /** What was chosen before. */
  moveTo: Record<string, string>;
  /** What may take the place of an item. */
  targets: Placed[];
  ask(moveTo: Record<string, string>): Promise<DirectoryChange>;
  act(moveTo: Record<string, string>): Promise<DirectoryChange>;
  onDone(change: DirectoryChange): void;
  onClose(): void;
}

/** Whether somebody has to see what a plan does. */
export const touchesRecords = ({ removed, users }: DirectoryChange): boolean =>
  users.length > 0 || removed.some(({ records, to }) => records > 0 || Boolean(to));

export function SettleDialog(props: Props) {
  useFocusBack();
  const { t } = useTranslation(["directories", "common"]);
  const [moveTo, setMoveTo] = useState(props.moveTo);
  const [plan, setPlan] = useState(props.plan);
  const ask = useMutation({ mutationFn: props.ask, onSuccess: setPlan });
  const act = useMutation({ mutationFn: () => props.act(moveTo), onSuccess: props.onDone });
  const going = plan.removed.filter(({ item, records }) => records > 0 || moveTo[item]);
  const open = going.filter(({ item, records }) => records > 0 && !moveTo[item]);
  const error = act.error ?? ask.error;
  const kinds: Record<string, string> = {
    role: t("directories:user_role"),
    formula: t("directories:user_formula"),
    condition: t("directories:user_condition"),
    rule: t("directories:user_rule"),
    rollup: t("directories:user_rollup"),
    default: t("directories:user_default"),
    automation: t("directories:user_automation"),
    process: t("directories:user_process"),
    drawing: t("directories:user_drawing"),
  };
  return (
    <Modal
      opened
      onClose={props.onClose}
      title={props.title}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <Stack gap={12}>
        {error && <FormProblem>{messageOf(error, t("common:network"))}</FormProblem>}
        {plan.users.length > 0 && (
          <Notice tone="danger" title={t("directories:named_by")}>
            <ul style={{ margin: 0, paddingInlineStart: 18 }}>
              {plan.users.map(({ kind, key, name }) => (
                <li key={`${kind} ${key}`}>{`${kinds[kind] ?? kind}: ${name}`}</li>
              ))}
            </ul>
          </Notice>
        )}
        {going.map(({ item, name, records }) => (
          <Select
            key={item}
            label={t("directories:move_to", { item: name, count: records })}
            placeholder={t("directories:choose_item")}
            allowDeselect={false}
            searchable
            data={optionsOf(props.targets)}
            value={moveTo[item] ?? null}
            onChange={(to) => {
              if (!to) return;
              const next = { ...moveTo, [item]: to };
              setMoveTo(next);
              ask.mutate(next);
            }}
          />
        ))}
        <Notice title={t("directories:will_happen")}>
          <ul style={{ margin: 0, paddingInlineStart: 18 }} data-testid="directory-effects">
            {open.length > 0 && <li>{t("directories:effect_open")}</li>}
            <li>
              {plan.moves > 0
                ? t("directories:effect_moves", { count: plan.moves })
                : t("directories:effect_none")}
            </li>
          </ul>
        </Notice>
        <Hint>{t("directories:undo_hint")}</Hint>
        <FormActions>
          <Button variant="default" onClick={props.onClose}>
            {t("common:cancel")}
          </Button>
          <Button
            disabled={open.length > 0 || plan.users.length > 0 || ask.isPending}
            loading={act.isPending}
            onClick={() => act.mutate()}
          >
            {t("common:save")}
          </Button>
        </FormActions>
      </Stack>
    </Modal>
  );
}
