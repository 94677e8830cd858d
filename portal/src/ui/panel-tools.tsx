/** The head of a side panel over a list: one back, one on, to a page of its own, away; and the keys that do the same. */
import { ActionIcon, Tooltip } from "@mantine/core";
import { IconArrowsDiagonal, IconChevronDown, IconChevronUp, IconX } from "@tabler/icons-react";
import { type ReactElement, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";

export type Step = (by: 1 | -1) => void;

const tool = (label: string, icon: ReactElement, run: () => void) => (
  <Tooltip label={label}>
    <ActionIcon aria-label={label} onClick={run}>
      {icon}
    </ActionIcon>
  </Tooltip>
);

export const PanelArrows = ({ previous, next, step }: { previous: string; next: string; step: Step }) => (
  <>
    {tool(previous, <IconChevronUp size={18} />, () => step(-1))}
    {tool(next, <IconChevronDown size={18} />, () => step(1))}
  </>
);

/** `expand`: draws the link to the page. */
export function PanelEnds({
  expand,
  close,
}: {
  expand(props: Record<string, unknown>): ReactElement;
  close(): void;
}) {
  const { t } = useTranslation(["card", "common"]);
  return (
    <>
      <Tooltip label={t("card:expand")}>
        <ActionIcon aria-label={t("card:expand")} renderRoot={expand}>
          <IconArrowsDiagonal size={18} />
        </ActionIcon>
      </Tooltip>
      {tool(t("common:close"), <IconX size={18} />, close)}
    </>
  );
}

/** Esc closes, arrows go on; not while something is typed or chosen, and not where `own` has arrows for itself. */
export function usePanelKeys(step: Step, close: () => void, own: string): void {
  const now = useRef({ step, close, own });
  now.current = { step, close, own };
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      const busy = "input, textarea, [role=menu], [role=listbox], [role=dialog]";
      if (event.defaultPrevented || target.closest(busy)) return;
      if (event.key === "Escape") now.current.close();
      if (event.altKey || target.closest(now.current.own)) return;
      if (event.key !== "ArrowDown" && event.key !== "ArrowUp") return;
      event.preventDefault();
      now.current.step(event.key === "ArrowDown" ? 1 : -1);
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, []);
}
