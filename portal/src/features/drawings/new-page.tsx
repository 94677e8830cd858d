/** `/processes/drawings/new`: from lines of words, from an empty drawing, or from a file of any editor. */
import { Button, SegmentedControl, Textarea, TextInput } from "@mantine/core";
import { IconRoute } from "@tabler/icons-react";
import { useMutation, useQuery } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useEffect, useState } from "react";
import { useTranslation } from "react-i18next";
import { newKey } from "@/api/client";
import { createDrawing, type Drawing, drawingFromLines, linesOf, wrongLines } from "@/api/drawings";
import { rolesQuery } from "@/api/people";
import { messageOf } from "@/api/problem";
import { dropDraft, keepDraft, readDraft } from "@/engines/drafts";
import { LinesFrame, PreviewLine, PreviewList } from "@/ui/designer-lists";
import { DropFile } from "@/ui/drop-file";
import { PageBody, PageHeader } from "@/ui/page";
import { CardSection } from "@/ui/panel";
import { FormProblem } from "@/ui/sign-in";
import { FootButtons, Hint, PlainText, WorkStack } from "@/ui/work";
import { emptyDrawing, fromCells, readLines } from "./model";

const route = getRouteApi("/shell/processes/drawings/new");
const ways = ["lines", "empty", "file"] as const;

export default function NewDrawingPage() {
  const { t } = useTranslation("drawings");
  const navigate = useNavigate();
  const { from = "lines" } = route.useSearch();
  const open = (drawing: Drawing) =>
    void navigate({ to: "/processes/drawings/$id", params: { id: drawing.id } });
  return (
    <>
      <PageHeader icon={<IconRoute size={18} />} title={t("new_title")} />
      <PageBody>
        <WorkStack>
          <SegmentedControl
            w="fit-content"
            aria-label={t("new_from")}
            value={from}
            onChange={(next) =>
              void navigate({
                to: "/processes/drawings/new",
                search: { from: next as (typeof ways)[number] },
                replace: true,
              })
            }
            data={ways.map((way) => ({ value: way, label: t(`new_${way}`) }))}
          />
          {from === "lines" && <FromLines onMade={open} />}
          {from === "empty" && <FromNothing onMade={open} />}
          {from === "file" && <FromFile onMade={open} />}
        </WorkStack>
      </PageBody>
    </>
  );
}

interface Props {
  onMade(drawing: Drawing): void;
}

const draftAt = "drawing.lines";
interface Lines {
  title: string;
  text: string;
}

function FromLines({ onMade }: Props) {
  const { t } = useTranslation(["drawings", "common"]);
  const [lines, setLines] = useState<Lines>(() => readDraft<Lines>(draftAt) ?? { title: "", text: "" });
  const roles = useQuery(rolesQuery);
  const put = (patch: Partial<Lines>) => {
    const next = { ...lines, ...patch };
    keepDraft(draftAt, next);
    setLines(next);
  };
  const make = useMutation({
    mutationFn: () => drawingFromLines(lines.title.trim(), lines.text.split("\n")),
    onSuccess: (drawing) => {
      dropDraft(draftAt);
      onMade(drawing);
    },
  });
  const example = roles.data?.find(({ admin }) => !admin)?.name ?? roles.data?.[0]?.name ?? "";
  const wrong = useWrong(lines.text, make.error);
  const shown = readLines(lines.text);
  const general =
    make.error && Object.keys(linesOf(make.error)).length === 0
      ? messageOf(make.error, t("common:network"))
      : undefined;
  return (
    <form
      aria-label={t("drawings:new_lines")}
      onSubmit={(event) => {
        event.preventDefault();
        if (!make.isPending && lines.title.trim() && shown.length > 0) make.mutate();
      }}
    >
      <WorkStack>
        <PlainText>{t("drawings:lines_text")}</PlainText>
        <LinesFrame>
          <WorkStack>
            <TextInput
              label={t("drawings:process_name")}
              required
              data-autofocus
              autoFocus
              value={lines.title}
              onChange={(event) => put({ title: event.currentTarget.value })}
            />
            <Textarea
              label={t("drawings:lines")}
              description={t("drawings:lines_hint")}
              required
              autosize
              minRows={10}
              maxRows={28}
              styles={{ input: { fontFamily: "var(--font-mono)", fontSize: 13 } }}
              value={lines.text}
              onChange={(event) => put({ text: event.currentTarget.value })}
              onPaste={(event) => {
                const pasted = event.clipboardData.getData("text/plain");
                if (!pasted.includes("\t")) return;
                event.preventDefault();
                const area = event.currentTarget;
                area.setRangeText(fromCells(pasted), area.selectionStart, area.selectionEnd, "end");
                put({ text: area.value });
              }}
            />
            {lines.text.trim() === "" && (
              <div>
                <Button
                  variant="default"
                  size="compact-sm"
                  onClick={() => put({ text: t("drawings:lines_example", { role: example }) })}
                >
                  {t("drawings:lines_take_example")}
                </Button>
              </div>
            )}
            {roles.data && roles.data.length > 0 && (
              <Hint>
                {t("drawings:lines_roles", {
                  roles: roles.data
                    .slice(0, 20)
                    .map(({ name }) => name)
                    .join(", "),
                })}
              </Hint>
            )}
            {general && <FormProblem>{general}</FormProblem>}
            <FootButtons>
              <Button type="submit" loading={make.isPending}>
                {t("drawings:new_make")}
              </Button>
            </FootButtons>
          </WorkStack>
          <CardSection title={t("drawings:preview")}>
            {shown.length === 0 && <Hint>{t("drawings:preview_empty")}</Hint>}
            <PreviewList label={t("drawings:preview")}>
              {shown.map(({ number, name, facts }) => (
                <PreviewLine key={number} number={number} name={name} facts={facts} problem={wrong[number]} />
              ))}
            </PreviewList>
          </CardSection>
        </LinesFrame>
      </WorkStack>
    </form>
  );
}

