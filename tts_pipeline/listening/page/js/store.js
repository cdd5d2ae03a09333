// Where answers go: to the server at once, or into a file that the listener downloads.
//
// An answer is written to the browser's own storage before it is sent and leaves it only when the
// server said that it is stored, so neither a crash of the browser nor of the server loses one.

const hex = (n) => [...crypto.getRandomValues(new Uint8Array(n))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

// localStorage that falls back to memory where the browser forbids it.
class Memory {
  constructor(name) {
    this.name = name;
    this.lasting = true;
    try {
      this.value = JSON.parse(localStorage.getItem(name) || "null");
    } catch {
      this.lasting = false;
      this.value = null;
    }
  }

  set(value) {
    this.value = value;
    try {
      localStorage.setItem(this.name, JSON.stringify(value));
    } catch {
      this.lasting = false;
    }
  }
}

async function getJson(path, options = {}) {
  const response = await fetch(path, { cache: "no-store", ...options });
  const content = await response.json().catch(() => ({}));
  if (!response.ok) throw Object.assign(new Error(content.detail || `HTTP ${response.status}`), { status: response.status });
  return content;
}

export class ServerStore {
  constructor(test, onstatus) {
    this.onstatus = onstatus;
    this.kept = new Memory(`listening-test/${test.test}`);
    this.pending = this.kept.value?.pending || [];
    this.refused = [];
    this.sending = null;
  }

  get token() {
    return this.kept.value?.token;
  }

  // The listener's trials and the ids of those answered, or null for somebody new.
  async open() {
    if (!this.token) return null;
    try {
      const session = await getJson("api/session", { headers: this.#headers() });
      this.#flush();
      return this.#withPending(session);
    } catch (error) {
      if (error.status !== 401) throw error;
      this.kept.set(null);
      this.pending = [];
      return null;
    }
  }

  async begin() {
    const { token } = await getJson("api/listeners", { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
    this.kept.set({ token, pending: [] });
    return this.#withPending(await getJson("api/session", { headers: this.#headers() }));
  }

  submit(answer) {
    this.pending.push(answer);
    this.#keep();
    this.#flush();
  }

  // Resolves when everything is stored (or was refused).
  async settled() {
    while (this.pending.length) await this.#flush();
  }

  #withPending(session) {
    const waiting = this.pending.map((answer) => answer.trial);
    return { ...session, answered: [...new Set([...session.answered, ...waiting])] };
  }

  #headers() {
    return { "Content-Type": "application/json", Authorization: `Bearer ${this.token}` };
  }

  #keep() {
    this.kept.set({ token: this.token, pending: this.pending });
  }

  #flush() {
    this.sending ??= this.#send().finally(() => (this.sending = null));
    return this.sending;
  }

  async #send() {
    for (let wait = 500; this.pending.length; ) {
      try {
        await getJson("api/answers", { method: "POST", headers: this.#headers(), body: JSON.stringify(this.pending[0]) });
      } catch (error) {
        // 409: the server has it, its word of that was lost. Anything else below 500: it never will.
        if (error.status !== 409 && !(error.status >= 400 && error.status < 500 && error.status !== 429)) {
          const n = this.pending.length;
          this.onstatus(`No connection. ${n} ${n === 1 ? "answer is" : "answers are"} kept on this device; trying again…`, "waiting");
          await new Promise((resolve) => setTimeout(resolve, wait));
          wait = Math.min(wait * 2, 8000);
          continue;
        }
        if (error.status !== 409) this.refused.push({ answer: this.pending[0], reason: error.message });
      }
      wait = 500;
      this.pending.shift();
      this.#keep();
    }
    if (this.refused.length) this.onstatus(`The server refused an answer: ${this.refused.at(-1).reason}`, "waiting");
    else this.onstatus("All answers saved", "saved");
  }
}

export class DownloadStore {
  constructor(test, onstatus) {
    this.test = test;
    this.onstatus = onstatus;
    this.kept = new Memory(`listening-test/${test.test}`);
  }

  async open() {
    return this.kept.value ? this.#session() : null;
  }

  async begin() {
    const asked = Number.parseInt(new URLSearchParams(location.search).get("session") ?? "", 10);
    const known = asked >= 0 && asked < this.test.sessions;
    const session = known ? asked : Math.floor(Math.random() * this.test.sessions);
    this.kept.set({ format: 1, test: this.test.test, listener: hex(16), session, started: new Date().toISOString(), answers: [] });
    return this.#session();
  }

  submit(answer) {
    const kept = this.kept.value;
    this.kept.set({ ...kept, answers: [...kept.answers, answer] });
    this.onstatus(this.kept.lasting ? "Answers kept on this device" : "This browser keeps nothing: do not close the page", this.kept.lasting ? "saved" : "waiting");
  }

  async settled() {}

  // The file that the listener sends in.
  file() {
    const text = JSON.stringify(this.kept.value, null, 1);
    return { name: `answers-${this.kept.value.listener.slice(0, 8)}.json`, blob: new Blob([text], { type: "application/json" }) };
  }

  async #session() {
    const { trials } = await getJson(`sessions/${this.kept.value.session}.json`);
    return { trials, answered: this.kept.value.answers.map((answer) => answer.trial) };
  }
}
