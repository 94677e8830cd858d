/** What of moddle's elements the designer uses, as types: they come without any of their own. */

/** An element of the file: a step, a flow, a parameter. */
export interface Moddle {
  readonly $type: string;
  $parent?: Moddle;
  id?: string;
  name?: string;
  get(name: string): unknown;
  $instanceOf?(type: string): boolean;
}

/** Makes an element of the file. */
export type Create = (type: string, attributes?: object) => Moddle;

/** An attribute as trimmed text, none when it is empty. */
export function textOf(element: Moddle, name: string): string {
  const value = element.get(name);
  return typeof value === "string" ? value.trim() : "";
}

export const listOf = (element: Moddle | undefined, name: string): Moddle[] => {
  const value = element?.get(name);
  return Array.isArray(value) ? (value as Moddle[]) : [];
};

export const childOf = (element: Moddle, name: string): Moddle | undefined => {
  const value = element.get(name);
  return value && typeof value === "object" ? (value as Moddle) : undefined;
};

export const isA = (element: Moddle, type: string): boolean => element.$instanceOf?.(type) ?? false;
