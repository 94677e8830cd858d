/** An input that takes files: each is sent when it is chosen, and the form is sent with what was given for it. */
import { ActionIcon, Button } from "@mantine/core";
import { IconPaperclip, IconTrash } from "@tabler/icons-react";
import { useEffect, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { newKey } from "@/api/client";
import { ApiError, messageOf } from "@/api/problem";
import type { Value } from "@/api/types";
import { usePage } from "@/engines/blocks/context";
import type { Input } from "@/engines/blocks/tree";
import { Hint } from "@/ui/block";
import { InputGroup, InputRow } from "@/ui/block-frame";
import { filesOf, type SentFile } from "./model";

/** Megabytes of a file, and files of an input. */
const megabytes = 5;
const mostFiles = 5;

interface Props {
  input: Input;
  label: string;
  value: Value;
  error?: string | undefined;
  onChange(value: Value): void;
}

export function FileInput({ input, label, value, error, onChange }: Props) {
  const { t } = useTranslation(["blocks", "common"]);
  const { backend } = usePage().setup;
  const picker = useRef<HTMLInputElement>(null);
  const files = filesOf(value);
  const now = useRef(files);
  now.current = files;
  const [failure, setFailure] = useState<string>();
  const most = Math.min(typeof input.max === "number" ? input.max : 1, mostFiles);
  const put = (next: SentFile[]) => {
    now.current = next;
    onChange(next.length > 0 ? (next as unknown as Value) : null);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: only when it comes: what was on its way then is not any more
  useEffect(() => {
    const there = now.current.filter(({ upload }) => upload !== undefined);
    if (there.length < now.current.length) put(there);
  }, []);
  const sendOne = async (file: File) => {
    if (!backend.upload) return;
    if (file.size > megabytes * 1024 * 1024) {
      setFailure(t("blocks:file_too_large", { most: megabytes }));
      return;
    }
    const key = newKey();
    put([...now.current, { key, name: file.name }]);
    try {
      const upload = await backend.upload(input.name, file);
      put(now.current.map((one) => (one.key === key ? { ...one, upload } : one)));
    } catch (problem) {
      put(now.current.filter((one) => one.key !== key));
      const own = problem instanceof ApiError ? problem.fieldMessage("file") : undefined;
      setFailure(`${file.name}: ${own ?? messageOf(problem, t("common:network"))}`);
    }
  };
  const send = async (chosen: File[]) => {
    setFailure(undefined);
    for (const file of chosen.slice(0, most - now.current.length)) await sendOne(file);
  };
  return (
    <InputGroup label={label} error={error ?? failure}>
      {files.map((file) => (
        <InputRow key={file.key}>
          <span>{file.name}</span>
          {file.upload === undefined && <Hint>{t("blocks:file_sending")}</Hint>}
          <ActionIcon
            aria-label={t("blocks:remove_file", { name: file.name })}
            onClick={() => put(now.current.filter(({ key }) => key !== file.key))}
          >
            <IconTrash size={16} />
          </ActionIcon>
        </InputRow>
      ))}
      <input
        ref={picker}
        type="file"
        hidden
        aria-label={label}
        multiple={most > 1}
        onChange={(event) => {
          const chosen = [...(event.currentTarget.files ?? [])];
          event.currentTarget.value = "";
          void send(chosen);
        }}
      />
      <Button
        variant="default"
        size="compact-sm"
        leftSection={<IconPaperclip size={14} />}
        disabled={files.length >= most}
        onClick={() => picker.current?.click()}
      >
        {t("blocks:pick_file")}
      </Button>
    </InputGroup>
  );
}
