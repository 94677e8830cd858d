/** What kind of record the drawing is thought for: the file does not say, the person chose it last in this browser. */
import { useState } from "react";
import { useEntities } from "@/api/session";

const place = "verstak.drawing.subject";

export function useSubject(): [string, (entity: string) => void] {
  const entities = useEntities();
  const [chosen, setChosen] = useState(() => localStorage.getItem(place));
  const known = entities.some(({ key }) => key === chosen);
  const first = entities.find(({ key }) => key === "deal") ?? entities[0];
  return [
    known && chosen ? chosen : (first?.key ?? ""),
    (entity) => {
      localStorage.setItem(place, entity);
      setChosen(entity);
    },
  ];
}
