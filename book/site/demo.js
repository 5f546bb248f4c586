// Demos in a page without a kernel: native controls choose among frames drawn in advance.
// A frame is a list of runs [start, length, ...] of the parts that all frames share.
(() => {
  "use strict";
  const PACE = 500; // milliseconds from one moment to the next while a demo plays

  function start(demo) {
    if (demo.dataset.ready) return;
    demo.dataset.ready = "yes";
    const find = (selector) => demo.querySelector(selector);
    const { parts, frames, captions, texts } = JSON.parse(find("script").textContent);
    const picture = find(".pg-demo__picture");
    const caption = find(".pg-demo__caption");
    const inputs = [...demo.querySelectorAll("input, select")];
    const place = (input) => (input.type === "range" ? +input.value : input.selectedIndex);

    function draw() {
      let n = 0; // the frame's place in the grid, whose last control moves fastest
      inputs.forEach((input, i) => {
        const text = texts[i][place(input)];
        n = n * texts[i].length + place(input);
        if (input.type !== "range") return;
        input.setAttribute("aria-valuetext", text);
        input.closest(".pg-demo__control").querySelector("output").textContent = text;
      });
      let svg = "";
      for (let i = 0; i < frames[n].length; i += 2)
        svg += parts.slice(frames[n][i], frames[n][i] + frames[n][i + 1]).join("");
      picture.innerHTML = svg;
      picture.firstElementChild.setAttribute("aria-label", captions[n]);
      caption.textContent = captions[n];
    }

    function playable(button) {
      const input = button.parentElement.querySelector("input");
      let timer = 0;
      const stop = () => {
        clearInterval(timer);
        timer = 0;
        button.textContent = "Play";
        caption.setAttribute("aria-live", "polite");
      };
      const step = () => {
        if (!demo.isConnected || input.value === input.max) return stop();
        input.value = +input.value + 1;
        draw();
        if (input.value === input.max) stop();
      };
      button.addEventListener("click", () => {
        if (timer) return stop();
        if (input.value === input.max) {
          input.value = 0;
          draw();
        }
        timer = setInterval(step, PACE);
        button.textContent = "Pause";
        caption.setAttribute("aria-live", "off"); // twice a second is too fast to be read out
      });
      input.addEventListener("input", stop);
    }

    inputs.forEach((input) => input.addEventListener("input", draw));
    demo.querySelectorAll(".pg-demo__play").forEach(playable);
    find(".pg-demo__controls").hidden = false;
  }

  const startAll = () => document.querySelectorAll(".pg-demo").forEach(start);
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", startAll);
  else startAll();
})();
