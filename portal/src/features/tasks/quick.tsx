/** A task from a line: what was understood of it stands beneath as chips, and nothing is saved before one says so. */
import { Button, TextInput } from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconBolt } from "@tabler/icons-react";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useEffect, useId, useRef, useState } from "react";
import { useTranslation } from "react-i18next";
import { newKey } from "@/api/client";
import { messageOf } from "@/api/problem";
import { parseTask } from "@/api/quick";
import { useMe } from "@/api/session";
import { createTask } from "@/api/tasks";
import type { Body, Id } from "@/api/types";
import { dropDraft, keepDraft, readDraft } from "@/engines/drafts";
import { formatDateTime } from "@/i18n/format";
import { QuickChip, QuickChips, QuickLine } from "@/ui/quick";
import { toast } from "@/ui/toast";
import { useOnce } from "@/ui/use-once";
import { applied, type Chosen } from "./quick-model";

type Parsed = Body<"QuickTask">;

const place = "task.quick";
const longest = 500;

interface Props {
  /** Written elsewhere: in the palette. */
  line?: string;
  onTaken(): void;
}

export default function QuickTask({ line: given, onTaken }: Props) {
  const { t } = useTranslation(["watch", "common"]);
  const me = useMe();
  const hint = useId();
  const input = useRef<HTMLInputElement>(null);
  const [line, setLine] = useState(() => readDraft<string>(place) ?? "");
  const [chosen, setChosen] = useState<Chosen>({});
  // Sent again after a lost answer, the same line makes no second task.
  const key = useRef("");
  const [settled] = useDebouncedValue(line.trim(), 200);
  const parsed = useQuery({
    queryKey: ["tasks", "parsed", settled],
    queryFn: ({ signal }) => parseTask(settled, signal),
    enabled: settled !== "",
    placeholderData: keepPreviousData,
    staleTime: 60_000,
  });
  const put = (next: string) => {
    setLine(next);
    setChosen({});
    key.current = "";
    if (next.trim()) keepDraft(place, next);
    else dropDraft(place);
  };
  // biome-ignore lint/correctness/useExhaustiveDependencies: each line that comes is taken once
  useEffect(() => {
    if (!given) return;
    put(given);
    input.current?.focus();
    onTaken();
  }, [given]);
  const make = useMutation({
    mutationFn: async () => {
      // What is saved is what was shown of this very line.
      const read = applied(await parseTask(line.trim()), chosen);
      key.current ||= newKey();
      const made = { title: read.title, due: read.due, assignee: read.assignee?.id ?? me.user.id };
      return createTask(made as Body<"ManualTask">, key.current);
    },
    onSuccess: (task) => {
      put("");
      toast({ message: t("watch:quick_made", { title: task.title }), kind: "done" });
      input.current?.focus();
    },
  });
  const save = useOnce(make.mutateAsync);
  const shown: Parsed | undefined = line.trim() && parsed.data ? applied(parsed.data, chosen) : undefined;
  const open =
    shown?.chips.filter(({ kind, people }) => kind === "person" && (people?.length ?? 0) !== 1) ?? [];
  return (
    <QuickLine label={t("watch:quick")} onSubmit={() => line.trim() && !make.isPending && save()}>
      <TextInput
        ref={input}
        aria-label={t("watch:quick")}
        aria-describedby={hint}
        placeholder={t("watch:quick_example")}
        leftSection={<IconBolt size={14} aria-hidden />}
        maxLength={longest}
        value={line}
        error={make.error ? messageOf(make.error, t("common:network")) : undefined}
        onChange={(event) => put(event.currentTarget.value)}
      />
      {line.trim() !== "" && (
        <Button type="submit" loading={make.isPending} disabled={shown?.title === ""}>
          {t("common:save")}
        </Button>
      )}
      <QuickChips id={hint} label={t("watch:quick_read")}>
        {parsed.isError && line.trim() !== "" && (
          <QuickChip tone="warn">{messageOf(parsed.error, t("common:network"))}</QuickChip>
        )}
        {shown && <QuickChip>{shown.title || t("watch:quick_untitled")}</QuickChip>}
        {shown?.due && (
          <QuickChip
            tone="ok"
            remove={{ label: t("watch:quick_no_due"), run: () => setChosen({ ...chosen, due: false }) }}
          >
            {formatDateTime(shown.due)}
          </QuickChip>
        )}
        {shown && (
          <QuickChip
            tone={shown.assignee ? "ok" : undefined}
            remove={
              shown.assignee && {
                label: t("watch:quick_no_person"),
                run: () => setChosen({ ...chosen, person: null }),
              }
            }
          >
            {shown.assignee?.name ?? t("watch:quick_me")}
          </QuickChip>
        )}
        {!shown?.assignee &&
          open.map((chip) => (
            <Open key={chip.from} chip={chip} onChoose={(person) => setChosen({ ...chosen, person })} />
          ))}
      </QuickChips>
    </QuickLine>
  );
}

/** A name that is nobody's, or several people's: whom of them. */
function Open({ chip, onChoose }: { chip: Parsed["chips"][number]; onChoose(id: Id): void }) {
  const { t } = useTranslation("watch");
  const people = chip.people ?? [];
  if (people.length === 0) return <QuickChip tone="warn">{t("quick_nobody", { name: chip.text })}</QuickChip>;
  return (
    <>
      {people.map(({ id, name }) => (
        <QuickChip key={id} onPress={() => onChoose(id)}>
          {t("quick_choose", { name })}
        </QuickChip>
      ))}
    </>
  );
}
