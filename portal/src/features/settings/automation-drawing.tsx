/** A rule that grows into a process: the rule as it is kept, as a drawing in the designer. */
import { Button } from "@mantine/core";
import { IconRoute } from "@tabler/icons-react";
import { useMutation } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { useTranslation } from "react-i18next";
import type { Id } from "@/api/types";
import { Buttons, Hint, Stacked } from "@/ui/block";
import { IconText } from "@/ui/page";
import { toastError } from "@/ui/toast";
import { drawAutomation } from "./automation-api";

export function AsDrawing({ rule }: { rule: Id }) {
  const { t } = useTranslation("automation");
  const navigate = useNavigate();
  const draw = useMutation({
    mutationFn: () => drawAutomation(rule),
    onSuccess: ({ id }) => void navigate({ to: "/processes/drawings/$id", params: { id } }),
    onError: (error) => toastError(error),
  });
  return (
    <Stacked>
      <Hint>{t("draw_note")}</Hint>
      <Buttons>
        <Button variant="default" loading={draw.isPending} onClick={() => draw.mutate()}>
          <IconText icon={<IconRoute size={16} />}>{t("draw")}</IconText>
        </Button>
      </Buttons>
    </Stacked>
  );
}
