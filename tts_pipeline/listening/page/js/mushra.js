// A MUSHRA trial (ITU-R BS.1534-3): a labelled reference, and a slider for every sound.

import { h, key, playButton } from "./dom.js";
import { timeline } from "./wave.js";

const BANDS = ["Excellent", "Good", "Fair", "Poor", "Bad"];
const LETTERS = "ABCDEFGHIJKL";

const band = (score) => BANDS[Math.min(4, Math.floor((100 - score) / 20))];

function fader(letter, onset) {
  const value = h("output", { class: "score" }, "–");
  const input = h("input", {
    type: "range",
    min: "0",
    max: "100",
    step: "1",
    value: "50",
    class: "unset",
    "aria-label": `Score of sound ${letter}`,
    "aria-valuetext": "not rated yet",
    "aria-orientation": "vertical",
  });
  const set = () => {
    input.classList.remove("unset");
    value.textContent = input.value;
    input.style.setProperty("--share", Number(input.value) / 100);
    input.setAttribute("aria-valuetext", `${input.value}, ${band(Number(input.value))}`);
    onset();
  };
  input.addEventListener("input", set);
  // To confirm the middle, where the slider stands at first, is to rate as well.
  input.addEventListener("pointerup", set);
  input.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && input.classList.contains("unset")) {
      event.preventDefault();
      event.stopPropagation();
      set();
    }
  });
  return { input, value, rated: () => !input.classList.contains("unset") };
}

export function mushraTrial({ trial, test, player, ready }) {
  const reference = playButton("Reference", { shortcut: "R", big: true, onclick: () => player.toggle(trial.reference) });
  const stop = h("button", { type: "button", class: "plain", onclick: () => player.pause() }, "Stop ", key("Space"));
  const axis = timeline(player, player.sounds.get(trial.reference));
  const hint = h("p", { class: "quiet hint", role: "status" });

  function check() {
    const heard = [trial.reference, ...trial.stimuli].every((id) => player.plays[id]);
    const rated = columns.every((column) => column.rated());
    hint.textContent = !heard
      ? "Play the reference and every sound at least once."
      : rated
        ? "You may go back to any sound and change its score."
        : "Move every slider. One of the sounds is the reference itself: it should get 100.";
    ready(heard && rated);
  }

  const columns = trial.stimuli.map((id, index) => {
    const letter = LETTERS[index];
    const column = fader(letter, check);
    const button = playButton(letter, { onclick: () => player.toggle(id) });
    button.setAttribute("aria-label", `Play sound ${letter}`);
    button.setAttribute("aria-keyshortcuts", letter);
    const element = h("div", { class: "column", role: "group", "aria-label": `Sound ${letter}` }, button, h("div", { class: "rail" }, column.input), column.value);
    return { ...column, id, letter, button, element };
  });

  const scale = h("div", { class: "scale", "aria-hidden": "true" }, BANDS.map((name) => h("span", {}, name)));
  const element = h(
    "div",
    { class: "trial mushra" },
    h("div", { class: "transport" }, h("p", { class: "question" }, test.question), h("div", {}, reference, stop)),
    axis.element,
    h("div", { class: "board" }, scale, h("div", { class: "columns" }, columns.map((column) => column.element))),
    hint,
    h(
      "details",
      { class: "quiet keys" },
      h("summary", {}, "Keys"),
      h("p", {}, key("R"), " reference, ", key("A"), " to ", key(columns.at(-1).letter), " sounds, ", key("Space"), " stop and go on, ", key("["), " and ", key("]"), " set the loop's start and end here, arrow keys move the chosen slider."),
    ),
  );

  return {
    element,
    answer: () => ({ scores: Object.fromEntries(columns.map((column) => [column.id, Number(column.input.value)])) }),
    key(name) {
      if (name === " ") return (player.playing ? player.pause() : player.play(player.current || trial.reference)) ?? true;
      if (name === "[") return axis.markStart() ?? true;
      if (name === "]") return axis.markEnd() ?? true;
      if (name.toUpperCase() === "R") return player.play(trial.reference) ?? true;
      const column = columns.find((item) => item.letter === name.toUpperCase());
      if (!column) return false;
      player.play(column.id);
      column.input.focus();
      return true;
    },
    refresh() {
      reference.setPlaying(player.playing && player.current === trial.reference);
      for (const column of columns) {
        const on = player.playing && player.current === column.id;
        column.button.setPlaying(on);
        column.element.classList.toggle("on", on);
        column.button.classList.toggle("heard", Boolean(player.plays[column.id]));
      }
      axis.refresh();
      check();
    },
    close: () => axis.close(),
  };
}
