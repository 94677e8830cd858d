/** A new record typed straight into a column; the reason of a refusal stands under what was typed. */
import { TextInput } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { newKey } from "@/api/client";
import { ApiError, messageOf } from "@/api/problem";
import type { Stage } from "@/api/types";
import { AddBox } from "@/ui/board";
import type { Board } from "./use-board";

export function AddCard({ board, stage, onClose }: { board: Board; stage: Stage; onClose(): void }) {
  const { t } = useTranslation(["board", "common"]);
  const [title, setTitle] = useState("");
  // One key per text: a repeat after a lost answer makes one record.
  const [key, setKey] = useState(newKey);
  const add = useMutation({
    mutationFn: () => board.add(title.trim(), stage.key, key),
    onSuccess: () => {
      setTitle("");
      setKey(newKey());
    },
    // A refused text may be changed: it is another request then.
    onError: (error) => error instanceof ApiError && setKey(newKey()),
  });

  return (
    <AddBox
      onSubmit={() => {
        if (title.trim() && !add.isPending) add.mutate();
      }}
    >
      <TextInput
        aria-label={t("board:add_card_to", { stage: stage.name })}
        placeholder={t("board:title_placeholder")}
        autoFocus
        value={title}
        error={add.error ? messageOf(add.error, t("common:network")) : undefined}
        onChange={(event) => {
          setTitle(event.currentTarget.value);
          if (add.isError) add.reset();
        }}
        onKeyDown={(event) => event.key === "Escape" && onClose()}
        onBlur={() => !title.trim() && onClose()}
      />
    </AddBox>
  );
}
