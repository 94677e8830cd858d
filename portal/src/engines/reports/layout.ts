/** Cards in a grid of twelve columns: they stand one after another, each where there is room first. Pure. */
import type { DashboardCard } from "@/api/reports-wire";

export const columns = 12;
/** Widths that cards take, narrow to wide. */
const widths = [3, 4, 6, 8, 12];
const heights = { least: 1, most: 10 };

type Place = Pick<DashboardCard, "x" | "y" | "w" | "h">;

const meets = (one: Place, other: Place) =>
  one.x < other.x + other.w &&
  other.x < one.x + one.w &&
  one.y < other.y + other.h &&
  other.y < one.y + one.h;

/** Cards where they stand when they follow each other in this order. */
export function packed<T extends Place>(cards: T[]): T[] {
  const placed: T[] = [];
  // No card stands before the one that comes before it: reading goes line by line.
  let from = { x: 0, y: 0 };
  for (const card of cards) {
    const w = Math.min(columns, Math.max(1, card.w));
    let at = { ...card, w, x: from.x, y: from.y };
    while (at.x + w > columns || placed.some((one) => meets(one, at))) {
      at = at.x + w >= columns ? { ...at, x: 0, y: at.y + 1 } : { ...at, x: at.x + 1 };
    }
    placed.push(at);
    from = { x: at.x, y: at.y };
  }
  return placed;
}

/** As people read them. */
export const inOrder = <T extends Place>(cards: T[]): T[] =>
  cards.toSorted((one, other) => one.y - other.y || one.x - other.x);

/** A card so many places further. */
export function moved<T extends DashboardCard>(cards: T[], id: string, by: number): T[] {
  const from = cards.findIndex((card) => card.id === id);
  const card = cards[from];
  if (!card) return cards;
  const to = Math.min(cards.length - 1, Math.max(0, from + by));
  const rest = cards.filter((one) => one !== card);
  return packed([...rest.slice(0, to), card, ...rest.slice(to)]);
}

export function resized<T extends DashboardCard>(cards: T[], id: string, wider: number, taller: number): T[] {
  return packed(
    cards.map((card) => {
      if (card.id !== id) return card;
      const step = widths.findLastIndex((width) => width <= card.w);
      const w =
        wider === 0 ? card.w : (widths[Math.min(widths.length - 1, Math.max(0, step + wider))] ?? card.w);
      return { ...card, w, h: Math.min(heights.most, Math.max(heights.least, card.h + taller)) };
    }),
  );
}

export const without = <T extends DashboardCard>(cards: T[], id: string): T[] =>
  packed(cards.filter((card) => card.id !== id));

/** A name that no card has. */
export function freeId(cards: DashboardCard[], kind: string): string {
  let number = cards.length + 1;
  while (cards.some(({ id }) => id === `${kind}-${number}`)) number += 1;
  return `${kind}-${number}`;
}
