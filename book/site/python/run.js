// Cells that run in the page: Run, Edit, Reset and Stop beside each of them. Python itself is loaded
// when a reader asks for it, and not before (see worker.js). A classic script, so that it runs from a
// disk.

(function () {
  "use strict";

  const data = document.getElementById("pg-cells");
  if (!data) return;
  const { sources, needs, home, open, repairs, notebook } = JSON.parse(data.textContent);
  const ran = new Set(); // cells whose names Python knows
  let current = null; // the cell that is running

  // --- What a reader wrote and has done, kept in this browser alone ------------------------------
  const PROGRESS = "pgcompanion-progress";
  const WORK = `pgcompanion-cells:${location.pathname}`;
  function stored(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null; // a browser may keep nothing; the work then lasts as long as the page
    }
  }
  function store(key, text) {
    try {
      localStorage.setItem(key, text);
    } catch {
      // as above
    }
  }
  const work = JSON.parse(stored(WORK) || "{}");
  function keep(index, text) {
    if (text === sources[index]) delete work[index];
    else work[index] = text;
    store(WORK, JSON.stringify(work));
  }

  // --- The interface to Python: boot, run, stop. Another Python could stand behind it. -----------
  const engine = {
    worker: null,
    module: null, // compiled once for a page
    waiting: null,

    async load(name) {
      if (window.pgPython && name in window.pgPython) return window.pgPython[name];
      await new Promise((resolve, reject) => {
        const script = document.createElement("script");
        script.src = `${home}python/${name}.js`;
        script.onload = resolve;
        script.onerror = () => reject(new Error(`The file python/${name}.js is not there.`));
        document.head.append(script);
      });
      return window.pgPython[name];
    },

    async boot(progress) {
      if (this.worker) return;
      if (!("DecompressionStream" in window && "WebAssembly" in window && WebAssembly.Tag))
        throw new Error("This browser is too old to run Python: it needs one of 2024 or later.");
      progress("Loading Python (35 MB, once)");
      const names = ["boot", "library", "data", "book", ...(this.module ? [] : ["engine"])];
      const parts = await Promise.all(names.map((name) => this.load(name)));
      const start = Object.fromEntries(names.map((name, i) => [name, parts[i]]));
      const { code, prelude } = start.boot;
      delete start.boot;
      const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
      this.worker = new Worker(url);
      URL.revokeObjectURL(url);
      await new Promise((resolve, reject) => {
        this.worker.onerror = (event) => reject(new Error(event.message || "Python did not start."));
        this.worker.onmessage = ({ data: { kind, value } }) => {
          if (kind === "progress") progress(value);
          if (kind === "module") this.module = value;
          if (kind === "ready") resolve();
          if (kind === "dead") reject(new Error(value));
        };
        const rest = { module: this.module, prelude, progress: stored(PROGRESS) };
        this.worker.postMessage({ start: { ...start, ...rest } });
      });
      this.worker.onmessage = ({ data: { kind, value } }) => {
        if (kind !== "done" && kind !== "dead") return;
        const { resolve, reject } = this.waiting;
        if (kind === "done") {
          if (value.progress) store(PROGRESS, value.progress);
          resolve(value.outputs);
        } else {
          this.stop();
          reject(new Error(value));
        }
      };
    },

    run(source) {
      return new Promise((resolve, reject) => {
        this.waiting = { resolve, reject };
        this.worker.postMessage({ run: source });
      });
    },

    stop() {
      if (this.worker) this.worker.terminate();
      this.worker = null;
      ran.clear();
      if (this.waiting) this.waiting.reject(new Error("stopped"));
    },
  };
  window.pgEngine = engine;

  // --- Outputs ------------------------------------------------------------------------------------
  // What Python wrote as HTML or SVG; styles are set one by one, since the policy refuses them as text.
  function elements(markup, type) {
    const parsed = new DOMParser().parseFromString(markup.replaceAll(" style=", " data-style="), type);
    const nodes = type === "text/html" ? [...parsed.body.childNodes] : [parsed.documentElement];
    return nodes.map((node) => {
      const own = document.importNode(node, true);
      if (own.nodeType !== Node.ELEMENT_NODE) return own;
      for (const element of [own, ...own.querySelectorAll("[data-style]")]) {
        if (element.dataset.style) element.style.cssText = element.dataset.style;
        delete element.dataset.style;
      }
      // What the package links to, it names as seen from a page of exercises.
      for (const link of own.querySelectorAll('a[href^="../"]'))
        link.setAttribute("href", home + link.getAttribute("href").slice(3));
      return own;
    });
  }

  function block(className, text) {
    const pre = document.createElement("pre");
    pre.textContent = text;
    pre.className = className;
    return pre;
  }

  function drawn([kind, text]) {
    if (kind === "html") return elements(text, "text/html");
    if (kind === "svg") {
      const spaced = text.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ');
      return elements(spaced, "image/svg+xml");
    }
    return [block(`pg-run__${kind}`, text)];
  }

  // --- Cells --------------------------------------------------------------------------------------
  class Cell {
    constructor(element, index) {
      Object.assign(this, { element, index, editor: null });
      this.input = element.querySelector(".cell_input");
      this.output = element.querySelector(".cell_output");
      this.printed = this.output ? [...this.output.childNodes] : [];
      this.bar = document.createElement("div");
      this.bar.className = "pg-run";
      const exercise = /^check\("(\w+)"/.exec(sources[index]);
      this.label = exercise ? "Check" : "Run";
      this.runButton = this.button(this.label, () => (current === this ? engine.stop() : run(this)));
      this.editButton = this.button(index in repairs ? "Repair" : "Edit", () => this.edit());
      this.resetButton = this.button("Reset", () => this.reset());
      this.resetButton.hidden = true;
      this.state = document.createElement("span");
      this.state.className = "pg-run__state";
      this.state.setAttribute("role", "status");
      this.bar.append(this.state);
      this.input.after(this.bar);
      if (exercise) {
        for (const name of ["hint", "solution"]) {
          const label = name === "hint" ? "Hint" : "Solution";
          this.button(label, () => run(this, `${name}("${exercise[1]}")`));
        }
        this.bar.append(this.state);
      }
      if (work[index] !== undefined) this.edit(work[index], false);
      else if (open.includes(index)) this.edit(sources[index], false);
    }

    button(label, act) {
      const button = document.createElement("button");
      button.type = "button";
      button.textContent = label;
      button.addEventListener("click", act);
      this.bar.append(button);
      return button;
    }

    source() {
      return this.editor ? this.editor.state.doc.toString() : sources[this.index];
    }

    async edit(text = repairs[this.index] ?? sources[this.index], focus = true) {
      if (this.editor) return this.editor.focus();
      if (!window.pgEditor) await script("_static/vendor/codemirror/codemirror.js");
      const place = document.createElement("div");
      place.className = "pg-run__editor";
      this.input.before(place);
      this.input.hidden = true;
      // A shadow of its own: there the editor's styles are objects, which the policy admits.
      const shadow = place.attachShadow({ mode: "open" });
      const sheet = document.createElement("link");
      sheet.rel = "stylesheet";
      sheet.href = `${home}_static/python/editor.css`;
      shadow.append(sheet);
      this.editor = pgEditor.editor(shadow, text, {
        label: "Code of this cell",
        run: () => run(this),
        changed: (now) => {
          keep(this.index, now);
          ran.delete(this.index);
        },
      });
      this.editButton.hidden = true;
      this.resetButton.hidden = false;
      if (focus) this.editor.focus();
    }

    reset() {
      if (this.editor) {
        this.editor.destroy();
        this.element.querySelector(".pg-run__editor").remove();
        this.editor = null;
      }
      keep(this.index, sources[this.index]);
      ran.delete(this.index);
      this.input.hidden = false;
      this.editButton.hidden = false;
      this.resetButton.hidden = true;
      if (this.output) this.output.replaceChildren(...this.printed);
    }

    show(outputs) {
      if (!this.output) {
        this.output = document.createElement("div");
        this.output.className = "cell_output docutils container";
        this.bar.after(this.output);
      }
      const fresh = outputs.flatMap(drawn);
      this.output.replaceChildren(...fresh);
      if (fresh.length) this.resetButton.hidden = false;
    }

    say(text, busy = false) {
      this.state.textContent = text;
      this.bar.classList.toggle("pg-run--busy", busy);
    }
  }

  function script(path) {
    return new Promise((resolve, reject) => {
      const element = document.createElement("script");
      element.src = home + path;
      element.onload = resolve;
      element.onerror = reject;
      document.head.append(element);
    });
  }

  // An exercise that has passed is done, and the page's own list of what is done says so.
  function tick(cell) {
    const section = cell.element.closest("section");
    const box = section && section.querySelector(".pg-done input");
    if (box && !box.checked) box.click();
  }

  // The notebook of the page with what the reader wrote in it.
  function save() {
    const copy = structuredClone(notebook);
    let index = 0;
    for (const cell of copy.cells) {
      if (cell.cell_type !== "code") continue;
      if (work[index] !== undefined) cell.source = work[index];
      index += 1;
    }
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(copy, null, 1)]));
    link.download = `${location.pathname.split("/").pop().replace(/\.html$/, "")}.ipynb`;
    link.click();
    URL.revokeObjectURL(link.href);
  }
  if (notebook) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = "Save my work as a notebook";
    button.addEventListener("click", save);
    const bar = document.createElement("div");
    bar.className = "pg-run";
    bar.append(button);
    document.querySelector(".bd-article section").append(bar);
  }

  // A cell, and before it those whose names it needs.
  async function run(cell, source = cell.source()) {
    if (current) return;
    current = cell;
    cell.runButton.textContent = "Stop";
    const began = performance.now();
    try {
      cell.say("Starting", true);
      await engine.boot((text) => cell.say(`${text} …`, true));
      for (const index of needs[cell.index]) {
        if (ran.has(index)) continue;
        cell.say("Running the cells that this one needs …", true);
        const before = cells.get(index);
        const outputs = await engine.run(before ? before.source() : sources[index]);
        const error = outputs.find(([kind]) => kind === "error");
        if (error) throw new Error(`A cell above that this one needs raises: ${error[1]}`);
        ran.add(index);
      }
      cell.say("Running …", true);
      const outputs = await engine.run(source);
      cell.show(outputs);
      if (outputs.some(([, text]) => text.includes("<strong>Passed.</strong>"))) tick(cell);
      if (source === cell.source() && !outputs.some(([kind]) => kind === "error")) ran.add(cell.index);
      const took = (performance.now() - began) / 1000;
      cell.say(`Ran in ${took < 9.95 ? took.toFixed(1) : took.toFixed(0)} s`);
    } catch (error) {
      cell.say(error.message === "stopped" ? "Stopped. Run starts Python anew." : error.message);
    } finally {
      current = null;
      cell.runButton.textContent = cell.label;
    }
  }

  const cells = new Map();
  for (const element of document.querySelectorAll("[class*='pg-cell-']")) {
    const index = Number(/pg-cell-(\d+)/.exec(element.className)[1]);
    if (element.querySelector(".cell_input")) cells.set(index, new Cell(element, index));
  }
})();
