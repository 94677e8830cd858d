/** A dry run or an import under way: how far it is, and the way to stop it. */
import { Button } from "@mantine/core";
import { IconPlayerStop } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { cancelImport } from "@/api/imports";
import type { Import } from "@/api/types";
import { formatNumber } from "@/i18n/format";
import { Buttons, Lead, Meter } from "@/ui/block";
import { toastError } from "@/ui/toast";
import { ImportFigures } from "./parts";

export function ProgressStep({ one }: { one: Import }) {
  const { t } = useTranslation("imports");
  const cancel = useMutation({
    mutationFn: () => cancelImport(one.id),
    onError: (error) => toastError(error),
  });
  const dry = one.state === "checking";
  return (
    <>
      <Meter
        label={t(dry ? "checking" : "running")}
        text={t("progress", { done: formatNumber(one.processed), total: formatNumber(one.total) })}
        share={one.total > 0 ? one.processed / one.total : 0}
      />
      <ImportFigures one={one} dry={dry} />
      <Lead>{t(dry ? "checking_text" : "running_text")}</Lead>
      <Buttons>
        <Button
          variant="default"
          leftSection={<IconPlayerStop size={16} />}
          loading={cancel.isPending}
          onClick={() => cancel.mutate()}
        >
          {t("stop")}
        </Button>
      </Buttons>
    </>
  );
}
