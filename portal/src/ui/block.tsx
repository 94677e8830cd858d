/** Blocks of administration pages: titled sections, facts, marks of state, notices, tables, rows to open. */
import {
  IconAlertTriangle,
  IconChevronDown,
  IconChevronRight,
  IconCircleCheck,
  IconInfoCircle,
} from "@tabler/icons-react";
import type { ReactNode } from "react";
import classes from "./block.module.css";
import { Bone } from "./states";

export type Tone = "plain" | "accent" | "ok" | "warn" | "danger";

interface BlockProps {
  title?: string;
  note?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}

export function Block({ title, note, actions, children }: BlockProps) {
  return (
    <section className={classes.block} aria-label={title}>
      {(title || actions) && (
        <header className={classes.blockHead}>
          <div>
            {title && <h2>{title}</h2>}
            {note && <p>{note}</p>}
          </div>
          {actions && <div className={classes.actions}>{actions}</div>}
        </header>
      )}
      {children}
    </section>
  );
}

export const Lead = ({ children }: { children: ReactNode }) => <p className={classes.lead}>{children}</p>;
export const Hint = ({ children }: { children: ReactNode }) => (
  <span className={classes.hint}>{children}</span>
);
export const Code = ({ children }: { children: ReactNode }) => (
  <code className={classes.code}>{children}</code>
);
export const Secondary = ({ children }: { children: ReactNode }) => (
  <span className={classes.secondary}>{children}</span>
);

export interface Fact {
  label: string;
  value: ReactNode;
}

