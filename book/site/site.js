// The book's own script: what style alone cannot do. A classic script, so that it runs from a disk.

(function () {
  "use strict";

  // The notebook is saved, not shown, whatever the server calls it. From a disk a browser may show it
  // all the same, and then not in the place of the page.
  for (const link of document.querySelectorAll("a.btn-download-notebook")) {
    link.setAttribute("download", "");
    if (location.protocol !== "file:") link.removeAttribute("target");
  }

  // The menus above a page say what they hold.
  for (const button of document.querySelectorAll(".bd-header-article .btn.dropdown-toggle")) {
    button.title = button.getAttribute("aria-label");
  }

  for (const button of document.querySelectorAll("[data-pg-print]")) {
    button.addEventListener("click", () => window.print());
  }

  // Two of the theme's buttons are named otherwise than they read.
  function name(selector, label) {
    for (const button of document.querySelectorAll(selector)) {
      button.setAttribute("aria-label", label);
    }
  }
  name(".search-button-field", "Search Ctrl+K");
  name(".theme-switch-button", "Color mode: Light, Dark or System Settings");
  // And the arrow beside a page that has others below it is not named at all.
  name(".bd-links summary", "Pages below");

  // On a telephone the contents lie over the text until one of them is chosen.
  document.addEventListener("click", (event) => {
    const link = event.target.closest("dialog[open] a[href]");
    if (link) link.closest("dialog").close();
  });

  const BOXES = [".katex-display", ".katex:is(.pg-wide, .pg-scrolls)", "pre", ".pst-scrollable-table-container"].join();
  const column = (element) => element.closest("p, li, td, th, dd, figcaption, div");
  // Whether a box has more on its left, and on its right.
  const more = (box) => [box.scrollLeft > 1, box.scrollLeft + box.clientWidth + 1 < box.scrollWidth];
  function mark(box, [left, right]) {
    box.classList.toggle("pg-scrolls", left || right);
    box.classList.toggle("pg-more-left", left);
    box.classList.toggle("pg-more-right", right);
    if (left || right) box.tabIndex = 0;
    else box.removeAttribute("tabindex");
  }
  document.addEventListener("scroll", ({ target }) => {
    if (!target.classList?.contains("pg-scrolls")) return;
    const found = more(target);
    if (found.includes(true)) mark(target, found); // else it is hidden now
  }, { capture: true, passive: true });

  // First all is read, then all is written: a browser lays out anew where something is read after a change.
  function change(elements, read, write) {
    const found = elements.map(read);
    elements.forEach((element, i) => write(element, found[i]));
  }

  // A display that is too wide is set smaller, down to what can still be read. What is still wider than its box
  // shows that it is, and can be reached and scrolled with the keyboard.
  const SMALLEST = 0.75;
  // A part that was just opened may not count as visible yet: there all is looked at but what is still closed.
  function reachable(part, opened = false) {
    const visible = (box) => opened
      ? !box.closest(".pg-later dl.py:not(.pg-set), details:not([open])")
      : box.checkVisibility({ contentVisibilityAuto: true });
    const parts = part === article ? [...article.querySelectorAll(":scope > section > *")] : [part];
    const seen = parts.filter((each) => !later.includes(each) || visible(each.firstElementChild));
    const shown = (selector) => seen
      .flatMap((each) => [...(each.matches(selector) ? [each] : []), ...each.querySelectorAll(selector)])
      .filter(visible);
    const displays = shown(".katex-display");
    const touched = shown(".pg-together");
    for (const display of displays) display.style.fontSize = "";
    for (const words of shown(".pg-together.pg-long")) words.classList.remove("pg-long");
    change(displays, (display) => display.clientWidth / display.scrollWidth, (display, room) => {
      if (room < 1) display.style.fontSize = `${Math.max(SMALLEST, 0.99 * room)}em`;
    });
    change(touched, (words) => words.offsetWidth > column(words).clientWidth + 1, (words, long) =>
      words.classList.toggle("pg-long", long));
    const widest = (formula) =>
      Math.max(...[...formula.querySelectorAll(":scope > .katex-html > .base")].map((base) => base.offsetWidth));
    change(shown("span.math > .katex"), (formula) => widest(formula) > column(formula).clientWidth + 1, (formula, wide) =>
      formula.classList.toggle("pg-wide", wide));
    change(shown(BOXES), more, mark);
  }

  // A section after the other is laid out while the browser has nothing else to do; all at once, where the window
  // changes or is printed.
  const root = document.documentElement;
  const article = document.querySelector(".bd-article") || document.body;
  const later = root.classList.contains("pg-later") ? [...article.querySelectorAll(":scope > section > section, dl.py")] : [];
  function next() {
    const section = later.shift();
    section?.classList.add("pg-set");
    if (section) reachable(section, true);
    if (later.length) requestIdleCallback(next);
    else root.classList.remove("pg-later");
  }
  function all() {
    later.length = 0;
    next();
    reachable(article, true);
  }
  window.addEventListener("load", async () => {
    await document.fonts.ready;
    reachable(article);
    // When what is in sight has been drawn.
    const idle = () => requestIdleCallback(next);
    if (root.classList.contains("pg-later")) requestAnimationFrame(() => requestAnimationFrame(idle));
  });
  for (const event of ["resize", "beforeprint"]) window.addEventListener(event, all);
  document.addEventListener("toggle", (event) => reachable(event.target, true), true);
  // And what a reader has run, or opened by a button.
  new MutationObserver((changes) => {
    for (const { type, target, oldValue } of changes) {
      const opened = type === "attributes" && (oldValue || "").includes("toggle-hidden");
      if (opened || (type === "childList" && target.matches("div.cell, .cell_output"))) reachable(target, opened);
    }
  }).observe(article, {
    childList: true, subtree: true, attributes: true, attributeFilter: ["class"], attributeOldValue: true,
  });

  // What a reader searched for is marked in the text, and the first of it comes into sight where the
  // part that was found is long. A highlight leaves the text as it is.
  function hits(article, words) {
    const pattern = new RegExp(words.map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("|"), "giu");
    const text = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
    const ranges = [];
    while (text.nextNode()) {
      const node = text.currentNode;
      if (!node.parentElement.checkVisibility() || node.parentElement.closest(".katex, svg")) continue;
      for (const hit of node.data.matchAll(pattern)) {
        const range = document.createRange();
        range.setStart(node, hit.index);
        range.setEnd(node, hit.index + hit[0].length);
        ranges.push(range);
      }
    }
    return ranges;
  }
  const sought = new URLSearchParams(location.search).get("found")?.split(" ").filter(Boolean);
  if (sought?.length && window.Highlight) {
    const ranges = hits(article, sought);
    CSS.highlights.set("pg-found", new Highlight(...ranges));
    const part = document.getElementById(decodeURIComponent(location.hash.slice(1))) || article;
    const first = ranges.find((range) => part.contains(range.startContainer));
    if (first) window.addEventListener("load", () => {
      if (first.getBoundingClientRect().bottom > innerHeight)
        first.startContainer.parentElement.scrollIntoView({ block: "center" });
    });
    document.addEventListener("keydown", (event) => {
      if (event.key === "Escape") CSS.highlights.delete("pg-found");
    });
  }

  // Paper shows proofs and hidden code, and is white.
  const closed = [];
  let theme = null;
  window.addEventListener("beforeprint", () => {
    theme = root.dataset.theme;
    root.dataset.theme = "light";
    for (const details of document.querySelectorAll(".bd-article details:not([open])")) {
      details.open = true;
      closed.push(details);
    }
  });
  window.addEventListener("afterprint", () => {
    root.dataset.theme = theme;
    while (closed.length) closed.pop().open = false;
  });
})();
