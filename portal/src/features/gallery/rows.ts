/** Rows of the gallery's samples, as long and as many as they come. */
import type { Field } from "@/api/types";
import type { Tree } from "@/engines/blocks/tree";
import type { SourceRow } from "@/engines/blocks/wire";
import type { Shape } from "@/engines/source";
import { field, type Table } from "./memory";

export const today = "2026-03-18";

const add = (day: string, count: number) =>
  new Date(Date.parse(`${day}T00:00:00Z`) + count * 86_400_000).toISOString().slice(0, 10);

const names = [
  "Олександра-Вікторія Криворучко-Задніпровська",
  "Peter Novak",
  "Анна Кузнецова",
  "Іван Франко",
  "Мария Соколова",
  "Тарас Мельник",
  "Jana Dvořáková",
  "Сергей Иванов",
];

const shapeOf = (key: string): Shape => ({
  key,
  label: key,
  label_plural: key,
  title_field: "id",
  actions: { read: true, create: true, update: true, delete: true } as Shape["actions"],
  fields: [],
  pipelines: [],
  layout: { list: [], card: [], sections: [] },
});

const people: Table = {
  fields: [
    field("name", "Сотрудник", "text"),
    field("rate", "Ставка", "decimal"),
    field("team", "Отдел", "choice", {
      choices: [
        { value: "sales", label: "Продажи" },
        { value: "support", label: "Підтримка" },
      ] as Field["choices"],
    }),
  ],
  rows: names.map((name, index) => ({
    id: `p${index}`,
    version: 1,
    entity: "person",
    fields: { name, rate: 1, team: index < 5 ? "sales" : "support" },
  })),
};

const hours: Table = {
  fields: [
    field("person", "Сотрудник", "text"),
    field("day", "День", "date"),
    field("spent", "Время", "duration"),
  ],
  rows: names.flatMap((_, person) =>
    Array.from({ length: 22 }, (__, index): SourceRow => {
      const day = add("2026-03-01", index);
      return {
        id: `h${person}-${index}`,
        version: 1,
        entity: "hours",
        fields: { person: `p${person}`, day, spent: 3_600 * ((person + index) % 3 === 0 ? 8 : 7.5) },
      };
    }).filter(({ fields }) => ![0, 6].includes(new Date(String(fields.day)).getUTCDay())),
  ),
};

const absences: Table = {
  fields: [
    field("person", "Сотрудник", "text"),
    field("from", "С", "date"),
    field("to", "По", "date"),
    field("kind", "Вид", "text"),
  ],
  rows: [
    ["p0", "2026-03-02", "2026-03-06", "О"],
    ["p2", "2026-03-16", "2026-03-27", "О"],
    ["p3", "2026-03-10", "2026-03-11", "Б"],
    ["p6", "2026-03-19", "2026-03-20", "К"],
  ].map(([person, from, to, kind], index) => ({ id: `a${index}`, fields: { person, from, to, kind } })),
};

const tasks: Table = {
  fields: [
    field("name", "Работа", "text"),
    field("start", "Начало", "date"),
    field("end", "Конец", "date"),
    field("under", "Этап", "text"),
    field("done", "Готово", "decimal"),
    field("mark", "Веха", "boolean"),
    field("plan_start", "План с", "date"),
    field("plan_end", "План по", "date"),
  ],
  rows: (
    [
      ["g1", "Подготовка", "", "", null, 0],
      ["g1a", "Обследование помещений и согласование с арендодателем", "2026-03-02", "2026-03-09", "g1", 1],
      ["g1b", "Проєкт вентиляції", "2026-03-10", "2026-03-19", "g1", 0.6],
      ["g1c", "Смета", "2026-03-16", "2026-03-20", "g1", 0.2],
      ["g2", "Монтаж", "", "", null, 0],
      ["g2a", "Закупка оборудования", "2026-03-20", "2026-04-03", "g2", 0],
      ["g2b", "Монтаж воздуховодов", "2026-04-06", "2026-04-17", "g2", 0],
      ["g2c", "Автоматика", "2026-04-08", "2026-04-14", "g2", 0],
      ["g3", "Сдача объекта", "2026-04-20", "2026-04-20", null, 0],
    ] as const
  ).map(([id, name, start, end, under, done]) => ({
    id,
    version: 1,
    entity: "work",
    fields: {
      name,
      start: start || "2026-03-02",
      end: end || "2026-03-02",
      under,
      done,
      mark: id === "g3",
      plan_start: start ? add(start, -2) : null,
      plan_end: end ? add(end, -3) : null,
    },
  })),
};

