// What tools/pdf.py runs in the pages of the site. An article is taken from its page, typeset and
// opened; all of them are then laid into one page, which is printed.

(() => {
  "use strict";

  const NOT_ON_PAPER = [
    "button", "script", ".headerlink", ".pg-done", ".pg-demo__controls",
    ".pg-check__number", "iframe",
  ].join(", ");

  const SHORT = 12; // lines

  // What is left of a page when it cannot be tried; nobody has done an exercise of a book yet.
  function unfold(article) {
    for (const details of article.querySelectorAll("details")) details.open = true;
    for (const box of article.querySelectorAll(".toggle-hidden"))
      box.classList.remove("toggle-hidden");
    for (const code of article.querySelectorAll("section > div.cell div.cell_input pre"))
      if (code.textContent.trim() === "progress()") code.closest("section").remove();
    for (const element of article.querySelectorAll(NOT_ON_PAPER)) element.remove();
    for (const code of article.querySelectorAll("div.cell_input")) // short code is not torn apart
      code.classList.toggle("pg-long", code.textContent.trim().split("\n").length > SHORT);
  }

  // "objective.html" is objective; a page outside of the contents has no name.
  function pageOf(url, root, names) {
    if (!url.href.startsWith(root)) return null;
    const name = url.pathname.slice(new URL(root).pathname.length).replace(/\.html$/, "");
    return names.includes(name) ? name : null;
  }

  const identifier = (page, id) => `${page.replaceAll("/", "-")}--${id}`;

  // Links lead to the same place in the book; what is neither in it nor in the web is not a link.
  function relink(article, page, root, names) {
    for (const link of article.querySelectorAll("a[href]")) {
      const url = new URL(link.href);
      const target = pageOf(url, root, names);
      if (target) link.href = "#" + identifier(target, url.hash.slice(1));
      else if (url.href.startsWith(root) || url.protocol === "file:") link.removeAttribute("href");
    }
  }

  // Identifiers, and what refers to them, carry the name of their page.
  function rename(article, page) {
    const own = (id) => identifier(page, id);
    for (const element of article.querySelectorAll("*")) {
      if (element.id) element.id = own(element.id);
      for (const name of ["for", "aria-labelledby", "aria-describedby"])
        if (element.hasAttribute(name))
          element.setAttribute(name, element.getAttribute(name).split(" ").map(own).join(" "));
      if (element.tagName === "use")
        for (const name of ["href", "xlink:href"])
          if (element.hasAttribute(name))
            element.setAttribute(name, "#" + own(element.getAttribute(name).slice(1)));
      for (const attribute of [...element.attributes])
        if (attribute.value.includes("url(#"))
          attribute.value = attribute.value.replace(/url\(#([^)]+)\)/g, (_, id) => `url(#${own(id)})`);
    }
  }

  // One page as it is printed: its text and its headings.
  window.pgArticle = (page, root, names) => {
    const article = document.querySelector("article.bd-article");
    unfold(article);
    for (const image of article.querySelectorAll("img")) image.src = new URL(image.src).href;
    relink(article, page, root, names);
    rename(article, page);
    article.id = identifier(page, "");
    const headings = [...article.querySelectorAll("h1, h2")].map((heading) => ({
      level: Number(heading.tagName[1]),
      id: heading.parentElement.id,
      html: heading.innerHTML,
      text: heading.textContent.trim(),
    }));
    return { html: article.outerHTML, headings };
  };

  // The book in the place of the one page that is open.
  window.pgBook = (front, articles, style) => {
    document.documentElement.dataset.theme = "light";
    const place = document.querySelector("article.bd-article").parentElement;
    const sheet = document.createElement("style");
    sheet.textContent = style;
    const body = document.createElement("div");
    body.innerHTML = front + articles.map((article) => article.html).join("");
    document.head.append(sheet);
    place.replaceChildren(...body.children);
  };
})();
