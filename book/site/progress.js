// What a reader has read and done, kept in this browser alone. A classic script.

(function () {
  "use strict";
  const PREFIX = "pgcompanion:";
  window.pgProgress = { stored, store }; // for what else is kept and forgotten with the ticks
  const article = document.querySelector("article.bd-article");
  const nav = document.querySelector(".bd-links");
  if (!article || !nav) return;

  const root = new URL(document.documentElement.dataset.content_root || "./", location.href);
  const page = (url) => url.pathname.slice(root.pathname.length) || "index.html";
  const here = page(new URL(location.href));
  const inBook = [...nav.querySelectorAll("a.reference.internal")];

  // A browser may refuse to store anything: then the ticks last as long as the page.
  const memory = {};
  function stored(key) {
    try {
      return localStorage.getItem(PREFIX + key) !== null;
    } catch {
      return key in memory;
    }
  }
  function store(key, on) {
    try {
      if (on) localStorage.setItem(PREFIX + key, "yes");
      else localStorage.removeItem(PREFIX + key);
    } catch {
      if (on) memory[key] = true;
      else delete memory[key];
    }
    draw();
  }
  function storedKeys() {
    try {
      return Object.keys(localStorage).filter((key) => key.startsWith(PREFIX));
    } catch {
      return Object.keys(memory).map((key) => PREFIX + key);
    }
  }

  function tickBox(key, text) {
    const label = document.createElement("label");
    label.className = "pg-done";
    const box = document.createElement("input");
    box.type = "checkbox";
    box.dataset.key = key;
    box.addEventListener("change", () => store(key, box.checked));
    label.append(box, " " + text);
    return label;
  }

  // An exercise is a box of a chapter, or a section of an exercise page whose code is checked.
  const boxes = [...article.querySelectorAll("div.exercise.admonition[id]")];
  const checked = [...article.querySelectorAll("section > section[id]:not(:has(section))")].filter((section) =>
    [...section.querySelectorAll("div.cell_input")].some((c) => c.textContent.includes("check(")));
  const end = (exercise) => exercise.querySelector(":scope > .pg-find__answer") || exercise;
  for (const exercise of [...boxes, ...checked])
    end(exercise).append(tickBox(`${here}#${exercise.id}`, "I have done this exercise"));
  if (inBook.some((link) => page(new URL(link.href)) === here))
    article.append(tickBox(here, "I have read this page"));

  const reset = document.createElement("button");
  reset.type = "button";
  reset.className = "pg-reset";
  reset.textContent = "Forget what I have read and done";
  reset.addEventListener("click", () => {
    if (!confirm("Remove all your ticks from this browser?")) return;
    for (const key of storedKeys()) store(key.slice(PREFIX.length), false);
  });
  nav.append(reset);

  function draw() {
    for (const box of article.querySelectorAll(".pg-done input"))
      box.checked = stored(box.dataset.key);
    for (const link of inBook) {
      const read = stored(page(new URL(link.href)));
      const tick = link.querySelector(".pg-tick");
      if (read && !tick) {
        const mark = document.createElement("span");
        mark.className = "pg-tick";
        mark.setAttribute("role", "img");
        mark.setAttribute("aria-label", "read");
        mark.textContent = "\u2713";
        link.append(mark);
      } else if (!read && tick) tick.remove();
    }
    reset.hidden = storedKeys().length === 0;
    document.dispatchEvent(new Event("pg-progress"));
  }
  draw();
})();
