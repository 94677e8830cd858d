/** A page of a plugin as its tree says. */
import { useQueryClient } from "@tanstack/react-query";
import { getRouteApi, useNavigate } from "@tanstack/react-router";
import { keys } from "@/api/keys";
import { onEntityChange } from "@/api/live";
import { ApiError } from "@/api/problem";
import { useEntities, useMe } from "@/api/session";
import type { Fields } from "@/api/types";
import { BlockPage } from "@/engines/blocks/page";
import type { OpenTarget, Tree } from "@/engines/blocks/tree";
import { currentLocale } from "@/i18n";
import { openCreate } from "@/state/creating";
import { backend } from "./backend";

const route = getRouteApi("/shell/app/$plugin/$page");

interface Props {
  plugin: string;
  page: string;
  title: string;
  tree: Tree;
  hash: string;
  texts: Record<string, string>;
}

export default function Surface({ plugin, page, title, tree, hash, texts }: Props) {
  const me = useMe();
  const entities = useEntities();
  const navigate = useNavigate();
  const client = useQueryClient();
  const params = route.useSearch();
  const open = (target: OpenTarget) => {
    if ("record" in target) {
      const id = String(target.record);
      void navigate({ to: "/records/$entity/$id", params: { entity: target.entity, id } });
    } else if ("url" in target) {
      window.open(String(target.url), "_blank", "noopener");
    } else {
      const other = "page" in target ? target.page : target.surface;
      void navigate({
        to: "/app/$plugin/$page",
        params: { plugin, page: other },
        search: target.params ?? {},
      });
    }
  };
  return (
    <div style={{ padding: 16 }}>
      <BlockPage
        tree={tree}
        tree_hash={hash}
        backend={stale(() => void client.invalidateQueries({ queryKey: keys.pages }))}
        plugin={plugin}
        pluginTitle={title}
        surface={page}
        me={me}
        texts={texts}
        locale={currentLocale()}
        params={params}
        onParams={(next, replace) =>
          void navigate({ to: "/app/$plugin/$page", params: { plugin, page }, search: next, replace })
        }
        onOpen={open}
        onForm={({ entity, record, defaults }) =>
          record ? open({ record, entity }) : openCreate(entity, defaults as Fields | undefined)
        }
        onClose={() => window.history.back()}
        can={(entity, action) => {
          const actions: Partial<Record<string, boolean>> | undefined = entities.find(
            ({ key }) => key === entity,
          )?.actions;
          return actions?.[action] ?? false;
        }}
        listen={onEntityChange}
      />
    </div>
  );
}

/** The same data; when the package was upgraded meanwhile, the new tree is asked for. */
function stale(renew: () => void): typeof backend {
  return {
    ...backend,
    async read(request, signal) {
      try {
        return await backend.read(request, signal);
      } catch (error) {
        if (error instanceof ApiError && error.problem.code === "ui.stale") renew();
        throw error;
      }
    },
  };
}
