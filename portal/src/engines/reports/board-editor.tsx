/** The cards of a dashboard being arranged: moved, sized, named, added, taken away. */
import { ActionIcon, Button, Menu, Textarea, TextInput } from "@mantine/core";
import { IconCheck, IconPlus } from "@tabler/icons-react";
import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import { measuresQuery } from "@/api/reports";
import type { DashboardCard } from "@/api/reports-wire";
import { savedReportsQuery } from "@/api/saved-reports";
import { Spoken } from "@/ui/block-frame";
import { CardFrame, CardGrid, CardNote } from "@/ui/report-cards";
import { CardHandle, focusHandle } from "./card-handle";
import { useCardTitle } from "./card-title";
import { plainCards, plainKinds, put, questionCard, withCard } from "./edit-cards";
import { inOrder, moved, resized, without } from "./layout";
import { readyReports } from "./ready";

interface EditorProps {
  cards: DashboardCard[];
  onChange(cards: DashboardCard[]): void;
}

/** The cards as frames to be moved, sized, named, added and taken away. */
export function DashboardEditor({ cards, onChange }: EditorProps) {
  const { t } = useTranslation("reports");
  const titleOf = useCardTitle();
  const [said, setSaid] = useState("");
  const [renamed, setRenamed] = useState<string | null>(null);
  const ordered = inOrder(cards);
  const place = (next: DashboardCard[], id: string, title: string) => {
    onChange(next);
    const at = next.findIndex((card) => card.id === id);
    const card = next[at];
    if (card)
      setSaid(t("card_place", { title, place: at + 1, of: next.length, width: card.w, height: card.h }));
  };
  return (
    <>
      <Spoken>
        <span aria-live="polite">{said}</span>
      </Spoken>
      <CardGrid>
        {ordered.map((card, at) => {
          const title = titleOf(card);
          const moveBy = (by: number) => place(moved(ordered, card.id, by), card.id, title);
          return (
            <CardFrame
              key={card.id}
              id={card.id}
              title={title}
              place={card}
              editing
              actions={
                <CardHandle
                  id={card.id}
                  title={title}
                  moves={{
                    move: moveBy,
                    moveTo: (other) => moveBy(ordered.findIndex(({ id }) => id === other) - at),
                    size: (wider, taller) => place(resized(ordered, card.id, wider, taller), card.id, title),
                    rename: () => setRenamed(card.id),
                    remove: () => {
                      onChange(without(ordered, card.id));
                      const next = ordered[at + 1] ?? ordered[at - 1];
                      if (next) focusHandle(next.id);
                    },
                  }}
                />
              }
            >
              {renamed === card.id && (
                <TextInput
                  aria-label={t("card_name")}
                  autoFocus
                  maxLength={100}
                  placeholder={title}
                  defaultValue={card.title ?? ""}
                  rightSection={
                    <ActionIcon aria-label={t("card_named")} onClick={() => setRenamed(null)}>
                      <IconCheck size={16} />
                    </ActionIcon>
                  }
                  onChange={(event) =>
                    onChange(put(ordered, card.id, { title: event.currentTarget.value.trim() || undefined }))
                  }
                  onKeyDown={(event) => {
                    if (event.key !== "Enter" && event.key !== "Escape") return;
                    event.stopPropagation();
                    setRenamed(null);
                    focusHandle(card.id);
                  }}
                />
              )}
              <Content card={card} onChange={(next) => onChange(put(ordered, card.id, { card: next }))} />
            </CardFrame>
          );
        })}
      </CardGrid>
      <AddCard cards={ordered} onChange={onChange} />
    </>
  );
}

/** What it will show; a text is written where it stands. */
function Content({ card, onChange }: { card: DashboardCard; onChange(card: DashboardCard["card"]): void }) {
  const { t } = useTranslation("reports");
  if (card.card.kind !== "text") return <CardNote>{t(`card_shows_${card.card.kind}`)}</CardNote>;
  return (
    <Textarea
      aria-label={t("card_text")}
      autosize
      minRows={2}
      maxLength={2_000}
      placeholder={t("card_text_hint")}
      value={card.card.text}
      onChange={(event) => onChange({ kind: "text", text: event.currentTarget.value })}
    />
  );
}

function AddCard({ cards, onChange }: EditorProps) {
  const { t } = useTranslation("reports");
  const saved = useQuery(savedReportsQuery).data ?? [];
  const measures = useQuery(measuresQuery).data?.items ?? [];
  const add = (next: DashboardCard[]) => {
    onChange(next);
    const last = next.at(-1);
    if (last) focusHandle(last.id);
  };
  return (
    <Menu width={280} position="top-start">
      <Menu.Target>
        <Button variant="default" mt={12} leftSection={<IconPlus size={16} />}>
          {t("card_add")}
        </Button>
      </Menu.Target>
      <Menu.Dropdown mah={420} style={{ overflowY: "auto" }}>
        {saved.length > 0 && <Menu.Label>{t("saved")}</Menu.Label>}
        {saved.map(({ id, name }) => (
          <Menu.Item key={id} onClick={() => add(withCard(cards, { kind: "report", saved: id }))}>
            {name}
          </Menu.Item>
        ))}
        <Menu.Label>{t("ready")}</Menu.Label>
        {readyReports(measures).map(({ key, question }) => (
          <Menu.Item
            key={key}
            onClick={() => add(withCard(cards, questionCard(question), t(`ready_${key}`)))}
          >
            {t(`ready_${key}`)}
          </Menu.Item>
        ))}
        <Menu.Label>{t("card_others")}</Menu.Label>
        {plainKinds.map((kind) => (
          <Menu.Item key={kind} onClick={() => add(withCard(cards, plainCards[kind]))}>
            {t(`card_${kind}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}