export function Facts({ items }: { items: Fact[] }) {
  return (
    <dl className={classes.facts}>
      {items.map(({ label, value }) => (
        <div key={label}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** A few figures side by side. */
export function Figures({ items }: { items: { label: string; value: string; tone?: Tone }[] }) {
  return (
    <dl className={classes.figures}>
      {items.map(({ label, value, tone = "plain" }) => (
        <div key={label} data-tone={tone}>
          <dt>{label}</dt>
          <dd>{value}</dd>
        </div>
      ))}
    </dl>
  );
}

/** State in words; the colour only repeats them. */
export const Tag = ({
  tone = "plain",
  title,
  children,
}: {
  tone?: Tone;
  title?: string;
  children: ReactNode;
}) => (
  <span className={classes.tag} data-tone={tone} title={title}>
    {children}
  </span>
);

interface NoticeProps {
  tone?: Tone;
  title?: string;
  action?: ReactNode;
  children?: ReactNode;
}

export function Notice({ tone = "plain", title, action, children }: NoticeProps) {
  const Icon = tone === "ok" ? IconCircleCheck : tone === "plain" ? IconInfoCircle : IconAlertTriangle;
  return (
    <div className={classes.notice} data-tone={tone} role={tone === "danger" ? "alert" : "status"}>
      <Icon size={18} aria-hidden />
      <div className={classes.noticeText}>
        {title && <strong>{title}</strong>}
        {children && <div>{children}</div>}
      </div>
      {action && <div className={classes.noticeAction}>{action}</div>}
    </div>
  );
}

export interface Column<T> {
  key: string;
  label: string;
  numeric?: boolean;
  /** Takes the room that is left. */
  grow?: boolean;
  /** The label is only spoken (actions). */
  bare?: boolean;
  render(row: T): ReactNode;
}

interface TableProps<T> {
  label: string;
  columns: Column<T>[];
  rows: T[];
  keyOf(row: T): string;
}

/** A short table; on a phone each row becomes a card with labelled lines. */
export function DataTable<T>({ label, columns, rows, keyOf }: TableProps<T>) {
  return (
    <div className={classes.tableBox}>
      <table className={classes.table} aria-label={label}>
        <thead>
          <tr>
            {columns.map((column) => (
              <th
                key={column.key}
                scope="col"
                data-numeric={column.numeric ?? false}
                data-grow={column.grow ?? false}
              >
                <span data-bare={column.bare ?? false}>{column.label}</span>
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={keyOf(row)}>
              {columns.map((column) => (
                <td
                  key={column.key}
                  data-label={column.bare ? undefined : column.label}
                  data-numeric={column.numeric ?? false}
                  data-grow={column.grow ?? false}
                >
                  {column.render(row)}
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

/** Goes on a router link or a button that fills a row. */
export const itemClass = classes.item ?? "";
export const ItemList = ({ children }: { children: ReactNode }) => (
  <div className={classes.items}>{children}</div>
);

export const ItemLine = ({ children }: { children: ReactNode }) => (
  <div className={classes.item} data-still>
    {children}
  </div>
);

interface ItemProps {
  icon?: ReactNode;
  title: ReactNode;
  tags?: ReactNode;
  note?: ReactNode;
  aside?: ReactNode;
}

export function ItemBody({ icon, title, tags, note, aside }: ItemProps) {
  return (
    <>
      {icon && <span className={classes.itemIcon}>{icon}</span>}
      <span className={classes.itemText}>
        <span className={classes.itemTitle}>
          <span>{title}</span>
          {tags}
        </span>
        {note && <span className={classes.itemNote}>{note}</span>}
      </span>
      {aside && <span className={classes.itemAside}>{aside}</span>}
    </>
  );
}

/** Bones of a page of rows. */
export function BlockBones({ rows = 5, label }: { rows?: number; label: string }) {
  return (
    <div className={classes.bones} role="status" aria-label={label}>
      {Array.from({ length: rows }, (_, index) => (
        <div key={index}>
          <Bone width={`${30 + ((index * 17) % 30)}%`} height={14} />
          <Bone width={`${50 + ((index * 13) % 35)}%`} />
        </div>
      ))}
    </div>
  );
}

/** Progress in words and as a bar. */
export function Meter({ label, text, share }: { label: string; text: string; share: number }) {
  const percent = Math.round(Math.min(1, Math.max(0, share)) * 100);
  return (
    <div className={classes.meter}>
      <div className={classes.meterText}>
        <span>{label}</span>
        <span>{text}</span>
      </div>
      <div
        className={classes.bar}
        role="progressbar"
        aria-label={label}
        aria-valuenow={percent}
        aria-valuemin={0}
        aria-valuemax={100}
        aria-valuetext={text}
      >
        <div style={{ transform: `scaleX(${percent / 100})` }} />
      </div>
    </div>
  );
}

/** A few steps, the present one marked. */
export function Steps({ label, steps, current }: { label: string; steps: string[]; current: number }) {
  return (
    <ol className={classes.steps} aria-label={label}>
      {steps.map((step, index) => (
        <li
          key={step}
          data-done={index < current}
          data-current={index === current}
          aria-current={index === current ? "step" : undefined}
        >
          <span>{index + 1}</span>
          {step}
        </li>
      ))}
    </ol>
  );
}

/** Fields of a form side by side where there is room. */
export const Pair = ({ children }: { children: ReactNode }) => <div className={classes.pair}>{children}</div>;
export const Stacked = ({ children }: { children: ReactNode }) => (
  <div className={classes.stacked}>{children}</div>
);
export const Buttons = ({ children }: { children: ReactNode }) => (
  <div className={classes.buttons}>{children}</div>
);

/** A row of a tree, moved right by its depth. */
export const TreeRow = ({ depth, children }: { depth: number; children: ReactNode }) => (
  <div className={classes.treeRow} style={{ paddingLeft: 8 + depth * 20 }}>
    {children}
  </div>
);

/** Old and new, one into the other. */
export const LogText = ({ children }: { children: ReactNode }) => (
  <span className={classes.log}>{children}</span>
);

/** One editable row of a set: a frame with its own head. */
export function RuleBox({
  label,
  actions,
  children,
}: {
  label: string;
  actions: ReactNode;
  children: ReactNode;
}) {
  return (
    <div className={classes.rule} role="group" aria-label={label}>
      <div className={classes.ruleBody}>{children}</div>
      <div>{actions}</div>
    </div>
  );
}
/** A rule in one line; a press unfolds it. */
export const RuleHead = (props: { title: string; note: string; open: boolean; onToggle(): void }) => (
  <button type="button" className={classes.ruleHead} aria-expanded={props.open} onClick={props.onToggle}>
    {props.open ? <IconChevronDown size={16} aria-hidden /> : <IconChevronRight size={16} aria-hidden />}
    <span>{props.title}</span>
    <small>{props.note}</small>
  </button>
);
export const RuleLine = ({ label, children }: { label: string; children: ReactNode }) => (
  <div className={classes.ruleLine}>
    <span className={classes.ruleName}>{label}</span>
    <div>{children}</div>
  </div>
);
