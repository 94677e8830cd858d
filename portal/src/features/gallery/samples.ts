/** A sample of every block, for the gallery. */
import type { AnyBlock } from "@/engines/blocks/tree";

const get = (field: string) => ({ get: [{ name: "row" }, field] as [{ name: string }, string] });

/** A frame that says that it is ready, and no more. */
const framed = `<!doctype html><title>Рамка</title><p>Рамка модуля</p><script>
addEventListener("message", ({ ports }) => ports[0]?.postMessage('{"type":"ready"}'))</script>`;

/** What each part of the gallery shows; the name is in the address. */
export const samples: Record<string, AnyBlock[]> = {
  matrix: [
    {
      block: "matrix",
      id: "hours",
      title: "Табель за март",
      rows: { source: "people", label: "name", columns: ["rate"], group_by: "team" },
      columns: { from: "2026-03-01", to: "2026-03-31" },
      cells: { source: "hours", row: "person", column: "day", value: "spent" },
      edit: "duration",
      write: { record: "hours" },
      totals: "both",
    },
    {
      block: "matrix",
      id: "absences",
      title: "График отсутствий",
      rows: { source: "people", label: "name" },
      columns: { from: "2026-03-01", to: "2026-03-31" },
      cells: {
        source: "absences",
        row: "person",
        from: "from",
        to: "to",
        value: "kind",
        tone: { "=": { call: ["?:", { call: ["==", get("kind"), "Б"] }, "danger", "ok"] } },
      },
    },
  ],
  gantt: [
    {
      block: "gantt",
      id: "plan",
      title: "План внедрения",
      source: "tasks",
      start: "start",
      end: "end",
      label: "name",
      parent: "under",
      progress: "done",
      milestone: "mark",
      depends: { source: "links", from: "a", to: "b", kind: "kind", lag: "lag" },
      baseline: { start: "plan_start", end: "plan_end" },
      critical: true,
      calendar: { source: "holidays", day: "day", off: "off" },
      move: true,
      link: true,
      on_open: { label: "Открыть", act: "open" },
    },
  ],
  tree: [
    {
      block: "tree",
      id: "outline",
      title: "Отделы и задачи",
      levels: [
        { source: "units", label: "name", parent: "above" },
        { source: "steps", label: "name", parent: "above", under: "unit" },
      ],
      checked: "done",
      card: ["head"],
      move: true,
    },
    {
      block: "tree",
      id: "map",
      title: "Карта",
      shape: "mind_map",
      levels: [
        { source: "units", label: "name", parent: "above" },
        { source: "steps", label: "name", parent: "above", under: "unit" },
      ],
      move: true,
    },
    {
      block: "tree",
      id: "chart",
      title: "Оргструктура",
      shape: "org_chart",
      levels: [{ source: "units", label: "name", parent: "above" }],
      card: ["head", "count"],
      move: true,
    },
  ],
  calendar: [
    {
      block: "calendar",
      id: "month",
      title: "Календарь отдела",
      source: "events",
      start: "start",
      end: "end",
      label: "name",
      tone: { "=": get("kind") },
      move: true,
      on_open: { label: "Открыть", act: "open" },
    },
    {
      block: "calendar",
      id: "week",
      title: "Неделя",
      source: "events",
      start: "start",
      end: "end",
      label: "name",
      tone: { "=": get("kind") },
      modes: ["week"],
    },
  ],
  chart: [
    {
      block: "columns",
      blocks: [
        {
          block: "chart",
          id: "bars",
          title: "Продажи по источникам",
          source: "sums",
          kind: "bar",
          x: "month",
          y: "amount",
          series: "kind",
          stack: true,
          target: 1_000_000,
          format: "money",
          on_open: { label: "Открыть", act: "open" },
        },
        {
          block: "chart",
          id: "lines",
          title: "Динамика",
          source: "sums",
          kind: "line",
          x: "month",
          y: "amount",
          series: "kind",
          format: "money",
        },
      ],
    },
    {
      block: "columns",
      blocks: [
        {
          block: "chart",
          id: "pie",
          title: "Доли",
          source: "sums",
          kind: "pie",
          x: "kind",
          y: "amount",
          format: "money",
        },
        {
          block: "chart",
          id: "funnel",
          title: "Воронка",
          source: "funnel",
          kind: "funnel",
          x: "stage",
          y: "count",
        },
      ],
    },
    {
      block: "chart",
      id: "heat",
      title: "Тепловая карта",
      source: "sums",
      kind: "heat",
      x: "month",
      y: "amount",
      series: "kind",
      format: "money",
    },
  ],
  rows: [
    {
      block: "table",
      id: "requests",
      title: "Заявки",
      source: "deals",
      columns: [
        { name: "title", edit: true },
        { name: "status", edit: true },
        { name: "amount", sum: true },
        { name: "due" },
        { name: "twice", label: "Вдвое", type: "money", value: { "=": { call: ["*", get("amount"), 2] } } },
      ],
      row_actions: [
        {
          label: "Согласовать",
          icon: "check",
          update: { status: "approved" },
          when: { "=": { call: ["==", get("status"), "asked"] } },
        },
        {
          label: "Отклонить",
          icon: "x",
          tone: "danger",
          act: "refuse",
          ask: [{ name: "why", label: "Причина", required: true }],
        },
        { label: "Удалить", icon: "trash", tone: "danger", delete: true },
      ],
      bulk_actions: [{ label: "Согласовать", update: { status: "approved" } }],
      on_open: { label: "Открыть", act: "open" },
    },
    {
      block: "table",
      id: "grouped",
      title: "По статусам",
      source: "deals",
      columns: [
        "title",
        {
          name: "status",
          type: "badge",
          tone: { "=": { call: ["?:", { call: ["==", get("status"), "refused"] }, "danger", "ok"] } },
        },
        { name: "share", label: "Готово", type: "progress", value: 0.4 },
        "due",
      ],
      filters: ["status", "title"],
      views: [
        { id: "all", title: "Все" },
        { id: "vip", title: "Важные", when: { "=": get("vip") } },
      ],
      group_by: "status",
    },
    {
      block: "board",
      id: "kanban",
      title: "Доска",
      source: "deals",
      group_by: "status",
      card: ["amount", "due"],
      sum: "amount",
      move: true,
      add: true,
    },
    {
      block: "details",
      id: "one",
      title: "Карточка",
      source: "oneDeal",
      fields: ["title", "status", "amount", "due"],
      edit: true,
    },
  ],
  form: [
    {
      block: "form",
      id: "wizard",
      title: "Заявление на отпуск",
      fields: [
        {
          name: "kind",
          label: "Вид",
          type: "choice",
          required: true,
          choices: [
            { value: "paid", label: "Оплачиваемый" },
            { value: "unpaid", label: "За свой счёт" },
          ],
        },
        {
          name: "why",
          label: "Причина",
          type: "long_text",
          required: true,
          when: {
            "=": {
              call: ["==", { "get?": [{ name: "form" }, "kind"] }, { call: ["optional.of", "unpaid"] }],
            },
          },
        },
        { name: "from", label: "С", type: "date", required: true },
        {
          name: "days",
          label: "Дней",
          type: "integer",
          required: true,
          min: 1,
          max: 31,
          help: "Не больше месяца.",
        },
        { name: "contact", label: "Телефон на время отпуска" },
      ],
      steps: [
        { id: "what", title: "Что", fields: ["kind", "why"] },
        { id: "when", title: "Когда", fields: ["from", "days"] },
        { id: "reach", title: "Связь", fields: ["contact"] },
      ],
      submit: { label: "Отправить", act: "ask_leave" },
    },
    {
      block: "form",
      id: "rare",
      title: "Рассылка",
      fields: [
        { name: "when", label: "Период", type: "period", required: true },
        { name: "whom", label: "Кому", type: "filter", entity: "request" },
        {
          name: "letter",
          label: "Письмо",
          type: "template",
          placeholders: [
            { name: "name", label: "Имя" },
            { name: "number", label: "Номер заказа" },
          ],
        },
        {
          name: "lines",
          label: "Позиции",
          type: "rows",
          max: 10,
          fields: [
            { name: "what", label: "Товар", required: true },
            { name: "count", label: "Штук", type: "integer" },
          ],
        },
      ],
      submit: { label: "Отправить", act: "send" },
    },
    {
      block: "form",
      id: "record",
      title: "Новая заявка",
      entity: "request",
      fields: ["title", "status", "amount", "due", "vip"],
      defaults: { status: "asked" },
    },
  ],
  figures: [
    {
      block: "stats",
      tiles: [
        { label: "Сделок", value: 1_204, before: 1_100, spark: [3, 5, 4, 8, 7, 9] },
        { label: "Сумма", value: 12_400_500.5, format: "money", target: 15_000_000 },
        { label: "Конверсия", value: 0.187, format: "percent", tone: "warn", before: 0.21 },
        {
          label: "Среднее время",
          value: 5_460,
          format: "duration",
          on_open: { label: "Открыть", act: "open" },
        },
      ],
    },
    { block: "progress", label: "Перенесено записей", value: 640, max: 1_000 },
    { block: "timer", label: "До ответа клиенту", until: "2026-03-18T12:20:00Z", warn: 3_600 },
    { block: "timer", label: "В работе", since: "2026-03-18T09:15:00Z", add: 1_800 },
    {
      block: "badges",
      items: [
        { text: "Новый", tone: "accent" },
        { text: "Оплачено", tone: "ok" },
        { text: "Просрочено на 3 дня", tone: "danger" },
        { text: "Обычный" },
      ],
    },
    {
      block: "stages",
      stages: [
        { label: "Заявка", state: "done" },
        { label: "Узгодження договору з юристами", state: "current" },
        { label: "Оплата", state: "ahead" },
      ],
    },
    {
      block: "actions",
      items: [
        { label: "Создать", icon: "plus", tone: "accent", act: "make" },
        { label: "Скачать", icon: "download", download: { source: "deals", as: "csv" } },
        { label: "Закрыть период", enabled: false, why: "Есть несогласованные заявки", act: "close" },
        { label: "Стереть всё", tone: "danger", confirm: "Это нельзя вернуть.", act: "purge" },
      ],
    },
  ],
  words: [
    {
      block: "text",
      markdown:
        "## Правила\n\nСм. [положение](https://example.org) и **сроки**:\n\n- до 10-го *заявка*\n- до 15-го `согласование`\n\n> Цитата, которая длиннее одной строки и переносится на следующую.\n\n<script>alert(1)</script>",
    },
    {
      block: "notice",
      tone: "warn",
      text: "Осталось два дня отпуска.",
      action: { label: "Подробнее", act: "more" },
    },
    { block: "code", title: "Ключ", text: "whsec_c2FtcGxl", copy: true },
    {
      block: "preview",
      title: "Письмо",
      as: "mail",
      height: 160,
      html: "<h2>Здравствуйте!</h2><p>Ваш заказ <b>№ 118</b> собран.</p><script>alert(1)</script>",
    },
    { block: "preview", title: "SMS", as: "sms", text: "Заказ 118 собран. Верстак" },
    { block: "frame", title: "Рамка", height: 60, file: encodeURIComponent(framed) },
    {
      block: "audio",
      title: "Разговор",
      file: "call.mp3",
      marks: [
        { at: 12, label: "Приветствие" },
        { at: 95, label: "Цена" },
      ],
    },
    {
      block: "timeline",
      title: "Лента",
      source: "notes",
      at: "at",
      text: "text",
      actor: "who",
      kind: "kind",
      composer: {
        label: "Заметка",
        act: "note",
        ask: [{ name: "text", label: "Текст", type: "long_text", required: true }],
      },
    },
    {
      block: "files",
      title: "Файлы",
      source: "documents",
      upload: true,
      max_mb: 5,
    },
  ],
  layout: [
    {
      block: "tabs",
      tabs: [
        { id: "one", title: "Первая", count: 12, blocks: [{ block: "notice", text: "Внутри первой" }] },
        {
          id: "two",
          title: "Вторая",
          blocks: [
            {
              block: "section",
              title: "Раздел",
              blocks: [{ block: "notice", tone: "ok", text: "Внутри раздела" }],
            },
          ],
        },
      ],
    },
    {
      block: "repeat",
      source: "people",
      layout: "grid",
      blocks: [
        {
          block: "badges",
          items: [{ text: { "=": get("name") } }, { text: { "=": get("team") }, tone: "accent" }],
        },
      ],
    },
    { block: "rendered", surface: "made" },
    { block: "holograph", else: [{ block: "notice", text: "Вместо неизвестного блока" }] },
  ],
};
