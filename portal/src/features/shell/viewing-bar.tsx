/** Over every page while an administrator looks as somebody else: as whom, until when, and the way back. */
import { Button } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useEffect } from "react";
import { useTranslation } from "react-i18next";
import type { Me } from "@/api/types";
import { askWhetherEnded, stopViewAs } from "@/api/view-as";
import { formatMoment } from "@/i18n/format";
import { BarLine } from "@/ui/frame";
import { toastError } from "@/ui/toast";

/** How often it is looked whether the time is over. */
const ASK_MS = 15_000;

export default function ViewingBar({ me, viewing }: { me: Me; viewing: NonNullable<Me["viewing"]> }) {
  const { t } = useTranslation("shell");
  const stop = useMutation({ mutationFn: stopViewAs, onError: (error) => toastError(error) });
  useEffect(() => {
    // The server knows the time: a clock that is wrong here asks in vain.
    const over = () => Date.now() >= Date.parse(viewing.until);
    const timer = setInterval(() => over() && void askWhetherEnded(), ASK_MS);
    return () => clearInterval(timer);
  }, [viewing.until]);
  const time = formatMoment(Date.parse(viewing.until));
  return (
    <BarLine
      label={t("viewing_bar")}
      text={
        viewing.role === undefined
          ? t("viewing", { name: me.user.name, time })
          : t("viewing_role", { role: viewing.role, time })
      }
      action={
        <Button variant="default" size="compact-sm" loading={stop.isPending} onClick={() => stop.mutate()}>
          {t("viewing_stop")}
        </Button>
      }
    />
  );
}
