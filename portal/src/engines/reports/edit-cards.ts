/** New cards and what a dashboard sends when it is saved. Pure. */
import type { CardContent, Dashboard, DashboardCard, DashboardInput } from "@/api/reports-wire";
import { freeId, inOrder, packed } from "./layout";
import { asked, type Question } from "./question";

const sizes: Record<CardContent["kind"], { w: number; h: number }> = {
  report: { w: 6, h: 4 },
  question: { w: 6, h: 4 },
  funnel: { w: 6, h: 4 },
  forecast: { w: 6, h: 4 },
  managers: { w: 12, h: 4 },
  plans: { w: 6, h: 3 },
  hints: { w: 6, h: 3 },
  tasks: { w: 6, h: 4 },
  text: { w: 4, h: 2 },
};

export function withCard(cards: DashboardCard[], card: CardContent, title?: string): DashboardCard[] {
  const { w, h } = sizes[card.kind];
  const id = freeId(cards, card.kind);
  return packed([...cards, { id, title, x: 0, y: 0, w, h, card }]);
}

/** A card of a question is kept as the server is asked. */
export const questionCard = (question: Question): CardContent => ({
  kind: "question",
  question: asked(question),
  chart: { kind: question.chart },
});

/** Kinds that need nothing but themselves. */
export const plainCards = {
  tasks: { kind: "tasks" },
  hints: { kind: "hints", entity: "deal" },
  funnel: {
    kind: "funnel",
    question: { over: "stage", entity: "deal", group_by: ["step"] },
  },
  forecast: { kind: "forecast", question: {} },
  managers: { kind: "managers", question: { period: { from: null, to: null, preset: "this_month" } } },
  plans: { kind: "plans" },
  text: { kind: "text", text: "" },
} as const satisfies Partial<Record<CardContent["kind"], CardContent>>;
export type PlainCard = keyof typeof plainCards;
export const plainKinds = Object.keys(plainCards) as PlainCard[];

export const put = (cards: DashboardCard[], id: string, part: Partial<DashboardCard>): DashboardCard[] =>
  cards.map((card) => (card.id === id ? { ...card, ...part } : card));

export function inputOf(dashboard: Dashboard, cards: DashboardCard[]): DashboardInput {
  const { name, description, shared, filter_bar } = dashboard;
  // A text of which nothing is written is no card.
  const kept = cards.filter(({ card }) => card.kind !== "text" || card.text.trim() !== "");
  return { name, description, shared, filter_bar, cards: packed(inOrder(kept)) };
}
