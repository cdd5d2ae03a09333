// Plays the sounds of one trial in step, so that switching between them is sample-accurate.
//
// Sounds of equal length all run at once from decoded buffers, each through its own gain; a switch
// is a crossfade between two gains, so there is no gap and time goes on. Sounds of different
// length (other timing, so there is nothing to keep in step) start anew on a switch. A loop region
// is cut out of every buffer with short fades at its ends, so that the loop does not click.

export const FADE = 0.008; // seconds of a crossfade
const LEAD = 0.02; // seconds between the wish to play and the first sample
const TICK = 40; // milliseconds between looks at the clock

export class SyncPlayer {
  constructor(context, sounds, { aligned = false, loop = false } = {}) {
    this.context = context;
    this.sounds = sounds; // Map from id to AudioBuffer
    this.aligned = aligned;
    this.loop = loop;
    this.duration = Math.max(...[...sounds.values()].map((buffer) => buffer.duration));
    this.region = { start: 0, end: this.duration };
    this.current = null; // id of the sound that is heard
    this.playing = false;
    this.plays = {}; // how often each was started
    this.complete = new Set(); // ids heard for their whole length
    this.heard = new Map(); // seconds heard of each
    this.onchange = () => {};
    this.onend = () => {};
    this.ontick = () => {};
    this.voices = new Map();
    this.segments = new Map();
    this.offset = 0; // where to start, seconds from the region's start
  }

  play(id) {
    this.plays[id] = (this.plays[id] || 0) + 1;
    if (this.playing && this.aligned) this.#crossfade(id);
    else {
      const from = this.aligned ? this.offset : 0;
      this.#silence();
      this.#start(id, from);
    }
    this.current = id;
    this.playing = true;
    this.onchange();
  }

  toggle(id) {
    if (this.playing && this.current === id) this.pause();
    else this.play(id);
  }

  pause() {
    if (!this.playing) return;
    this.offset = this.#elapsed();
    this.#silence();
    this.playing = false;
    this.onchange();
  }

  // Seconds on the common time axis.
  position() {
    return this.region.start + (this.playing ? this.#elapsed() : this.offset);
  }

  setRegion(start, end) {
    this.region = { start, end };
    this.segments.clear();
    this.offset = 0;
    if (this.playing) {
      this.#silence();
      this.#start(this.current, 0);
    }
    this.onchange();
  }

  setLoop(loop) {
    this.loop = loop;
    for (const { source } of this.voices.values()) source.loop = loop;
    this.onchange();
  }

  close() {
    this.#silence();
    this.playing = false;
    this.onchange = this.onend = this.ontick = () => {};
  }

  #elapsed() {
    const passed = Math.max(0, this.context.currentTime - this.startedAt) + this.startedFrom;
    const length = this.region.end - this.region.start;
    return this.loop ? passed % length : Math.min(passed, length);
  }

  #start(id, from) {
    const length = this.region.end - this.region.start;
    if (from >= length - 0.01) from = 0;
    this.startedAt = this.context.currentTime + LEAD;
    this.startedFrom = from;
    for (const name of this.aligned ? this.sounds.keys() : [id]) {
      const source = this.context.createBufferSource();
      source.buffer = this.#segment(name);
      source.loop = this.loop;
      const gain = this.context.createGain();
      gain.gain.value = name === id ? 1 : 0;
      source.connect(gain).connect(this.context.destination);
      source.start(this.startedAt, from);
      this.voices.set(name, { source, gain });
    }
    this.lastTick = this.startedAt;
    this.timer = setInterval(() => this.#tick(), TICK);
  }

  #crossfade(id) {
    if (id === this.current) return;
    const now = this.context.currentTime;
    const ramp = ({ gain }, from, to) => {
      gain.gain.cancelScheduledValues(now);
      gain.gain.setValueAtTime(from, now);
      gain.gain.linearRampToValueAtTime(to, now + FADE);
    };
    for (const [name, voice] of this.voices) {
      if (name === id) ramp(voice, 0, 1);
      else if (name === this.current) ramp(voice, 1, 0);
      else voice.gain.gain.setValueAtTime(0, now);
    }
  }

  #silence() {
    clearInterval(this.timer);
    const now = this.context.currentTime;
    for (const { source, gain } of this.voices.values()) {
      gain.gain.cancelScheduledValues(now);
      gain.gain.setValueAtTime(gain.gain.value, now);
      gain.gain.linearRampToValueAtTime(0, now + FADE);
      source.stop(now + FADE);
    }
    this.voices.clear();
  }

  #tick() {
    const now = this.context.currentTime;
    const passed = Math.max(0, now - this.lastTick);
    this.lastTick = Math.max(now, this.lastTick);
    const id = this.current;
    const own = this.sounds.get(id).duration;
    this.heard.set(id, (this.heard.get(id) || 0) + passed);
    if (this.heard.get(id) >= own - 0.1) this.#completed(id);
    const last = Math.min(own, this.region.end);
    const started = now >= this.startedAt;
    if (!this.loop && started && this.position() >= last - 0.005) {
      if (this.startedFrom === 0 && this.region.start === 0) this.#completed(id);
      this.#silence();
      this.playing = false;
      this.offset = 0;
      this.onchange();
      this.onend(id);
    }
    this.ontick();
  }

  #completed(id) {
    if (this.complete.has(id)) return;
    this.complete.add(id);
    this.onchange();
  }

  // The sound within the region, padded with silence to the region's length.
  #segment(id) {
    if (!this.segments.has(id)) this.segments.set(id, this.#cut(this.sounds.get(id)));
    return this.segments.get(id);
  }

  #cut(buffer) {
    const rate = buffer.sampleRate;
    const first = Math.round(this.region.start * rate);
    const length = Math.max(1, Math.round(this.region.end * rate) - first);
    const whole = first === 0 && this.region.end >= this.duration;
    const cut = this.context.createBuffer(buffer.numberOfChannels, length, rate);
    const fade = Math.min(Math.floor(0.005 * rate), length >> 1);
    for (let channel = 0; channel < buffer.numberOfChannels; channel += 1) {
      const samples = cut.getChannelData(channel);
      samples.set(buffer.getChannelData(channel).subarray(first, first + length));
      if (whole) continue;
      for (let i = 0; i < fade; i += 1) {
        samples[i] *= i / fade;
        samples[length - 1 - i] *= i / fade;
      }
    }
    return cut;
  }
}
