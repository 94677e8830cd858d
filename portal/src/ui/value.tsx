/** How single values look: one line, several lines, links, stages. */
import type { ReactNode } from "react";
import type { StageSemantic } from "@/api/types";
import classes from "./value.module.css";

export const OneLine = ({ children }: { children: ReactNode }) => (
  <span className={classes.line}>{children}</span>
);
export const Multiline = ({ children }: { children: ReactNode }) => (
  <span className={classes.multiline}>{children}</span>
);
export const ValueList = ({ children }: { children: ReactNode }) => (
  <span className={classes.list}>{children}</span>
);
export const InlineLink = ({ children }: { children: ReactNode }) => (
  <span className={classes.link}>{children}</span>
);
export const More = ({ children }: { children: ReactNode }) => (
  <span className={classes.more}>{children}</span>
);
export const Dimmed = ({ children }: { children: ReactNode }) => (
  <span className={classes.dimmed}>{children}</span>
);
export const Valued = ({ title, children }: { title: string; children: ReactNode }) => (
  <span className={classes.line} title={title}>
    {children}
  </span>
);

interface StageProps {
  name: string;
  color?: string | null;
  semantic: StageSemantic;
}

/** The shape tells open, won and lost apart without colour. */
export function StageDot({ color, semantic }: Omit<StageProps, "name">) {
  const fallback = semantic === "won" ? "var(--ok)" : semantic === "lost" ? "var(--danger)" : "var(--text-3)";
  return (
    <span
      className={classes.dot}
      data-semantic={semantic}
      style={{ "--dot": safeColor(color) ?? fallback } as React.CSSProperties}
      aria-hidden
    />
  );
}

export function StageName({ name, color, semantic }: StageProps) {
  return (
    <span className={classes.stage}>
      <StageDot color={color} semantic={semantic} />
      <span>{name}</span>
    </span>
  );
}

const named: Record<string, string> = {
  gray: "#8a8f98",
  grey: "#8a8f98",
  blue: "#5b7fd6",
  cyan: "#3d9bb8",
  teal: "#2f9a8a",
  green: "#3a9a62",
  lime: "#7f9f35",
  yellow: "#c2a02e",
  amber: "#c99a2c",
  orange: "#cf7d35",
  red: "#cc5252",
  pink: "#c45c93",
  grape: "#a05fc0",
  violet: "#7f68cf",
  purple: "#8d62c9",
  indigo: "#6b76d6",
};

/** Stage colours are admin data: a hex colour or a name of the palette, nothing else reaches CSS. */
export function safeColor(color: string | null | undefined): string | undefined {
  if (!color) return undefined;
  if (/^#[0-9a-f]{3,8}$/i.test(color)) return color;
  return named[color.toLowerCase()];
}
