/** Sections of a page in groups: a column beside it; on a narrow screen a list under a button that names the present one. */
import { IconChevronDown } from "@tabler/icons-react";
import { type KeyboardEvent, type ReactNode, useId } from "react";
import classes from "./sections.module.css";

interface Props {
  label: string;
  /** The present section, which the button names. */
  current: string;
  /** Links, in groups. */
  links: ReactNode;
  /** Whether the list is unfolded: on a narrow screen alone. */
  open: boolean;
  onOpen(open: boolean): void;
  children: ReactNode;
}

export function Sections({ label, current, links, open, onOpen, children }: Props) {
  const list = useId();
  return (
    <div className={classes.sections}>
      <nav className={classes.nav} aria-label={label}>
        <button
          type="button"
          className={classes.toggle}
          aria-expanded={open}
          aria-controls={list}
          onClick={() => onOpen(!open)}
        >
          <span>{current}</span>
          <IconChevronDown size={16} aria-hidden />
        </button>
        <div id={list} className={classes.list} data-open={open}>
          {links}
        </div>
      </nav>
      <div className={classes.page}>{children}</div>
    </div>
  );
}

/** In a link: up, down, the first and the last go from section to section; Escape folds the list. */
export function sectionKeys(event: KeyboardEvent<HTMLElement>, onFold: () => void): void {
  // With another key they are the browser's: back, the end of the page.
  if (event.altKey || event.ctrlKey || event.metaKey || event.shiftKey) return;
  const nav = event.currentTarget.closest("nav");
  if (event.key === "Escape") {
    onFold();
    focusToggle(nav);
    return;
  }
  const links = [...(nav?.querySelectorAll<HTMLElement>("a") ?? [])];
  const at = links.indexOf(event.currentTarget);
  const places = new Map([
    ["ArrowDown", at + 1],
    ["ArrowUp", at - 1],
    ["Home", 0],
    ["End", links.length - 1],
  ]);
  const to = places.get(event.key);
  if (to === undefined) return;
  event.preventDefault();
  links[Math.min(Math.max(to, 0), links.length - 1)]?.focus();
}

/** Where the list has folded, its button has the focus; beside the page, where there is no button, nothing happens. */
export function focusToggle(nav: HTMLElement | null | undefined): void {
  nav?.querySelector("button")?.focus();
}
