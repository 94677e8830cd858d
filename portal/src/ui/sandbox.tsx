/** A frame of no origin: scripts and forms run in it, and reach nothing of the portal nor of other servers. */
import classes from "./tiles.module.css";

interface Props {
  title: string;
  address: string;
  height: number;
  onLoad(frame: HTMLIFrameElement): void;
}

export const Sandbox = ({ title, address, height, onLoad }: Props) => (
  <iframe
    className={classes.sandbox}
    title={title}
    sandbox="allow-scripts allow-forms"
    referrerPolicy="no-referrer"
    src={address}
    style={{ height }}
    onLoad={(event) => onLoad(event.currentTarget)}
  />
);
