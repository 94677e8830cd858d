/** A paper beside the form that makes it. Where a browser shows no PDF inside a page, the link opens it. */
import { Button, Loader } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import { refusalOf } from "@/api/refusal";
import { Buttons } from "@/ui/block";
import { PaperFrame, PaperSight } from "@/ui/paper-frame";
import { FormProblem } from "@/ui/sign-in";
import { useAddress } from "@/ui/use-address";

interface Props {
  paper: Blob | undefined;
  error: unknown;
  pending: boolean;
  /** What it is called when it is saved. */
  name: string;
}

export function PaperPreview({ paper, error, pending, name }: Props) {
  const { t } = useTranslation(["templates", "common"]);
  const address = useAddress(error ? undefined : paper);
  const pdf = paper?.type === "application/pdf";
  return (
    <PaperSight label={t("templates:preview")} busy={pending}>
      {Boolean(error) && (
        <FormProblem>{refusalOf(error) ?? messageOf(error, t("common:network"))}</FormProblem>
      )}
      {pending && <Loader size="sm" aria-label={t("templates:preview_making")} />}
      {address && pdf && <PaperFrame label={t("templates:preview")} address={address} />}
      {address && (
        <Buttons>
          {pdf && (
            <Button
              component="a"
              size="compact-sm"
              variant="default"
              href={address}
              target="_blank"
              rel="noopener"
            >
              {t("templates:preview_open")}
            </Button>
          )}
          <Button component="a" size="compact-sm" variant="default" href={address} download={name}>
            {t("templates:preview_save")}
          </Button>
        </Buttons>
      )}
    </PaperSight>
  );
}
