/** A record beside its board or list. The address changes, Back closes it, arrows go to the next record. */
import { ActionIcon, Tooltip } from "@mantine/core";
import { IconArrowsDiagonal, IconChevronDown, IconChevronUp, IconX } from "@tabler/icons-react";
import { Link, useNavigate } from "@tanstack/react-router";
import { useCallback, useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { Entity, Id } from "@/api/types";
import { SidePanel } from "@/ui/panel";
import { RecordCard } from "./record-card";

export interface Props {
  entity: Entity;
  id: Id;
  /** Ids in the order they are shown, for the arrows; asked when needed. */
  siblings?: () => Id[];
}

export default function RecordPanel({ entity, id, siblings }: Props) {
  const { t } = useTranslation(["card", "common"]);
  const navigate = useNavigate();
  const close = useCallback(
    () =>
      void navigate({ to: ".", search: (old: Record<string, unknown>) => ({ ...old, record: undefined }) }),
    [navigate],
  );
  const step = useCallback(
    (by: 1 | -1) => {
      const all = siblings?.() ?? [];
      const next = all[all.indexOf(id) + by];
      if (next && all.includes(id)) {
        void navigate({
          to: ".",
          search: (old: Record<string, unknown>) => ({ ...old, record: next }),
          replace: true,
        });
      }
    },
    [id, navigate, siblings],
  );

  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      const target = event.target as HTMLElement;
      if (
        event.defaultPrevented ||
        target.closest("input, textarea, [role=menu], [role=listbox], [role=dialog]")
      )
        return;
      if (event.key === "Escape") close();
      if (target.closest("[data-board-keys]")) return;
      if (event.key === "ArrowDown" && !event.altKey) {
        event.preventDefault();
        step(1);
      }
      if (event.key === "ArrowUp" && !event.altKey) {
        event.preventDefault();
        step(-1);
      }
    };
    window.addEventListener("keydown", press);
    return () => window.removeEventListener("keydown", press);
  }, [close, step]);

  return (
    <SidePanel label={entity.label}>
      <RecordCard
        key={id}
        entity={entity}
        id={id}
        place="panel"
        onGone={close}
        lead={
          siblings && (
            <>
              <Tooltip label={t("card:previous")}>
                <ActionIcon aria-label={t("card:previous")} onClick={() => step(-1)}>
                  <IconChevronUp size={18} />
                </ActionIcon>
              </Tooltip>
              <Tooltip label={t("card:next")}>
                <ActionIcon aria-label={t("card:next")} onClick={() => step(1)}>
                  <IconChevronDown size={18} />
                </ActionIcon>
              </Tooltip>
            </>
          )
        }
        tail={
          <>
            <Tooltip label={t("card:expand")}>
              <ActionIcon
                aria-label={t("card:expand")}
                renderRoot={(props) => (
                  <Link to="/records/$entity/$id" params={{ entity: entity.key, id }} {...props} />
                )}
              >
                <IconArrowsDiagonal size={18} />
              </ActionIcon>
            </Tooltip>
            <Tooltip label={t("common:close")}>
              <ActionIcon aria-label={t("common:close")} onClick={close}>
                <IconX size={18} />
              </ActionIcon>
            </Tooltip>
          </>
        }
      />
    </SidePanel>
  );
}
