/** Editing inside a table cell: Enter saves and stays, Tab saves and goes on, Esc restores. */
import { useEffect, useRef, useState } from "react";
import type { Field, RecordData, Refs, Value } from "@/api/types";
import { FieldEditor } from "@/engines/fields/editor";
import { dropUnsaved, placeOf, readUnsaved } from "@/engines/fields/unsaved";
import { withoutEmpty } from "@/engines/fields/values";
import type { Shape } from "@/engines/source";
import { EditBox } from "@/ui/field";
import { CellPop } from "@/ui/table";

interface Props {
  entity: Shape;
  field: Field;
  record: RecordData;
  refs: Refs;
  onSave(record: RecordData, field: Field, value: Value, refs: Refs): void;
  onLeave(to: "stay" | "next" | "previous" | "none"): void;
}

export default function CellEditor({ entity, field, record, refs, onSave, onLeave }: Props) {
  const [kept] = useState(() => readUnsaved(placeOf(record, field)));
  const [value, setValue] = useState(kept ? kept.value : record.fields[field.key]);
  const [names, setNames] = useState<Refs>(kept?.refs ?? {});
  const left = useRef(true);
  const save = (next: Value, more?: Refs) => {
    left.current = true;
    onSave(record, field, withoutEmpty(next) ?? null, { ...names, ...more });
  };
  // Scrolled away or the page left in the middle: that is leaving the cell.
  const last = useRef<() => void>(() => undefined);
  last.current = () => {
    if (!left.current) save(value);
  };
  useEffect(() => () => last.current(), []);
  const tall = [
    "phones",
    "emails",
    "urls",
    "messengers",
    "long_text",
    "json",
    "links",
    "choices",
    "address",
  ].includes(field.type);
  return (
    <CellPop tall={tall}>
      <EditBox
        onLeave={() => {
          save(value);
          onLeave("none");
        }}
        onTab={(back) => {
          save(value);
          onLeave(back ? "previous" : "next");
        }}
      >
        <FieldEditor
          entity={entity}
          field={field}
          value={value}
          refs={{ ...refs, ...names }}
          fields={record.fields}
          autoFocus
          open
          onChange={(next, more) => {
            left.current = false;
            setValue(next);
            if (more) setNames((old) => ({ ...old, ...more }));
          }}
          onCommit={(next, more) => {
            save(next, more);
            onLeave("stay");
          }}
          onCancel={() => {
            left.current = true;
            dropUnsaved(placeOf(record, field));
            onLeave("stay");
          }}
        />
      </EditBox>
    </CellPop>
  );
}
