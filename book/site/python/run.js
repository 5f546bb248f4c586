// Cells that run in the page: Run, Edit, Reset and Stop beside each of them, which cells.py has put there.
// Python itself is loaded when a reader asks for it, and not before (see worker.js). A classic script, so
// that it runs from a disk.

(function () {
  "use strict";

  const data = document.getElementById("pg-cells");
  if (!data) return;
  const { notebook, needs, home, open, repairs } = JSON.parse(data.textContent);
  const code = notebook.cells.filter((cell) => cell.cell_type === "code");
  const sources = code.map((cell) => cell.source);
  const ran = new Set(); // cells whose names Python knows
  let current = null; // the cell that is running

  // --- What a reader wrote and has done, kept in this browser alone ------------------------------
  // Named as the ticks are (progress.js), by the place in the book: a disk may hang anywhere.
  const root = new URL(home || "./", location.href).pathname;
  const PROGRESS = "pgcompanion:exercises";
  const PAGE = location.pathname.slice(root.length) || "index.html";
  const WORK = `pgcompanion-cells:${PAGE}`;
  const LOST = "This browser cannot keep your work: save it as a notebook before you leave the page.";
  let unsaved = false; // a browser may keep nothing, or be full; the work then lasts as long as the page
  function stored(key) {
    try {
      return localStorage.getItem(key);
    } catch {
      return null;
    }
  }
  function store(key, text) {
    try {
      localStorage.setItem(key, text);
      return true;
    } catch {
      return !(unsaved = true);
    }
  }
  addEventListener("beforeunload", (event) => unsaved && event.preventDefault());
  // By the names of the cells, which a cell keeps when others are put before it.
  function written() {
    try {
      return JSON.parse(stored(WORK)) ?? {};
    } catch {
      return {}; // not written by this script
    }
  }
  const work = written();
  function keep(index, text) {
    const { id } = code[index];
    const all = written(); // another window may have written to other cells
    for (const cells of [work, all])
      if (text === sources[index]) delete cells[id];
      else cells[id] = text;
    return store(WORK, JSON.stringify(all));
  }

  // What the cells have shown is kept in a place of its own: figures are large, and the work never lacks
  // room because of them. Where a browser keeps none, they last as long as the page.
  const answered = (request) =>
    new Promise((resolve, reject) => {
      request.onsuccess = () => resolve(request.result);
      request.onerror = () => reject(request.error);
    });
  async function shelf(mode, act) {
    try {
      const opening = indexedDB.open("pgcompanion-outputs");
      opening.onupgradeneeded = () => opening.result.createObjectStore("cells");
      const base = await answered(opening);
      const found = answered(act(base.transaction("cells", mode).objectStore("cells")));
      base.close(); // once that is answered
      return await found;
    } catch {
      return [];
    }
  }

  function script(path) {
    return new Promise((resolve, reject) => {
      const element = document.createElement("script");
      element.src = home + path;
      element.onload = resolve;
      element.onerror = () => reject(new Error(`The file ${path} is not there.`));
      document.head.append(element);
    });
  }

  // --- The interface to Python: boot, run, stop. Another Python could stand behind it. -----------
  const engine = {
    worker: null,
    module: null, // compiled once for a page
    scientific: false, // whether SciPy has been added
    waiting: null, // who waits for an answer of the worker
    progress: undefined, // which exercises are done, where the browser keeps nothing

    async load(name) {
      if (!window.pgPython?.[name]) await script(`python/${name}.js`);
      return window.pgPython[name];
    },

    // Stop holds from the first moment: what comes after it finds that nobody waits any more.
    async boot(progress) {
      if (this.worker) return;
      const known = "DecompressionStream" in window && "withResolvers" in Promise;
      if (!known || !window.WebAssembly?.Tag)
        throw new Error("This browser is too old to run Python: it needs one of 2024 or later.");
      await this.answer((waiting) => {
        this.load("boot").then((boot) => this.waiting === waiting && this.start(boot, progress), waiting.reject);
      });
    },

    // Each part is unpacked while the others are read.
    start({ code, prelude, sizes: { science, ...sizes } }, progress) {
      if (this.module) delete sizes.engine;
      const total = Object.values(sizes).reduce((sum, size) => sum + size, 0);
      let loaded = 0;
      const url = URL.createObjectURL(new Blob([code], { type: "text/javascript" }));
      const own = (this.worker = new Worker(url));
      URL.revokeObjectURL(url);
      own.onerror = (event) => this.worker === own && this.end(event.message || "Python did not start.");
      own.onmessage = ({ data: { kind, value } }) => {
        if (kind === "module") this.module = value;
        else if (this.worker !== own) return;
        else if (kind === "dead") this.end(value);
        else if (kind === "done") this.waiting.resolve(value);
      };
      own.postMessage({ start: { module: this.module, prelude } });
      const tell = () => progress(loaded < total ? `Loading Python, ${loaded} of ${total} MB` : "Starting Python");
      tell();
      for (const name of Object.keys(sizes))
        this.load(name).then(
          (text) => {
            own.postMessage({ part: { name, text } });
            loaded += sizes[name];
            if (this.worker === own) tell();
            if (name === "engine") delete window.pgPython.engine; // the module is kept instead
          },
          (error) => this.worker === own && this.end(error.message),
        );
    },

    // SciPy is loaded for the first cell that uses it.
    async extend(source, progress) {
      const { scientific, sizes } = window.pgPython.boot;
      if (this.scientific || !new RegExp(scientific).test(source)) return;
      progress(`Loading SciPy, ${sizes.science} MB`);
      await this.answer((waiting) => {
        const { worker } = this;
        this.load("science").then((text) => {
          worker.postMessage({ part: { name: "science", text } });
          worker.postMessage({ extend: true });
        }, waiting.reject);
      });
      this.scientific = true;
    },

    async run(source) {
      const ask = { run: source, progress: stored(PROGRESS) ?? this.progress };
      const { outputs, progress } = await this.answer(() => this.worker.postMessage(ask));
      if (progress && progress !== ask.progress)
        this.progress = store(PROGRESS, progress) ? undefined : progress;
      return outputs;
    },

    answer(ask) {
      return new Promise((resolve, reject) => {
        this.waiting = { resolve, reject };
        ask(this.waiting);
      });
    },

    end(reason) {
      this.worker?.terminate();
      this.worker = null;
      this.scientific = false;
      ran.clear();
      this.waiting?.reject(new Error(reason));
      this.waiting = null;
    },

    stop() {
      this.end("Stopped. Run starts Python anew.");
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
    if (kind === "table") return [table(JSON.parse(text))];
    return [block(`pg-run__${kind}`, text)];
  }

  function table([head, ...rows]) {
    const element = document.createElement("table");
    element.className = "table";
    const line = (section, cells) => {
      const row = section.insertRow();
      for (const text of cells) row.insertCell().textContent = text;
    };
    line(element.createTHead(), head);
    const body = element.createTBody();
    for (const cells of rows) line(body, cells);
    return element;
  }

  // --- Cells --------------------------------------------------------------------------------------
  function wake(button, act) {
    button.addEventListener("click", act);
    button.disabled = false;
    return button;
  }

  const sourceOf = (index) => cells.get(index)?.source() ?? sources[index];
  const made = (index) => [...needs[index], index].map(sourceOf).join("\n\n"); // from what its outputs come

  // A cell has changed, and with it what was computed from its names.
  function forget(index) {
    for (const other of ran) if (other === index || needs[other].includes(index)) ran.delete(other);
  }

  class Cell {
    constructor(element, index) {
      Object.assign(this, { element, index, editor: null, outputs: [] });
      this.input = element.querySelector(".cell_input");
      this.output = element.querySelector(".cell_output");
      this.printed = this.output ? [...this.output.childNodes] : [];
      this.bar = element.querySelector(".pg-run");
      this.state = this.bar.querySelector(".pg-run__state");
      const named = (name) => this.bar.querySelector(`[name=${name}]`);
      if (!named("run")) return; // it does not run here, and the bar says why
      this.runButton = wake(named("run"), () => (current === this ? engine.stop() : run(this)));
      this.editButton = wake(named("edit"), () => this.edit());
      this.resetButton = wake(named("reset"), () => this.reset());
      this.label = this.runButton.textContent;
      for (const ask of this.bar.querySelectorAll("[value]"))
        wake(ask, () => tell(this, `${ask.name}("${ask.value}")`));
    }

    get key() {
      return `${PAGE}#${code[this.index].id}`;
    }

    // What a reader has begun to write.
    begun() {
      return work[code[this.index].id];
    }

    source() {
      return this.editor ? this.editor.state.doc.toString() : this.begun() ?? sources[this.index];
    }

    async edit(text = this.begun() ?? repairs[this.index] ?? sources[this.index], focus = true) {
      if (this.editor) return focus && this.editor.focus();
      if (!window.pgEditor) await script("_static/vendor/codemirror/codemirror.js");
      if (this.editor) return; // opened while the script came
      const place = document.createElement("div");
      place.className = "pg-run__editor";
      this.input.before(place);
      this.input.hidden = true;
      // A shadow of its own: there the editor's styles are objects, which the policy admits.
      const shadow = place.attachShadow({ mode: "open" });
      this.editor = pgEditor.editor(shadow, text, {
        label: "Code of this cell; Escape and Tab leave it",
        run: () => run(this),
        changed: (now) => {
          if (!keep(this.index, now)) this.say(LOST);
          forget(this.index);
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
      forget(this.index);
      this.input.hidden = false;
      this.editButton.hidden = false;
      this.resetButton.hidden = true;
      if (this.output) this.output.replaceChildren(...this.printed);
      this.outputs = [];
      shelf("readwrite", (store) => store.delete(this.key));
    }

    show(outputs, from) {
      if (!this.output) {
        this.output = document.createElement("div");
        this.output.className = "cell_output docutils container";
        this.bar.after(this.output);
      }
      const fresh = outputs.flatMap(drawn);
      Object.assign(this, { outputs, from });
      this.output.replaceChildren(...fresh);
      if (fresh.length) this.resetButton.hidden = false;
    }

    say(text, busy = false) {
      if (this.state.textContent !== text) this.state.textContent = text;
      this.bar.classList.toggle("pg-run--busy", busy);
    }
  }

  // An exercise that has passed is done, and the page's own list of what is done says so.
  function tick(cell) {
    const section = cell.element.closest("section");
    const box = section && section.querySelector(".pg-done input");
    if (box && !box.checked) box.click();
  }

  // A picture that needs no page: its colours, and what it is drawn on, as they are here and now.
  function alone(svg) {
    const here = getComputedStyle(document.body);
    return svg
      .replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ')
      .replace('style="', `style="background:${here.backgroundColor};`)
      .replace(/var\((--[\w-]+)\)/g, (_, name) => here.getPropertyValue(name).trim());
  }

  // An output as a notebook has it.
  function exported([kind, text]) {
    if (kind === "text") return { output_type: "stream", name: "stdout", text };
    if (kind === "error") {
      const [ename, ...rest] = text.split("\n").at(-1).split(": ");
      return { output_type: "error", ename, evalue: rest.join(": "), traceback: [text] };
    }
    const show = (type, held) => ({ output_type: "display_data", data: { [type]: held }, metadata: {} });
    if (kind === "svg") return show("image/svg+xml", alone(text));
    if (kind === "table") return show("text/html", table(JSON.parse(text)).outerHTML);
    return kind === "code" ? show("text/markdown", `\`\`\`python\n${text}\n\`\`\``) : show("text/html", text);
  }

  // The notebook of the page with what the reader wrote in it, and what came of it here.
  function save() {
    const copy = structuredClone(notebook);
    for (const cell of copy.cells) if (cell.id in work) cell.source = work[cell.id];
    const own = copy.cells.filter((cell) => cell.cell_type === "code");
    for (const { index, outputs, from } of cells.values())
      own[index].outputs = from === made(index) ? outputs.map(exported) : [];
    const link = document.createElement("a");
    link.href = URL.createObjectURL(new Blob([JSON.stringify(copy, null, 1)]));
    link.download = `${location.pathname.split("/").pop().replace(/\.html$/, "") || "index"}.ipynb`;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 60_000); // once the browser has it
    unsaved = false;
  }
  wake(document.querySelector(".pg-run [name=save]"), save);

  // Run a cell, and before it those whose names it needs: its outputs.
  async function outputsOf(cell, source, needed) {
    const tell = (text) => cell.say(`${text} …`, true);
    tell("Loading Python");
    await engine.boot(tell);
    const first = needed.filter((index) => !ran.has(index));
    await engine.extend([...first.map(sourceOf), source].join("\n"), tell);
    for (const index of first) {
      tell("Running the cells that this one needs");
      const outputs = await engine.run(sourceOf(index));
      const error = outputs.find(([kind]) => kind === "error");
      if (error) throw new Error(`A cell above that this one needs raises: ${error[1]}`);
      ran.add(index);
    }
    tell("Running");
    return engine.run(source);
  }

  // One cell at a time: whoever asks meanwhile is told.
  async function tell(cell, source, needed = needs[cell.index].slice(0, 1)) {
    if (current && current !== cell) cell.say("Another cell is running: stop it first.");
    if (current) return;
    current = cell;
    cell.runButton.textContent = "Stop";
    const began = performance.now();
    const from = made(cell.index);
    try {
      const outputs = await outputsOf(cell, source, needed);
      cell.show(outputs, from);
      shelf("readwrite", (store) => store.put({ id: code[cell.index].id, from, outputs }, cell.key));
      if (outputs.some(([, text]) => text.includes("<strong>Passed.</strong>"))) tick(cell);
      const took = (performance.now() - began) / 1000;
      cell.say(unsaved ? LOST : `Ran in ${took < 9.95 ? took.toFixed(1) : took.toFixed(0)} s`);
      return outputs;
    } catch (error) {
      cell.say(error.message);
    } finally {
      current = null;
      cell.runButton.textContent = cell.label;
    }
  }

  async function run(cell) {
    const source = cell.source();
    const outputs = await tell(cell, source, needs[cell.index]);
    const raised = outputs?.some(([kind]) => kind === "error");
    if (outputs && !raised && source === cell.source()) ran.add(cell.index);
  }

  const cells = new Map();
  for (const element of document.querySelectorAll("[class*='pg-cell-']")) {
    const index = Number(/pg-cell-(\d+)/.exec(element.className)[1]);
    if (element.querySelector(".pg-run")) cells.set(index, new Cell(element, index));
  }

  // What a cell has shown it shows again, if it and the cells before it are still as they were.
  shelf("readonly", (store) => store.getAll(IDBKeyRange.bound(`${PAGE}#`, `${PAGE}#\uffff`))).then((kept) => {
    for (const { id, from, outputs } of kept) {
      const cell = cells.get(code.findIndex((cell) => cell.id === id));
      if (!cell?.runButton || cell === current || cell.from || from !== made(cell.index)) continue;
      cell.show(outputs, from);
      cell.say("Ran earlier");
    }
  });

  // What a reader began to write, or is to write, opens as an editor, one after the other, when the page is there
  // and the browser has nothing else to do. Until then its code stands in its place, and runs.
  const waiting = [...cells.values()].filter((cell) => cell.editButton && (open.includes(cell.index) || cell.begun() !== undefined));
  const idle = window.requestIdleCallback ?? setTimeout;
  function next() {
    const cell = waiting.shift();
    cell?.edit(cell.begun() ?? sources[cell.index], false).then(() => idle(next));
  }
  if (document.readyState === "complete") idle(next);
  else addEventListener("load", () => idle(next));
  addEventListener("storage", ({ key }) => {
    const theirs = key === WORK ? written() : work;
    for (const cell of cells.values()) {
      const { id } = code[cell.index];
      if (id in work && theirs[id] !== work[id])
        cell.say("Another window has changed this cell: what is written last is kept.");
    }
  });
})();
