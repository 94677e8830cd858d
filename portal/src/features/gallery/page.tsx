/** `/ui`, in dev only: each component in the present theme and language, with texts that are too long. */
import { Button, SegmentedControl, TextInput, useMantineColorScheme } from "@mantine/core";
import { IconInbox } from "@tabler/icons-react";
import type { ReactNode } from "react";
import { useTranslation } from "react-i18next";
import type { Stage } from "@/api/types";
import { locales, showLocale } from "@/i18n";
import { BoardCard, CardFacts, CardFoot, CardLine, CardReason, ColumnHead, FactMark } from "@/ui/board";
import { Chip, ChipRow } from "@/ui/chips";
import { ConflictNote, FieldRow, ViewBox } from "@/ui/field";
import { HomeBlock, HomeLine } from "@/ui/home";
import { Kbd } from "@/ui/nav";
import { PageBody, PageHeader } from "@/ui/page";
import { CardSection } from "@/ui/panel";
import { Avatar, Person, PersonInline } from "@/ui/person";
import { StageBar } from "@/ui/stage-bar";
import { BoardSkeleton, EmptyState, ErrorState, ListSkeleton } from "@/ui/states";
import { Change, Entry, EntryText, EntryTitle, TimelineArea } from "@/ui/timeline";
import { toast } from "@/ui/toast";
import { StageDot, StageName } from "@/ui/value";

const long =
  "Поставка вентиляційного обладнання для другої черги логістичного центру, a title nobody managed to shorten";

const stages: Stage[] = [
  { key: "a", name: "Новый", semantic: "open", color: "indigo", sort: 1 },
  { key: "b", name: "Узгодження договору з юристами", semantic: "open", color: "amber", sort: 2 },
  { key: "c", name: "Won", semantic: "won", color: "", sort: 3 },
  { key: "d", name: "Проиграна", semantic: "lost", color: "", sort: 4 },
];

export default function Gallery() {
  const { i18n } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  return (
    <>
      <PageHeader
        title="UI"
        actions={
          <>
            <SegmentedControl
              data={locales.map(({ code, name }) => ({ value: code, label: name }))}
              value={i18n.language}
              onChange={(code) => void showLocale(code as "en")}
            />
            <SegmentedControl
              data={["light", "dark", "auto"]}
              value={colorScheme}
              onChange={(scheme) => setColorScheme(scheme as "light")}
            />
          </>
        }
      />
      <PageBody>
        <Controls />
        <Cards />
        <Records />
        <States />
      </PageBody>
    </>
  );
}

const Part = ({ title, children }: { title: string; children: ReactNode }) => (
  <CardSection title={title}>{children}</CardSection>
);

function Controls() {
  const none = () => undefined;
  return (
    <>
      <Part title="Buttons, inputs, toasts">
        <ChipRow label="Buttons">
          <Button>Создать</Button>
          <Button variant="default">Скасувати</Button>
          <Button variant="subtle">Undo</Button>
          <Button loading>Saving</Button>
          <Button disabled>Disabled</Button>
          <Button
            variant="default"
            onClick={() => toast({ message: long, action: { label: "Undo", run: none } })}
          >
            Toast
          </Button>
          <Button variant="default" onClick={() => toast({ kind: "error", title: "Отказ", message: long })}>
            Refusal
          </Button>
          <Kbd>Ctrl K</Kbd>
        </ChipRow>
        <TextInput label="Label" placeholder="Placeholder" error="Что не так и что сделать" />
        <ChipRow label="Chips">
          <Chip text={`Название содержит «${long}»`} removeLabel="Remove" onOpen={none} onRemove={none} />
          <Chip text="Сумма не меньше 500 000 ₽" removeLabel="Remove" onRemove={none} />
        </ChipRow>
      </Part>
      <Part title="People and stages">
        <Person name="Олександра-Вікторія Криворучко-Задніпровська" note="Отдел продаж" />
        <PersonInline name="Peter Novak" />
        <Avatar name="Іван Я" large />
        {stages.map((stage) => (
          <StageName key={stage.key} name={stage.name} color={stage.color} semantic={stage.semantic} />
        ))}
        <StageBar
          nextLabel={(stage) => stage}
          allLabel="All stages"
          passedLabel={(stage) => `${stage}, passed`}
          skippedLabel={(stage) => `${stage}, skipped`}
          stood={["b"]}
          label="Stages"
          stages={stages}
          current="b"
          disabled={false}
          problem={long}
          onMove={none}
        />
      </Part>
    </>
  );
}

function Cards() {
  return (
    <Part title="Board">
      <ColumnHead
        dot={<StageDot semantic="open" color="indigo" />}
        name={long}
        count="1 204"
        sum="12,4 млн ₽"
        actions={null}
      />
      <BoardCard
        ref={null}
        testId="gallery"
        label={long}
        dragging={false}
        refused
        arrived={false}
        selected={false}
      >
        <CardLine>{long}</CardLine>
        <CardFacts>
          <FactMark label="Amount" overdue={false} strong>
            1 250 000 ₽
          </FactMark>
          <FactMark label="Close date" overdue strong={false}>
            1 марта 2026 г.
          </FactMark>
        </CardFacts>
        <CardFoot>
          <Avatar name="Анна К" />
          <time>вчера</time>
        </CardFoot>
        <CardReason dismissLabel="Dismiss" onDismiss={() => undefined}>
          {long}
        </CardReason>
      </BoardCard>
    </Part>
  );
}

function Records() {
  const none = () => undefined;
  return (
    <>
      <Part title="Fields">
        <FieldRow testId="gallery-1" label="Ожидаемое закрытие сделки" required problem="Дата уже прошла.">
          <ViewBox label="Edit" onEdit={none} changed>
            1 марта 2026 г.
          </ViewBox>
        </FieldRow>
        <FieldRow testId="gallery-2" label="Коментар">
          <ViewBox onEdit={none} changed={false}>
            {long}
          </ViewBox>
          <ConflictNote
            text="Somebody changed this field while you were editing it."
            sides={[
              { label: "Theirs", value: "A" },
              { label: "Yours", value: long },
            ]}
            actions={<Button>Keep mine</Button>}
          />
        </FieldRow>
      </Part>
      <TimelineArea title="Timeline" composer={null}>
        <Entry
          icon={<IconInbox size={16} />}
          strong
          actor="Lead desk"
          action="· задача"
          time=""
          when="вчера"
          exact=""
        >
          <EntryTitle done={false}>{long}</EntryTitle>
          <EntryText late>Просрочено</EntryText>
        </Entry>
        <Entry
          icon={<IconInbox size={16} />}
          strong={false}
          actor="Анна"
          action="· изменение"
          time=""
          when="вчера"
          exact=""
        >
          <Change label="Сумма" before="100 ₽" after="1 250 000 ₽" />
        </Entry>
      </TimelineArea>
      <HomeBlock title="Мои задачи" icon={<IconInbox size={16} />} count={12}>
        <HomeLine title={long} note={<StageName name="Новый" semantic="open" />} time="3 дн. назад" late />
      </HomeBlock>
    </>
  );
}

function States() {
  return (
    <Part title="States">
      <EmptyState title="Ничего нет" action={<Button>Создать</Button>} icon={<IconInbox size={28} />}>
        {long}
      </EmptyState>
      <ErrorState error={new Error(long)} retry={() => undefined} />
      <ListSkeleton rows={3} />
      <BoardSkeleton columns={3} />
    </Part>
  );
}
