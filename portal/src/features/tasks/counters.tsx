/** Counters above the tasks: each opens exactly as many as it says. */
import { useQuery } from "@tanstack/react-query";
import { lazy, Suspense } from "react";
import { useTranslation } from "react-i18next";
import type { PersonCount } from "@/api/types";
import { countersQuery } from "@/api/work-cache";
import { withMessageTexts } from "@/i18n";
import type { TasksSearch } from "@/state/search";
import { Counter, CounterBar } from "@/ui/work";

/** Those beside open and overdue, with texts of their own. */
export const MoreCounters = lazy(() => withMessageTexts(() => import("./more-counters")));

interface CountersProps {
  search: TasksSearch;
  person: PersonCount | undefined;
  total: number | undefined;
  go(search: TasksSearch): void;
}

/** What is late and what is open; a press filters, another takes the filter back. Of my people together, too. */
export function Counters({ search, person, total, go }: CountersProps) {
  const { t } = useTranslation("tasks");
  const { data } = useQuery(countersQuery);
  const view = search.view ?? "mine";
  const together = view === "team" && !search.person;
  if (together && !data?.subordinates.length) return null;
  const count = view === "mine" ? data?.mine : together ? data?.team : view === "team" ? person : undefined;
  // Without a filter my people stand one by one.
  const show = search.show ?? (together ? undefined : "open");
  const one = (name: "open" | "overdue" | "completed", number: number | undefined, late = false) => (
    <Counter
      label={t(`show_${name}`)}
      count={number ?? (show === name ? total : undefined)}
      late={late}
      pressed={show === name}
      onPress={() =>
        go({
          ...search,
          task: undefined,
          show: (name === "open" && !together) || show === name ? undefined : name,
        })
      }
    />
  );
  return (
    <CounterBar label={t("filters")}>
      {one("open", view === "take" ? data?.mine.unclaimed : count?.open)}
      {one("overdue", count?.overdue, true)}
      {count && (
        <Suspense>
          <MoreCounters
            names={["new", "returned", "violations"]}
            count={count}
            pressed={show}
            onPress={(name) => go({ ...search, task: undefined, show: show === name ? undefined : name })}
          />
        </Suspense>
      )}
      {view !== "take" && !together && one("completed", undefined)}
      {person && (
        <Counter label={person.name} count={undefined} pressed onPress={() => go({ view: "team" })} />
      )}
    </CounterBar>
  );
}
