/** What other features show on a record's card: given from above (`routes/signed-in`), loaded with the first card. */
import { useQuery } from "@tanstack/react-query";
import { type ComponentType, createContext, Suspense, use } from "react";
import { ownTemplatesQuery } from "@/api/own-templates";
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

/** What is sold: its rows, what its state allows, and what was made of it. */
export interface SaleCard {
  entity: Entity;
  record: RecordData;
}

/** What a record sells, where it sells something. */
export const CardRows = createContext<ComponentType<SaleCard> | null>(null);

export function RowsOfCard(props: SaleCard) {
  const Part = use(CardRows);
  const isSale = props.entity.fields.some(isSaleRows);
  return <Suspense>{Part && isSale && <Part key={props.record.id} {...props} />}</Suspense>;
}

export const SaleParts = createContext<ComponentType<SaleCard> | null>(null);

const sold = ["lead", "deal", "quote", "order", "invoice", "payment"];

export function SaleOfCard(props: SaleCard) {
  const Part = use(SaleParts);
  const isSold = sold.includes(props.entity.key);
  // Papers are made of any record of which the company has a template.
  const own = useQuery({ ...ownTemplatesQuery, enabled: !isSold });
  const has = isSold || own.data?.some(({ entity }) => entity === props.entity.key);
  return <Suspense>{Part && has && <Part {...props} />}</Suspense>;
}
