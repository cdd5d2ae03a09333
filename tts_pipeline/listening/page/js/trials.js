// The views of all trials but MUSHRA. Each is given `{trial, test, player, ready}` and returns
// `{element, answer(), key(name), refresh(), close()}`; `ready(bool)` says whether Continue may be
// pressed.

import { choices, h, key, playButton } from "./dom.js";

const OPTIONS = {
  mos: [
    { value: "5", label: "Excellent", shortcut: "5" },
    { value: "4", label: "Good", shortcut: "4" },
    { value: "3", label: "Fair", shortcut: "3" },
    { value: "2", label: "Poor", shortcut: "2" },
    { value: "1", label: "Bad", shortcut: "1" },
  ],
  ab: [
    { value: "a", label: "I prefer A", shortcut: "1" },
    { value: "none", label: "No preference", shortcut: "2" },
    { value: "b", label: "I prefer B", shortcut: "3" },
  ],
  abx: [
    { value: "a", label: "X is A", shortcut: "1" },
    { value: "b", label: "X is B", shortcut: "2" },
  ],
  tones: [
    { value: "1", label: "The first", shortcut: "1" },
    { value: "2", label: "The second", shortcut: "2" },
    { value: "3", label: "The third", shortcut: "3" },
  ],
};
const TONES_QUESTION = "You hear three tones. Which is the quietest?";

function optionsOf(trial) {
  if (trial.kind !== "ab" || trial.no_preference) return OPTIONS[trial.kind];
  return [OPTIONS.ab[0], { ...OPTIONS.ab[2], shortcut: "2" }];
}

function playBar(player, id, label) {
  const button = playButton(label, { shortcut: "Space", big: true, onclick: () => player.toggle(id) });
  const bar = h("span", { class: "bar" }, h("span"));
  return {
    element: h("div", { class: "single" }, button, h("div", { class: "track", "aria-hidden": "true" }, bar)),
    refresh() {
      button.setPlaying(player.playing);
      bar.firstChild.style.transform = `scaleX(${player.playing || player.complete.has(id) ? fraction(player, id) : 0})`;
    },
  };
}

function fraction(player, id) {
  if (!player.playing) return 1;
  return Math.min(1, player.position() / player.sounds.get(id).duration);
}

function pairButtons(player, names, ids) {
  const buttons = ids.map((id, index) =>
    playButton(`Sound ${names[index]}`, { shortcut: names[index], big: true, onclick: () => player.toggle(id) }),
  );
  return {
    element: h("div", { class: "several" }, buttons),
    refresh() {
      ids.forEach((id, index) => {
        buttons[index].setPlaying(player.playing && player.current === id);
        buttons[index].classList.toggle("heard", player.complete.has(id));
      });
    },
  };
}

// Listen, then choose one of a few answers.
function choiceTrial({ trial, test, player, ready }) {
  let chosen = null;
  const names = trial.kind === "abx" ? ["A", "B", "X"] : ["A", "B"];
  const single = trial.stimuli.length === 1;
  const sounds = single ? playBar(player, trial.stimuli[0], "Play") : pairButtons(player, names, trial.stimuli);
  const question = trial.kind === "tones" ? TONES_QUESTION : test.question;
  const set = choices(question, optionsOf(trial), (value) => {
    chosen = value;
    ready(true);
  });
  const hint = h("p", { class: "quiet hint", role: "status" });
  const refresh = () => {
    sounds.refresh();
    const open = trial.stimuli.every((id) => player.complete.has(id));
    set.disabled = !open;
    hint.textContent = open ? "" : single ? "Listen to the whole sound before you answer." : "Listen to each sound to its end before you answer.";
  };
  return {
    element: h("div", { class: `trial ${trial.kind}` }, sounds.element, set, hint),
    answer: () => (trial.kind === "mos" ? { score: Number(chosen) } : { choice: chosen }),
    key(name) {
      if (name === " " && single) return player.toggle(trial.stimuli[0]) ?? true;
      const index = single ? -1 : names.indexOf(name.toUpperCase());
      if (index >= 0) return player.toggle(trial.stimuli[index]) ?? true;
      if (name === " ") return player.pause() ?? true;
      return set.choose(name);
    },
    refresh,
  };
}

function typedTrial({ trial, test, player, ready }) {
  const [id] = trial.stimuli;
  const bar = playBar(player, id, "Play");
  const input = h("input", {
    type: "text",
    id: "typed",
    maxlength: "500",
    autocomplete: "off",
    autocapitalize: "off",
    autocorrect: "off",
    spellcheck: "false",
    disabled: true,
    oninput: () => ready(true),
  });
  const nothing = h("button", {
    type: "button",
    class: "plain",
    disabled: true,
    onclick: () => {
      input.value = "";
      ready(true);
    },
  }, "I understood nothing");
  return {
    element: h(
      "div",
      { class: "trial typed" },
      bar.element,
      h("label", { for: "typed", class: "question" }, test.question),
      input,
      h("p", { class: "quiet hint" }, "Capitals and punctuation do not matter. ", h("span", { class: "keys" }, key("Enter"), " continues.")),
      nothing,
    ),
    answer: () => ({ text: input.value }),
    key: (name) => (name === " " ? (player.toggle(id), true) : false),
    refresh() {
      bar.refresh();
      const open = player.complete.has(id);
      if (open && input.disabled) {
        input.disabled = nothing.disabled = false;
        input.focus();
      }
    },
  };
}

function commentTrial({ ready }) {
  const area = h("textarea", { id: "comment", rows: "5", maxlength: "2000" });
  ready(true);
  return {
    element: h(
      "div",
      { class: "trial comment" },
      h("label", { for: "comment", class: "question" }, "Was there anything you noticed, or that went wrong? (You may leave this empty.)"),
      area,
    ),
    answer: () => ({ text: area.value }),
    key: () => false,
    refresh() {},
  };
}

export const simpleTrials = {
  mos: choiceTrial,
  ab: choiceTrial,
  abx: choiceTrial,
  tones: choiceTrial,
  typed: typedTrial,
  comment: commentTrial,
};
