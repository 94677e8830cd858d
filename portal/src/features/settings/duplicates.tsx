/** What the company does about duplicates, by entity. */
import { Select } from "@mantine/core";
import { useMutation } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { keys } from "@/api/keys";
import { type DuplicateMode, setDuplicates } from "@/api/merge";
import { queryClient } from "@/api/query-client";
import { useEntities } from "@/api/session";
import type { Entity } from "@/api/types";
import { Block, Hint, Pair } from "@/ui/block";
import { toast, toastError } from "@/ui/toast";

const modes: DuplicateMode[] = ["off", "warn", "block"];

export default function DuplicatePolicies() {
  const { t } = useTranslation("records");
  const entities = useEntities().filter(({ duplicates }) => duplicates !== undefined);
  return (
    <Block title={t("policy")}>
      <Hint>{t("policy_hint")}</Hint>
      <Pair>
        {entities.map((entity) => (
          <Policy key={entity.key} entity={entity} />
        ))}
      </Pair>
    </Block>
  );
}

function Policy({ entity }: { entity: Entity }) {
  const { t } = useTranslation(["records", "common"]);
  const save = useMutation({
    mutationFn: (mode: DuplicateMode) => setDuplicates(entity.key, mode),
    onSuccess: async () => {
      await queryClient.invalidateQueries({ queryKey: keys.entities });
      toast({ message: t("common:saved"), kind: "done" });
    },
    onError: (error) => toastError(error),
  });
  return (
    <Select
      label={entity.label_plural}
      allowDeselect={false}
      disabled={save.isPending}
      data={modes.map((mode) => ({ value: mode, label: t(`records:mode_${mode}`) }))}
      value={entity.duplicates ?? null}
      onChange={(mode) => mode && save.mutate(mode as DuplicateMode)}
    />
  );
}
