/** Parts of a stage's form that are made of what automation has: the page puts them in. */
import { type ComponentType, createContext } from "react";
import type { Entity } from "@/api/types";
import type { StageDraft } from "./model";

export interface StagePartProps {
  entity: Entity;
  draft: StageDraft;
  /** What the server said about it, by part. */
  errors: Record<string, string>;
  put(part: Partial<StageDraft>): void;
}

export const StageParts = createContext<ComponentType<StagePartProps> | null>(null);
