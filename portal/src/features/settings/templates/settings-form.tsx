/** How one of our templates looks: colour, letters, columns, what is shown, texts by language; the paper stands below. */
import {
  ActionIcon,
  Button,
  Checkbox,
  ColorInput,
  SegmentedControl,
  Select,
  Textarea,
  TextInput,
} from "@mantine/core";
import { useDebouncedValue } from "@mantine/hooks";
import { IconArrowDown, IconArrowUp } from "@tabler/icons-react";
import { keepPreviousData, useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { useTranslation } from "react-i18next";
import {
  type PaperColumn,
  type PaperSettings,
  type PaperTemplate,
  savePaperSettings,
  settingsTrialQuery,
} from "@/api/document-templates";
import type { Language } from "@/api/papers";
import { ApiError } from "@/api/problem";
import { currentLocale, locales } from "@/i18n";
import { Buttons, Hint, ItemLine, ItemList, Notice } from "@/ui/block";
import { FormNote } from "@/ui/form";
import { FormDrawer, fieldRefusal } from "@/ui/form-drawer";
import { toast } from "@/ui/toast";
import { useOnce } from "@/ui/use-once";
import { colors, columns, moved, parts, textsOf, withColumn, withText } from "./model";
import { PaperPreview } from "./paper-preview";

interface Props {
  /** As it was when the form was opened. */
  template: PaperTemplate;
  /** As it is now. */
  now?: PaperTemplate;
  /** Begins anew with what somebody else has saved meanwhile. */
  onTheirs(theirs: PaperTemplate): void;
  onClose(): void;
}

const shown = ["logo", "words", "bank", "signatures"] as const;

export function SettingsForm({ template, now, onTheirs, onClose }: Props) {
  const { t } = useTranslation(["templates", "common"]);
  const [settings, setSettings] = useState<PaperSettings>(template.settings);
  const [language, setLanguage] = useState<Language>(currentLocale());
  const [clash, setClash] = useState(false);
  const put = (part: Partial<PaperSettings>) => setSettings((before) => ({ ...before, ...part }));
  const [tried] = useDebouncedValue(settings, 600);
  const preview = useQuery({
    ...settingsTrialQuery(template.key, tried, language),
    placeholderData: keepPreviousData,
  });
  const save = useMutation({
    mutationFn: (over: number) => savePaperSettings(template.key, over, settings),
    onError: (error) => setClash((before) => before || isQuicker(error)),
    onSuccess: () => {
      toast({ message: t("templates:saved", { name: template.title }), kind: "done" });
      onClose();
    },
  });
  const send = useOnce(save.mutateAsync);
  const wrong = (name: string) => fieldRefusal(save.error, `settings.${name}`);
  const theirs = clash && now && now.version !== template.version ? now : undefined;
  const told = save.error instanceof ApiError ? Object.keys(save.error.problem.fields ?? {}) : [];
  return (
    <FormDrawer
      title={t("templates:settings_of", { name: template.title })}
      submit={t("common:save")}
      values={settings}
      pending={save.isPending}
      error={theirs && isQuicker(save.error) ? undefined : save.error}
      fields={told}
      onClose={onClose}
      onSubmit={() => send(template.version)}
    >
      {theirs && (
        <Quicker
          pending={save.isPending}
          onMine={() => send(theirs.version)}
          onTheirs={() => onTheirs(theirs)}
        />
      )}
      <ColorInput
        label={t("templates:color")}
        description={t("templates:color_hint")}
        data-autofocus
        format="hex"
        swatches={colors}
        value={settings.color}
        error={wrong("color")}
        onChange={(color) => put({ color })}
      />
      <Select
        label={t("templates:font")}
        allowDeselect={false}
        data={(["sans", "serif"] as const).map((value) => ({ value, label: t(`templates:font_${value}`) }))}
        value={settings.font}
        onChange={(font) => font && put({ font: font as PaperSettings["font"] })}
      />
      <Columns
        chosen={settings.columns}
        error={wrong("columns")}
        onChange={(chosen) => put({ columns: chosen })}
      />
      {shown.map((part) => (
        <Checkbox
          key={part}
          label={t(`templates:show_${part}`)}
          description={part === "logo" ? t("templates:show_logo_hint") : undefined}
          checked={settings[part]}
          onChange={(event) => put({ [part]: event.currentTarget.checked })}
        />
      ))}
      <SegmentedControl
        aria-label={t("templates:language")}
        data={locales.map(({ code, name }) => ({ value: code, label: name }))}
        value={language}
        onChange={(code) => setLanguage(code as Language)}
      />
      <Texts settings={settings} language={language} wrong={wrong} onChange={setSettings} />
      <PaperPreview
        paper={preview.data}
        error={preview.error}
        pending={preview.isFetching}
        name={`${template.title}.pdf`}
      />
    </FormDrawer>
  );
}

const isQuicker = (error: unknown) => error instanceof ApiError && error.code === "document.template_changed";

interface QuickerProps {
  pending: boolean;
  onMine(): void;
  onTheirs(): void;
}

/** Somebody else has saved meanwhile: what was typed here stays until one says whose settings hold. */
function Quicker({ pending, onMine, onTheirs }: QuickerProps) {
  const { t } = useTranslation("templates");
  return (
    <Notice tone="danger" title={t("conflict")}>
      {t("conflict_text")}
      <Buttons>
        <Button size="xs" variant="default" disabled={pending} onClick={onTheirs}>
          {t("conflict_theirs")}
        </Button>
        <Button size="xs" loading={pending} onClick={onMine}>
          {t("conflict_mine")}
        </Button>
      </Buttons>
    </Notice>
  );
}

interface ColumnsProps {
  chosen: PaperColumn[];
  error?: string;
  onChange(columns: PaperColumn[]): void;
}

/** Those that are shown in their order, then the others. */
function Columns({ chosen, error, onChange }: ColumnsProps) {
  const { t } = useTranslation("templates");
  const all = [...chosen, ...columns.filter((one) => !chosen.includes(one))];
  return (
    <div role="group" aria-label={t("columns")}>
      <Hint>{t("columns")}</Hint>
      <ItemList>
        {all.map((column) => {
          const name = t(`column_${column}`);
          const at = chosen.indexOf(column);
          return (
            <ItemLine key={column}>
              <Checkbox
                label={name}
                checked={at >= 0}
                onChange={(event) => onChange(withColumn(chosen, column, event.currentTarget.checked))}
              />
              {at >= 0 && (
                <Buttons>
                  <ActionIcon
                    aria-label={t("column_up", { name })}
                    disabled={at === 0}
                    onClick={() => onChange(moved(chosen, column, -1))}
                  >
                    <IconArrowUp size={16} />
                  </ActionIcon>
                  <ActionIcon
                    aria-label={t("column_down", { name })}
                    disabled={at === chosen.length - 1}
                    onClick={() => onChange(moved(chosen, column, 1))}
                  >
                    <IconArrowDown size={16} />
                  </ActionIcon>
                </Buttons>
              )}
            </ItemLine>
          );
        })}
      </ItemList>
      {error && <FormNote urgent>{error}</FormNote>}
    </div>
  );
}

interface TextsProps {
  settings: PaperSettings;
  language: Language;
  wrong(name: string): string | undefined;
  onChange(settings: PaperSettings): void;
}

function Texts({ settings, language, wrong, onChange }: TextsProps) {
  const { t } = useTranslation("templates");
  const texts = textsOf(settings, language);
  return parts.map((part) => {
    const common = {
      label: t(`text_${part}`),
      lang: language,
      placeholder: t("text_ours"),
      value: texts[part] ?? "",
      error: wrong(`texts.${language}.${part}`),
      onChange: (event: { currentTarget: { value: string } }) =>
        onChange(withText(settings, language, part, event.currentTarget.value)),
    };
    return part === "subject" ? (
      <TextInput key={part} {...common} description={t("text_names")} />
    ) : (
      <Textarea
        key={part}
        {...common}
        autosize
        minRows={2}
        maxRows={10}
        description={part === "letter" ? t("text_names") : undefined}
      />
    );
  });
}
