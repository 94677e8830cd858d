/** A question before something that cannot be taken back. */
import { Button, Modal, Stack, Text } from "@mantine/core";
import type { ReactNode } from "react";
import { FormActions } from "./form";
import { useFocusBack } from "./use-focus-back";

interface Props {
  title: string;
  text: ReactNode;
  yes: string;
  no: string;
  close: string;
  danger?: boolean;
  pending?: boolean;
  problem?: ReactNode;
  onYes(): void;
  onNo(): void;
}

export function Confirm({ title, text, yes, no, close, danger, pending, problem, onYes, onNo }: Props) {
  useFocusBack();
  return (
    <Modal opened onClose={onNo} title={title} closeButtonProps={{ "aria-label": close }}>
      <Stack gap={12}>
        <Text size="sm">{text}</Text>
        {problem}
        <FormActions>
          <Button variant="default" onClick={onNo} data-autofocus>
            {no}
          </Button>
          <Button color={danger ? "red.8" : undefined} onClick={onYes} loading={pending}>
            {yes}
          </Button>
        </FormActions>
      </Stack>
    </Modal>
  );
}
