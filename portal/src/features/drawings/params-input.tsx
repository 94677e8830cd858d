/** What an action needs to know: the letter's address, subject and text by name, the rest as names and values. */
import { ActionIcon, Button } from "@mantine/core";
import { IconPlus, IconX } from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { Param } from "@/engines/designer/contract";
import { Group, Grow, Line } from "@/ui/designer-panel";
import { CommitText } from "./inputs";

const named = {
  email: ["to", "cc", "subject", "text"],
  webhook: ["url"],
  "create-record": ["entity"],
  link: ["field", "to"],
  unlink: ["field", "to"],
  notice: ["to", "text"],
  "start-process": ["process"],
  "convert-lead": ["contact", "company", "deal"],
} as Record<string, string[]>;
const none = new Set(["form", "approve", "acknowledge", "call", "meeting", "quote", "invoice"]);

interface Props {
  /** The action or service. */
  kind: string;
  params: Param[];
  onChange(params: Param[]): void;
}

export function ParamsInput({ kind, params, onChange }: Props) {
  const { t } = useTranslation("drawings");
  const known = named[kind] ?? [];
  const rest = params.filter(({ name }) => !known.includes(name));
  const put = (name: string, value: string) => {
    const at = params.findIndex((one) => one.name === name);
    if (!value) onChange(params.filter((_, index) => index !== at));
    else if (at < 0) onChange([...params, { name, value }]);
    else onChange(params.map((one, index) => (index === at ? { name, value } : one)));
  };
  const change = (one: Param, next: Param | undefined) =>
    onChange(params.flatMap((other) => (other === one ? (next ? [next] : []) : [other])));
  return (
    <>
      {known.map((name) => (
        <CommitText
          key={name}
          label={t(`param_${name as "to"}`)}
          rows={name === "text" ? 3 : undefined}
          value={params.find((one) => one.name === name)?.value ?? ""}
          onCommit={(value) => put(name, value)}
        />
      ))}
      {rest.map((one, index) => (
        <Group key={`${index} ${one.name}`} label={one.name || t("param_name")}>
          <Line>
            <Grow>
              <CommitText
                label={t("param_name")}
                value={one.name}
                onCommit={(name) => change(one, { ...one, name: name.trim() })}
              />
            </Grow>
            <ActionIcon aria-label={t("param_remove")} onClick={() => change(one, undefined)}>
              <IconX size={16} />
            </ActionIcon>
          </Line>
          <CommitText
            label={t("param_value")}
            value={one.value}
            onCommit={(value) => change(one, { ...one, value })}
          />
        </Group>
      ))}
      {(!none.has(kind) || rest.length > 0) && kind !== "email" && (
        <div>
          <Button
            variant="subtle"
            size="compact-sm"
            leftSection={<IconPlus size={14} />}
            onClick={() => onChange([...params, { name: freeName(params), value: "" }])}
          >
            {t("param_add")}
          </Button>
        </div>
      )}
    </>
  );
}

function freeName(params: Param[]): string {
  let number = params.length + 1;
  while (params.some(({ name }) => name === `field_${number}`)) number += 1;
  return `field_${number}`;
}
