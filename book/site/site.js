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

  const BOXES = [
    ".katex-display",
    ".katex.pg-wide",
    "pre",
    ".pst-scrollable-table-container",
  ].map((box) => `.bd-article ${box}`).join();

  const column = (element) => element.closest("p, li, td, th, dd, figcaption, div");

  // A display that is too wide is set smaller, down to what can still be read.
  const SMALLEST = 0.6;
  function fit(display) {
    display.style.fontSize = "";
    const room = display.clientWidth / display.scrollWidth;
    if (room < 1) display.style.fontSize = `${Math.max(SMALLEST, 0.99 * room)}em`;
  }

  // What is wider than its box shows that it is, and can be reached and scrolled with the keyboard.
  function reachable() {
    for (const display of document.querySelectorAll(".bd-article .katex-display")) fit(display);
    for (const words of document.querySelectorAll(".pg-together")) {
      words.classList.remove("pg-long");
      words.classList.toggle("pg-long", words.offsetWidth > column(words).clientWidth + 1);
    }
    for (const formula of document.querySelectorAll("span.math > .katex")) {
      const parts = [...formula.querySelectorAll(":scope > .katex-html > .base")];
      const widest = Math.max(...parts.map((part) => part.offsetWidth));
      formula.classList.toggle("pg-wide", widest > column(formula).clientWidth + 1);
    }
    for (const box of document.querySelectorAll(BOXES)) {
      const wide = box.scrollWidth > box.clientWidth + 1;
      box.classList.toggle("pg-scrolls", wide);
      if (wide) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }
  document.fonts.ready.then(reachable);
  for (const event of ["load", "resize"]) window.addEventListener(event, reachable);
  document.addEventListener("toggle", reachable, true);

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
  const article = document.querySelector(".bd-article");
  if (sought?.length && article && window.Highlight) {
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
  const root = document.documentElement;
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
