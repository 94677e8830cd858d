/** The live map of one instance, and what an operator may do to it. The same beside the journal and on its page. */
import { useInfiniteQuery, useQuery } from "@tanstack/react-query";
import { useMemo, useState } from "react";
import { useTranslation } from "react-i18next";
import { messageOf } from "@/api/problem";
import { definitionQuery, drawingQuery, instanceMapQuery } from "@/api/processes";
import { tasksQuery } from "@/api/tasks";
import type { Id, Instance } from "@/api/types";
import { RouteMap, useDrawing } from "@/engines/route-map/route-map";
import { type Spent, sightsOf, withSpent } from "@/engines/route-map/states";
import { useNames } from "@/engines/titles";
import { Bone } from "@/ui/states";
import { Hint } from "@/ui/work";
import { Operate } from "./operate";

/** Whether the reader may set right what went wrong with instances of this definition. */
export function useOperator(key: string): boolean {
  const { data } = useQuery(definitionQuery(key));
  return data?.may.includes("operate") ?? false;
}

export function InstanceMap({ instance }: { instance: Instance }) {
  const { t } = useTranslation(["processes", "common"]);
  const xml = useQuery(drawingQuery(instance.key, instance.version));
  const drawing = useDrawing(xml.data);
  const names = useNames();
  const tasks = useInfiniteQuery(tasksQuery({ instance: instance.id, state: "open" }));
  const mayOperate = useOperator(instance.key);
  const [chosen, setChosen] = useState<{ id: Id; element: string }>();
  const [asked, setAsked] = useState<{ id: Id; element: string }>();
  const operates = mayOperate && instance.state === "active";
  // Beside the journal the same map shows one instance after another.
  const element = chosen?.id === instance.id ? chosen.element : undefined;
  const spent = useQuery(instanceMapQuery(instance.id)).data?.elements as Spent | undefined;
  const sights = useMemo(() => {
    const open = tasks.data?.pages.flatMap((page) => page.items) ?? [];
    return withSpent(sightsOf(instance, instance.visited, open, new Date()), spent);
  }, [instance, tasks.data, spent]);
  return (
    <>
      <Operate
        instance={instance}
        drawing={drawing}
        mayOperate={mayOperate}
        element={element}
        asked={asked?.id === instance.id ? asked.element : undefined}
        onAnswered={() => setAsked(undefined)}
      />
      {xml.isPending && <Bone height={320} />}
      {xml.isError && <Hint>{messageOf(xml.error, t("common:network"))}</Hint>}
      {xml.data && (
        <RouteMap
          xml={xml.data}
          label={t("processes:route_map")}
          sights={sights}
          names={names}
          selected={element}
          onSelect={operates ? (next) => setChosen({ id: instance.id, element: next }) : undefined}
          stepAction={
            operates
              ? {
                  label: t("processes:from_here"),
                  run: (next) => setAsked({ id: instance.id, element: next }),
                }
              : undefined
          }
        />
      )}
    </>
  );
}
