// Small helpers to make elements; text is always set as text, never as HTML.

export function h(tag, attributes = {}, ...children) {
  const element = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (name.startsWith("on")) element.addEventListener(name.slice(2), value);
    else if (name === "class") element.className = value;
    else element.setAttribute(name, value === true ? "" : value);
  }
  element.append(...children.flat().filter((child) => child !== null && child !== undefined));
  return element;
}

const SVG = "http://www.w3.org/2000/svg";
const PATHS = {
  play: "M8 5.5v13a.8.8 0 0 0 1.2.7l10.3-6.5a.8.8 0 0 0 0-1.4L9.2 4.8A.8.8 0 0 0 8 5.5z",
  pause: "M7 5h3.5v14H7zM13.5 5H17v14h-3.5z",
};

export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  svg.classList.add("icon");
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}

export const key = (text) => h("kbd", { "aria-hidden": "true" }, text);

let serial = 0;
export const freshId = (stem) => `${stem}-${(serial += 1)}`;

// A button that plays one sound and shows that it does.
export function playButton(label, { shortcut = "", big = false, onclick }) {
  // On narrow screens the first word of "Sound A" goes, but not from what is read out.
  const [, wide, rest] = label.match(/^(Sound )?(.*)$/);
  const text = h("span", { class: "play-label" }, wide ? h("span", { class: "wide" }, wide) : null, rest);
  const button = h(
    "button",
    { type: "button", class: big ? "play big" : "play", "aria-label": label, "aria-pressed": "false", onclick },
    icon("play"),
    text,
    shortcut ? key(shortcut) : null,
  );
  if (shortcut) button.setAttribute("aria-keyshortcuts", shortcut === "Space" ? "Space" : shortcut);
  button.setPlaying = (playing) => {
    if (button.getAttribute("aria-pressed") === String(playing)) return;
    button.setAttribute("aria-pressed", String(playing));
    button.querySelector("svg").replaceWith(icon(playing ? "pause" : "play"));
  };
  return button;
}

// Radio buttons as large cards. `options` are {value, label, shortcut}.
export function choices(legend, options, onchange) {
  const name = freshId("choice");
  const inputs = options.map((option) =>
    h("input", { type: "radio", name, value: option.value, id: freshId("option"), onchange: () => onchange(option.value) }),
  );
  const cards = options.map((option, index) =>
    h(
      "label",
      { class: "choice", for: inputs[index].id },
      inputs[index],
      h("span", { class: "choice-label" }, option.label),
      key(option.shortcut),
    ),
  );
  const set = h("fieldset", { class: "choices", disabled: true }, h("legend", {}, legend), h("div", { class: "cards" }, cards));
  set.choose = (shortcut) => {
    const index = options.findIndex((option) => option.shortcut === shortcut);
    if (index < 0 || set.disabled) return false;
    inputs[index].checked = true;
    inputs[index].focus();
    onchange(options[index].value);
    return true;
  };
  return set;
}

// Shortcuts must not take letters from somebody who types.
export const isTyping = (target) =>
  target instanceof HTMLTextAreaElement || (target instanceof HTMLInputElement && target.type === "text");
