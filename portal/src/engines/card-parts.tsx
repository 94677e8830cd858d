/** What other features show on a record's card: given from above (`routes/signed-in`), loaded with the first card. */
import { type ComponentType, createContext, Suspense, use } from "react";
import type { Entity, Id, RecordData } from "@/api/types";

export interface CardPart {
  entity: string;
  id: Id;
}

export const CardParts = createContext<ComponentType<CardPart> | null>(null);

export function MoreOfCard(props: CardPart) {
  const Part = use(CardParts);
  return <Suspense>{Part && <Part key={props.id} {...props} />}</Suspense>;
}

/** What is sold: what its state allows, and what was made of it. */
export interface SaleCard {
  entity: Entity;
  record: RecordData;
}

export const SaleParts = createContext<ComponentType<SaleCard> | null>(null);

const sold = ["lead", "deal", "quote", "order", "invoice", "payment"];

export function SaleOfCard(props: SaleCard) {
  const Part = use(SaleParts);
  return <Suspense>{Part && sold.includes(props.entity.key) && <Part {...props} />}</Suspense>;
}
