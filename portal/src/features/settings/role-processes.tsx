/** What a role may do with processes: actions by definition, and the messages and signals it may send. */
import { ActionIcon, Button, Checkbox, Select, TagsInput } from "@mantine/core";
import { IconPlus, IconTrash } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { definitionsQuery } from "@/api/processes";
import type { ProcessAction, ProcessRights } from "@/api/types";
import { Block, Buttons, Pair, RuleBox, RuleLine } from "@/ui/block";
import { anyEntity, processActions } from "./rights";

interface Props {
  rights: ProcessRights;
  onChange(rights: ProcessRights): void;
}

export function RoleProcesses({ rights, onChange }: Props) {
  const { t } = useTranslation("settings");
  const { data: known = [] } = useQuery(definitionsQuery);
  const names = new Map([
    [anyEntity, t("any_process")],
    ...known.map(({ key, name }): [string, string] => [key, name]),
  ]);
  const granted = Object.entries(rights.definitions);
  const put = (entries: [string, ProcessAction[]][]) =>
    onChange({ ...rights, definitions: Object.fromEntries(entries) });
  const free = [...names.keys()].filter((key) => !(key in rights.definitions));
  return (
    <Block title={t("process_rights")} note={t("process_rights_note")}>
      {granted.map(([key, actions], index) => {
        const name = names.get(key) ?? key;
        return (
          <RuleBox
            key={key}
            label={name}
            actions={
              <ActionIcon
                aria-label={t("remove_rule", { rule: name })}
                onClick={() => put(granted.filter((_, at) => at !== index))}
              >
                <IconTrash size={16} />
              </ActionIcon>
            }
          >
            <RuleLine label={t("process")}>
              <Select
                size="xs"
                w={280}
                aria-label={t("process")}
                searchable
                allowDeselect={false}
                data={[key, ...free].map((value) => ({ value, label: names.get(value) ?? value }))}
                value={key}
                onChange={(next) =>
                  next && put(granted.map((entry, at) => (at === index ? [next, actions] : entry)))
                }
              />
            </RuleLine>
            <RuleLine label={t("actions")}>
              {processActions.map((action) => (
                <Checkbox
                  key={action}
                  size="xs"
                  label={t(`process_action_${action}`)}
                  checked={actions.includes(action)}
                  onChange={(event) => {
                    const on = event.currentTarget.checked;
                    const chosen = processActions.filter((one) =>
                      one === action ? on : actions.includes(one),
                    );
                    put(granted.map((entry, at) => (at === index ? [key, chosen] : entry)));
                  }}
                />
              ))}
            </RuleLine>
          </RuleBox>
        );
      })}
      <Buttons>
        <Button
          variant="default"
          leftSection={<IconPlus size={16} />}
          disabled={free.length === 0}
          onClick={() => free[0] && put([...granted, [free[0], ["start"]]])}
        >
          {t("add_process_right")}
        </Button>
      </Buttons>
      <Pair>
        <TagsInput
          label={t("messages")}
          description={t("messages_hint")}
          value={rights.messages}
          onChange={(messages) => onChange({ ...rights, messages })}
        />
        <TagsInput
          label={t("signals")}
          description={t("signals_hint")}
          value={rights.signals}
          onChange={(signals) => onChange({ ...rights, signals })}
        />
      </Pair>
    </Block>
  );
}
