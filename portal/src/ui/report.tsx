/** How reports look: the setting up beside the figures, tables of figures, big figures, steps of a funnel. */
import { IconChevronDown } from "@tabler/icons-react";
import { type ReactNode, useId, useState } from "react";
import classes from "./report.module.css";

/** What is asked, beside what is answered; one above the other where there is no room. */
export const ReportPage = ({ setup, children }: { setup?: ReactNode; children: ReactNode }) => (
  <div className={classes.page} data-alone={setup === undefined}>
    {setup}
    <div className={classes.answer}>{children}</div>
  </div>
);

interface SetupProps {
  label: string;
  /** Where it stands above the figures, whether it is open at first. */
  open: boolean;
  children: ReactNode;
}

export function SetupPanel({ label, open, children }: SetupProps) {
  const [shown, setShown] = useState(open);
  const id = useId();
  return (
    <section className={classes.setup} aria-label={label} data-open={shown}>
      <button
        type="button"
        className={classes.fold}
        aria-expanded={shown}
        aria-controls={id}
        onClick={() => setShown(!shown)}
      >
        {label}
        <IconChevronDown size={16} aria-hidden />
      </button>
      <div id={id} className={classes.controls}>
        {children}
      </div>
    </section>
  );
}

export const SetupGroup = ({ title, children }: { title: string; children: ReactNode }) => (
  <fieldset className={classes.group}>
    <legend>{title}</legend>
    {children}
  </fieldset>
);

export const SetupLine = ({ children }: { children: ReactNode }) => (
  <div className={classes.line}>{children}</div>
);

/** What is shown, in a sentence; what its maker says of it. */
export const ReportWords = ({ sentence, note }: { sentence: ReactNode; note?: string }) => (
  <div className={classes.words}>
    <p className={classes.sentence}>{sentence}</p>
    {note && <p className={classes.note}>{note}</p>}
  </div>
);

export const ReportFacts = ({ children }: { children: ReactNode }) => (
  <p className={classes.facts}>{children}</p>
);

export const ReportBody = ({ stale, children }: { stale: boolean; children: ReactNode }) => (
  <div className={classes.body} data-stale={stale} aria-busy={stale}>
    {children}
  </div>
);

export const ChartBox = ({ note, children }: { note?: ReactNode; children: ReactNode }) => (
  <figure className={classes.chart}>
    {children}
    {note && <figcaption>{note}</figcaption>}
  </figure>
);

export interface HeadCell {
  key: string;
  label: ReactNode;
  /** Under the label: the date that its time means. */
  note?: string;
  /** Spoken: how the table is sorted by it. */
  sorted?: "ascending" | "descending";
  numeric?: boolean;
  total?: boolean;
}

interface TableProps {
  label: string;
  /** Above the heads: the values that stand across, each over so many of them. */
  over?: { key: string; label: string; span: number }[];
  /** Heads of groups come first. */
  lead: number;
  heads: HeadCell[];
  rows: { key: string; labels: ReactNode[]; cells: ReactNode[] }[];
  totals?: { label: string; cells: ReactNode[] };
}

export function FigureTable({ label, over, lead, heads, rows, totals }: TableProps) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: wider than its place it is moved by arrows
    <section className={classes.scroll} aria-label={label} tabIndex={0}>
      <table className={classes.table}>
        <thead>
          {over && (
            <tr>
              {lead > 0 && <td colSpan={lead} />}
              {over.map(({ key, label: text, span }) => (
                <th key={key} scope="colgroup" colSpan={span} className={classes.over}>
                  {text}
                </th>
              ))}
            </tr>
          )}
          <tr>
            {heads.map((head, at) => (
              <th
                key={head.key}
                scope="col"
                aria-sort={head.sorted}
                data-lead={at < lead}
                data-numeric={head.numeric ?? false}
                data-total={head.total ?? false}
              >
                {head.label}
                {head.note && <small>{head.note}</small>}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map(({ key, labels, cells }) => (
            <tr key={key}>
              {labels.map((text, at) => (
                <th key={at} scope="row" data-lead>
                  {text}
                </th>
              ))}
              {cells.map((cell, at) => (
                <td key={at} data-total={heads[lead + at]?.total ?? false}>
                  {cell}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
        {totals && (
          <tfoot>
            <tr>
              {lead > 0 && (
                <th scope="row" colSpan={lead} data-lead>
                  {totals.label}
                </th>
              )}
              {totals.cells.map((cell, at) => (
                <td key={at}>{cell}</td>
              ))}
            </tr>
          </tfoot>
        )}
      </table>
    </section>
  );
}

/** Goes on the link of a figure. */
export const figureLinkClass = classes.figure ?? "";
export const sortButtonClass = classes.sort ?? "";

export const FigureNote = ({ title, children }: { title?: string; children: ReactNode }) => (
  <small className={classes.note} title={title}>
    {children}
  </small>
);

export const BigFigures = ({ children }: { children: ReactNode }) => (
  <dl className={classes.big}>{children}</dl>
);

interface BigProps {
  label: string;
  note?: string;
  children: ReactNode;
}

export const BigFigure = ({ label, note, children }: BigProps) => (
  <div>
    <dt>{label}</dt>
    <dd>{children}</dd>
    {note && <dd className={classes.note}>{note}</dd>}
  </div>
);

/** A picture whose name is spoken and told under the pointer. */
export const PictureOnly = ({ title, children }: { title: string; children: ReactNode }) => (
  <span className={classes.picture} title={title}>
    {children}
    <span>{title}</span>
  </span>
);

/** Steps one under another, each as wide as its part of the largest; the words stand beside the bar. */
export const FunnelBars = ({ label, children }: { label: string; children: ReactNode }) => (
  <ol className={classes.funnel} aria-label={label}>
    {children}
  </ol>
);

interface FunnelBarProps {
  name: ReactNode;
  figure: ReactNode;
  note?: ReactNode;
  /** Of the largest one, 0 to 1. */
  share: number;
  tone?: "plain" | "won" | "lost" | "warn";
}

export const FunnelBar = ({ name, figure, note, share, tone = "plain" }: FunnelBarProps) => (
  <li data-tone={tone}>
    <span className={classes.funnelName}>{name}</span>
    <span className={classes.funnelTrack} aria-hidden>
      <i style={{ width: `${Math.max(0.5, Math.min(100, share * 100))}%` }} />
    </span>
    <span className={classes.funnelFigure}>{figure}</span>
    {note && <span className={classes.funnelNote}>{note}</span>}
  </li>
);

/** Controls over the figures of a whole page. */
export const ReportBar = ({ label, children }: { label: string; children: ReactNode }) => (
  <div className={classes.bar} role="group" aria-label={label}>
    {children}
  </div>
);

/** A bar in a cell: as wide in every row. */
export const ShareCell = ({ children }: { children: ReactNode }) => (
  <span className={classes.share}>{children}</span>
);

/** Something between the way back and the way on. */
export const Stepper = ({ children }: { children: ReactNode }) => (
  <span className={classes.stepper}>{children}</span>
);
