/** The languages, below the card of a stranger's page. */
import { useTranslation } from "react-i18next";
import { locales, showLocale } from "@/i18n";
import { LanguageButton } from "@/ui/sign-in";

export function Languages() {
  const { i18n } = useTranslation();
  return locales.map(({ code, name }) => (
    <LanguageButton
      key={code}
      lang={code}
      pressed={i18n.language === code}
      onClick={() => void showLocale(code)}
    >
      {name}
    </LanguageButton>
  ));
}
