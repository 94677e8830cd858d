/** A surface where core pages have a place for it: a tab, a widget, the corner of the shell. */
import { Button } from "@mantine/core";
import { useQuery } from "@tanstack/react-query";
import { useMemo } from "react";
import { pagesQuery } from "@/api/pages";
import { isKnown } from "@/engines/blocks/check";
import type { AnyBlock, Tree } from "@/engines/blocks/tree";
import { openSurface } from "@/engines/open-surface";
import type { DrawnSurface } from "@/engines/slots";
import { Buttons } from "@/ui/block";
import { SurfaceBody } from "./surface-body";
import { treeOf } from "./tree-of";

/** Small enough for the corner. */
const faces = new Set(["timer", "badges", "progress", "actions"]);

/** What stands in the corner, and whether there is more behind it. */
export function faceOf(tree: Tree): { face: Tree; more: boolean } {
  const isFace = (block: AnyBlock) => isKnown(block) && faces.has(block.block);
  return { face: { ...tree, blocks: tree.blocks.filter(isFace) }, more: !tree.blocks.every(isFace) };
}

export default function Slot({ surface, subject = {}, face = false }: DrawnSurface) {
  const { data } = useQuery(pagesQuery);
  const whole = useMemo(() => treeOf(surface), [surface]);
  const shown = useMemo(() => (face ? faceOf(whole) : undefined), [whole, face]);
  const tree = shown?.face ?? whole;
  const { plugin, id, title } = surface;
  return (
    <>
      {tree.blocks.length > 0 && (
        <SurfaceBody
          key={surface.tree_hash}
          surface={surface}
          tree={tree}
          texts={data?.texts[plugin] ?? {}}
          subject={subject}
        />
      )}
      {shown?.more && (
        <Buttons>
          <Button variant="default" size="compact-sm" onClick={() => openSurface({ plugin, id, subject })}>
            {title}
          </Button>
        </Buttons>
      )}
    </>
  );
}
