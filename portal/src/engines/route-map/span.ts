/** How long something took or takes, in wall time: the two largest units. */
import { useCallback } from "react";
import { useTranslation } from "react-i18next";

/** The parts of a span; nothing is negative, whatever the clocks say. */
export function spanOf(from: string, to: string): { days: number; hours: number; minutes: number } {
  const seconds = Math.max(0, Math.round((new Date(to).getTime() - new Date(from).getTime()) / 1_000));
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3_600);
  return { days, hours, minutes: Math.floor((seconds % 3_600) / 60) };
}

/** Working time: `45 min`, `3 h`, `3 h 20 min`; of a limit `3 h of 8 h`. */
export function useWorked(): (elapsed: number, limit?: number) => string {
  const { t } = useTranslation("processes");
  return useCallback(
    (elapsed, limit) => {
      const told = (seconds: number) => {
        const [hours, minutes] = [Math.floor(seconds / 3_600), Math.floor((seconds % 3_600) / 60)];
        if (hours === 0) return t("span_minutes", { minutes });
        return minutes === 0 ? t("span_whole_hours", { hours }) : t("span_hours", { hours, minutes });
      };
      return limit ? t("worked_of", { spent: told(elapsed), limit: told(limit) }) : told(elapsed);
    },
    [t],
  );
}

/** `2 h 5 min`, `3 days`. */
export function useSpan(): (from: string, to: string) => string {
  const { t } = useTranslation("processes");
  return useCallback(
    (from, to) => {
      const { days, hours, minutes } = spanOf(from, to);
      if (days > 0) return t("span_days", { count: days, hours });
      return hours > 0 ? t("span_hours", { hours, minutes }) : t("span_minutes", { minutes });
    },
    [t],
  );
}
