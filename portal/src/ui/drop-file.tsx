/** A place to drop a file on, which is also the button to pick one; shows how much of it was sent. */
import { Button } from "@mantine/core";
import { IconFileUpload } from "@tabler/icons-react";
import { type DragEvent, type ReactNode, useRef, useState } from "react";
import { Meter } from "./block";
import classes from "./drop-file.module.css";

interface Props {
  label: string;
  hint: ReactNode;
  /** Endings the dialog offers, e.g. ".csv,.xlsx". */
  accept: string;
  pick: string;
  /** While a file is being sent. */
  sending?: { label: string; text: string; share: number; cancelLabel: string; onCancel(): void };
  onFile(file: File): void;
}

export function DropFile({ label, hint, accept, pick, sending, onFile }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (file && !sending) onFile(file);
  };
  return (
    <div
      className={classes.box}
      role="group"
      aria-label={label}
      data-over={over}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={(event) => !event.currentTarget.contains(event.relatedTarget as Node) && setOver(false)}
      onDrop={drop}
    >
      {sending ? (
        <div className={classes.sending}>
          <Meter label={sending.label} text={sending.text} share={sending.share} />
          <Button variant="default" onClick={sending.onCancel}>
            {sending.cancelLabel}
          </Button>
        </div>
      ) : (
        <>
          <IconFileUpload size={28} aria-hidden />
          <p className={classes.label}>{label}</p>
          <p className={classes.hint}>{hint}</p>
          <Button variant="default" onClick={() => input.current?.click()} data-autofocus>
            {pick}
          </Button>
        </>
      )}
      <input
        ref={input}
        type="file"
        accept={accept}
        hidden
        aria-label={label}
        data-testid="file-input"
        onChange={(event) => {
          const file = event.currentTarget.files?.[0];
          event.currentTarget.value = "";
          if (file) onFile(file);
        }}
      />
    </div>
  );
}
