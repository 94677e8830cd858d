/** An address that leads nowhere. */
import { Button } from "@mantine/core";
import { Link } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import { EmptyState } from "@/ui/states";

export function NotFound() {
  const { t } = useTranslation("common");
  return (
    <EmptyState
      title={t("not_found_title")}
      action={
        <Button component={Link} to="/">
          {t("to_home")}
        </Button>
      }
    >
      {t("not_found_text")}
    </EmptyState>
  );
}
