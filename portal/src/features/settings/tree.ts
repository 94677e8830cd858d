/** Departments as a tree: order of lines with their depth, and who may stand above whom. Pure. */
import type { Department, Id } from "@/api/types";

export interface Branch {
  department: Department;
  depth: number;
}

/** Parents before children, each level by name. Lost or circular parents become roots: nothing disappears. */
export function treeOf(departments: Department[]): Branch[] {
  const known = new Set(departments.map(({ id }) => id));
  const children = new Map<Id | null, Department[]>();
  for (const department of departments) {
    const parent = department.parent_id && known.has(department.parent_id) ? department.parent_id : null;
    children.set(parent, [...(children.get(parent) ?? []), department]);
  }
  const branches: Branch[] = [];
  const seen = new Set<Id>();
  const walk = (list: Department[], depth: number) => {
    for (const department of list.toSorted((a, b) => a.name.localeCompare(b.name))) {
      if (seen.has(department.id)) continue;
      seen.add(department.id);
      branches.push({ department, depth });
      walk(children.get(department.id) ?? [], depth + 1);
    }
  };
  walk(children.get(null) ?? [], 0);
  walk(
    departments.filter(({ id }) => !seen.has(id)),
    0,
  );
  return branches;
}

/** Itself and everything below it. */
export function below(departments: Department[], id: Id): Set<Id> {
  const found = new Set<Id>([id]);
  for (let grew = true; grew; ) {
    grew = false;
    for (const { id: child, parent_id } of departments) {
      if (parent_id && found.has(parent_id) && !found.has(child)) {
        found.add(child);
        grew = true;
      }
    }
  }
  return found;
}

/** Departments that may stand above this one (any, for a new one). */
export function possibleParents(departments: Department[], id?: Id): Branch[] {
  const barred = id ? below(departments, id) : new Set<Id>();
  return treeOf(departments).filter(({ department }) => !barred.has(department.id));
}
