/**
 * A new record typed straight into a column: its title and what it cannot be without; a refusal adds the fields it
 * names. The rest is in the whole form, which goes on with what was typed here.
 */
import { Button } from "@mantine/core";
import { useMemo } from "react";
import { useTranslation } from "react-i18next";
import { useMe } from "@/api/session";
import type { Stage } from "@/api/types";
import { fillable, necessary, presetOf } from "@/engines/form/fields";
import { FormBody } from "@/engines/form/form";
import type { FormSource } from "@/engines/source";
import { AddBox } from "@/ui/board";
import type { Board } from "./use-board";

export default function AddCard({ board, stage, onClose }: { board: Board; stage: Stage; onClose(): void }) {
  const { t } = useTranslation(["board", "common"]);
  const me = useMe();
  const { source, scope, add } = board;
  const { shape, compose } = source;
  const { field } = scope.group;
  const form = useMemo<FormSource>(() => {
    const { fields, refs } = presetOf(shape, me);
    return {
      key: shape.key,
      shape,
      fields: fillable(shape),
      first: necessary(shape),
      preset: { ...fields, [field]: stage.key },
      refs,
      submit: (typed, key) => add(typed, stage.key, key),
    };
  }, [shape, me, field, stage.key, add]);
  return (
    <AddBox label={t("board:add_card_to", { stage: stage.name })} onClose={onClose}>
      <FormBody
        source={form}
        small
        label={t("board:add_card_to", { stage: stage.name })}
        action={t("common:add")}
        onMore={
          compose &&
          (() => {
            onClose();
            compose({ [field]: stage.key });
          })
        }
        beside={
          <Button variant="subtle" color="gray" size="compact-sm" onClick={onClose}>
            {t("common:close")}
          </Button>
        }
        onDone={() => undefined}
      />
    </AddBox>
  );
}
