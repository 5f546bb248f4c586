// What tools/handouts.py runs in the pages of the site: it takes out the numbered statements and
// the figures, and lays them on slides or on a sheet of formulas.

(() => {
  "use strict";

  const IDLE = "button, script, .headerlink, details, iframe, .pg-demo__controls, .pg-check";
  const SHOWN = "h2, .proof, .cell_output img, .cell_output svg, figure.pg-demo";
  const KINDS = "theorem definition proposition lemma corollary".split(" ");

  const article = () => document.querySelector("article.bd-article");

  function copied(element) {
    const copy = element.cloneNode(true);
    for (const idle of copy.querySelectorAll(IDLE)) idle.remove();
    // The letters of a picture refer to each other by their identifiers: those stay.
    for (const named of [copy, ...copy.querySelectorAll("[id]")])
      if (!named.closest("svg")) named.removeAttribute("id");
    for (const link of copy.querySelectorAll("a[href]")) link.removeAttribute("href");
    return copy;
  }

  const isStatement = (element) =>
    element.classList.contains("proof") && element.querySelector(":scope > p .caption-number");

  const text = (element) => {
    const copy = element.cloneNode(true);
    for (const link of copy.querySelectorAll(".headerlink")) link.remove();
    return copy.innerHTML;
  };

  function slide(heading, ...content) {
    const section = document.createElement("section");
    section.className = "pg-slide";
    const title = document.createElement("h2");
    title.innerHTML = heading;
    const body = document.createElement("div");
    body.append(...content);
    section.append(title, body);
    return section;
  }

  // How much of its room a formula or a table takes in width.
  function width(part) {
    const room = part.getBoundingClientRect().width;
    const boxes = [...part.querySelectorAll(".katex-html > .base")].map((b) => b.getBoundingClientRect());
    if (!boxes.length) return part.scrollWidth / part.clientWidth;
    return (Math.max(...boxes.map((b) => b.right)) - Math.min(...boxes.map((b) => b.left))) / room;
  }

  // As large as fits: a factor between two and a half of the size on the page.
  function fit(section) {
    const body = section.lastElementChild;
    const room = section.clientHeight - section.firstElementChild.offsetHeight - 60;
    for (let zoom = 1.9; zoom > 0.45; zoom -= 0.1) {
      body.style.zoom = zoom;
      const wide = [...body.querySelectorAll("div.math, table, pre")].some((part) => width(part) > 1);
      if (body.getBoundingClientRect().height <= room && !wide) return;
    }
  }

  // Put the slides of a page in its place, and return how many there are.
  window.pgSlides = () => {
    const chapter = text(article().querySelector("h1"));
    const slides = [slide(chapter)];
    slides[0].classList.add("pg-slide--title");
    let heading = chapter;
    for (const element of article().querySelectorAll(SHOWN)) {
      if (element.tagName === "H2") heading = text(element);
      else if (element.classList.contains("proof")) {
        if (isStatement(element)) slides.push(slide(heading, copied(element)));
      } else if (!element.parentElement.closest("svg, figure.pg-demo, button, .highlight"))
        slides.push(slide(heading, copied(element)));
    }
    const whole = document.createElement("article");
    whole.className = "bd-article pg-slides";
    whole.append(...slides);
    document.body.replaceChildren(whole);
    slides.slice(1).forEach(fit);
    return slides.length;
  };

  // The statements of a page for the sheet: their formulas, or their words where they have none.
  window.pgFormulas = () => {
    const entries = [...article().querySelectorAll(".proof")]
      .filter((e) => isStatement(e) && KINDS.some((kind) => e.classList.contains(kind)))
      .map((statement) => {
        const copy = copied(statement);
        const title = copy.querySelector(":scope > p").innerHTML;
        const formulas = [...copy.querySelectorAll("div.math")].map((math) => math.outerHTML);
        const words = copy.querySelector("section").innerHTML;
        return `<div class="pg-formula"><p>${title}</p>${formulas.join("") || words}</div>`;
      });
    const name = text(article().querySelector("h1"));
    return entries.length ? `<h2>${name}</h2>${entries.join("")}` : "";
  };

  window.pgSheet = (parts, zoom) => {
    const whole = document.createElement("article");
    whole.className = "bd-article pg-sheet";
    whole.style.zoom = zoom;
    whole.innerHTML = parts.join("");
    document.body.replaceChildren(whole);
    // A formula that is wider than its column is set smaller.
    for (const math of whole.querySelectorAll("div.math")) {
      const wide = width(math);
      if (wide > 0.98) math.style.zoom = Math.max(0.4, 0.96 / wide);
    }
  };
})();
