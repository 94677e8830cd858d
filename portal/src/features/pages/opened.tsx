/** What a button, a menu or a command of a module opens: over the page, or at once where it is but one action. */
import { Modal } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { pagesQuery } from "@/api/pages";
import type { ActionsBlock, Tree } from "@/engines/blocks/tree";
import { closeSurface, type OpenSurface } from "@/engines/open-surface";
import { SurfaceBody } from "./surface-body";
import { treeOf } from "./tree-of";

/** The one action that a tree is, if it is nothing else. */
export function onlyAction(tree: Tree) {
  const [block, ...others] = tree.blocks;
  if (block?.block !== "actions" || others.length > 0 || block.when !== undefined) return undefined;
  const { items } = block as ActionsBlock;
  return items.length === 1 ? items[0] : undefined;
}

export default function OpenedSurface({ opened }: { opened: OpenSurface }) {
  const { t } = useTranslation("common");
  const { data } = useQuery(pagesQuery);
  const surface = data?.surfaces.find(({ plugin, id }) => plugin === opened.plugin && id === opened.id);
  if (!surface) return null;
  const tree = treeOf(surface);
  const action = onlyAction(tree);
  const body = (
    <SurfaceBody
      key={surface.tree_hash}
      surface={surface}
      tree={tree}
      texts={data?.texts[opened.plugin] ?? {}}
      subject={opened.subject}
      params={opened.params}
      start={action}
      onClose={closeSurface}
      onLeave={closeSurface}
    />
  );
  if (action) return body;
  return (
    <Modal
      opened
      onClose={closeSurface}
      size="lg"
      title={surface.title}
      closeButtonProps={{ "aria-label": t("close") }}
    >
      {body}
    </Modal>
  );
}
