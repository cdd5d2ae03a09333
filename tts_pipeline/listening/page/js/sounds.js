// Fetches and decodes sounds; keeps those of this trial and the next.

export class Sounds {
  constructor(context) {
    this.context = context;
    this.found = new Map();
  }

  load(ids) {
    return Promise.all(ids.map((id) => this.#one(id).then((buffer) => [id, buffer]))).then((pairs) => new Map(pairs));
  }

  keep(ids) {
    for (const id of this.found.keys()) if (!ids.includes(id)) this.found.delete(id);
  }

  #one(id) {
    if (!this.found.has(id)) {
      const decoded = this.#fetch(id);
      // A failed one is fetched again when it is asked for again.
      decoded.catch(() => this.found.delete(id));
      this.found.set(id, decoded);
    }
    return this.found.get(id);
  }

  async #fetch(id) {
    for (let attempt = 0; ; attempt += 1) {
      try {
        const response = await fetch(`audio/${id}.wav`);
        if (!response.ok) throw new Error(`sound ${id}: HTTP ${response.status}`);
        return await this.context.decodeAudioData(await response.arrayBuffer());
      } catch (error) {
        if (attempt >= 5) throw error;
        await new Promise((resolve) => setTimeout(resolve, 300 * 2 ** attempt));
      }
    }
  }
}

export const soundsOf = (trial) => [...(trial.stimuli || []), ...(trial.reference ? [trial.reference] : [])];
