/** A record beside its board or list. The address changes, Back closes it, arrows go to the next record. */
import { Link, useNavigate } from "@tanstack/react-router";
import { useCallback } from "react";
import { useTranslation } from "react-i18next";
import type { Entity, Id } from "@/api/types";
import { SidePanel } from "@/ui/panel";
import { PanelArrows, PanelEnds, usePanelKeys } from "@/ui/panel-tools";
import { RecordCard } from "./record-card";

export interface Props {
  entity: Entity;
  id: Id;
  /** Ids in the order they are shown, for the arrows; asked when needed. */
  siblings?: () => Id[];
}

export default function RecordPanel({ entity, id, siblings }: Props) {
  const { t } = useTranslation("card");
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

  usePanelKeys(step, close, "[data-board-keys]");
  return (
    <SidePanel label={entity.label}>
      <RecordCard
        key={id}
        entity={entity}
        id={id}
        place="panel"
        onGone={close}
        lead={siblings && <PanelArrows previous={t("previous")} next={t("next")} step={step} />}
        tail={
          <PanelEnds
            close={close}
            expand={(props) => (
              <Link to="/records/$entity/$id" params={{ entity: entity.key, id }} {...props} />
            )}
          />
        }
      />
    </SidePanel>
  );
}
