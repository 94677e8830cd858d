/** What is done when a record enters a stage: the actions of automation, in their order. */
import { Button } from "@mantine/core";
import { IconPlus } from "@tabler/icons-react";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { useEntities } from "@/api/session";
import { Hint } from "@/ui/block";
import { FormNote } from "@/ui/form";
import { IconText } from "@/ui/page";
import { CardSection } from "@/ui/panel";
import { ActionForm } from "./automation-action";
import { type ActionDraft, actionDraft, actionOf, freshAction, swapped } from "./automation-model";
import type { StagePartProps } from "./pipelines/parts";

export function ActsPart({ entity, draft, errors, put }: StagePartProps) {
  const { t } = useTranslation(["pipelines", "automation"]);
  const entities = useEntities();
  // What is not whole yet stays as it was typed; the stage has what can be sent of it.
  const [actions, setActions] = useState<ActionDraft[]>(() => draft.onEnter.map(actionDraft));
  const fieldsOf = (key: string) => entities.find((one) => one.key === key)?.fields ?? [];
  const set = (next: ActionDraft[]) => {
    setActions(next);
    put({ onEnter: next.map((action) => actionOf(action, entity.key, fieldsOf)) });
  };
  return (
    <CardSection title={t("pipelines:on_enter")}>
      <Hint>{t("pipelines:on_enter_hint")}</Hint>
      {actions.map((action, index) => (
        <ActionForm
          key={action.id}
          entity={entity}
          action={action}
          index={index}
          count={actions.length}
          wrong={(part) => errors[`on_enter.${index}.${part}`]}
          put={(next) => set(actions.map((one, at) => (at === index ? next : one)))}
          onMove={(by) => set(swapped(actions, index, by))}
          onRemove={() => set(actions.filter((_, at) => at !== index))}
        />
      ))}
      {errors.on_enter && <FormNote urgent>{errors.on_enter}</FormNote>}
      <div>
        <Button variant="default" onClick={() => set([...actions, freshAction("notice")])}>
          <IconText icon={<IconPlus size={16} />}>{t("automation:action_add")}</IconText>
        </Button>
      </div>
    </CardSection>
  );
}
