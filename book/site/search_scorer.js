// How the search ranks what it finds, and what it shows of it. Sphinx writes this file into its own
// searchtools.js, in front (html_search_scorer).

var Scorer = {
  // Sphinx's own scores. Those of objects are needed although the book has none.
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: { 0: 15, 1: 5, 2: -5 },
  objPrioDefault: 0,
  title: 15,
  partialTitle: 7,
  term: 5,
  partialTerm: 2,

  // A chapter that is named after what is sought comes first; what gathers or repeats what the
  // chapters say comes after them.
  score: (result) => {
    const [page, title, anchor, , score] = result;
    const name = title.toLowerCase();
    const words = new URLSearchParams(location.search).get("q").toLowerCase().match(/[^\s]+/g) || [];
    if (anchor) result[1] = titled(result);
    const named = !anchor && words.every((word) => name.includes(word)) ? 100 : 0;
    const beside = /^(exercises\/|(bug_museum|errata|notation|references|solutions|statement_index)($|#))/;
    // Of the package reference an entry is what is sought, and not the page around it.
    const around = /^reference\/\w+($|#module-)/;
    const place = page + (anchor || "");
    return (score + named) * (beside.test(place) || around.test(place) ? 0.25 : 1);
  },
};

// A part of a page is shown with its own title, and that of a statement without its brackets.
function titled([page, title, anchor]) {
  const { docnames, titles, alltitles } = Search._index;
  const file = docnames.indexOf(page);
  const here = ([other, id]) => other === file && "#" + id === anchor;
  const own = Object.keys(alltitles).find((each) => alltitles[each].some(here));
  return own ? `${titles[file]} > ${own.trim().replace(/^\((.*)\)$/, "$1")}` : title;
}

// The text of a page for an excerpt: no furniture, no code, an ellipsis for each formula.
function prose(html, anchor) {
  const page = new DOMParser().parseFromString(html, "text/html");
  const part = anchor && page.getElementById(decodeURIComponent(anchor.slice(1)));
  const text = part || page.querySelector("article.bd-article");
  if (!text) return "";
  const other = "h1, h2, h3, h4, button, script, style, form, .headerlink, .cell, .pg-checked";
  for (const element of text.querySelectorAll(other)) element.remove();
  for (const formula of text.querySelectorAll(".math")) formula.replaceWith("\u2026");
  return text.textContent.replace(/\s+/g, " ").trim();
}

// From a disk a page cannot read another one, and so shows no excerpts.
DOCUMENTATION_OPTIONS.SHOW_SEARCH_SUMMARY = location.protocol !== "file:";
document.addEventListener("DOMContentLoaded", () => {
  Search.htmlToText = prose;
});
