/** The sign-in page's frame: a card in the middle of an empty page. */
import type { FormEvent, ReactNode } from "react";
import { Mark } from "./nav";
import classes from "./sign-in.module.css";

export function SignInCard({
  title,
  subtitle,
  children,
  below,
}: {
  title: string;
  subtitle: string;
  children: ReactNode;
  below: ReactNode;
}) {
  return (
    <main className={classes.page}>
      <div>
        <div className={classes.card}>
          <div className={classes.top}>
            <Mark size={36} />
            <div>
              <h1>{title}</h1>
              <p>{subtitle}</p>
            </div>
          </div>
          {children}
        </div>
        <div className={classes.bottom}>{below}</div>
      </div>
    </main>
  );
}

export function Form({
  onSubmit,
  children,
  label,
}: {
  onSubmit(): void;
  children: ReactNode;
  label?: string;
}) {
  return (
    <form
      className={classes.form}
      aria-label={label}
      onSubmit={(event: FormEvent) => {
        event.preventDefault();
        onSubmit();
      }}
    >
      {children}
    </form>
  );
}

export function FormProblem({ children }: { children: ReactNode }) {
  return (
    <p className={classes.problem} role="alert">
      {children}
    </p>
  );
}

export function LanguageButton({
  pressed,
  onClick,
  children,
  lang,
}: {
  pressed: boolean;
  onClick(): void;
  children: ReactNode;
  lang: string;
}) {
  return (
    <button type="button" lang={lang} className={classes.language} aria-pressed={pressed} onClick={onClick}>
      {children}
    </button>
  );
}

export function CompanyList({ children }: { children: ReactNode }) {
  return <div className={classes.companies}>{children}</div>;
}

/** A link that stands by itself on a stranger's page. */
export const anchorClass = classes.anchor;
