/** Who vouches for a plugin, and how it stands, as marks. */
import { useTranslation } from "react-i18next";
import type { Breaker, Plugin } from "@/api/types";
import { Tag, type Tone } from "@/ui/block";

const levelTones: Record<Plugin["level"], Tone> = {
  core: "accent",
  verified: "ok",
  publisher: "plain",
  dev: "warn",
};

export function LevelTag({ level }: { level: Plugin["level"] }) {
  const { t } = useTranslation("plugins");
  return (
    <Tag tone={levelTones[level] ?? "plain"} title={t(`level_${level}_text`)}>
      {t(`level_${level}`)}
    </Tag>
  );
}

const stateTones: Record<Plugin["state"], Tone> = {
  enabled: "ok",
  disabled: "plain",
  failing: "danger",
  failed: "danger",
};

export function StateTag({ state }: { state: Plugin["state"] }) {
  const { t } = useTranslation("plugins");
  return <Tag tone={stateTones[state]}>{t(`state_${state}`)}</Tag>;
}

const breakerTones: Record<Breaker, Tone> = {
  closed: "ok",
  open: "danger",
  half_open: "warn",
  disabled: "danger",
};

export function BreakerTag({ breaker }: { breaker: Breaker }) {
  const { t } = useTranslation("plugins");
  return (
    <Tag tone={breakerTones[breaker] ?? "plain"} title={t(`breaker_${breaker}_text`)}>
      {t(`breaker_${breaker}`)}
    </Tag>
  );
}

const categories = [
  "sales",
  "support",
  "marketing",
  "telephony",
  "finance",
  "integration",
  "people",
  "projects",
  "tools",
  "people",
  "projects",
  "examples",
] as const;

/** The manifest's own word where the portal has none for it. */
export function useCategory(): (category: string) => string {
  const { t } = useTranslation("plugins");
  return (category) => {
    const known = categories.find((one) => one === category);
    return known ? t(`category_${known}`) : category;
  };
}
