/** Questions of the designer: publish with a note, and what to do where two saved the same drawing. */
import { Button, Modal, Stack, Text, Textarea } from "@mantine/core";
import { type ReactNode, useState } from "react";
import { useTranslation } from "react-i18next";
import { FormActions } from "@/ui/form";
import { FormProblem } from "@/ui/sign-in";

interface PublishProps {
  title: string;
  warnings: number;
  pending: boolean;
  problem?: string;
  /** What differs from what runs now. */
  differences?: ReactNode;
  onPublish(note: string): void;
  onClose(): void;
}

export function PublishDialog(props: PublishProps) {
  const { title, warnings, pending, problem, differences, onPublish, onClose } = props;
  const { t } = useTranslation(["drawings", "common"]);
  const [note, setNote] = useState("");
  return (
    <Modal
      opened
      onClose={onClose}
      title={t("drawings:publish_title", { title })}
      closeButtonProps={{ "aria-label": t("common:close") }}
    >
      <form
        onSubmit={(event) => {
          event.preventDefault();
          if (!pending) onPublish(note.trim());
        }}
      >
        <Stack gap={12}>
          <Text size="sm">{t("drawings:publish_text")}</Text>
          {differences}
          {warnings > 0 && <Text size="sm">{t("drawings:publish_warnings", { count: warnings })}</Text>}
          <Textarea
            label={t("drawings:publish_note")}
            description={t("drawings:publish_note_hint")}
            data-autofocus
            autosize
            minRows={2}
            value={note}
            onChange={(event) => setNote(event.currentTarget.value)}
          />
          {problem && <FormProblem>{problem}</FormProblem>}
          <FormActions>
            <Button variant="default" onClick={onClose}>
              {t("common:cancel")}
            </Button>
            <Button type="submit" loading={pending}>
              {t("drawings:publish")}
            </Button>
          </FormActions>
        </Stack>
      </form>
    </Modal>
  );
}

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
