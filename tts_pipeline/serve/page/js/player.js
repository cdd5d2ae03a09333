// Plays samples as they come, and knows which moment of the sound is heard.

const RATE = 24000;
// Begun so much later than now, sound does not stumble when the next block is late.
const LEAD_S = 0.06;

export class Player {
  constructor() {
    this.context = new AudioContext({ sampleRate: RATE });
    this.sources = [];
    this.parts = [];
    this.start = null;
    this.end = 0;
  }

  // Takes 16-bit little-endian samples in base64; a sample never lies across two events.
  add(base64) {
    const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
    this.parts.push(bytes);
    const view = new DataView(bytes.buffer);
    const samples = new Float32Array(bytes.length >> 1);
    for (let i = 0; i < samples.length; i += 1) samples[i] = view.getInt16(2 * i, true) / 32768;
    if (!samples.length) return;
    const buffer = this.context.createBuffer(1, samples.length, RATE);
    buffer.copyToChannel(samples, 0);
    const source = new AudioBufferSourceNode(this.context, { buffer });
    source.connect(this.context.destination);
    const earliest = this.context.currentTime + LEAD_S;
    if (this.start === null) {
      this.start = earliest;
      this.end = earliest;
    } else if (this.end < this.context.currentTime) {
      // It came too late: what is heard from now on is shifted by the gap.
      this.start += earliest - this.end;
      this.end = earliest;
    }
    source.start(this.end);
    this.end += buffer.duration;
    this.sources.push(source);
  }

  // Seconds of the sound that have been heard.
  get heard() {
    return this.start === null ? -1 : this.context.currentTime - this.start;
  }

  get isOver() {
    return this.start !== null && this.context.currentTime >= this.end;
  }

  stop() {
    for (const source of this.sources) source.stop();
    this.sources = [];
    return this.context.state === "closed" ? undefined : this.context.close();
  }

  // Everything that came, as a wav file.
  wav() {
    const size = this.parts.reduce((sum, part) => sum + part.length, 0);
    const head = new DataView(new ArrayBuffer(44));
    const letters = (at, text) => [...text].forEach((c, i) => head.setUint8(at + i, c.charCodeAt(0)));
    letters(0, "RIFF");
    head.setUint32(4, 36 + size, true);
    letters(8, "WAVEfmt ");
    head.setUint32(16, 16, true);
    head.setUint16(20, 1, true);
    head.setUint16(22, 1, true);
    head.setUint32(24, RATE, true);
    head.setUint32(28, 2 * RATE, true);
    head.setUint16(32, 2, true);
    head.setUint16(34, 16, true);
    letters(36, "data");
    head.setUint32(40, size, true);
    return new Blob([head.buffer, ...this.parts], { type: "audio/wav" });
  }
}
