// The way through a test: welcome, volume, headphone check, practice, trials, end.

import { h, isTyping, key, playButton } from "./dom.js";
import { mushraTrial } from "./mushra.js";
import { SyncPlayer } from "./player.js";
import { Sounds, soundsOf } from "./sounds.js";
import { DownloadStore, ServerStore } from "./store.js";
import { simpleTrials } from "./trials.js";
import { endText, phaseTexts, welcomeText } from "./texts.js";

const app = document.getElementById("app");
const status = document.getElementById("status");
const count = document.getElementById("count");
const progress = document.getElementById("progress");
const views = { ...simpleTrials, mushra: mushraTrial };

let context = null;
let onKey = () => false;

function say(text, kind = "") {
  status.textContent = text;
  status.dataset.kind = kind;
}

// Shows one screen; the heading gets the focus, so that a screen reader starts there.
function show(heading, ...content) {
  const title = h("h1", { tabindex: "-1" }, heading);
  app.replaceChildren(h("section", { class: "card" }, title, ...content));
  window.scrollTo(0, 0);
  title.focus({ preventScroll: true });
}

const once = (element, event) => new Promise((resolve) => element.addEventListener(event, resolve, { once: true }));

function continueButton(label = "Continue") {
  return h("button", { type: "button", class: "primary", id: "continue" }, label);
}

async function screen(heading, content, label) {
  const button = continueButton(label);
  show(heading, ...content, h("div", { class: "actions" }, button));
  onKey = (name) => name === "Enter" && (button.click(), true);
  await once(button, "click");
  onKey = () => false;
}

