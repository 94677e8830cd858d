/** Publishing: what differs from what runs, a note, and what becomes of instances that run on older versions. */
import { Button, Modal, Radio, Stack, Text, Textarea } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { type ReactNode, useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { definitionQuery } from "@/api/processes";
import { runningQuery } from "@/engines/migration/api";
import { runningOf } from "@/engines/migration/model";
import { FormActions } from "@/ui/form";
import { FormProblem } from "@/ui/sign-in";

interface Props {
  title: string;
  warnings: number;
  pending: boolean;
  problem?: string;
  /** What differs from what runs now. */
  differences?: ReactNode;
  /** What was published from it before. */
  definition?: string;
  onPublish(note: string, move: boolean): void;
  onClose(): void;
}

export function PublishDialog(props: Props) {
  const { title, warnings, pending, problem, differences, definition, onPublish, onClose } = props;
  const { t } = useTranslation(["drawings", "common"]);
  const [note, setNote] = useState("");
  const [move, setMove] = useState(false);
  const running = useRunning(definition);
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
          if (!pending) onPublish(note.trim(), move && running.total > 0);
        }}
      >
        <Stack gap={12}>
          <Text size="sm">
            {t(running.total > 0 ? "drawings:publish_text_new" : "drawings:publish_text")}
          </Text>
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
          {running.total > 0 && (
            <Radio.Group
              label={t("drawings:publish_what")}
              description={t("drawings:publish_running", { count: running.total })}
              value={move ? "move" : "stay"}
              onChange={(next) => setMove(next === "move")}
            >
              <Radio
                mt={8}
                value="stay"
                label={t("drawings:publish_stay")}
                description={t("drawings:publish_stay_text")}
              />
              <Radio
                mt={8}
                value="move"
                label={t("drawings:publish_move")}
                description={t("drawings:publish_move_text")}
              />
            </Radio.Group>
          )}
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

/** Instances that would be on an older version; none for those who may not bring them over. */
function useRunning(definition: string | undefined): { total: number } {
  const known = useQuery({ ...definitionQuery(definition ?? ""), enabled: definition !== undefined });
  const may = known.data?.may.includes("operate") ?? false;
  const running = useQuery({ ...runningQuery(definition ?? ""), enabled: may, staleTime: 0 });
  return useMemo(
    () => (may && running.data ? runningOf(running.data.instances, undefined) : { total: 0 }),
    [may, running.data],
  );
}
