/** What a surface draws: the declared tree, or one block that asks the plugin's code for it each time. */
import type { SurfaceView } from "@/api/types";
import type { Tree } from "@/engines/blocks/tree";

export const treeOf = (surface: SurfaceView): Tree =>
  (surface.tree as unknown as Tree | undefined) ?? {
    v: 1,
    blocks: [{ block: "rendered", id: "drawn", surface: surface.id }],
  };
