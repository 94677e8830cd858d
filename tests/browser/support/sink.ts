/** A mail server that keeps the letters it is given (RFC 5321, as far as our client goes), or refuses recipients when told to. */
import { createServer, type Socket } from "node:net";

export interface Letter {
  to: string[];
  /** Header and body. */
  text: string;
}

export interface Sink {
  letters: Letter[];
  /** What the next recipients are told instead of yes. */
  refusal: string | undefined;
  /** Settings of a server that sends its letters here. */
  settings: Record<string, string>;
  stop(): void;
}

export async function startSink(): Promise<Sink> {
  const letters: Letter[] = [];
  const listener = createServer();
  await new Promise<void>((ready) => listener.listen(0, "127.0.0.1", ready));
  const address = listener.address();
  if (!address || typeof address === "string") throw new Error("the sink has no port");
  const sink: Sink = {
    letters,
    refusal: undefined,
    settings: {
      VERSTAK__MAIL__HOST: "127.0.0.1",
      VERSTAK__MAIL__PORT: String(address.port),
      VERSTAK__MAIL__TLS: "none",
      VERSTAK__MAIL__FROM: "Acme <crm@acme.example>",
      VERSTAK__MAIL__TIMEOUT_SECONDS: "5",
    },
    stop: () => void listener.close(),
  };
  listener.on("connection", (socket) => talk(socket, sink));
  return sink;
}

function talk(socket: Socket, sink: Sink): void {
  const say = (line: string) => socket.write(`${line}\r\n`);
  let [rest, text, inText] = ["", "", false];
  let to: string[] = [];
  const line = (one: string) => {
    if (inText) {
      if (one !== ".") {
        text += `${one.replace(/^\./, "")}\r\n`;
        return;
      }
      sink.letters.push({ to, text });
      [inText, text, to] = [false, "", []];
      say("250 taken");
      return;
    }
    const verb = one.slice(0, 4).toUpperCase();
    if (verb === "EHLO") say("250-sink\r\n250 8BITMIME");
    else if (verb === "RCPT" && sink.refusal) say(sink.refusal);
    else if (verb === "DATA") {
      inText = true;
      say("354 go on");
    } else if (verb === "QUIT") socket.end("221 bye\r\n");
    else {
      if (verb === "RCPT") to.push(/<(.*)>/.exec(one)?.[1] ?? "");
      say("250 yes");
    }
  };
  socket.setEncoding("utf8");
  socket.on("error", () => socket.destroy());
  socket.on("data", (piece: string) => {
    const lines = (rest + piece).split("\r\n");
    rest = lines.pop() ?? "";
    lines.forEach(line);
  });
  say("220 sink ESMTP");
}
