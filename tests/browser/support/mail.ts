/** A mail server that takes every letter. */
import { createServer } from "node:net";

export interface Sink {
  port: number;
  /** What was said of each letter: heads and text. */
  letters: string[];
}

/** Runs as long as the process that asked for it. */
export function mailSink(): Promise<Sink> {
  const letters: string[] = [];
  const server = createServer((socket) => {
    let [data, held] = [false, ""];
    const line = (said: string) => {
      if (data && said === ".") {
        data = false;
        socket.write("250 taken\r\n");
      } else if (data) letters[letters.length - 1] += `${said}\n`;
      else if (/^DATA/i.test(said)) {
        data = true;
        letters.push("");
        socket.write("354 go on\r\n");
      } else if (/^QUIT/i.test(said)) socket.end("221 bye\r\n");
      else socket.write("250 ok\r\n");
    };
    socket.write("220 sink\r\n");
    socket.on("data", (bytes) => {
      held += bytes.toString("utf8");
      for (let end = held.indexOf("\r\n"); end >= 0; end = held.indexOf("\r\n")) {
        const said = held.slice(0, end);
        held = held.slice(end + 2);
        line(said);
      }
    });
    socket.on("error", () => socket.destroy());
  });
  server.unref();
  return new Promise((made) =>
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      made({ port: address && typeof address === "object" ? address.port : 0, letters });
    }),
  );
}
