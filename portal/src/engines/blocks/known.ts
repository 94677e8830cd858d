/**
 * Blocks that this portal does not know: in their place stands their own `else`, or the nearest ancestor's in place of
 * all of that ancestor; without either the block is left out and noted. Pure.
 */
import { isKnown } from "./check";
import type { AnyBlock } from "./tree";

export interface Settled {
  blocks: AnyBlock[];
  /** Kinds that were left out. */
  dropped: string[];
}

type Inner = Partial<Record<"blocks" | "detail", AnyBlock[]>> & {
  master?: AnyBlock;
  tabs?: { blocks: AnyBlock[] }[];
};

export function settle(blocks: AnyBlock[], drawn: (block: AnyBlock) => boolean = isKnown): Settled {
  const dropped: string[] = [];
  const all = (list: AnyBlock[], sheltered: boolean): AnyBlock[] | undefined => {
    const made: AnyBlock[] = [];
    for (const block of list) {
      const next = one(block, sheltered);
      if (!next) return undefined;
      made.push(...next);
    }
    return made;
  };
  /** Undefined: an ancestor's `else` is wanted. `sheltered`: there is one. */
  const one = (block: AnyBlock, sheltered: boolean): AnyBlock[] | undefined => {
    const instead = () => block.else && all(block.else, sheltered);
    if (!drawn(block)) {
      const found = instead();
      if (found) return found;
      if (sheltered) return undefined;
      dropped.push(block.block);
      return [];
    }
    const inner = block as unknown as Inner;
    const under = sheltered || block.else !== undefined;
    const next = { ...block } as unknown as Inner;
    let whole = true;
    const settleList = (list: AnyBlock[] | undefined) => {
      if (!list) return undefined;
      const made = all(list, under);
      if (!made) whole = false;
      return made;
    };
    if (inner.blocks) next.blocks = settleList(inner.blocks);
    if (inner.detail) next.detail = settleList(inner.detail);
    if (inner.master) next.master = settleList([inner.master])?.[0];
    if (inner.tabs) next.tabs = inner.tabs.map((tab) => ({ ...tab, blocks: settleList(tab.blocks) ?? [] }));
    if (whole) return [next as unknown as AnyBlock];
    return instead() ?? (sheltered ? undefined : []);
  };
  return { blocks: all(blocks, false) ?? [], dropped };
}
