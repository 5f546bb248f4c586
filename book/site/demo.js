// Demos in a page without a kernel. Most compute their own numbers: their scripts are fetched when the
// reader comes near. For the others native controls choose among frames drawn in advance: each is a list of runs
// [start, length, ...] of the parts that all frames share.
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

  // A demo with a script of its own wakes when it is near the screen.
  const HERE = document.currentScript.src;
  const loaded = {};
  const load = (file) =>
    (loaded[file] ||= new Promise((done, failed) => {
      const script = document.createElement("script");
      script.src = new URL(`demos/${file}.js`, HERE);
      script.onload = done;
      script.onerror = failed;
      document.head.append(script);
    }));

  async function wake(demo) {
    if (demo.dataset.ready) return;
    demo.dataset.ready = "yes";
    await load("shared");
    await load(demo.dataset.demo);
    window.pgShared.start(demo);
  }

  const near = new IntersectionObserver(
    (entries) =>
      entries.filter((entry) => entry.isIntersecting).forEach((entry) => {
        near.unobserve(entry.target);
        wake(entry.target);
      }),
    { rootMargin: "800px" },
  );

  function startAll() {
    document.querySelectorAll(".pg-demo:not(.pg-demo--alive)").forEach(start);
    document.querySelectorAll(".pg-demo--alive").forEach((demo) => near.observe(demo));
  }
  if (document.readyState === "loading") addEventListener("DOMContentLoaded", startAll);
  else startAll();
})();
