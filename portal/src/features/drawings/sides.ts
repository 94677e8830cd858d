/** What stands at the left and at the right of a comparison, from the address. */
import { queryOptions, useQuery } from "@tanstack/react-query";
import { useTranslation } from "react-i18next";
import { type Drawing, drawingFileQuery, drawingOneQuery, revisionFile, type Side } from "@/api/drawings";
import { keys } from "@/api/keys";
import { drawingQuery } from "@/api/processes";
import type { CompareSearch } from "@/state/search";

export interface Shown {
  side: Side;
  title: string;
  /** It is the drawing as it is now: its file has a picture made for it where it has none. */
  now?: boolean;
}

/** The file of a side; a revision and a version never change. */
export function fileQuery({ side, now }: Shown) {
  if ("definition" in side) {
    const { queryKey, queryFn } = drawingQuery(side.definition, side.version ?? 0);
    return queryOptions<string>({
      queryKey,
      queryFn: queryFn as () => Promise<string>,
      staleTime: Number.POSITIVE_INFINITY,
    });
  }
  const { drawing, revision } = side;
  if (now || revision === undefined) {
    const { queryKey, queryFn } = drawingFileQuery(drawing, "now");
    return queryOptions<string>({
      queryKey: [...queryKey, revision],
      queryFn: queryFn as () => Promise<string>,
      staleTime: Number.POSITIVE_INFINITY,
    });
  }
  return queryOptions<string>({
    queryKey: keys.drawingFile(drawing, revision),
    queryFn: () => revisionFile(drawing, revision),
    staleTime: Number.POSITIVE_INFINITY,
  });
}

/** Before at the left: how it is, a version, an older revision. None until something is chosen. */
export function useSides(
  drawing: Drawing,
  search: CompareSearch,
): { sides?: [Shown, Shown]; error?: unknown } {
  const { t } = useTranslation(["drawings", "processes"]);
  const own = search.version !== undefined || search.revision !== undefined;
  const other = own ? undefined : (search.with ?? drawing.pair);
  const query = useQuery({ ...drawingOneQuery(other ?? ""), enabled: other !== undefined });
  const now = (one: Drawing): Shown => ({
    side: { drawing: one.id, revision: one.revision },
    title: `${one.title} · ${t(`processes:drawing_${one.kind}`)}`,
    now: true,
  });
  const turned = (sides: [Shown, Shown]): [Shown, Shown] => (search.swap ? [sides[1], sides[0]] : sides);
  const mine = now(drawing);
  if (search.version !== undefined) {
    if (!drawing.definition) return {};
    const { version } = search;
    const title = t("drawings:compare_version", { version });
    return { sides: turned([{ side: { definition: drawing.definition.key, version }, title }, mine]) };
  }
  if (search.revision !== undefined) {
    const { revision } = search;
    const title = t("drawings:revision", { number: revision });
    return { sides: turned([{ side: { drawing: drawing.id, revision }, title }, mine]) };
  }
  if (query.error) return { error: query.error };
  if (!query.data) return {};
  const theirs = now(query.data);
  // How it is stands before how it shall be.
  const first = drawing.kind === "as_is" && query.data.kind !== "as_is";
  return { sides: turned(first ? [mine, theirs] : [theirs, mine]) };
}
