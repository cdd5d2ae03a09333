// Puts the page together.

import { facts, reading, ServerError, speech } from "./api.js";
import { Player } from "./player.js";
import { link, restore } from "./share.js";
import { Spoken } from "./spoken.js";

const $ = (id) => document.getElementById(id);
let player = null;
let request = null;
let download = null;

function say(message, isFault = false) {
  $("status").textContent = message;
  $("status").classList.toggle("fault", isFault);
}

function tell(error) {
  if (error.name === "AbortError") return;
  if (error instanceof ServerError && error.status === 401) {
    $("key-row").hidden = false;
    $("key").focus();
  }
  const isLost = error instanceof TypeError;
  say(isLost ? "the server cannot be reached; is it running?" : error.message, true);
}

function key() {
  return $("key").value;
}

// Sliders are steps of pitch and rate as they are heard: factors are powers of two.
function factor(id) {
  return Math.round(2 ** Number($(id).value) * 1000) / 1000;
}

function showFactors() {
  for (const id of ["rate", "pitch"]) {
    $(`${id}-value`).textContent = `${factor(id).toFixed(2)} times`;
    $(id).setAttribute("aria-valuetext", `${factor(id).toFixed(2)} times`);
  }
}

function fill(id, names, shown = (name) => name) {
  const old = $(id).value;
  $(id).replaceChildren(...names.map((name) => new Option(shown(name), name)));
  if (names.includes(old)) $(id).value = old;
}

async function load() {
  try {
    const known = await facts(key());
    fill("voice", [known.voices[0].id]);
    const chains = known.acoustics.flatMap((name) => [
      name,
      ...known.refiners.map((refiner) => `${name}+${refiner}`),
    ]);
    // What is shown first is what is chosen.
    fill("acoustic", [...new Set([known.default_acoustic, ...chains])]);
    fill("vocoder", [...new Set([known.default_vocoder, ...known.vocoders])]);
    restore();
    showFactors();
    return true;
  } catch (error) {
    tell(error);
    return false;
  }
}

function stop() {
  request?.abort();
  request = null;
  player?.stop();
  player = null;
  $("stop").disabled = true;
}

async function speak() {
  stop();
  if (!$("voice").value && !(await load())) return;
  const text = $("text").value;
  const mine = new AbortController();
  const voice = new Player();
  [request, player, download] = [mine, voice, null];
  $("download").disabled = true;
  $("stop").disabled = false;
  $("spoken-section").hidden = false;
  const spoken = new Spoken($("spoken"), text);
  const begun = performance.now();
  let first = null;
  let isComplete = false;

  function follow() {
    if (player !== voice) {
      spoken.mark(null);
      return;
    }
    spoken.mark(voice.heard);
    if (isComplete && voice.isOver) {
      spoken.mark(null);
      $("stop").disabled = true;
      say("Done.");
      voice.stop();
      player = null;
      return;
    }
    requestAnimationFrame(follow);
  }

  say("Speaking.");
  try {
    const wanted = {
      model: "tts_pipeline",
      input: text,
      voice: $("voice").value,
      acoustic: $("acoustic").value,
      vocoder: $("vocoder").value,
      speed: factor("rate"),
      pitch: factor("pitch"),
      text_format: $("format").value,
      seed: Math.max(0, Math.trunc(Number($("seed").value)) || 0),
    };
    await speech(wanted, key(), mine.signal, (event) => {
      if (event.type === "speech.audio.timestamps") spoken.add(event.timestamps);
      if (event.type !== "speech.audio.delta") return;
      if (first === null) {
        first = performance.now() - begun;
        say(`Speaking; the first sound came after ${Math.round(first)} ms.`);
        requestAnimationFrame(follow);
      }
      voice.add(event.audio);
    });
    isComplete = true;
    if (player === voice || request === mine) {
      download = voice.wav();
      $("download").disabled = false;
    }
  } catch (error) {
    if (request === mine) stop();
    tell(error);
  }
}

function cell(kind, text) {
  const element = document.createElement(kind);
  element.textContent = text;
  return element;
}

async function read() {
  const text = $("text").value;
  try {
    const answer = await reading(text, $("format").value, key());
    const letters = Array.from(text);
    const rows = answer.words.map((word) => {
      const row = document.createElement("tr");
      const head = cell("th", word.text);
      head.scope = "row";
      row.append(
        head,
        cell("td", letters.slice(...word.span).join("")),
        cell("td", `/${word.ipa}/`),
        cell("td", word.phones.join(" ")),
        cell("td", word.source),
        cell("td", `${Math.round(100 * word.confidence)} %`),
      );
      return row;
    });
    $("words").replaceChildren(...rows);
    $("normalised").textContent = answer.normalised;
    $("dropped").replaceChildren(...answer.dropped.map((what) => cell("li", what)));
    $("reading-section").hidden = false;
    say(`${rows.length} words.`);
    $("reading-title").focus();
  } catch (error) {
    tell(error);
  }
}

function save() {
  const anchor = document.createElement("a");
  anchor.href = URL.createObjectURL(download);
  anchor.download = "speech.wav";
  anchor.click();
  setTimeout(() => URL.revokeObjectURL(anchor.href), 10_000);
}

async function share() {
  const url = link();
  history.replaceState(null, "", url);
  try {
    await navigator.clipboard.writeText(url);
    say("The link is copied.");
  } catch {
    // Browsers give the clipboard to encrypted pages only.
    say("The link is in the address line.");
  }
}

$("form").addEventListener("submit", (event) => {
  event.preventDefault();
  speak();
});
$("stop").addEventListener("click", () => {
  stop();
  say("Stopped.");
  $("speak").focus();
});
$("read").addEventListener("click", read);
$("download").addEventListener("click", save);
$("share").addEventListener("click", share);
for (const id of ["rate", "pitch"]) $(id).addEventListener("input", showFactors);
document.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    speak();
  } else if (event.key === "Escape" && player) {
    stop();
    say("Stopped.");
  }
});
restore();
showFactors();
load();
