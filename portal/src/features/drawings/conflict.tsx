/** What to do where two saved the same drawing. */
import { Button, Modal, Stack, Text } from "@mantine/core";
import { useTranslation } from "react-i18next";
import { FormProblem } from "@/ui/sign-in";

interface ConflictProps {
  pending: boolean;
  problem?: string;
  /** Mine as the newest revision; theirs stays among the revisions. */
  onMine(): void;
  /** Mine as a revision aside; theirs is opened. */
  onTheirs(): void;
  onClose(): void;
}

export function ConflictDialog({ pending, problem, onMine, onTheirs, onClose }: ConflictProps) {
  const { t } = useTranslation(["drawings", "common"]);
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("drawings:conflict_title")}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <Stack gap={12}>
        <Text size="sm">{t("drawings:conflict_text")}</Text>
        {problem && <FormProblem>{problem}</FormProblem>}
        <Button variant="default" onClick={onMine} loading={pending} data-autofocus>
          {t("drawings:conflict_mine")}
        </Button>
        <Button variant="default" onClick={onTheirs} disabled={pending}>
          {t("drawings:conflict_theirs")}
        </Button>
        <Button variant="subtle" color="gray" onClick={onClose}>
          {t("drawings:conflict_later")}
        </Button>
      </Stack>
    </Modal>
  );
}
