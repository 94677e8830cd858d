/** What a version brings besides permissions and entities: roles, guards, work of its own, events, ways in. */
import {
  IconBroadcast,
  IconClock,
  IconEar,
  IconShieldCheck,
  IconUsersGroup,
  IconWorld,
} from "@tabler/icons-react";
import { useTranslation } from "react-i18next";
import type { PluginDetail } from "@/api/types";
import { Code, Hint, ItemBody, ItemLine, ItemList, Tag, type Tone } from "@/ui/block";
import { eventParts } from "./groups";

type Brought = PluginDetail["brings"][number];

export const broughtIcons = {
  role: IconUsersGroup,
  hook: IconShieldCheck,
  job: IconClock,
  listens: IconEar,
  publishes: IconBroadcast,
  route: IconWorld,
} as const;

/** How much a difference from the version before asks of the reader. */
const tones = { new: "danger", changed: "warn", gone: "plain" } as const;

/** What stops changes or lets strangers in is marked; the rest is said. */
function toneOf({ what, guards, auth }: Brought): Tone {
  if (what === "hook" && guards) return "warn";
  return what === "route" && auth === "none" ? "danger" : "plain";
}

interface Props {
  items: Brought[];
  /** An entity as people call it, also one that only comes with the module. */
  entityOf(key: string): string;
}

export function Brings({ items, entityOf }: Props) {
  const { t } = useTranslation("plugins");
  return (
    <ItemList>
      {items.map((one) => {
        const Icon = broughtIcons[one.what];
        // Where its author gave no words, what it does is said first.
        const told = one.label || (one.what === "route" || one.what === "publishes" ? one.key : "");
        return (
          <ItemLine key={`${one.what} ${one.key}`}>
            <ItemBody
              icon={<Icon size={18} />}
              title={told || t(`brought_${one.what}`)}
              tags={
                <>
                  <Tag tone={toneOf(one)}>{told ? t(`brought_${one.what}`) : one.key}</Tag>
                  {one.change && <Tag tone={tones[one.change]}>{t(`brought_${one.change}`)}</Tag>}
                </>
              }
              note={<About one={one} entityOf={entityOf} />}
            />
          </ItemLine>
        );
      })}
    </ItemList>
  );
}

const operations = ["create", "update", "delete", "restore"] as const;

/** When, of what, and what happens when it fails. */
function About({ one, entityOf }: { one: Brought; entityOf: Props["entityOf"] }) {
  const { t } = useTranslation("plugins");
  switch (one.what) {
    case "role":
      return t("brought_rights", { entities: one.entities.map(entityOf).join(", ") });
    case "hook":
      return (
        <>
          {one.entities.map(entityOf).join(", ")}:{" "}
          {operations
            .filter((operation) => one.on.includes(operation))
            .map((operation) => t(`operation_${operation}`))
            .join(", ")}
          {one.when && (
            <>
              {" "}
              · {t("brought_when")} <Code>{one.when}</Code>
            </>
          )}
          <br />
          <Hint>{t(one.guards ? "brought_refuses" : "brought_passes")}</Hint>
        </>
      );
    case "job":
      return one.cron ? (
        <>
          {t("job_schedule")}: <Code>{one.cron}</Code>
        </>
      ) : (
        t("job_no_schedule")
      );
    case "listens":
      return one.on.map((name) => <Heard key={name} name={name} entityOf={entityOf} />);
    case "publishes":
      return one.label ? <Code>{one.key}</Code> : null;
    default:
      return t(`auth_${one.auth ?? "user"}`);
  }
}

/** An event of records in words; any other by its name. */
function Heard({ name, entityOf }: { name: string; entityOf: Props["entityOf"] }) {
  const { t } = useTranslation("plugins");
  const parts = eventParts(name);
  return (
    <span>
      {parts ? `${t(`heard_${parts.verb}`, { entity: entityOf(parts.entity) })}; ` : <Code>{name}</Code>}{" "}
    </span>
  );
}
