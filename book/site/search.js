// The page of the search: what is typed is looked up in search-index.js, at every key. Both are
// classic scripts, so that it works from a disk, excerpts included.

(function () {
  "use strict";

  const MOST = 30;
  const KINDS = { page: 1.4, definition: 1.2, section: 1, function: 0.9, exercise: 0.5 };
  // What gathers or repeats what the chapters say comes after them.
  const BESIDE = /^(exercises\/|(bug_museum|errata|notation|references|solutions|statement_index|teaching)$)/;
  // Of the package reference a function is what is sought, and not the page around it.
  const around = (page, kind) => kind === "page" && page.startsWith("reference/");

  const entries = pgSearchIndex.map(([page, anchor, kind, names, title, text]) => {
    const [name, ...others] = names.split("|");
    return {
      page, anchor, kind, name, title, text,
      number: (name.match(/\d+(\.\d+)*$/) || [""])[0],
      // How the whole of it is called, in small letters: each of these, typed, means this entry.
      called: [title, name, ...others, ...name.split(".").filter((each) => each.includes("_"))]
        .map((each) => each.toLowerCase()),
      head: [title, ...(kind === "page" ? [] : [name]), ...others].join(" ").toLowerCase(),
      body: text.toLowerCase(),
      weight: (KINDS[kind] || 1.1) * (BESIDE.test(page) || around(page, kind) ? 0.25 : 1),
    };
  });
  const titles = new Map(entries.filter((each) => each.kind === "page").map((each) => [each.page, each]));
  const vocabulary = new Set(entries.flatMap(({ head, body }) => `${head} ${body}`.match(/[a-z]{4,}/g) || []));

  const wordsOf = (query) => query.toLowerCase().match(/[^\s"“”,()]+/g) || [];
  const escaped = (word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");

  // How well a word is met by a text: at the beginning of a word, within one, or not at all. What has
  // a digit is met whole: 3.5 is neither 13.5 nor 3.51.
  function met(word, text) {
    if (/\d/.test(word)) return Number(new RegExp(`(?<![\\d.])${escaped(word)}(?![\\d]|\\.\\d)`).test(text));
    const place = text.indexOf(word);
    if (place < 0) return 0;
    return new RegExp(`(?<![\\p{L}\\p{N}])${escaped(word)}`, "u").test(text) ? 1 : 0.6;
  }

  // "Theorem 3.5", or the number of something that is called otherwise.
  function numbered(entry, words) {
    const number = words.at(-1);
    if (!entry.number || entry.number !== number || words.length > 2 || entry.kind === "page") return 0;
    const kind = words.length === 2 ? words[0].replace(/\.$/, "") : "";
    return entry.name.toLowerCase().startsWith(kind) ? 3000 : 2000;
  }

  function score(entry, words, phrase) {
    const place = numbered(entry, words);
    if (place) return place * entry.weight;
    let sum = 0, inHead = 0;
    for (const word of words) {
      const head = met(word, entry.head);
      const body = met(word, entry.body);
      if (!head && !body) return 0;
      inHead += head;
      sum += 10 * head + 2 * body;
    }
    const named = entry.called.includes(phrase) ? 300 : 0;
    const all = 100 * inHead / words.length;
    // A chapter that is named after what is sought comes before what stands in it.
    const chapter = entry.kind === "page" && inHead === words.length ? 300 : 0;
    return (sum + named + all + chapter) * entry.weight;
  }

  function find(query) {
    const words = wordsOf(query);
    if (!words.length) return [];
    return entries
      .map((entry) => ({ entry, score: score(entry, words, words.join(" ")) }))
      .filter((each) => each.score)
      .sort((a, b) => b.score - a.score)
      .map((each) => each.entry);
  }

  // The number of letters by which two words differ, as far as two.
  function distance(a, b) {
    if (Math.abs(a.length - b.length) > 2) return 3;
    let above = [...Array(b.length + 1).keys()];
    for (let i = 1; i <= a.length; i++) {
      const row = [i];
      for (let j = 1; j <= b.length; j++)
        row.push(Math.min(row[j - 1] + 1, above[j] + 1, above[j - 1] + (a[i - 1] !== b[j - 1])));
      above = row;
    }
    return above.at(-1);
  }

  // The query with the words that the book does not have put right, or null.
  function mended(query) {
    const known = (word) => word.length < 4 || entries.some(({ head, body }) => met(word, head) || met(word, body));
    const nearest = (word) => [...vocabulary]
      .map((other) => ({ other, apart: distance(word, other) }))
      .filter(({ apart }) => apart <= (word.length < 6 ? 1 : 2))
      .sort((a, b) => a.apart - b.apart || a.other.length - b.other.length)[0]?.other;
    const words = wordsOf(query).map((word) => (known(word) ? word : nearest(word)));
    return words.every(Boolean) && words.join(" ") !== wordsOf(query).join(" ") ? words.join(" ") : null;
  }

  // --- What is shown ----------------------------------------------------------------------------

  const pattern = (words) => new RegExp(`(${words.map(escaped).join("|")})`, "gi");

  // An element with a text, in which the words are marked.
  function marked(tag, text, words) {
    const element = document.createElement(tag);
    text.split(pattern(words)).forEach((part, i) => {
      const mark = i % 2 ? document.createElement("mark") : document.createTextNode(part);
      if (i % 2) mark.textContent = part;
      element.append(mark);
    });
    return element;
  }

  // The piece of the text in which the first of the words stands.
  const LENGTH = 190;
  function excerpt(text, words) {
    const hit = Math.max(text.search(pattern(words)), 0);
    let from = Math.max(hit - LENGTH / 3, 0);
    if (from) from = text.indexOf(" ", from) + 1;
    let to = Math.min(from + LENGTH, text.length);
    if (to < text.length) to = text.lastIndexOf(" ", to);
    const piece = text.slice(from, to).replace(/^[…\s]+|[…\s]+$/g, "");
    return (from ? "… " : "") + piece + (to < text.length ? " …" : "");
  }

  const root = document.documentElement.dataset.content_root || "./";
  function address(entry, words) {
    const found = `?found=${encodeURIComponent(words.join(" "))}`;
    return `${root}${entry.page}.html${found}${entry.anchor ? `#${entry.anchor}` : ""}`;
  }

  function row(entry, words) {
    const item = document.createElement("li");
    const link = document.createElement("a");
    link.href = address(entry, words);
    const name = /^(page|section|function)$/.test(entry.kind) ? "" : entry.name;
    link.append(...marked("span", [name, entry.title].filter(Boolean).join(". "), words).childNodes);
    item.append(link);
    const where = document.createElement("p");
    where.className = "pg-found__where";
    const page = titles.get(entry.page);
    if (entry.kind === "page") where.textContent = entry.name ? `Chapter ${entry.name}` : "Page";
    else where.textContent = (entry.kind === "function" ? "Function in " : "In ") + (page ? page.title : entry.page);
    item.append(where);
    if (entry.text) item.append(marked("p", excerpt(entry.text, words), words));
    return item;
  }

  const results = document.querySelector("#search-results");
  const field = document.querySelector(".bd-search-container input[name=q]");
  const status = document.createElement("p");
  status.setAttribute("role", "status");
  const list = document.createElement("ol");
  list.className = "pg-found";
  results.append(status, list);

  function sentence(query, instead, count) {
    if (!wordsOf(query).length) return "";
    if (!count) return `The book has nothing on “${query}”.`;
    const places = count === 1 ? "One place" : `${count} places`;
    const start = instead ? `The book has no “${query}”. It has “${instead}”: ${places.toLowerCase()}` : places;
    return start + (count > MOST ? `, of which the best ${MOST} follow. One more word narrows them down.` : ".");
  }

  function show(query) {
    let found = find(query);
    const instead = found.length ? null : mended(query);
    if (instead) found = find(instead);
    const words = wordsOf(instead || query);
    status.textContent = sentence(query.trim(), instead, found.length);
    list.replaceChildren(...found.slice(0, MOST).map((entry) => row(entry, words)));
  }

  field.value = new URLSearchParams(location.search).get("q") || "";
  show(field.value);
  field.addEventListener("input", () => {
    history.replaceState(null, "", `?q=${encodeURIComponent(field.value)}`);
    show(field.value);
  });
  field.form.addEventListener("submit", (event) => {
    event.preventDefault();
    list.querySelector("a")?.focus();
  });
})();
