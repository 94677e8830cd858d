/** Pieces of the left panel. `navItemClass` goes on router links, which mark themselves active. */
import { IconSearch } from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./nav.module.css";

export const navItemClass = classes.item ?? "";

export function NavLabel({
  icon,
  children,
  count,
}: {
  icon?: ReactNode;
  children: ReactNode;
  count?: number;
}) {
  return (
    <>
      {icon}
      <span className={classes.label}>{children}</span>
      {count ? <span className={classes.count}>{count}</span> : null}
    </>
  );
}

export function NavGroup({ title, children }: { title?: string; children: ReactNode }) {
  return (
    <div>
      {title && <div className={classes.group}>{title}</div>}
      {children}
    </div>
  );
}

export function SearchBox({
  label,
  shortcut,
  onClick,
}: {
  label: string;
  shortcut?: string;
  onClick(): void;
}) {
  return (
    <button type="button" className={classes.searchBox} onClick={onClick}>
      <IconSearch size={16} aria-hidden />
      <span>{label}</span>
      {shortcut && <Kbd>{shortcut}</Kbd>}
    </button>
  );
}

export function Kbd({ children }: { children: ReactNode }) {
  return <kbd className={classes.kbd}>{children}</kbd>;
}

export function Brand({ name, action }: { name: string; action?: ReactNode }) {
  return (
    <div className={classes.brand}>
      <Mark />
      <span>{name}</span>
      {action}
    </div>
  );
}

/** The drawing of `icons/verstak.svg`: the first page asks for no file for it. */
export function Mark({ size = 20 }: { size?: number }) {
  return (
    <svg viewBox="0 0 32 32" className={classes.mark} aria-hidden style={{ width: size, height: size }}>
      <rect width="32" height="32" rx="8" fill="#4a58c9" />
      <path d="M7 11h18v4H7z" fill="#fff" />
      <path d="M10 15h3v8h-3zM19 15h3v8h-3z" fill="#fff" fillOpacity=".85" />
      <path d="M13 18h6v2h-6z" fill="#fff" fillOpacity=".6" />
    </svg>
  );
}

/** How many, on the corner of a button; nothing at none. The button itself says it in words. */
export const Badge = ({ count }: { count: number }) =>
  count > 0 ? (
    <span className={classes.badge} aria-hidden>
      {count > 99 ? "99+" : count}
    </span>
  ) : null;