const links: Table = {
  fields: [
    field("a", "От", "text"),
    field("b", "К", "text"),
    field("kind", "Вид", "text"),
    field("lag", "Дней", "integer"),
  ],
  rows: (
    [
      ["g1a", "g1b", "FS", 0],
      ["g1b", "g1c", "SS", 4],
      ["g1b", "g2a", "FS", 0],
      ["g2a", "g2b", "FS", 0],
      ["g2b", "g2c", "SS", 2],
      ["g2b", "g3", "FS", 0],
      ["g2c", "g3", "FF", 3],
    ] as const
  ).map(([a, b, kind, lag], index) => ({
    id: `l${index}`,
    version: 1,
    entity: "work_link",
    fields: { a, b, kind, lag },
  })),
  shape: shapeOf("work_link"),
};

/** A bridge of a holiday and a Saturday that is worked for it. */
const holidays: Table = {
  fields: [field("day", "День", "date"), field("off", "Выходной", "boolean")],
  rows: [["2026-03-09", true] as const, ["2026-03-14", false] as const, ["2026-04-13", true] as const].map(
    ([day, off]) => ({ id: day, fields: { day, off } }),
  ),
};

const units: Table = {
  fields: [
    field("name", "Отдел", "text"),
    field("above", "Выше", "text"),
    field("head", "Руководитель", "text"),
    field("count", "Людей", "integer"),
  ],
  rows: (
    [
      ["d1", "Верстак", null, "Олена Коваль", 42],
      ["d2", "Отдел продаж", "d1", "Peter Novak", 12],
      ["d3", "Підтримка клієнтів", "d1", "Анна Кузнецова", 9],
      ["d4", "Производство", "d1", "Тарас Мельник", 21],
      ["d5", "Крупные клиенты и государственный сектор", "d2", "Мария Соколова", 5],
      ["d6", "Малий бізнес", "d2", "Іван Франко", 7],
      ["d7", "Цех 1", "d4", "Сергей Иванов", 11],
      ["d8", "Цех 2", "d4", "Jana Dvořáková", 10],
    ] as const
  ).map(([id, name, above, head, count]) => ({
    id,
    version: 1,
    entity: "unit",
    fields: { name, above, head, count },
  })),
};

const steps: Table = {
  fields: [
    field("name", "Задача", "text"),
    field("unit", "Отдел", "text"),
    field("above", "Выше", "text"),
    field("done", "Готово", "boolean"),
  ],
  rows: (
    [
      ["s1", "Обзвон базы", "d5", null, true],
      ["s2", "Подготовить предложение", "d5", null, false],
      ["s3", "Согласовать скидку", "d5", "s2", false],
      ["s4", "Оновити довідник", "d3", null, false],
    ] as const
  ).map(([id, name, unit, above, done]) => ({
    id,
    version: 1,
    entity: "step",
    fields: { name, unit, above, done },
  })),
};

const events: Table = {
  fields: [
    field("name", "Событие", "text"),
    field("start", "Начало", "datetime"),
    field("end", "Конец", "datetime"),
    field("kind", "Вид", "text"),
  ],
  rows: (
    [
      ["Планёрка", "2026-03-16T09:00:00", "2026-03-16T10:00:00", ""],
      [
        "Встреча с поставщиком вентиляционного оборудования",
        "2026-03-18T11:00:00",
        "2026-03-18T12:30:00",
        "warn",
      ],
      ["Співбесіда", "2026-03-18T11:30:00", "2026-03-18T12:00:00", ""],
      ["Дзвінок", "2026-03-18T11:45:00", "2026-03-18T13:00:00", "ok"],
      ["Ночной монтаж", "2026-03-19T22:00:00", "2026-03-20T05:00:00", "danger"],
      ["Отпуск Анны", "2026-03-12", "2026-03-24", "ok"],
      ["Виставка", "2026-03-26", "2026-03-29", ""],
      ["Инвентаризация", "2026-03-18", "2026-03-18", "danger"],
      ["Обучение", "2026-03-18", "2026-03-19", ""],
      ["Ремонт офісу", "2026-03-17", "2026-03-19", "warn"],
    ] as const
  ).map(([name, start, end, kind], index) => ({
    id: `e${index}`,
    version: 1,
    entity: "event",
    fields: {
      name,
      start: start.length > 10 ? new Date(start).toISOString() : start,
      end: end.length > 10 ? new Date(end).toISOString() : end,
      kind,
    },
  })),
};

