// Self-checks in a page without a kernel: what is said to a choice stands in the page already.
(() => {
  "use strict";

  // What is said to the number: the choice that it comes within, or the last, for all others.
  function near(whys, number, within) {
    const hit = whys.find((why) => Math.abs(parseFloat(why.dataset.value) - number) <= within);
    return hit || whys[whys.length - 1];
  }

  function start(form) {
    const find = (selector) => form.querySelector(selector);
    const whys = [...form.querySelectorAll(".pg-check__why")];
    const [button, answer, all] = [find("button"), find(".pg-check__answer"), find("details")];
    const field = find("input[type=number]");
    let tries = 0;

    form.addEventListener("submit", (event) => {
      event.preventDefault();
      const why = field
        ? near(whys, field.valueAsNumber, parseFloat(form.dataset.within))
        : whys[find("input:checked").value];
      form.dataset.verdict = "right" in why.dataset ? "right" : "wrong";
      answer.replaceChildren(...[...why.children].slice(1).map((part) => part.cloneNode(true)));
      // Who was wrong once is told why, and may think again before all the answers are offered.
      tries += 1;
      if (form.dataset.verdict === "right" || tries > 1) all.hidden = false;
    });
    form.addEventListener("input", () => {
      delete form.dataset.verdict;
      answer.replaceChildren();
    });
    all.hidden = true;
    button.hidden = button.disabled = false;
  }

  document.querySelectorAll("form.pg-check").forEach(start);
})();
