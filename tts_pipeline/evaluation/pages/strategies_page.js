// The slider shows the state of its number of steps; if a sound plays, that of the new state does.
document.querySelectorAll(".slider").forEach(slider => {
  const input = slider.querySelector("input"), output = slider.querySelector("output");
  const states = Array.from(slider.querySelectorAll(".state"));
  input.addEventListener("input", () => {
    const before = states.find(state => !state.hidden).querySelector("audio");
    const chosen = states[Number(input.value)], after = chosen.querySelector("audio");
    const plays = before !== after && !before.paused;
    states.forEach(state => { state.hidden = state !== chosen; });
    output.value = chosen.dataset.steps;
    input.setAttribute("aria-valuetext", `${chosen.dataset.steps} steps`);
    if (plays) {
      before.pause();
      after.play().catch(() => {});
    }
  });
});
