/** The panel at the right: what is selected, in words, and all that can be said about it. */
import { ActionIcon, Select, Switch } from "@mantine/core";
import { IconTrash } from "@tabler/icons-react";
import { type ReactNode, useEffect, useRef } from "react";
import { useTranslation } from "react-i18next";
import type { Designer } from "@/engines/designer/designer";
import { becoming } from "@/engines/designer/kinds";
import { isA, listOf, textOf } from "@/engines/designer/moddle";
import type { Shape } from "@/engines/designer/services";
import { Panel, PanelHead, PanelPart } from "@/ui/designer-panel";
import { KindIcon } from "./icons";
import { CommitText } from "./inputs";
import { BranchesPart, chooses, FlowPart } from "./panel-flow";
import {
  ActivationPart,
  BorderPart,
  CallPart,
  EventParts,
  NamedPart,
  ScriptPart,
  ServicePart,
} from "./panel-more";
import { StepParts } from "./panel-step";
import { useNameOf } from "./words";

interface Props {
  designer: Designer;
  everything: boolean;
  /** Where a problem led to: the part of the panel; a new object each time. */
  led?: { part: string };
  /** What stands beside the file, of the drawing itself. */
  about(processName: string): ReactNode;
  /** Of the chosen element; of all of them when none is. */
  notes(element: string | undefined): ReactNode;
}

export function DesignerPanel({ designer, everything, led, about, notes }: Props) {
  const { t } = useTranslation("drawings");
  const panel = useRef<HTMLElement>(null);
  const shape = designer.selected();
  useEffect(() => {
    if (!led) return;
    // A question has its conditions among its ways on.
    const names = led.part === "condition" ? ["condition", "branches"] : [led.part];
    const wanted = names.map((name) => `[data-part="${name}"]`).join(", ");
    const part = panel.current?.querySelector(wanted) ?? panel.current;
    part?.scrollIntoView({ block: "nearest" });
    const field = part?.querySelector<HTMLInputElement>("input:not([type=hidden]), textarea, button");
    field?.focus();
    // A new name is written over, a kind is chosen from its list.
    if (led.part === "name") field?.select?.();
    if (led.part === "kind") field?.click();
  }, [led]);
  return (
    <Panel ref={panel} label={t("panel")}>
      {shape.parent ? (
        <ElementPanel key={shape.id} designer={designer} shape={shape} everything={everything} />
      ) : (
        <ProcessPanel key={shape.id} designer={designer} shape={shape} about={about} />
      )}
      {notes(shape.parent ? shape.id : undefined)}
    </Panel>
  );
}

function ProcessPanel({
  designer,
  shape,
  about,
}: {
  designer: Designer;
  shape: Shape;
  about: Props["about"];
}) {
  const { t } = useTranslation("drawings");
  const process = designer.process();
  if (!process) return null;
  return (
    <>
      <PanelHead kind={<span>{t("process")}</span>}>
        <CommitText
          label={t("process_name")}
          value={process.name ?? ""}
          onCommit={(name) => designer.updatePart(shape, process, { name: name.trim() || undefined })}
        />
      </PanelHead>
      <PanelPart name="process" title={t("part_process")} hint={t("executable_hint")}>
        <Switch
          label={t("executable")}
          checked={process.get("isExecutable") === true}
          onChange={(event) =>
            designer.updatePart(shape, process, { isExecutable: event.currentTarget.checked })
          }
        />
      </PanelPart>
      <DocumentationPart designer={designer} shape={shape} process />
      {about(process.name ?? "")}
    </>
  );
}

function ElementPanel({
  designer,
  shape,
  everything,
}: {
  designer: Designer;
  shape: Shape;
  everything: boolean;
}) {
  const { t } = useTranslation("drawings");
  const nameOf = useNameOf(designer);
  const file = shape.businessObject;
  const kind = designer.kind(shape);
  const note = isA(file, "bpmn:TextAnnotation");
  const flow = isA(file, "bpmn:SequenceFlow");
  const contract = designer.contract(shape);
  const props = {
    contract,
    set: (patch: Partial<typeof contract>) => designer.setContract(shape, patch),
  };
  const others = becoming(kind, everything);
  return (
    <>
      <PanelHead
        kind={
          <>
            {others.length > 1 && kind ? (
              <Select
                aria-label={t("kind")}
                variant="unstyled"
                size="xs"
                leftSection={<KindIcon kind={kind} />}
                allowDeselect={false}
                comboboxProps={{ width: 260, position: "bottom-start" }}
                data={others.map((one) => ({ value: one, label: t(`kind_${one}`) }))}
                value={kind}
                onChange={(next) => next && next !== kind && designer.become(shape, next as typeof kind)}
              />
            ) : (
              <span>{kind ? t(`kind_${kind}`) : t(flow ? "kind_flow" : "kind_element")}</span>
            )}
            <ActionIcon
              aria-label={t("remove", { name: nameOf(shape) })}
              onClick={() => designer.remove(shape)}
            >
              <IconTrash size={16} />
            </ActionIcon>
          </>
        }
      >
        {!flow && (
          <CommitText
            label={t(note ? "note_text" : "name")}
            rows={note ? 3 : undefined}
            value={note ? textOf(file, "text") : (file.name ?? "")}
            onCommit={(name) => designer.rename(shape, note ? name : name.replace(/\s+/g, " ").trim())}
          />
        )}
      </PanelHead>
      {shape.type === "bpmn:UserTask" && <StepParts {...props} />}
      {shape.type === "bpmn:ServiceTask" && <ServicePart {...props} />}
      {(shape.type === "bpmn:ScriptTask" || shape.type === "bpmn:BusinessRuleTask") && (
        <ScriptPart designer={designer} shape={shape} {...props} />
      )}
      {shape.type === "bpmn:CallActivity" && <CallPart designer={designer} shape={shape} />}
      {shape.type === "bpmn:ComplexGateway" && <ActivationPart designer={designer} shape={shape} />}
      {(shape.type === "bpmn:SendTask" || shape.type === "bpmn:ReceiveTask") && (
        <NamedPart designer={designer} shape={shape} holder={file} />
      )}
      {listOf(file, "eventDefinitions").length > 0 && <EventParts designer={designer} shape={shape} />}
      <BorderPart designer={designer} shape={shape} />
      {flow && <FlowPart designer={designer} shape={shape} />}
      {!flow && chooses(shape) && <BranchesPart designer={designer} shape={shape} nameOf={nameOf} />}
      {!note && <DocumentationPart designer={designer} shape={shape} />}
    </>
  );
}

function DocumentationPart({
  designer,
  shape,
  process,
}: {
  designer: Designer;
  shape: Shape;
  process?: boolean;
}) {
  const { t } = useTranslation("drawings");
  const part = (process ? designer.process() : undefined) ?? shape.businessObject;
  const [documentation] = listOf(part, "documentation");
  return (
    <PanelPart name="documentation" title={t("part_documentation")}>
      <CommitText
        label={t("part_documentation")}
        bare
        rows={3}
        placeholder={t(process ? "documentation_process" : "documentation_step")}
        value={documentation ? textOf(documentation, "text") : ""}
        onCommit={(text) => designer.setDocumentation(shape, part, text.trim())}
      />
    </PanelPart>
  );
}
