/** `/tasks/{id}`: a task on a page of its own. */
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { WorkPage } from "@/ui/work";
import { TaskCard } from "./card";

const route = getRouteApi("/shell/tasks/$id");

export default function TaskPage() {
  const { id } = route.useParams();
  const { tab } = route.useSearch();
  const navigate = useNavigate();
  return (
    <WorkPage>
      <TaskCard
        key={id}
        id={id}
        place="page"
        tab={tab ?? "text"}
        onTab={(next) =>
          void navigate({
            to: "/tasks/$id",
            params: { id },
            search: next === "text" ? {} : { tab: next },
            replace: true,
          })
        }
      />
    </WorkPage>
  );
}
