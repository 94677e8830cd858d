/** My people in the inbox. */
import { Suspense } from "react";
import { useTranslation } from "react-i18next";
import type { PersonCount } from "@/api/types";
import type { TasksSearch } from "@/state/search";
import { Avatar } from "@/ui/person";
import { EmptyState } from "@/ui/states";
import { Counter, WorkGroup, WorkList, WorkRow } from "@/ui/work";
import { MoreCounters } from "./counters";

/** Each of my people with their numbers; a number opens exactly that many. */
export function Team({ people, go }: { people: PersonCount[]; go(search: TasksSearch): void }) {
  const { t } = useTranslation("tasks");
  if (people.length === 0) return <EmptyState title={t("empty_team_title")}>{t("empty_team")}</EmptyState>;
  return (
    <WorkList>
      <WorkGroup title={t("view_team")}>
        {people.map((person) => {
          const number = (show: "overdue" | undefined, label: string, count: number, late = false) => (
            <Counter
              label={label}
              count={count}
              late={late}
              pressed={false}
              onPress={() => go({ view: "team", person: person.user, show })}
            />
          );
          return (
            <WorkRow
              key={person.user}
              testId={`person-${person.user}`}
              link={person.name}
              about={
                <>
                  {number(undefined, t("show_open"), person.open)}{" "}
                  {number("overdue", t("show_overdue"), person.overdue, true)}{" "}
                  <Suspense>
                    <MoreCounters
                      names={["violations"]}
                      count={person}
                      onPress={(show) => go({ view: "team", person: person.user, show })}
                    />
                  </Suspense>
                </>
              }
              due={person.due_today > 0 ? t("due_today", { count: person.due_today }) : ""}
              who={<Avatar name={person.name} />}
            />
          );
        })}
      </WorkGroup>
    </WorkList>
  );
}