const months = ["Окт", "Ноя", "Дек", "Янв", "Фев", "Мар"];
const sums: Table = {
  fields: [
    field("month", "Месяц", "text"),
    field("amount", "Сумма", "money"),
    field("kind", "Источник", "text"),
  ],
  rows: months.flatMap((month, index) =>
    ["Сайт", "Звонки", "Партнёры"].map((kind, at) => ({
      id: `${month} ${kind}`,
      fields: { month, kind, amount: 120_000 + ((index * 37 + at * 61) % 90) * 2_500 },
    })),
  ),
};
const funnel: Table = {
  fields: [field("stage", "Этап", "text"), field("count", "Сделок", "integer")],
  rows: [
    ["Новый", 1_204],
    ["Квалификация", 730],
    ["Предложение", 312],
    ["Договор", 140],
    ["Выиграна", 96],
  ].map(([stage, count]) => ({ id: String(stage), fields: { stage, count } })),
};

const dealFields = [
  field("title", "Название", "text"),
  field("status", "Статус", "choice", {
    choices: [
      { value: "asked", label: "Запрошено", color: "amber" },
      { value: "approved", label: "Погоджено", color: "green" },
      { value: "refused", label: "Отклонено", color: "red" },
    ] as Field["choices"],
  }),
  field("amount", "Сумма", "money"),
  field("due", "Срок", "date"),
  field("vip", "VIP", "boolean"),
  field("notes", "Комментарий", "long_text"),
];
const dealShape: Shape = {
  key: "request",
  label: "Заявка",
  label_plural: "Заявки",
  title_field: "title",
  actions: { read: true, create: true, update: true, delete: true } as Shape["actions"],
  fields: dealFields,
  pipelines: [],
  layout: { list: ["status", "amount", "due"], card: ["amount", "due"], sections: [] },
};
const deals: Table = {
  fields: dealFields,
  shape: dealShape,
  rows: Array.from({ length: 14 }, (_, index) => ({
    id: `r${index}`,
    version: 1,
    entity: "request",
    fields: {
      title:
        index % 4
          ? `Заявка ${index + 1}`
          : `Поставка вентиляційного обладнання для другої черги складу № ${index}`,
      status: ["asked", "approved", "refused"][index % 3],
      amount: 12_500.5 + index * 7_345.25,
      due: add(today, index - 3),
      vip: index % 5 === 0,
      notes: "",
    },
  })),
};
const oneDeal: Table = { ...deals, rows: deals.rows.slice(0, 1) };
const notes: Table = {
  fields: [
    field("at", "Когда", "datetime"),
    field("text", "Текст", "long_text"),
    field("who", "Кто", "text"),
    field("kind", "Вид", "text"),
  ],
  rows: [
    {
      id: "n1",
      fields: {
        at: "2026-03-18T08:10:00Z",
        text: "Договорились о встрече в четверг.",
        who: "Анна",
        kind: "звонок",
      },
    },
    {
      id: "n2",
      fields: {
        at: "2026-03-17T15:40:00Z",
        text: "Надіслали комерційну пропозицію, чекаємо відповіді.",
        who: "Тарас",
        kind: "лист",
      },
    },
  ],
};
const documents: Table = {
  fields: [field("title", "Назва", "text")],
  rows: [{ id: "d1", entity: "deal", fields: { title: "Поставка № 118" } }],
};

export const tables: Record<string, Table> = {
  people,
  hours,
  absences,
  tasks,
  links,
  holidays,
  units,
  steps,
  events,
  sums,
  funnel,
  deals,
  oneDeal,
  notes,
  documents,
};

export const sources: NonNullable<Tree["sources"]> = Object.fromEntries(
  Object.entries(tables).map(([name, { shape }]) => [
    name,
    shape ? { records: shape.key } : { plugin: name },
  ]),
);
