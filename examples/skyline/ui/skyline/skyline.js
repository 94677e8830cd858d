// The frame's half of the bridge: JSON in text over a port that comes with the first message.
let port;
let context = { texts: {}, tokens: {} };
let deals = [];
let sent = 0;
const waiting = new Map();

const canvas = document.querySelector("canvas");
const button = document.querySelector("button");

addEventListener("message", ({ data, ports, source }) => {
  if (data !== "verstak" || source !== parent || port) return;
  port = ports[0];
  port.onmessage = (event) => hear(JSON.parse(event.data));
  ask({ type: "ready" });
});

/** Sends a message; its answer comes later. */
function ask(message) {
  sent += 1;
  port.postMessage(JSON.stringify({ ...message, id: sent }));
  return new Promise((resolve) => waiting.set(sent, resolve));
}

function hear(message) {
  if (message.type === "context") context = message;
  if (message.type === "data" && message.name === "deals" && message.rows) deals = message.rows;
  if (message.type === "answer") {
    waiting.get(message.id)?.(message);
    waiting.delete(message.id);
    return;
  }
  draw();
}

const amountOf = ({ fields }) => Number(fields.amount) || 0;
const words = (key) => context.texts[key] ?? "";

function draw() {
  document.documentElement.lang = context.locale ?? "en";
  document.body.style.color = context.tokens.text ?? "";
  document.body.style.font = `14px ${context.tokens.font ?? "sans-serif"}`;
  const [tallest] = [...deals].sort((one, other) => amountOf(other) - amountOf(one));
  canvas.setAttribute("aria-label", words("page.houses").replace("{count}", String(deals.length)));
  button.hidden = !tallest;
  button.textContent = words("page.greet").replace("{title}", tallest?.fields.title ?? "");
  button.onclick = () => ask({ type: "act", name: "greet", input: { title: tallest.fields.title } });
  const ratio = devicePixelRatio || 1;
  const { width, height } = canvas.getBoundingClientRect();
  [canvas.width, canvas.height] = [width * ratio, height * ratio];
  const pen = canvas.getContext("2d");
  pen.scale(ratio, ratio);
  pen.fillStyle = context.tokens.accent || "#4a58c9";
  const step = width / Math.max(1, deals.length);
  const most = tallest ? Math.max(1, amountOf(tallest)) : 1;
  deals.forEach((deal, index) => {
    const high = Math.max(4, (amountOf(deal) / most) * (height - 8));
    pen.fillRect(index * step + 1, height - high, Math.max(1, step - 2), high);
  });
}

addEventListener("resize", draw);
