// The time axis of a MUSHRA trial: waveform of the reference, where we are, and the loop.

import { h } from "./dom.js";

const SHORTEST = 0.2; // seconds of a loop
const STEP = 0.02; // seconds of a handle's move

const seconds = (value) => `${value.toFixed(1)} s`;

export function timeline(player, buffer) {
  const canvas = h("canvas", { "aria-hidden": "true" });
  const shade = [h("span", { class: "shade" }), h("span", { class: "shade end" })];
  const cursor = h("span", { class: "cursor" });
  const handle = (label, value) =>
    h("input", { type: "range", min: "0", max: String(player.duration), step: String(STEP), value: String(value), "aria-label": label });
  const start = handle("Start of the loop", 0);
  const end = handle("End of the loop", player.duration);
  const said = h("output", { class: "quiet region" });
  const shortest = Math.min(SHORTEST, player.duration / 2);

  function show() {
    const { start: from, end: to } = player.region;
    const share = (value) => `${(100 * value) / player.duration}%`;
    shade[0].style.width = share(from);
    shade[1].style.width = share(player.duration - to);
    start.setAttribute("aria-valuetext", seconds(from));
    end.setAttribute("aria-valuetext", seconds(to));
    const whole = from === 0 && to === player.duration;
    said.textContent = whole ? seconds(player.duration) : `${from.toFixed(1)}–${seconds(to)}`;
    again.disabled = whole;
  }

  function set(from, to) {
    player.setRegion(from, to);
    start.value = String(from);
    end.value = String(to);
    show();
  }

  const number = (input) => Math.min(player.duration, Number(input.value));
  // A range stops at the last whole step: treat that as the end.
  const last = () => (Number(end.value) > player.duration - STEP ? player.duration : number(end));
  start.addEventListener("input", () => set(Math.min(number(start), last() - shortest), last()));
  end.addEventListener("input", () => set(number(start), Math.max(last(), number(start) + shortest)));

  const loop = h("input", { type: "checkbox", id: "loop", checked: player.loop, onchange: () => player.setLoop(loop.checked) });
  const again = h("button", { type: "button", class: "plain", onclick: () => set(0, player.duration) }, "Whole sound");
  const element = h(
    "div",
    { class: "timeline" },
    h("div", { class: "wave" }, canvas, shade, cursor, start, end),
    h("div", { class: "wave-line" }, h("label", { class: "check", for: "loop" }, loop, "Loop"), said, again),
  );

  function draw() {
    const { width, height } = canvas.getBoundingClientRect();
    if (!width) return;
    const scale = window.devicePixelRatio || 1;
    canvas.width = Math.round(width * scale);
    canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d");
    pen.fillStyle = getComputedStyle(canvas).color;
    const samples = buffer.getChannelData(0);
    const perPixel = (player.duration * buffer.sampleRate) / canvas.width;
    const loudest = samples.reduce((most, sample) => Math.max(most, Math.abs(sample)), 1e-6);
    for (let x = 0; x < canvas.width; x += 1) {
      let peak = 0;
      const to = Math.min(samples.length, Math.floor((x + 1) * perPixel));
      for (let i = Math.floor(x * perPixel); i < to; i += 1) peak = Math.max(peak, Math.abs(samples[i]));
      const half = Math.max(scale / 2, (0.46 * canvas.height * peak) / loudest);
      pen.fillRect(x, canvas.height / 2 - half, 1, 2 * half);
    }
  }
  const watch = new ResizeObserver(draw);
  watch.observe(canvas);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  dark.addEventListener("change", draw);
  show();

  return {
    element,
    refresh() {
      cursor.style.left = `${(100 * player.position()) / player.duration}%`;
    },
    markStart: () => set(Math.min(player.position(), player.region.end - shortest), player.region.end),
    markEnd: () => set(player.region.start, Math.max(player.position(), player.region.start + shortest)),
    close() {
      watch.disconnect();
      dark.removeEventListener("change", draw);
    },
  };
}
