// Exhibits of the bug museum: two variants, and a reader who accuses one of them. Which one is wrong,
// and the answer, stand in the page already. A classic script, so that it runs from a disk.
(() => {
  "use strict";

  const exhibits = [...document.querySelectorAll(".pg-find")];
  const { stored, store } = window.pgProgress; // kept in this browser alone
  const key = (exhibit) => `found:${exhibit.dataset.exhibit}`;
  const answerOf = (exhibit) => exhibit.nextElementSibling;

  function count() {
    const found = exhibits.filter((exhibit) => stored(key(exhibit)));
    for (const exhibit of exhibits) {
      exhibit.classList.toggle("pg-find--found", found.includes(exhibit));
      exhibit.querySelector(".pg-find__count").textContent =
        found.length ? `Found ${found.length} of ${exhibits.length}` : "";
    }
  }

  // Both cards say what they are, and the answer is unfolded.
  function reveal(exhibit, verdict) {
    if (exhibit.dataset.verdict) return;
    exhibit.dataset.verdict = verdict;
    const { wrong } = exhibit.dataset;
    for (const card of exhibit.querySelectorAll(".pg-find__variant")) {
      const guilty = card.dataset.variant === wrong;
      card.classList.add(guilty ? "pg-find__variant--wrong" : "pg-find__variant--right");
      card.querySelector(".pg-find__letter").textContent += guilty ? ": wrong" : ": right";
      card.querySelector(":scope > button").hidden = true;
    }
    exhibit.querySelector(".pg-find__verdict").textContent = {
      found: `Found: ${wrong} is the wrong one.`,
      missed: `Not this one. Variant ${wrong} is wrong.`,
      read: "",
    }[verdict];
    answerOf(exhibit).open = true;
  }

  function accuse(exhibit, letter) {
    if (exhibit.dataset.verdict) return;
    const right = letter === exhibit.dataset.wrong;
    reveal(exhibit, right ? "found" : "missed");
    if (right) store(key(exhibit), true);
    count();
    answerOf(exhibit).querySelector("summary").focus({ preventScroll: true });
  }

  for (const exhibit of exhibits) {
    for (const card of exhibit.querySelectorAll(".pg-find__variant")) {
      card.querySelector(":scope > button").disabled = false;
      // The whole card is the target, but who selects or copies code accuses nobody.
      card.addEventListener("click", (event) => {
        const other = event.target.closest("button");
        if (other && other.parentElement !== card) return;
        if (!other && String(getSelection())) return;
        accuse(exhibit, card.dataset.variant);
      });
    }
    answerOf(exhibit).addEventListener("toggle", () => {
      if (answerOf(exhibit).open) reveal(exhibit, "read");
    });
  }
  document.addEventListener("pg-progress", count);
  count();
})();
