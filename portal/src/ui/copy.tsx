/** A value to be copied: shown as code, with its button. Works without the clipboard too (plain HTTP). */
import { ActionIcon, Tooltip } from "@mantine/core";
import { IconCheck, IconCopy } from "@tabler/icons-react";
import { type ReactNode, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import classes from "./copy.module.css";

export async function copyText(text: string): Promise<boolean> {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

interface Props {
  /** What it is, for the button's name. */
  label: string;
  value: string;
  /** Shown instead of the value. */
  shown?: string;
  actions?: ReactNode;
}

export function CopyLine({ label, value, shown, actions }: Props) {
  const { t } = useTranslation("common");
  const text = useRef<HTMLElement>(null);
  const [copied, setCopied] = useState(false);
  const copy = async () => {
    if (await copyText(value)) {
      setCopied(true);
      setTimeout(() => setCopied(false), 1_600);
    } else if (text.current) {
      // The clipboard is closed on plain HTTP: mark the text, so that Ctrl+C takes it.
      getSelection()?.selectAllChildren(text.current);
    }
  };
  const name = copied ? t("copied") : t("copy", { label });
  return (
    <span className={classes.line}>
      <code ref={text}>{shown ?? value}</code>
      <Tooltip label={name}>
        <ActionIcon aria-label={name} onClick={() => void copy()}>
          {copied ? <IconCheck size={16} /> : <IconCopy size={16} />}
        </ActionIcon>
      </Tooltip>
      {actions}
    </span>
  );
}
