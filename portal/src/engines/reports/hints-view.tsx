/** What the figures say should be looked at, with the way to it. */
import { IconBulb } from "@tabler/icons-react";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Hint } from "@/api/reports-wire";
import { HintLines } from "@/ui/report-cards";
import { placeOf } from "./figure-link";

export function HintsView({ hints }: { hints: Hint[] }) {
  const { t } = useTranslation("reports");
  return (
    <HintLines label={t("hints")}>
      {hints.map((hint, at) => (
        <li key={`${hint.key} ${at}`}>
          <IconBulb size={16} aria-hidden />
          <span>
            {hint.text} {hint.drill && <Link {...placeOf(hint.drill)}>{t("show_them")}</Link>}
          </span>
        </li>
      ))}
    </HintLines>
  );
}
