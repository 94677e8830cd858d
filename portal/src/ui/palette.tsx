/** How the command palette and the list of shortcuts look. */
import { Fragment, type ReactNode } from "react";
import { Kbd } from "./nav";
import classes from "./palette.module.css";

/** It scrolls, so it can be reached by the keyboard (WCAG 2.1.1), though its lines are walked from the input. */
export const PaletteBody = ({ children }: { children: ReactNode }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable
  <div className={classes.body} tabIndex={0}>
    {children}
  </div>
);

export const PaletteLine = ({ icon, text, note }: { icon: ReactNode; text: string; note?: string }) => (
  <span className={classes.line}>
    {icon}
    <span className={classes.text}>{text}</span>
    {note && <span className={classes.note}>{note}</span>}
  </span>
);

interface Group {
  title: string;
  keys: { keys: string[]; text: string }[];
}

export function ShortcutTable({ groups }: { groups: Group[] }) {
  return groups.map((group) => (
    <section key={group.title} className={classes.group}>
      <h3>{group.title}</h3>
      <dl>
        {group.keys.map(({ keys, text }) => (
          <Fragment key={text}>
            <dt>{text}</dt>
            <dd>
              {keys.map((key) => (
                <Kbd key={key}>{key}</Kbd>
              ))}
            </dd>
          </Fragment>
        ))}
      </dl>
    </section>
  ));
}
