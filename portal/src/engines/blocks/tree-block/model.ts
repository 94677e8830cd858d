/** Things above and below one another: building, moving, places of a mind map and an org chart. Pure. */

export interface NodeInput {
  id: string;
  level: number;
  label: string;
  /** Of the same level. */
  parent?: string;
  /** Of the level above. */
  under?: string;
}
export interface TreeNode extends NodeInput {
  depth: number;
  children: TreeNode[];
}

/** Nodes of different levels may have the same id. */
export const keyOf = ({ level, id }: { level: number; id: string }): string => `${level}:${id}`;

/** The roots, in the given order. What names nobody who is there is a root; so is a circle's first member. */
export function buildTree(inputs: NodeInput[]): TreeNode[] {
  const nodes = new Map<string, TreeNode>(
    inputs.map((input) => [keyOf(input), { ...input, depth: 0, children: [] }]),
  );
  const above = (node: NodeInput): TreeNode | undefined =>
    (node.parent !== undefined ? nodes.get(keyOf({ level: node.level, id: node.parent })) : undefined) ??
    (node.under !== undefined ? nodes.get(keyOf({ level: node.level - 1, id: node.under })) : undefined);
  const roots: TreeNode[] = [];
  for (const node of nodes.values()) {
    const parent = above(node);
    if (parent && !leadsBack(node, above)) parent.children.push(node);
    else roots.push(node);
  }
  const deepen = (node: TreeNode, depth: number) => {
    node.depth = depth;
    for (const child of node.children) deepen(child, depth + 1);
  };
  for (const root of roots) deepen(root, 0);
  return roots;
}

/** Whether going up from a node comes back to it, and it is the first of the circle. */
function leadsBack(node: TreeNode, above: (node: NodeInput) => TreeNode | undefined): boolean {
  const circle = [node];
  const seen = new Set<TreeNode>([node]);
  for (let at = above(node); at; at = above(at)) {
    if (at === node) return circle.every((one) => keyOf(one) >= keyOf(node));
    if (seen.has(at)) return false;
    seen.add(at);
    circle.push(at);
  }
  return false;
}

export function flatten(roots: TreeNode[], closed: ReadonlySet<string>): TreeNode[] {
  return roots.flatMap((node) => [node, ...(closed.has(keyOf(node)) ? [] : flatten(node.children, closed))]);
}

const holds = (node: TreeNode, other: TreeNode): boolean =>
  node === other || node.children.some((child) => holds(child, other));

/** What a level may be put under. */
export interface LevelRule {
  parent?: string;
  under?: string;
}

/**
 * What is written when a node goes under another (`undefined` = to the top); nothing where it may not go there: into
 * itself, under another kind of thing than its level allows, or where it is already.
 */
export function moveOf(
  node: TreeNode,
  target: TreeNode | undefined,
  levels: LevelRule[],
): Record<string, string | null> | undefined {
  const rule = levels[node.level];
  if (!rule) return undefined;
  if (!target) {
    // The top is for the first level alone: everything else stands under something.
    if (!rule.parent || (node.level > 0 && !node.under)) return undefined;
    return node.parent === undefined ? undefined : { [rule.parent]: null };
  }
  if (holds(node, target)) return undefined;
  if (target.level === node.level && rule.parent) {
    if (node.parent === target.id) return undefined;
    const kept = rule.under && target.under !== undefined ? { [rule.under]: target.under } : {};
    return { [rule.parent]: target.id, ...kept };
  }
  if (target.level === node.level - 1 && rule.under) {
    if (node.under === target.id && node.parent === undefined) return undefined;
    return { [rule.under]: target.id, ...(rule.parent ? { [rule.parent]: null } : {}) };
  }
  return undefined;
}

export interface Placed {
  node: TreeNode;
  x: number;
  y: number;
}
export interface Drawing {
  nodes: Placed[];
  lines: { from: Placed; to: Placed }[];
  width: number;
  height: number;
}

export interface Sizes {
  width: number;
  height: number;
  gapX: number;
  gapY: number;
}

/** To the right (`across`) or downwards; every parent in the middle of what is below it. */
export function placeTree(
  roots: TreeNode[],
  closed: ReadonlySet<string>,
  sizes: Sizes,
  direction: "across" | "down",
): Drawing {
  const nodes: Placed[] = [];
  const lines: Drawing["lines"] = [];
  const along = direction === "across" ? sizes.width + sizes.gapX : sizes.height + sizes.gapY;
  const beside = direction === "across" ? sizes.height + sizes.gapY : sizes.width + sizes.gapX;
  let next = 0;
  const visit = (node: TreeNode): { placed: Placed; at: number } => {
    const children = closed.has(keyOf(node)) ? [] : node.children.map(visit);
    const first = children[0]?.at;
    const last = children[children.length - 1]?.at;
    const at = first === undefined || last === undefined ? next++ * beside : (first + last) / 2;
    const [x, y] = direction === "across" ? [node.depth * along, at] : [at, node.depth * along];
    const placed = { node, x, y };
    nodes.push(placed);
    for (const child of children) lines.push({ from: placed, to: child.placed });
    return { placed, at };
  };
  for (const root of roots) visit(root);
  const width = Math.max(0, ...nodes.map(({ x }) => x)) + sizes.width;
  const height = Math.max(0, ...nodes.map(({ y }) => y)) + sizes.height;
  return { nodes, lines, width, height };
}
