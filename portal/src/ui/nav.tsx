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

export function Mark({ size = 20 }: { size?: number }) {
  return (
    <img src="/icons/verstak.svg" className={classes.mark} alt="" style={{ width: size, height: size }} />
  );
}

/** How many, on the corner of a button; nothing at none. The button itself says it in words. */
export const Badge = ({ count }: { count: number }) =>
  count > 0 ? (
    <span className={classes.badge} aria-hidden>
      {count > 99 ? "99+" : count}
    </span>
  ) : null;
