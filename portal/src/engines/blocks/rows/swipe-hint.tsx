/** Said once on this device: rows of this table can be pushed aside, and what that does. */
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useSay } from "@/engines/blocks/context";
import type { Action } from "@/engines/blocks/tree";
import { Secondary } from "@/ui/block";
import { BlockBar } from "@/ui/block-frame";

const place = "verstak.swipe-hint";

function isKnown(): boolean {
  try {
    return localStorage.getItem(place) !== null;
  } catch {
    return true;
  }
}

function note(): void {
  try {
    localStorage.setItem(place, "seen");
  } catch {
    // Where nothing is kept it is said again.
  }
}

export function SwipeHint({ actions }: { actions: Action[] }) {
  const { t } = useTranslation("blocks");
  const say = useSay();
  const [known] = useState(isKnown);
  useEffect(() => {
    if (!known) note();
  }, [known]);
  if (known) return null;
  const ways = (["right", "left"] as const).flatMap((way) => {
    const action = actions.find(({ swipe }) => swipe === way);
    return action ? [t(`swipe_${way}`, { label: say(action.label) })] : [];
  });
  return (
    <BlockBar>
      <Secondary>{t("swipe_hint", { ways: ways.join(", ") })}</Secondary>
    </BlockBar>
  );
}
