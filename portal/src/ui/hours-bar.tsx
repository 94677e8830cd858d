/**
 * The 24 hours of a day, to be painted with a mouse or a finger. Whatever is painted stands in a text field beside it, which is
 * the way by keys and for readers of screens: the bar is hidden from them.
 */
import { type PointerEvent, useRef } from "react";
import classes from "./hours-bar.module.css";

/** Minutes of a day, and of a step of the brush. */
const day = 1_440;
const step = 30;

interface Props {
  /** What is filled: minutes from midnight. */
  spans: [number, number][];
  /** Each move of the brush, from where it was put down; the first of them begins anew. */
  onPaint(from: number, to: number, on: boolean, begins: boolean): void;
}

export function HoursBar({ spans, onPaint }: Props) {
  const brush = useRef<{ at: number; on: boolean }>(undefined);
  const at = (event: PointerEvent<HTMLDivElement>) => {
    const { left, width } = event.currentTarget.getBoundingClientRect();
    const share = width > 0 ? (event.clientX - left) / width : 0;
    return Math.min(Math.max(Math.floor((share * day) / step) * step, 0), day - step);
  };
  const paint = (event: PointerEvent<HTMLDivElement>, begins: boolean) => {
    if (!brush.current) return;
    const now = at(event);
    const { at: began, on } = brush.current;
    onPaint(Math.min(began, now), Math.max(began, now) + step, on, begins);
  };
  return (
    <div
      aria-hidden
      data-testid="hours-bar"
      className={classes.bar}
      onPointerDown={(event) => {
        if (event.button !== 0) return;
        event.currentTarget.setPointerCapture(event.pointerId);
        const began = at(event);
        brush.current = { at: began, on: !spans.some(([from, to]) => from <= began && began < to) };
        paint(event, true);
      }}
      onPointerMove={(event) => paint(event, false)}
      onPointerUp={() => {
        brush.current = undefined;
      }}
      onPointerCancel={() => {
        brush.current = undefined;
      }}
    >
      {spans
        .filter(([from]) => from < day)
        .map(([from, to]) => (
          <span
            key={from}
            style={{ left: `${(from / day) * 100}%`, width: `${((Math.min(to, day) - from) / day) * 100}%` }}
          />
        ))}
    </div>
  );
}