/** What is wrong with which line, from the server, half a second after the last letter. */
function useWrong(text: string, refusal: unknown): Record<number, string> {
  const [wrong, setWrong] = useState<Record<number, string>>({});
  useEffect(() => {
    const stop = new AbortController();
    const timer = setTimeout(() => {
      if (!text.trim()) setWrong({});
      else {
        wrongLines(text.split("\n"), stop.signal).then(
          (found) => !stop.signal.aborted && setWrong(found),
          () => undefined,
        );
      }
    }, 500);
    return () => {
      clearTimeout(timer);
      stop.abort();
    };
  }, [text]);
  useEffect(() => {
    if (refusal) setWrong(linesOf(refusal));
  }, [refusal]);
  return wrong;
}

function FromNothing({ onMade }: Props) {
  const { t } = useTranslation(["drawings", "common"]);
  const [title, setTitle] = useState("");
  const make = useMutation({
    mutationFn: () => {
      const words = {
        start: t("drawings:kind_start"),
        step: t("drawings:new_step"),
        end: t("drawings:kind_end"),
      };
      const id = `process_${newKey().replaceAll("-", "").slice(-12)}`;
      return createDrawing(emptyDrawing(title.trim(), words, id), title.trim());
    },
    onSuccess: onMade,
  });
  return (
    <form
      aria-label={t("drawings:new_empty")}
      onSubmit={(event) => {
        event.preventDefault();
        if (!make.isPending && title.trim()) make.mutate();
      }}
    >
      <WorkStack narrow>
        <PlainText>{t("drawings:empty_text")}</PlainText>
        <TextInput
          label={t("drawings:process_name")}
          required
          autoFocus
          value={title}
          onChange={(event) => setTitle(event.currentTarget.value)}
        />
        {make.error && <FormProblem>{messageOf(make.error, t("common:network"))}</FormProblem>}
        <FootButtons>
          <Button type="submit" loading={make.isPending}>
            {t("drawings:new_make")}
          </Button>
        </FootButtons>
      </WorkStack>
    </form>
  );
}

function FromFile({ onMade }: Props) {
  const { t } = useTranslation(["drawings", "common"]);
  const [sending, setSending] = useState<string>();
  const make = useMutation({ mutationFn: (file: File) => createDrawing(file), onSuccess: onMade });
  const send = (file: File) => {
    setSending(file.name);
    make.mutate(file, { onSettled: () => setSending(undefined) });
  };
  return (
    <WorkStack>
      <DropFile
        label={t("drawings:file_drop")}
        hint={t("drawings:file_hint")}
        accept=".bpmn,.xml,application/xml"
        pick={t("drawings:file_pick")}
        onFile={send}
        sending={
          sending
            ? {
                label: sending,
                text: t("drawings:file_sending"),
                share: 1,
                cancelLabel: t("common:close"),
                onCancel: () => setSending(undefined),
              }
            : undefined
        }
      />
      {make.error && <FormProblem>{messageOf(make.error, t("common:network"))}</FormProblem>}
    </WorkStack>
  );
}
