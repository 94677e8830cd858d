import { useQuery } from "@tanstack/react-query";
import { useState } from "react";
import { ownTemplatesQuery } from "@/api/own-templates";
import type { RecordData } from "@/api/types";
import { choicesOf } from "./choices";

/** Templates of a record, and which one is chosen: the usual one until somebody chooses. */
export function useTemplates(entity: string, record: RecordData) {
  const own = useQuery(ownTemplatesQuery);
  const [value, setValue] = useState<string>();
  const choices = choicesOf(entity, record.fields, own.data ?? []);
  const chosen = choices.find((one) => one.value === value) ?? choices[0];
  // Until the company's own are known nobody knows which one is the usual.
  return { choices, chosen, known: !own.isPending, choose: setValue };
}
