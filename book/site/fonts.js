// The text appears in its own letters and so does not move when they come: it waits for them, though no
// longer than three seconds. And its sections are laid out when a reader comes near, or the browser has nothing
// else to do (see site.js): not where a page is opened at some place in it, which must stand where it stays. A
// script in the head, behind the styles.

(() => {
  "use strict";
  const root = document.documentElement;
  const show = () => root.classList.remove("pg-waits");
  root.classList.add("pg-waits");
  const faces = ['1em "Source Serif 4"', 'italic 1em "Source Serif 4"', "italic 1em KaTeX_Math"];
  for (const name of ["Main", "AMS", "Caligraphic", "Size1", "Size2"]) faces.push(`1em KaTeX_${name}`);
  const loads = faces.map((face) => document.fonts.load(face));
  Promise.all(loads).then(show, show);
  setTimeout(show, 3000);

  const [{ type }] = performance.getEntriesByType("navigation");
  const anew = type === "navigate" && !location.hash;
  if (anew && CSS.supports("overflow-anchor: auto")) root.classList.add("pg-later");
})();
