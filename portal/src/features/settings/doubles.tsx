/** Records that have the same in a field that is to be unique: in groups, each with its way to the record. */
import { Link } from "@tanstack/react-router";
import { ApiError } from "@/api/problem";
import type { Id } from "@/api/types";
import { ItemBody, ItemLine, ItemList } from "@/ui/block";
import { InlineLink } from "@/ui/value";

interface Group {
  value: unknown;
  records: { id: Id; title: string }[];
}

export function Doubles({ entity, error }: { entity: string; error: unknown }) {
  if (!(error instanceof ApiError) || error.code !== "config.doubles") return null;
  const { groups = [] } = (error.problem.current ?? {}) as unknown as { groups?: Group[] };
  return (
    <ItemList>
      {groups.map(({ value, records }) => (
        <ItemLine key={records[0]?.id}>
          <ItemBody
            title={String(value)}
            note={records.map(({ id, title }, index) => (
              <span key={id}>
                {index > 0 && ", "}
                <InlineLink>
                  <Link to="/records/$entity/$id" params={{ entity, id }}>
                    {title || id}
                  </Link>
                </InlineLink>
              </span>
            ))}
          />
        </ItemLine>
      ))}
    </ItemList>
  );
}
