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
    "div.math mjx-container",
    "mjx-container.pg-wide",
    "pre",
    ".pst-scrollable-table-container",
    ".pg-scroll",
  ].map((box) => `.bd-article ${box}`).join();

  // What is wider than its box shows that it is, and can be reached and scrolled with the keyboard.
  function reachable() {
    for (const formula of document.querySelectorAll("span.math mjx-container")) {
      const column = formula.closest("p, li, td, th, dd, figcaption, div");
      const width = formula.firstElementChild.getBoundingClientRect().width;
      formula.classList.toggle("pg-wide", width > column.clientWidth + 1);
    }
    for (const box of document.querySelectorAll(BOXES)) {
      const wide = box.scrollWidth > box.clientWidth + 1;
      box.classList.toggle("pg-scrolls", wide);
      if (wide) box.tabIndex = 0;
      else box.removeAttribute("tabindex");
    }
  }
  const typeset = window.MathJax && window.MathJax.startup && window.MathJax.startup.promise;
  Promise.resolve(typeset).then(reachable);
  for (const event of ["load", "resize"]) window.addEventListener(event, reachable);
  document.addEventListener("toggle", reachable, true);

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
