/** Header and scrolling body of an ordinary page. */
import { type ReactNode, useEffect } from "react";
import classes from "./page.module.css";

interface HeaderProps {
  icon?: ReactNode;
  title: string;
  /** Beside the title: tabs, a switch. */
  children?: ReactNode;
  /** At the right: the page's actions. */
  actions?: ReactNode;
}

export function PageHeader({ icon, title, children, actions }: HeaderProps) {
  useEffect(() => {
    document.title = `${title} · Verstak`;
  }, [title]);
  return (
    <header className={classes.header}>
      {icon && <span className={classes.icon}>{icon}</span>}
      <h1 className={classes.title} data-aside={children !== undefined}>
        {title}
      </h1>
      {children}
      <div className={classes.grow} />
      {actions}
    </header>
  );
}

export function PageBody({
  children,
  narrow,
  wide,
}: {
  children: ReactNode;
  narrow?: boolean;
  wide?: boolean;
}) {
  return (
    <div className={classes.body}>
      {wide ? (
        children
      ) : (
        <div className={classes.content} data-narrow={narrow ?? false}>
          {children}
        </div>
      )}
    </div>
  );
}

/** Icon and text; on a phone the text is only spoken. */
export const IconText = ({ icon, children }: { icon: ReactNode; children: ReactNode }) => (
  <span className={classes.iconText}>
    {icon}
    <span>{children}</span>
  </span>
);
