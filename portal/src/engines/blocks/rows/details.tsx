/** Fields of one record, edited where they stand as on its card. */
import { useMemo } from "react";
import type { Field } from "@/api/types";
import { usePage, useSay } from "@/engines/blocks/context";
import { Gate } from "@/engines/blocks/gate";
import type { DetailsBlock } from "@/engines/blocks/tree";
import { InPlace } from "@/engines/fields/in-place";
import { fieldOf } from "@/engines/fields/text";
import { CardSection } from "@/ui/panel";
import { useRows } from "./source";

export default function DetailsView({ block }: { block: DetailsBlock }) {
  return (
    <Gate block={block} sources={[block.source]} height={200}>
      {() => <Loaded block={block} />}
    </Gate>
  );
}

function Loaded({ block }: { block: DetailsBlock }) {
  const page = usePage();
  const say = useSay();
  const options = useMemo(() => ({ edit: block.edit ?? false }), [block]);
  const { source, shape, records } = useRows(block.source, options);
  const record = records[0];
  if (!record) return null;
  const fields = (keys: string[]) =>
    keys.map((key) => fieldOf(shape, key)).filter((field): field is Field => field !== undefined);
  const lines = (keys: string[]) =>
    fields(keys).map((field) => (
      <InPlace
        key={field.key}
        source={source}
        field={field}
        record={record}
        refs={page.source(block.source).refs ?? {}}
        onStage={(stage) => void source.move(record.id, stage).then(source.accept)}
      />
    ));
  if (!block.sections) return lines(block.fields ?? shape.fields.map(({ key }) => key));
  return block.sections.map((section, index) => (
    <CardSection key={index} title={say(section.title)}>
      {lines(section.fields)}
    </CardSection>
  ));
}
