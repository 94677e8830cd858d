/** People: a circle with initials, alone or beside the name. The colour is steady per name. */
import { initials } from "@/i18n/format";
import classes from "./person.module.css";

function hueOf(name: string): number {
  let hash = 0;
  for (const letter of name) hash = (hash * 31 + (letter.codePointAt(0) ?? 0)) % 3600;
  return hash % 360;
}

export function Avatar({ name, large = false, title }: { name: string; large?: boolean; title?: string }) {
  return (
    <span
      className={classes.avatar}
      data-large={large}
      style={{ "--hue": hueOf(name) } as React.CSSProperties}
      title={title}
      aria-hidden
    >
      {initials(name)}
    </span>
  );
}

/** Two lines for menus. */
export function Person({ name, note }: { name: string; note?: string }) {
  return (
    <span className={classes.person} data-menu="true">
      <Avatar name={name} large />
      <span className={classes.text}>
        <span className={classes.name}>{name}</span>
        {note && <span className={classes.note}>{note}</span>}
      </span>
    </span>
  );
}

/** One line for tables and fields. */
export function PersonInline({ name }: { name: string }) {
  return (
    <span className={classes.inline}>
      <Avatar name={name} />
      <span>{name}</span>
    </span>
  );
}
