/** What other features show on a record's card: given from above (`routes/signed-in`), loaded with the first card. */
import { type ComponentType, createContext, Suspense, use } from "react";
import type { Entity, Id, RecordData } from "@/api/types";
import { isSaleRows } from "./fields/kinds";

export interface CardPart {
  entity: string;
  id: Id;
}

export const CardParts = createContext<ComponentType<CardPart> | null>(null);

export function MoreOfCard(props: CardPart) {
  const Part = use(CardParts);
  return <Suspense>{Part && <Part key={props.id} {...props} />}</Suspense>;
}

export interface RowsPart {
  entity: Entity;
  record: RecordData;
}

/** What a record sells, where it sells something. */
export const CardRows = createContext<ComponentType<RowsPart> | null>(null);

export function RowsOfCard(props: RowsPart) {
  const Part = use(CardRows);
  const isSale = props.entity.fields.some(isSaleRows);
  return <Suspense>{Part && isSale && <Part key={props.record.id} {...props} />}</Suspense>;
}
