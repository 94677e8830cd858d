/** Sections of the settings that somebody may open, by their names, which are loaded when the palette is first opened. */
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/api/session";
import { withAdminTexts } from "@/i18n";
import { type SettingsGroup, type SettingsSection, settingsGroups } from "@/state/search";

export function useSettingsSections(): { key: SettingsSection; title: string }[] {
  const { t } = useTranslation(["settings", "shell"]);
  const me = useMe();
  const [ready, setReady] = useState(false);
  useEffect(() => {
    // Without them the rest is found.
    withAdminTexts(() => Promise.resolve()).then(
      () => setReady(true),
      () => undefined,
    );
  }, []);
  if (!ready || me.viewing) return [];
  const groups = Object.keys(settingsGroups) as SettingsGroup[];
  return groups
    .filter((group) => group === "mine" || me.admin)
    .flatMap((group): readonly SettingsSection[] => settingsGroups[group])
    .map((key) => ({ key, title: key === "telling" ? t("shell:notices") : t(`settings:section_${key}`) }));
}
