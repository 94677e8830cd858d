/** What other features show on a record's card: given from above (`routes/signed-in`), loaded with the first card. */
import { type ComponentType, createContext, Suspense, use } from "react";
import type { Id } from "@/api/types";

export interface CardPart {
  entity: string;
  id: Id;
}

export const CardParts = createContext<ComponentType<CardPart> | null>(null);

export function MoreOfCard(props: CardPart) {
  const Part = use(CardParts);
  return <Suspense>{Part && <Part key={props.id} {...props} />}</Suspense>;
}
