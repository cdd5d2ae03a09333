// The slider shows the state of its number of steps; a sound that plays goes on as the other one.
document.querySelectorAll(".slider").forEach(slider => {
  const input = slider.querySelector("input"), output = slider.querySelector("output");
  const states = Array.from(slider.querySelectorAll(".state"));
  input.addEventListener("input", () => {
    const before = states.find(state => !state.hidden).querySelector("audio");
    const chosen = states[Number(input.value)], after = chosen.querySelector("audio");
    const plays = before !== after && !before.paused, at = before.currentTime;
    states.forEach(state => { state.hidden = state !== chosen; });
    output.value = chosen.dataset.steps;
    input.setAttribute("aria-valuetext", `${chosen.dataset.steps} steps`);
    if (plays) {
      before.pause();
      after.currentTime = Math.min(at, after.duration || at);
      after.play();
    }
  });
});
