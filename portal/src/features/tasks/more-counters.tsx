/** Counters beside open and overdue: what is new, given back, broken; a press opens exactly so many. */
import { useTranslation } from "react-i18next";
import type { PersonCount } from "@/api/types";
import { Counter } from "@/ui/work";

type Name = "new" | "returned" | "violations";

interface Props {
  names: Name[];
  count: Pick<PersonCount, Name>;
  /** What is shown now. */
  pressed?: string;
  onPress(name: Name): void;
}

export default function MoreCounters({ names, count, pressed, onPress }: Props) {
  const { t } = useTranslation("watch");
  return names.map((name) => (
    <Counter
      key={name}
      label={t(`show_${name}`)}
      count={count[name]}
      late={name !== "new"}
      pressed={pressed === name}
      onPress={() => onPress(name)}
    />
  ));
}
