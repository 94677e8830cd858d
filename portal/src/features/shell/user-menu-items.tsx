/** What the menu of the person offers: language, theme, their own page, sign out. Loaded when it is about to be opened. */
import { Menu, useMantineColorScheme } from "@mantine/core";
import {
  IconCheck,
  IconDeviceDesktop,
  IconKeyboard,
  IconLogout,
  IconMoon,
  IconSun,
  IconUserCircle,
} from "@tabler/icons-react";
import { useRouter } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { queryClient } from "@/api/query-client";
import { saveLocale, signOut, useMe } from "@/api/session";
import type { Locale } from "@/api/types";
import { locales, showLocale } from "@/i18n";
import { openShortcuts } from "@/state/overlay";
import { toastError } from "@/ui/toast";

const themes = [
  { value: "light", label: "theme_light", icon: IconSun },
  { value: "dark", label: "theme_dark", icon: IconMoon },
  { value: "auto", label: "theme_auto", icon: IconDeviceDesktop },
] as const;

export default function UserMenuItems() {
  const { t, i18n } = useTranslation("shell");
  const me = useMe();
  const router = useRouter();
  const { colorScheme, setColorScheme } = useMantineColorScheme();

  const choose = async (locale: Locale) => {
    await showLocale(locale);
    try {
      await saveLocale(locale);
    } catch (error) {
      toastError(error);
    }
    // Labels of the catalogue come from the server in the person's language.
    await queryClient.invalidateQueries();
  };
  const leave = async () => {
    try {
      await signOut();
    } catch (error) {
      toastError(error);
      return;
    }
    await router.navigate({ to: "/sign-in" });
  };

  return (
    <>
      {!me.viewing && (
        <>
          <Menu.Label>{t("language")}</Menu.Label>
          {locales.map(({ code, name }) => (
            <Menu.Item
              key={code}
              lang={code}
              rightSection={i18n.language === code && <IconCheck size={16} />}
              onClick={() => void choose(code)}
            >
              {name}
            </Menu.Item>
          ))}
          <Menu.Divider />
        </>
      )}
      <Menu.Label>{t("theme")}</Menu.Label>
      {themes.map(({ value, label, icon: Icon }) => (
        <Menu.Item
          key={value}
          leftSection={<Icon size={16} />}
          rightSection={colorScheme === value && <IconCheck size={16} />}
          onClick={() => setColorScheme(value)}
        >
          {t(label)}
        </Menu.Item>
      ))}
      <Menu.Divider />
      {!me.viewing && (
        <Menu.Item
          leftSection={<IconUserCircle size={16} />}
          onClick={() => void router.navigate({ to: "/settings/$section", params: { section: "profile" } })}
        >
          {t("profile")}
        </Menu.Item>
      )}
      <Menu.Item leftSection={<IconKeyboard size={16} />} onClick={openShortcuts}>
        {t("shortcuts")}
      </Menu.Item>
      <Menu.Item leftSection={<IconLogout size={16} />} onClick={() => void leave()}>
        {t("sign_out")}
      </Menu.Item>
    </>
  );
}