document.addEventListener("keydown", (event) => {
  if (event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
  const { target } = event;
  const pressed = event.key;
  if (isTyping(target)) {
    if (pressed !== "Enter" || target instanceof HTMLTextAreaElement) return;
  } else if (target instanceof HTMLButtonElement || target.closest?.("summary")) {
    if (pressed === " " || pressed === "Enter") return;
  } else if (target instanceof HTMLInputElement && target.type === "checkbox" && pressed === " ") return;
  if (onKey(pressed)) event.preventDefault();
});

// Browsers start sound only after a gesture, and may stop it when a call comes in.
for (const gesture of ["pointerdown", "keydown"]) {
  document.addEventListener(gesture, () => context && context.state !== "running" && context.resume(), true);
}

async function setVolume(test, sounds) {
  const loaded = await sounds.load([test.level]);
  const player = new SyncPlayer(context, loaded, { loop: true });
  const button = playButton("Play", { shortcut: "Space", big: true, onclick: () => player.toggle(test.level) });
  player.onchange = () => button.setPlaying(player.playing);
  const next = continueButton();
  show(
    "Set your volume",
    h("p", {}, "Put on your headphones, play the sound, and set the volume of your device so that the speech is clear and comfortable. Leave it there for the whole test."),
    h("div", { class: "single" }, button),
    h("div", { class: "actions" }, next),
  );
  onKey = (name) => {
    if (name === " ") player.toggle(test.level);
    else if (name === "Enter") next.click();
    else return false;
    return true;
  };
  await once(next, "click");
  player.close();
}

async function runTrial(test, trial, sounds, heading) {
  show(heading, h("p", { class: "quiet" }, "Loading sounds…"));
  let loaded;
  for (;;) {
    try {
      loaded = await sounds.load(soundsOf(trial));
      break;
    } catch {
      await screen(heading, [h("p", { class: "fault" }, "The sounds could not be loaded. Check your connection.")], "Try again");
    }
  }
  const player = loaded.size
    ? new SyncPlayer(context, loaded, { aligned: trial.aligned, loop: trial.kind === "mushra" })
    : null;
  const button = continueButton();
  button.disabled = true;
  const ready = (possible) => (button.disabled = !possible);
  const view = views[trial.kind]({ trial, test, player, ready });
  show(heading, view.element, h("div", { class: "actions" }, button));
  const began = performance.now();
  if (player) {
    player.onchange = player.ontick = () => view.refresh();
    view.refresh();
  }
  onKey = (name) => {
    if (name === "Enter" && !button.disabled) button.click();
    else return view.key(name);
    return true;
  };
  await once(button, "click");
  onKey = () => false;
  const answer = { trial: trial.id, kind: trial.kind, ...view.answer(), seconds: (performance.now() - began) / 1000, plays: player ? player.plays : {} };
  player?.close();
  view.close?.();
  return answer;
}

function place(trials, index) {
  const { phase } = trials[index];
  const peers = trials.filter((trial) => trial.phase === phase);
  const number = peers.indexOf(trials[index]) + 1;
  if (phase === "end") return { heading: "A last word", line: "" };
  const name = { headphones: "Headphone check", training: "Practice", main: "Sound" }[phase];
  const what = phase === "main" && ["mushra", "ab", "abx"].includes(trials[index].kind) ? "Trial" : name;
  return { heading: `${what} ${number}`, line: `${number} of ${peers.length}` };
}

async function runTrials(test, session, store) {
  const done = new Set(session.answered);
  const { trials } = session;
  const sounds = new Sounds(context);
  const left = trials.filter((trial) => !done.has(trial.id));
  if (left.some((trial) => trial.stimuli)) await setVolume(test, sounds);
  let phase = null;
  for (const [index, trial] of left.entries()) {
    if (trial.phase !== phase && phaseTexts[trial.phase]) {
      const { heading, content } = phaseTexts[trial.phase](test);
      count.textContent = "";
      await screen(heading, content);
    }
    phase = trial.phase;
    const { heading, line } = place(trials, trials.indexOf(trial));
    count.textContent = line;
    progress.max = trials.length;
    progress.value = trials.length - left.length + index;
    const next = left[index + 1];
    sounds.keep([...soundsOf(trial), ...(next ? soundsOf(next) : [])]);
    const answer = runTrial(test, trial, sounds, heading);
    if (next) sounds.load(soundsOf(next)).catch(() => {});
    store.submit(await answer);
  }
  count.textContent = "";
  progress.value = progress.max = 1;
}

function showEnd(test, store) {
  if (test.mode === "server") {
    show("Thank you", h("p", {}, endText), h("p", {}, "All your answers are saved. You can close this page."));
    return;
  }
  const { name, blob } = store.file();
  const link = h("a", { class: "primary", href: URL.createObjectURL(blob), download: name, id: "download" }, "Download your answers");
  const whom = test.contact ? `Please send the file ${name} to ${test.contact}.` : `Please send the file ${name} to whoever invited you.`;
  show("Thank you", h("p", {}, endText), h("p", {}, "One last step: your answers are still on this device only. ", whom), h("div", { class: "actions" }, link));
}

async function run() {
  const response = await fetch("test.json", { cache: "no-store" });
  if (!response.ok) throw new Error(`test.json: HTTP ${response.status}`);
  const test = await response.json();
  document.title = test.title;
  document.getElementById("title").textContent = test.title;
  const store = test.mode === "server" ? new ServerStore(test, say) : new DownloadStore(test, say);
  let session = await store.open();
  const open = session?.trials.some((trial) => !session.answered.includes(trial.id));
  if (!session || open) {
    const { heading, content, label } = welcomeText(test, session);
    await screen(heading, content, label);
    context = new AudioContext();
    await context.resume();
    session ??= await store.begin();
    await runTrials(test, session, store);
  }
  show("One moment", h("p", {}, "Your last answers are being saved. Please keep this page open."));
  await store.settled();
  showEnd(test, store);
}

run().catch((error) => {
  if (error.status === 403) {
    show("No more listeners are needed", h("p", {}, String(error.message)));
    return;
  }
  show("Something went wrong", h("p", { class: "fault" }, String(error.message || error)), h("p", {}, "Nothing you answered is lost. Reload the page to go on. ", key("F5")));
});
