/** Everything that stands in the way, one line each. */
import { IconAlertTriangle } from "@tabler/icons-react";
import classes from "./reasons.module.css";

export const Reasons = ({ label, items }: { label: string; items: string[] }) => (
  <ul className={classes.reasons} aria-label={label} data-testid="refusal-conditions">
    {items.map((item) => (
      <li key={item}>
        <IconAlertTriangle size={16} aria-hidden />
        <span>{item}</span>
      </li>
    ))}
  </ul>
);
