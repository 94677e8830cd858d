/** Words, letters, sound and what happened: blocks that are mostly read. */
import { Button } from "@mantine/core";
import { IconPoint } from "@tabler/icons-react";
import { useRef } from "react";
import { useTranslation } from "react-i18next";
import { ActionButtons } from "@/engines/blocks/actions";
import { useGiven, usePage, useRowText, useSay } from "@/engines/blocks/context";
import { Gate } from "@/engines/blocks/gate";
import type {
  AudioBlock,
  CodeBlock,
  NoticeBlock,
  PreviewBlock,
  TextBlock,
  TimelineBlock,
} from "@/engines/blocks/tree";
import { durationText } from "@/engines/fields/duration";
import { formatDateTime, formatRelative } from "@/i18n/format";
import { Notice } from "@/ui/block";
import { CopyLine } from "@/ui/copy";
import { CodeBox, Letter, Prose, Sms, Sound } from "@/ui/tiles";
import { Entry, EntryText, TimelineArea } from "@/ui/timeline";
import { cleanHtml } from "./clean";
import { Markdown } from "./markdown";

export function TextView({ block }: { block: TextBlock }) {
  const say = useSay();
  return (
    <Prose>
      <Markdown text={say(block.markdown)} />
    </Prose>
  );
}

export function NoticeView({ block }: { block: NoticeBlock }) {
  const say = useSay();
  return (
    <Notice tone={block.tone} action={block.action && <ActionButtons actions={[block.action]} />}>
      {say(block.text)}
    </Notice>
  );
}

export function CodeView({ block }: { block: CodeBlock }) {
  const { t } = useTranslation("blocks");
  const say = useSay();
  const text = say(block.text);
  if (!block.copy) return <CodeBox>{text}</CodeBox>;
  return <CopyLine label={say(block.title) || t("code")} value={text} />;
}

export function PreviewView({ block }: { block: PreviewBlock }) {
  const { t } = useTranslation("blocks");
  const say = useSay();
  const html = useGiven(block.html);
  const title = say(block.title) || t("preview");
  if (html !== undefined) {
    return (
      <Letter title={title} html={cleanHtml(html)} height={block.height ?? 320} kind={block.as ?? "page"} />
    );
  }
  const text = say(block.text);
  return block.as === "sms" ? <Sms>{text}</Sms> : <CodeBox>{text}</CodeBox>;
}

export function AudioView({ block }: { block: AudioBlock }) {
  const { t } = useTranslation("blocks");
  const page = usePage();
  const say = useSay();
  const file = useGiven(block.file);
  const element = useRef<HTMLAudioElement | null>(null);
  if (!file) return null;
  const go = (at: number) => {
    if (!element.current) return;
    element.current.currentTime = at;
    // Browsers refuse to play before a click; this is one.
    void element.current.play().catch(() => undefined);
  };
  return (
    <Sound
      src={page.setup.backend.downloadUrl({ file })}
      label={say(block.title) || t("recording")}
      onReady={(audio) => {
        element.current = audio;
      }}
      marks={block.marks?.map(({ at, label }) => (
        <Button key={at} variant="default" size="compact-sm" onClick={() => go(at)}>
          {durationText(at)} {say(label)}
        </Button>
      ))}
    />
  );
}

export function TimelineView({ block }: { block: TimelineBlock }) {
  return (
    <Gate block={block} sources={[block.source]} height={200}>
      {() => <Entries block={block} />}
    </Gate>
  );
}

function Entries({ block }: { block: TimelineBlock }) {
  const { t } = useTranslation("blocks");
  const page = usePage();
  const say = useSay();
  const data = page.source(block.source);
  const text = useRowText(block.source, data);
  const rows = [...(data.rows ?? [])].sort((left, right) =>
    String(right.fields[block.at]).localeCompare(String(left.fields[block.at])),
  );
  return (
    <TimelineArea
      title={say(block.title) || t("timeline")}
      composer={null}
      action={block.composer && <ActionButtons actions={[block.composer]} />}
    >
      {rows.map((row) => {
        const at = String(row.fields[block.at] ?? "");
        return (
          <Entry
            key={row.id}
            icon={<IconPoint size={16} />}
            strong
            actor={block.actor ? text(row, block.actor) : ""}
            action={block.kind ? `· ${text(row, block.kind)}` : ""}
            time={at}
            when={formatRelative(at, page.clock.now())}
            exact={formatDateTime(at)}
          >
            <EntryText>{text(row, block.text)}</EntryText>
          </Entry>
        );
      })}
    </TimelineArea>
  );
}
