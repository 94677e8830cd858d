/** A place to drop a file on, which is also the button to pick one; shows how much of it was sent. */
import { Button } from "@mantine/core";
import { IconFileUpload } from "@tabler/icons-react";
import { type DragEvent, type ReactNode, useEffect, useRef, useState } from "react";
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
  /** Several at once. */
  onFiles?(files: File[]): void;
  onFile?(file: File): void;
  /** A strip, where it is not what the page is for. */
  compact?: boolean;
}

export function DropFile({ label, hint, accept, pick, sending, onFiles, onFile, compact }: Props) {
  const input = useRef<HTMLInputElement>(null);
  const [over, setOver] = useState(false);
  useEffect(guardPage, []);
  const drop = (event: DragEvent) => {
    event.preventDefault();
    setOver(false);
    if (!sending) take(event.dataTransfer.files);
  };
  const take = (list: FileList | null) => {
    const [first, ...more] = list ?? [];
    if (!first) return;
    if (onFiles) onFiles([first, ...more]);
    else onFile?.(first);
  };
  return (
    <div
      className={classes.box}
      role="group"
      aria-label={label}
      data-over={over}
      data-compact={compact || undefined}
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
          {!compact && <IconFileUpload size={28} aria-hidden />}
          {!compact && <p className={classes.label}>{label}</p>}
          {hint && <p className={classes.hint}>{hint}</p>}
          <Button
            variant="default"
            onClick={() => input.current?.click()}
            data-autofocus={compact ? undefined : true}
          >
            {pick}
          </Button>
        </>
      )}
      <input
        ref={input}
        type="file"
        accept={accept}
        multiple={onFiles !== undefined}
        hidden
        aria-label={label}
        data-testid="file-input"
        onChange={(event) => {
          // The list is emptied with the value.
          const list = event.currentTarget.files;
          take(list);
          event.currentTarget.value = "";
        }}
      />
    </div>
  );
}

/** A file let go beside the box does nothing: the browser would leave the page for it, and what is typed there. */
function guardPage(): () => void {
  const stop = (event: globalThis.DragEvent) => {
    if (event.defaultPrevented || !event.dataTransfer?.types.includes("Files")) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "none";
  };
  window.addEventListener("dragover", stop);
  window.addEventListener("drop", stop);
  return () => {
    window.removeEventListener("dragover", stop);
    window.removeEventListener("drop", stop);
  };
}
