// Talks with the server. Paths are relative, so that the page may be mounted anywhere.

export class ServerError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

async function ask(path, key, body, signal) {
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  const options = { headers, signal };
  if (body !== undefined) {
    headers["Content-Type"] = "application/json";
    Object.assign(options, { method: "POST", body: JSON.stringify(body) });
  }
  const answer = await fetch(path, options);
  if (answer.ok) return answer;
  let message = `the server answered ${answer.status}`;
  try {
    message = (await answer.json()).error.message;
  } catch {
    // No JSON: a proxy between us, perhaps.
  }
  throw new ServerError(answer.status, message);
}

export async function facts(key) {
  return (await ask("v1/audio/voices", key)).json();
}

export async function reading(text, format, key) {
  return (await ask("v1/audio/reading", key, { input: text, text_format: format })).json();
}

// Calls onEvent with every event of the stream, in order.
export async function speech(wanted, key, signal, onEvent) {
  const body = { ...wanted, response_format: "pcm", stream_format: "sse", timestamps: true };
  const answer = await ask("v1/audio/speech", key, body, signal);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  let held = "";
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    held += value;
    const blocks = held.split("\n\n");
    held = blocks.pop();
    for (const block of blocks) {
      const event = JSON.parse(block.slice("data: ".length));
      if (event.type === "error") throw new ServerError(500, event.error.message);
      onEvent(event);
      if (event.type === "speech.audio.done") return;
    }
  }
  throw new ServerError(500, "the server broke off before the end; try again");
}
