/** A page of a plugin as its tree says; its parameters are the address's. */
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import type { SurfaceView } from "@/api/types";
import { SurfaceBody } from "./surface-body";
import { treeOf } from "./tree-of";

const route = getRouteApi("/shell/app/$plugin/$page");

export default function Surface({ surface, texts }: { surface: SurfaceView; texts: Record<string, string> }) {
  const navigate = useNavigate();
  const params = route.useSearch();
  const { plugin, id } = surface;
  return (
    <div style={{ padding: 16 }}>
      <SurfaceBody
        surface={surface}
        tree={treeOf(surface)}
        texts={texts}
        subject={{}}
        params={params}
        onParams={(next, replace) =>
          void navigate({ to: "/app/$plugin/$page", params: { plugin, page: id }, search: next, replace })
        }
        onClose={() => window.history.back()}
      />
    </div>
  );
}
