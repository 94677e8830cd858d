/** `/records/{entity}/{id}`: a record on a page of its own, fields at the left, timeline at the right. */
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { useEntity } from "@/api/session";
import { NotFound } from "@/ui/not-found";
import { RecordCard } from "./record-card";

const route = getRouteApi("/shell/records/$entity/$id");

export default function RecordPage() {
  const { entity: key, id } = route.useParams();
  const entity = useEntity(key);
  const navigate = useNavigate();
  if (!entity) return <NotFound />;
  return (
    <RecordCard
      key={id}
      entity={entity}
      id={id}
      place="page"
      onGone={() => void navigate({ to: "/records/$entity", params: { entity: key } })}
    />
  );
}
