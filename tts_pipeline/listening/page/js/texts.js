// What the page says between the trials.

import { h } from "./dom.js";

export const endText = "You have answered everything.";

const TASKS = {
  mos: "You will hear short pieces of speech, one at a time, and judge each one.",
  mushra: "You will compare several versions of the same sentence with a reference recording.",
  ab: "You will hear the same sentence twice and say which version you prefer.",
  abx: "You will hear two versions of a sentence, A and B, and then X, which is one of the two.",
  intelligibility: "You will hear short sentences, one at a time, and type what you understand.",
};

export function welcomeText(test, session) {
  if (session) {
    const left = session.trials.filter((trial) => !session.answered.includes(trial.id)).length;
    return {
      heading: "Welcome back",
      content: [h("p", {}, `Your answers so far are kept. ${left} of ${session.trials.length} steps are left; you go on where you stopped.`)],
      label: "Go on",
    };
  }
  const facts = [
    `It takes about ${test.minutes} ${test.minutes === 1 ? "minute" : "minutes"}.`,
    "Please use headphones, in a quiet place.",
    "You can stop at any time and go on later in the same browser.",
    test.mode === "server"
      ? "Stored are your answers, when they came, and how often you played each sound; no name, no address."
      : "Your answers stay on this device until you download and send them.",
  ];
  return {
    heading: test.title,
    content: [
      h("p", { class: "lead" }, test.introduction || TASKS[test.design]),
      h("ul", {}, facts.map((fact) => h("li", {}, fact))),
      test.contact ? h("p", { class: "quiet" }, `Questions? ${test.contact}`) : null,
    ].filter(Boolean),
    label: "Begin",
  };
}

const HOW = {
  mos: [
    "Listen to the whole sound, then choose the word that fits best. Judge the sound, not what is said.",
    "The practice sounds show you the range of what comes.",
  ],
  mushra: [
    "Play the reference, then each lettered sound, and set its slider: 100 if you hear no difference from the reference, lower the more it differs. You may switch while a sound plays, loop a part, and compare as often as you like.",
    "One of the sounds is the reference itself, hidden; others may be made worse on purpose.",
  ],
  ab: ["Listen to A and to B, then say which you prefer. Go by your first impression."],
  abx: ["Listen to A, B and X. X is the same sound as one of the two: which? If you cannot tell, guess."],
  intelligibility: ["Listen, then type the words you understood. Guess where you are not sure. Sentences need not make sense."],
};

const paragraphs = (texts) => texts.map((text) => h("p", {}, text));

export const phaseTexts = {
  headphones: () => ({
    heading: "Headphone check",
    content: paragraphs(["You will hear three tones, six times. Choose the quietest of the three each time.", "This works with headphones only: loudspeakers change the tones."]),
  }),
  training: (test) => ({
    heading: "Practice",
    content: paragraphs([...HOW[test.design], "What you answer in practice does not count."]),
  }),
  main: (test) => ({
    heading: "The test begins",
    content: paragraphs(["From now on your answers count.", ...(test.checks ? ["Now and then a sound tells you itself what to answer. Please do what it says."] : [])]),
  }),
};
