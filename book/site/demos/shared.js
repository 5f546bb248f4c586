// What the demos share: random numbers, the tables of an MDP, a pen that draws SVG, and the controls.
//
// A demo's script fills pgDemos.NAME with a function of these tools and of its constants that returns
//   numbers(values): all that the picture shows; tests/demos/test_scripts.py compares it with Python's;
//   draw(pen, values, numbers, at): one picture; `at` holds the moments while they move between steps;
//   describe(values, numbers): one sentence;
//   tools(life): where there are any, buttons and the like to stand below the picture;
//   play: what the button says that sets it in motion, if that is not Play.
// Functions draw afresh whatever they show. The pen keeps the elements and touches what has changed.
window.pgDemos = {};
window.pgShared = (() => {
  "use strict";

  // ---- numbers

  const linspace = (low, high, n) =>
    Float64Array.from({ length: n }, (_, i) => low + ((high - low) * i) / (n - 1));
  const sum = (x) => x.reduce((total, each) => total + each, 0);
  const clamp = (x, low, high) => Math.min(Math.max(x, low), high);

  // The engine's pgcompanion.demos.engine.draws: number i of a stream, uniform on (0, 1).
  function hashed(i, stream) {
    let x = (i + Math.imul(stream + 1, 0x9e3779b9)) >>> 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    return (((x ^ (x >>> 16)) >>> 0) + 0.5) / 4294967296;
  }
  const uniform = (n, stream) => Float64Array.from({ length: n }, (_, i) => hashed(i, stream));

  // The logarithms of a table of probabilities, A of them in a row.
  function logSoftmax(theta, A) {
    const out = new Float64Array(theta.length);
    for (let i = 0; i < theta.length; i += A) {
      let top = -Infinity, total = 0;
      for (let a = 0; a < A; a++) top = Math.max(top, theta[i + a]);
      for (let a = 0; a < A; a++) total += Math.exp(theta[i + a] - top);
      for (let a = 0; a < A; a++) out[i + a] = theta[i + a] - top - Math.log(total);
    }
    return out;
  }
  function softmax(theta, A) {
    const out = new Float64Array(theta.length);
    for (let i = 0; i < theta.length; i += A) {
      let top = -Infinity, total = 0;
      for (let a = 0; a < A; a++) top = Math.max(top, theta[i + a]);
      for (let a = 0; a < A; a++) total += out[i + a] = Math.exp(theta[i + a] - top);
      for (let a = 0; a < A; a++) out[i + a] /= total;
    }
    return out;
  }

  // Solve a small system by elimination with pivots.
  function solve(matrix, right) {
    const rows = matrix.map((row, i) => [...row, right[i]]), n = rows.length;
    for (let i = 0; i < n; i++) {
      let best = i;
      for (let j = i; j < n; j++) if (Math.abs(rows[j][i]) > Math.abs(rows[best][i])) best = j;
      [rows[i], rows[best]] = [rows[best], rows[i]];
      for (let j = i + 1; j < n; j++) {
        const part = rows[j][i] / rows[i][i];
        for (let k = i; k <= n; k++) rows[j][k] -= part * rows[i][k];
      }
    }
    const x = new Float64Array(n);
    for (let i = n - 1; i >= 0; i--) {
      let rest = rows[i][n];
      for (let k = i + 1; k < n; k++) rest -= rows[i][k] * x[k];
      x[i] = rest / rows[i][i];
    }
    return x;
  }

  // A fresh Adam: a function from gradients to steps.
  function adam(p, eta) {
    const m = new Float64Array(p), v = new Float64Array(p);
    let t = 0;
    return (g) => {
      t++;
      const c = Math.sqrt((1 - 0.999 ** t) / (1 - 0.999)), scale = (eta * c * (1 - 0.9)) / (1 - 0.9 ** t);
      const step = new Float64Array(p);
      for (let i = 0; i < p; i++) {
        m[i] = 0.9 * m[i] + g[i];
        v[i] = 0.999 * v[i] + g[i] * g[i];
        step[i] = (scale * m[i]) / (Math.sqrt(v[i]) + c * 1e-8);
      }
      return step;
    };
  }

  // The complementary error function: a series of positive terms, and far out a continued fraction.
  function erfc(x) {
    if (x < 0) return 2 - erfc(-x);
    if (x < 2.5) {
      let term = x, total = x;
      for (let n = 1; term > 1e-18 * total; n++) total += term *= (2 * x * x) / (2 * n + 1);
      return 1 - (2 / Math.sqrt(Math.PI)) * Math.exp(-x * x) * total;
    }
    let fraction = 0;
    for (let n = 80; n > 0; n--) fraction = n / 2 / (x + fraction);
    return Math.exp(-x * x) / Math.sqrt(Math.PI) / (x + fraction);
  }

  // f(x, y) at the corners of a grid, row by row.
  function lattice(f, [x0, x1], [y0, y1], columns, rows) {
    const xs = linspace(x0, x1, columns + 1), ys = linspace(y0, y1, rows + 1), wide = columns + 1;
    return { xs, ys, z: Float64Array.from({ length: wide * (rows + 1) }, (_, at) => f(xs[at % wide], ys[Math.floor(at / wide)])) };
  }
  // The lines on which z has each of the levels, as segments [x, y, X, Y], by marching squares.
  function contours({ xs, ys, z }, levels) {
    const wide = xs.length, columns = wide - 1, rows = ys.length - 1;
    return levels.map((level) => {
      const segments = [];
      for (let j = 0; j < rows; j++) for (let i = 0, at = j * wide; i < columns; i++, at++) {
        const up = z[at] > level; // most squares are on one side
        if (z[at + 1] > level === up && z[at + wide] > level === up && z[at + wide + 1] > level === up) continue;
        const corners = [[i, j], [i + 1, j], [i + 1, j + 1], [i, j + 1]], cut = [];
        corners.forEach(([a, b], k) => {
          const [c, d] = corners[(k + 1) % 4], from = z[b * wide + a] - level, to = z[d * wide + c] - level;
          if (from > 0 === to > 0) return;
          const part = from / (from - to);
          cut.push([xs[a] + part * (xs[c] - xs[a]), ys[b] + part * (ys[d] - ys[b])]);
        });
        for (let k = 0; k + 1 < cut.length; k += 2) segments.push([...cut[k], ...cut[k + 1]]);
      }
      return { level, segments };
    });
  }

  // ---- gridworlds and their tables; a table (S, A) is one row after the other

  const STEPS = [[-1, 0], [0, 1], [1, 0], [0, -1]]; // up, right, down, left
  const REWARDS = { G: 1, P: -1 };

  function gridworld(map, { slip = 0, step = 0, rewards = {} } = {}) {
    const rows = map.split("\n"), paid = { ...REWARDS, ...rewards }, cells = [], index = {};
    rows.forEach((row, i) => [...row].forEach((letter, j) => {
      if (letter !== "#") index[[i, j]] = cells.push([i, j]) - 1;
    }));
    const S = cells.length, A = 4, letter = cells.map(([i, j]) => rows[i][j]);
    const terminal = letter.map((each) => each in paid);
    const entry = letter.map((each) => paid[each] ?? 0);
    const starts = letter.filter((each) => each === "S").length;
    const mu0 = Float64Array.from(letter, (each) => (each === "S" ? 1 / starts : 0));
    const to = new Int32Array(S * A * 3), p = new Float64Array(S * A * 3), r = new Float64Array(S * A);
    cells.forEach(([i, j], s) => {
      const reached = STEPS.map(([di, dj]) => index[[i + di, j + dj]] ?? s);
      for (let a = 0; a < A; a++)
        [[0, 1 - slip], [1, slip / 2], [3, slip / 2]].forEach(([turn, chance], k) => {
          const at = (s * A + a) * 3 + k;
          to[at] = terminal[s] ? s : reached[(a + turn) % A];
          p[at] = terminal[s] ? (k ? 0 : 1) : chance;
          if (!terminal[s]) r[s * A + a] += p[at] * entry[to[at]] + (k ? 0 : step);
        });
    });
    return { rows, cells, index, S, A, letter, terminal, mu0, to, p, r };
  }

  // The values V (H + 1, S) and Q (H, S, A), the occupancies d (H, S) and J of a policy (S, A), or (H, S, A).
  function evaluate(world, pi, H) {
    const { S, A, to, p, r, mu0 } = world, SA = S * A, timed = pi.length > SA ? SA : 0;
    const V = new Float64Array((H + 1) * S), Q = new Float64Array(H * SA), d = new Float64Array(H * S);
    for (let h = H - 1; h >= 0; h--)
      for (let s = 0, i = 0, next = (h + 1) * S; s < S; s++) {
        let v = 0;
        for (const end = i + A; i < end; i++) {
          const j = 3 * i, q = r[i] + p[j] * V[next + to[j]] + p[j + 1] * V[next + to[j + 1]] + p[j + 2] * V[next + to[j + 2]];
          Q[h * SA + i] = q;
          v += pi[h * timed + i] * q;
        }
        V[h * S + s] = v;
      }
    d.set(mu0);
    for (let h = 0; h + 1 < H; h++)
      for (let s = 0, next = (h + 1) * S; s < S; s++) {
        const here = d[h * S + s];
        if (here === 0) continue;
        for (let i = s * A; i < s * A + A; i++) {
          const j = 3 * i, chance = here * pi[h * timed + i];
          d[next + to[j]] += chance * p[j];
          d[next + to[j + 1]] += chance * p[j + 1];
          d[next + to[j + 2]] += chance * p[j + 2];
        }
      }
    let J = 0;
    for (let s = 0; s < S; s++) J += mu0[s] * V[s];
    return { V, Q, d, J };
  }

  // The exact batch of a policy (S, A): its visits n (S) and, apart for positive and other advantages,
  // the visits and the weighted advantages of each pair, both (2, S, A).
  function exactBatch(world, pi, H) {
    const { S, A } = world, { V, Q, d, J } = evaluate(world, pi, H), SA = S * A;
    const n = new Float64Array(S), visits = new Float64Array(2 * SA), W = new Float64Array(2 * SA);
    for (let h = 0; h < H; h++)
      for (let s = 0; s < S; s++) {
        const here = d[h * S + s], v = V[h * S + s];
        n[s] += here;
        if (here === 0) continue;
        for (let i = s * A; i < s * A + A; i++) {
          const advantage = Q[h * SA + i] - v, side = advantage > 0 ? 0 : SA;
          visits[side + i] += here;
          W[side + i] += here * advantage;
        }
      }
    const both = W.slice(0, SA);
    for (let i = 0; i < SA; i++) both[i] += W[SA + i];
    return { pi, n, visits, W, both, V, d, J };
  }

  // The outcome in whose part of (0, 1) the number u lies; n chances from a place on.
  function chosen(chances, from, n, u) {
    let k = 0, so = chances[from];
    while (k < n - 1 && so < u) so += chances[from + ++k];
    return k;
  }
  // The three cells that each pair leads to, and their chances, in the order of the cells.
  function inOrder(to, p) {
    const cells = to.slice(), chances = p.slice();
    for (let i = 0; i < to.length; i += 3)
      [i, i + 1, i + 2].sort((j, k) => to[j] - to[k]).forEach((j, k) => {
        cells[i + k] = to[j];
        chances[i + k] = p[j];
      });
    return { cells, chances };
  }
  // The cell in whose part of (0, 1), after a pair, the number u lies.
  function reached(world, pair, u) {
    const { cells, chances } = (world.next ??= inOrder(world.to, world.p));
    return cells[3 * pair + chosen(chances, 3 * pair, 3, u)];
  }
  // Episodes of a policy (S, A), the pgcompanion.demos.worlds.episodes: states and actions, (n, H).
  function episodes(world, pi, H, n, stream) {
    const { S, A, mu0 } = world, s = new Int32Array(n * H), a = new Int32Array(n * H);
    for (let i = 0; i < n * H; i++) {
      const u = hashed(2 * i, stream);
      s[i] = i % H ? reached(world, s[i - 1] * A + a[i - 1], u) : chosen(mu0, 0, S, u);
      a[i] = chosen(pi, s[i] * A, A, hashed(2 * i + 1, stream));
    }
    return { s, a };
  }

  // ---- words

  const minus = (words) => words.replace(/-/g, "−");
  // A number with so many digits that count, and no more of it than is needed.
  const text = (x, digits = 3) =>
    typeof x === "string" ? x : Number.isFinite(x) ? minus(String(+x.toPrecision(digits))) : x > 0 ? "∞" : "−∞";
  const fixed = (x, places = 2) => minus(x.toFixed(places)).replace(/^−(0\.?0*)$/, "$1");
  const percent = (x) => `${Math.round(100 * x)}%`;

  // ---- the pen

  const SVG = "http://www.w3.org/2000/svg";
  const COLOURS = new Set(
    "blue vermillion green purple orange sky yellow ink muted grid paper vermillion-words green-words purple-words".split(" "));
  const WORDS = new Set(["vermillion", "green", "purple"]); // those have a darker twin for words
  const colour = (name) => (COLOURS.has(name) ? `var(--pg-${name})` : name);

  const NEAR = 4; // among so many an element of the kind that is wanted is looked for
  class Layer {
    // Elements in the order in which they are asked for; what was there last time is used again.
    constructor(root) {
      this.root = root;
      this.pool = [];
      this.next = 0;
    }
    put(tag, attributes, words) {
      if (this.pool[this.next]?.tag !== tag) this.meet(tag);
      const old = this.pool[this.next];
      for (const name in attributes)
        if (old.attributes[name] !== attributes[name]) old.node.setAttribute(name, attributes[name]);
      for (const name in old.attributes) if (!(name in attributes)) old.node.removeAttribute(name);
      old.attributes = attributes;
      if (words !== undefined && words !== old.words) old.node.textContent = old.words = words;
      this.next++;
      return old.node;
    }
    // Something went or came: what stands before the next element of this kind leaves, or a new one is put in.
    meet(tag) {
      const { pool, next } = this, gone = pool.slice(next, next + NEAR).findIndex((each) => each.tag === tag);
      if (gone > 0) return pool.splice(next, gone).forEach((each) => each.node.remove());
      const node = document.createElementNS(SVG, tag);
      this.root.insertBefore(node, pool[next]?.node ?? null);
      pool.splice(next, 0, { tag, node, attributes: {}, words: "" });
    }
    end() {
      while (this.pool.length > this.next) this.pool.pop().node.remove();
      this.next = 0;
    }
  }

  const round = (x) => Math.round(x * 10) / 10; // to a tenth of a pixel

  class Pen {
    constructor(svg, name) {
      const group = (tag) => svg.appendChild(document.createElementNS(SVG, tag));
      this.svg = svg;
      this.name = name;
      this.clips = new Layer(group("defs"));
      this.layer = new Layer(group("g"));
      this.top = group("g");
      this.grips = [];
      this.areas = [];
      this.more = false; // whether what was folded away at first is open
    }
    begin(width) {
      this.width = width;
      this.wide = width >= 460;
      this.height = 0;
      this.used = 0;
      this.areas = [];
    }
    end() {
      this.layer.end();
      this.clips.end();
      while (this.grips.length > this.used) this.grips.pop().node.remove();
      const box = `0 0 ${this.width} ${this.height}`;
      if (this.box !== box) this.svg.setAttribute("viewBox", (this.box = box));
    }
    path(d, { stroke = "none", fill = "none", width = 2, dash, opacity, clip, cap } = {}) {
      const look = { d, fill: colour(fill), stroke: colour(stroke) };
      if (stroke !== "none") look["stroke-width"] = width;
      if (dash) look["stroke-dasharray"] = dash;
      if (opacity !== undefined) look.opacity = opacity;
      if (clip) look["clip-path"] = clip;
      if (cap) look["stroke-linecap"] = cap;
      this.layer.put("path", look);
    }
    rect(x, y, w, h, look) {
      this.path(`M${round(x)} ${round(y)}h${round(w)}v${round(h)}h${round(-w)}z`, look);
    }
    dot(x, y, r, fill, { stroke = "paper", width = 1.5, opacity } = {}) {
      this.path(`M${round(x - r)} ${round(y)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
        { fill, stroke, width, opacity });
    }
    say(x, y, words, { fill = "ink", anchor = "start", size = 13, bold, halo } = {}) {
      const look = {
        x: round(x), y: round(y), "font-size": size, "text-anchor": anchor,
        fill: colour(WORDS.has(fill) ? `${fill}-words` : fill),
      };
      if (bold) look["font-weight"] = "bold";
      if (halo) Object.assign(look, {
        stroke: colour("paper"), "stroke-width": 4, "paint-order": "stroke", "stroke-linejoin": "round",
      });
      this.layer.put("text", look, words);
    }
    // Arrows [x, y, X, Y] of one look, as one path.
    arrows(list, stroke, { width = 1.5, head = 5, opacity } = {}) {
      let d = "";
      for (const [x, y, X, Y] of list) {
        const far = Math.hypot(X - x, Y - y);
        if (far < 1) continue;
        const tip = Math.min(head, 0.6 * far), u = (X - x) / far, v = (Y - y) / far;
        const side = (turn) => `${round(X - tip * (u - 0.5 * turn * v))} ${round(Y - tip * (v + 0.5 * turn * u))}`;
        d += `M${round(x)} ${round(y)}L${round(X)} ${round(Y)}M${side(1)}L${round(X)} ${round(Y)}L${side(-1)}`;
      }
      this.path(d, { stroke, width, opacity, cap: "round" });
    }
    clip(x, y, w, h) {
      const id = `pg-${this.name}-${this.clips.next}`;
      const node = this.clips.put("clipPath", { id });
      const rect = node.firstChild ?? node.appendChild(document.createElementNS(SVG, "rect"));
      const box = [x, y, w, h].join();
      if (node.box !== box) {
        node.box = box;
        Object.entries({ x, y, width: w, height: h }).forEach(([key, value]) => rect.setAttribute(key, value));
      }
      return `url(#${id})`;
    }
    panel(options) {
      return new Panel(this, options);
    }

    // A mark that is dragged, and moved with the arrow keys: `move(x, y)` and `step(right, up)` return
    // the values that change, `act()` answers Enter. A press in its region brings it there.
    handle({ label, x, y, says, fill = "vermillion", shape = 9, move, step, act, region, value = 0, ghost }) {
      let grip = this.grips[this.used];
      if (!grip) {
        const node = document.createElementNS(SVG, "g");
        node.setAttribute("class", "pg-demo__handle");
        node.setAttribute("tabindex", "0");
        node.setAttribute("role", "slider");
        for (const part of ["reach", "ring", "grip"]) {
          const circle = node.appendChild(document.createElementNS(SVG, "circle"));
          circle.setAttribute("class", `pg-demo__${part}`);
          circle.setAttribute("r", part === "reach" ? 22 : part === "ring" ? 14 : shape);
        }
        this.top.append(node);
        grip = { node };
        this.grips[this.used] = grip;
      }
      const { node } = grip, look = `${round(x)},${round(y)},${fill},${shape}`;
      if (grip.look !== look) {
        grip.look = look;
        node.setAttribute("transform", `translate(${round(x)} ${round(y)})`);
        node.lastChild.setAttribute("fill", colour(fill));
        node.lastChild.setAttribute("r", shape);
      }
      node.classList.toggle("pg-demo__handle--ghost", Boolean(ghost));
      if (grip.says !== says) {
        grip.says = says;
        node.setAttribute("aria-valuetext", says);
        node.setAttribute("aria-valuenow", value);
        node.setAttribute("aria-label", label);
      }
      Object.assign(grip, { x, y, move, step, act, region });
      this.used++;
    }
    // A place to be pressed, and drawn over with the finger down.
    area(area) {
      this.areas.push(area);
    }
  }

  const scale = (low, high, from, to, log) => {
    // Round-off below zero lies as far down as zero does.
    const f = log ? (v) => Math.log(Math.max(v, 0)) : (v) => v, a = f(low), slope = (to - from) / (f(high) - a);
    const map = (v) => from + (f(v) - a) * slope;
    map.inverse = (px) => (log ? Math.exp(a + (px - from) / slope) : a + (px - from) / slope);
    return map;
  };

  // One pair of axes. Limits are [low, high]; ticks are numbers; the title stands above.
  class Panel {
    constructor(pen, o) {
      const { x, y, w, h, xlim = [0, 1], ylim = [0, 1], xlog, ylog, xticks = [], yticks = [] } = o;
      Object.assign(this, { pen, left: x, top: y, w, h, xlim, ylim });
      this.X = scale(...xlim, x, x + w, xlog);
      this.Y = scale(...ylim, y + h, y, ylog);
      this.clip = pen.clip(x, y, w, h);
      const lines = [
        ...xticks.map((v) => `M${round(this.X(v))} ${y}v${h}`),
        ...yticks.map((v) => `M${x} ${round(this.Y(v))}h${w}`),
      ];
      if (lines.length) pen.path(lines.join(""), { stroke: "grid", width: 1 });
      if (o.numbers !== "y")
        for (const v of xticks)
          pen.say(this.X(v), y + h + 15, text(v), { fill: "muted", anchor: "middle", size: 12 });
      for (const v of yticks)
        pen.say(x - 6, this.Y(v) + 4, text(v), { fill: "muted", anchor: "end", size: 12 });
      if (o.title) pen.say(o.flush ?? x, y - 9, o.title, { bold: true });
      if (o.xlabel) pen.say(x + w, y + h + 31, o.xlabel, { fill: "muted", anchor: "end", size: 12 });
    }
    inside(px, py) {
      return px >= this.left && px <= this.left + this.w && py >= this.top && py <= this.top + this.h;
    }
    line(xs, ys, look) {
      let d = "", pen = "M";
      for (let i = 0; i < xs.length; i++) {
        const px = this.X(xs[i]), py = this.Y(ys[i]);
        if (!(Math.abs(px) < 1e5 && Math.abs(py) < 1e5)) { pen = "M"; continue; }
        d += `${pen}${round(px)} ${round(py)}`;
        pen = "L";
      }
      this.pen.path(d, { clip: this.clip, ...look });
    }
    // Lines [x, y, X, Y], as one path's d.
    pieces(segments) {
      return segments.map(([x, y, X, Y]) => `M${round(this.X(x))} ${round(this.Y(y))}L${round(this.X(X))} ${round(this.Y(Y))}`).join("");
    }
    curve(f, look, [low, high] = this.xlim, n = 120) {
      const xs = linspace(low, high, n);
      this.line(xs, xs.map(f), look);
    }
    // What lies between two curves.
    band(xs, low, high, look) {
      const there = Array.from(xs, (x, i) => `${round(this.X(x))} ${round(clamp(this.Y(high[i]), -1e4, 1e4))}`);
      const back = Array.from(xs, (x, i) => `${round(this.X(x))} ${round(clamp(this.Y(low[i]), -1e4, 1e4))}`);
      this.pen.path(`M${there.join("L")}L${back.reverse().join("L")}z`, { clip: this.clip, ...look });
    }
    box(x0, x1, y0, y1, look) {
      const [a, b, c, d] = [this.X(x0), this.X(x1), this.Y(y0), this.Y(y1)];
      this.pen.rect(Math.min(a, b), Math.min(c, d), Math.abs(b - a), Math.abs(d - c), { clip: this.clip, ...look });
    }
    // Many dots of one look, as one path.
    dots(xs, ys, r, fill, { opacity, stroke = "none", width = 1 } = {}) {
      let d = "";
      for (let i = 0; i < xs.length; i++) {
        const px = this.X(xs[i]), py = this.Y(ys[i]);
        if (this.inside(px, py)) d += `M${round(px - r)} ${round(py)}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`;
      }
      this.pen.path(d, { fill, opacity, stroke, width });
    }
    // One large dot; a triangle at the edge where it lies above or below.
    ball(x, y, fill, r = 8) {
      const px = this.X(x), py = this.Y(y), edge = clamp(py, this.top, this.top + this.h);
      if (Math.abs(py - edge) < 1) return this.pen.dot(px, py, r, fill);
      const up = py < edge ? 1 : -1;
      this.pen.path(`M${round(px - r)} ${round(edge + up * 1.7 * r)}h${2 * r}L${round(px)} ${round(edge)}z`,
        { fill, stroke: "paper", width: 1.5 });
    }
    say(x, y, words, look = {}) {
      this.pen.say(this.X(x) + (look.dx ?? 0), this.Y(y) + (look.dy ?? 4), words, look);
    }
    // Words at parts of the panel's sides.
    note(x, y, words, look) {
      this.pen.say(this.left + x * this.w, this.top + y * this.h, words, look);
    }
  }

  const NAMES = { G: "goal", P: "pit" };

  // A gridworld: cells shaded by `shade(s)` from 0 to 1, arrows as long as a policy's probabilities.
  function drawMap(pen, { x, y, size }, world, { shade, pi, mark, colour = "blue" }) {
    const { cells, letter, terminal, rows, A } = world;
    const place = ([i, j]) => [x + j * size, y + i * size];
    const side = round(size - 1), squares = cells.map((at) => {
      const [px, py] = place(at);
      return `M${round(px + 0.5)} ${round(py + 0.5)}h${side}v${side}h${-side}z`;
    });
    // What looks alike is one path.
    const alike = (wanted) => squares.filter((_, s) => wanted(s)).join("");
    pen.rect(x, y, rows[0].length * size, rows.length * size, { fill: "muted", opacity: 0.55 });
    pen.path(squares.join(""), { fill: "paper" });
    pen.path(alike((s) => terminal[s] && letter[s] === "P"), { fill: "vermillion", opacity: 0.45 });
    pen.path(alike((s) => terminal[s] && letter[s] !== "P"), { fill: "green", opacity: 0.45 });
    squares.forEach((square, s) => {
      if (!terminal[s]) pen.path(square, { fill: colour, opacity: +(0.75 * shade(s)).toFixed(3) });
    });
    const arrows = [];
    cells.forEach((at, s) => {
      const [px, py] = place(at), middle = [px + size / 2, py + size / 2];
      if (terminal[s]) return;
      STEPS.forEach(([di, dj], a) => {
        const far = 0.44 * size * pi[s * A + a];
        if (far > 1.5) arrows.push([...middle, middle[0] + far * dj, middle[1] + far * di]);
      });
    });
    pen.arrows(arrows, "ink", { width: size > 30 ? 1.8 : 1.2, head: Math.min(size / 7, 6) });
    cells.forEach((at, s) => {
      const [px, py] = place(at);
      if (terminal[s]) pen.say(px + 3, py + 12, (size < 34 ? {} : NAMES)[letter[s]] ?? letter[s], { size: 11, bold: true });
      if (letter[s] !== "S") return;
      pen.say(px + 3, py + 11, "S", { size: 11, bold: true, halo: true }); // in its corner
    });
    if (mark !== undefined) {
      const [px, py] = place(cells[mark]);
      pen.rect(px + 1, py + 1, size - 2, size - 2, { stroke: "vermillion", width: 2, dash: "4 3" });
    }
  }

  // A crowd that walks by a policy (S, A), or (H, S, A), always with the same luck: nearby policies make
  // nearby crowds. `h` is how many steps they have walked, and between two of them they are on the way.
  function drawCrowd(pen, { x, y, size }, world, pi, h, H, n = 60) {
    const { S, A, cells, to, p, mu0 } = world, timed = pi.length > S * A ? S * A : 0;
    const begin = Array.from(mu0, (_, s) => s).filter((s) => mu0[s] > 0), part = h >= H ? 1 : h - Math.floor(h);
    const last = Math.min(Math.floor(h) + 1, H);
    let dots = "";
    for (let j = 0; j < n; j++) {
      let from = begin[j % begin.length], s = from;
      for (let k = 0; k < last; k++) {
        const row = k * timed + s * A;
        let u = hashed(2 * (j * H + k), 5), a = 0, v = hashed(2 * (j * H + k) + 1, 5), way = 0;
        while (a < A - 1 && (u -= pi[row + a]) > 0) a++;
        const i = 3 * (s * A + a);
        while (way < 2 && (v -= p[i + way]) > 0) way++;
        from = s;
        s = to[i + way];
      }
      const place = ([i, j2]) => [x + (j2 + 0.15 + 0.7 * hashed(j, 8)) * size, y + (i + 0.3 + 0.6 * hashed(j, 9)) * size];
      const [a, b] = [place(cells[from]), place(cells[s])];
      dots += `M${round(a[0] + part * (b[0] - a[0]) - 2.5)} ${round(a[1] + part * (b[1] - a[1]))}a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0 -5 0z`;
    }
    pen.path(dots, { fill: "vermillion", stroke: "paper", width: 0.7 });
  }

  // A button that lets the crowd walk: `clock` runs from 0 to H.
  function walkButton(life, H) {
    const button = make("button", { type: "button", class: "pg-demo__button" }, "Let them walk");
    let begin = 0;
    const tick = (now) => {
      const h = Math.min((now - begin) / 220, H);
      life.glance({ clock: h });
      if (h < H && life.figure.isConnected) requestAnimationFrame(tick);
    };
    button.addEventListener("click", () => {
      const idle = performance.now() - begin > 220 * H;
      begin = performance.now();
      if (idle) requestAnimationFrame(tick);
    });
    return button;
  }

  // ---- the controls

  const STOPS = 400;
  const make = (tag, attributes = {}, ...children) => {
    const node = document.createElement(tag);
    Object.entries(attributes).forEach(([name, value]) => node.setAttribute(name, value));
    node.append(...children);
    return node;
  };

  function slider(control, set) {
    const { low, high, log, whole } = control, stops = whole && !log ? high - low : STOPS;
    const input = make("input", {
      type: "range", name: control.name, min: 0, max: stops, step: 1, autocomplete: "off",
    });
    const output = make("output", { "aria-live": "off" });
    const places = Math.max(0, 2 - Math.floor(Math.log10((high - low) / 2)));
    const value = (t) => {
      const x = log ? low * (high / low) ** t : low + (high - low) * t;
      return whole ? Math.round(x) : log ? +x.toPrecision(4) : +x.toFixed(places);
    };
    input.addEventListener("input", () => set({ [control.name]: value(input.value / stops) }, control.name));
    const show = (x) => {
      const t = log ? Math.log(x / low) / Math.log(high / low) : (x - low) / (high - low);
      if (Math.abs(value(input.value / stops) - x) > 1e-9 * (high - low)) input.value = Math.round(t * stops);
      const words = text(x);
      if (output.textContent === words) return;
      input.setAttribute("aria-valuetext", words);
      output.textContent = words;
    };
    const label = make("label", {}, make("span", {}, control.label), input);
    return { node: make("div", { class: "pg-demo__control" }, label, output), show, input };
  }

  function menu(control, set) {
    const select = make("select", { name: control.name, autocomplete: "off" });
    control.options.forEach((option) => select.append(make("option", {}, option)));
    const own = make("option", {}, "your own");
    select.addEventListener("input", () =>
      set({ [control.name]: control.options[select.selectedIndex] }, control.name));
    const show = (value) => {
      const place = control.options.indexOf(value);
      if (place < 0) select.append(own);
      else own.remove();
      select.selectedIndex = place < 0 ? control.options.length : place;
    };
    const label = make("label", {}, make("span", {}, control.label), select);
    return { node: make("div", { class: "pg-demo__control" }, label), show, input: select };
  }

  const calm = matchMedia("(prefers-reduced-motion: reduce)");
  const PAUSE = 1000; // milliseconds at the end, before a loop begins again

  // Play: the moment moves at the display's rate; for who asked for less motion, it jumps.
  function player(control, life, word) {
    const button = make("button", { type: "button", class: "pg-demo__play" }, word);
    const speed = make("select", { class: "pg-demo__speed", "aria-label": "speed", autocomplete: "off" });
    for (const factor of ["¼", "½", "1", "2", "4"]) speed.append(make("option", {}, `${factor}×`));
    speed.selectedIndex = 2;
    const loop = make("button", { type: "button", class: "pg-demo__play", "aria-pressed": false }, "Loop");
    let looping = false;
    loop.addEventListener("click", () => loop.setAttribute("aria-pressed", (looping = !looping)));
    const { name, low, high } = control, seconds = clamp((high - low) * 0.4, 5, 10);
    let playing = false, last = 0, t = low, rest = 0;
    const stop = () => {
      playing = false;
      button.textContent = word;
      life.quiet(false);
      life.set({ [name]: Math.floor(t) }, name);
    };
    const tick = (now) => {
      if (!playing) return;
      if (!life.figure.isConnected) return stop();
      const past = Math.min(now - last, 100);
      last = now;
      if (t >= high && (rest += past) >= PAUSE) [t, rest] = [low, 0];
      else t = Math.min(t + ((past / 1000) * (high - low) * 4 ** (speed.selectedIndex / 2 - 1)) / seconds, high);
      life.move(name, calm.matches ? Math.floor(t) : t);
      if (t >= high && !looping) return stop();
      requestAnimationFrame(tick);
    };
    button.addEventListener("click", () => {
      if (playing) return stop();
      t = life.values[name] >= high ? low : life.values[name];
      [playing, last, rest] = [true, performance.now(), 0];
      button.textContent = "Pause";
      life.quiet(true);
      requestAnimationFrame(tick);
    });
    const halt = () => {
      if (playing) {
        playing = false;
        button.textContent = word;
        life.quiet(false);
      }
    };
    return { node: make("div", { class: "pg-demo__clock" }, button, speed, loop), halt };
  }

  // ---- a demo's life

  function start(figure) {
    const find = (selector) => figure.querySelector(selector);
    const { controls, constants, opening } = JSON.parse(find("script").textContent);
    const name = figure.dataset.demo, picture = find(".pg-demo__picture"), caption = find(".pg-demo__caption");
    const demo = window.pgDemos[name]({ ...window.pgShared, constants });
    const values = { ...opening }, at = {}, clocks = {};
    const svg = document.createElementNS(SVG, "svg");
    const attributes = { role: "group", "font-family": "system-ui,sans-serif", "stroke-linejoin": "round" };
    Object.entries(attributes).forEach(([key, value]) => svg.setAttribute(key, value));
    const pen = new Pen(svg, name);
    let frame = 0, width = 0, spoken = 0;

    const life = {
      figure, values, at, numbers: demo.numbers, rows: {},
      set(patch, by) {
        for (const control of controls) {
          if (!(control.name in patch) || control.options) continue;
          const x = clamp(patch[control.name], control.low, control.high);
          patch[control.name] = control.whole ? Math.round(x) : x;
        }
        Object.assign(values, patch);
        for (const key in clocks) if (key in patch) {
          at[key] = values[key];
          if (key === by) clocks[key].halt();
        }
        request();
      },
      move(key, t) {
        at[key] = t;
        values[key] = Math.floor(t);
        request();
      },
      // Draw once with other moments than the controls': what a button shows in passing.
      glance(moments) {
        Object.assign(at, moments);
        request();
      },
      quiet(on) {
        caption.setAttribute("aria-live", on ? "off" : "polite");
      },
      render,
    };
    const request = () => (frame ||= requestAnimationFrame(render));

    const rows = controls.map((control) => {
      at[control.name] = values[control.name];
      const row = (control.options ? menu : slider)(control, life.set);
      life.rows[control.name] = row.node;
      if (control.time) {
        clocks[control.name] = player(control, life, demo.play ?? "Play");
        row.node.append(clocks[control.name].node);
        row.node.classList.add("pg-demo__control--time");
      }
      return row;
    });
    // What sets it in motion stands first, so that on a telephone the picture is in sight as well; and what a
    // reader needs later is folded away, with what a demo draws only then.
    const nodes = (wanted) => rows.filter((_, i) => wanted(controls[i])).map((row) => row.node);
    const folded = nodes((control) => control.more);
    find(".pg-demo__controls").append(
      ...nodes((control) => control.time), ...nodes((control) => !control.time && !control.more));
    if (folded.length) {
      const more = make("details", { class: "pg-demo__more" }, make("summary", {}, "More"), ...folded);
      more.addEventListener("toggle", () => {
        pen.more = more.open;
        request();
      });
      find(".pg-demo__controls").append(more);
    }
    const tools = demo.tools?.(life) ?? [];
    if (tools.length) picture.after(make("div", { class: "pg-demo__tools" }, ...tools));

    function render() {
      frame = 0;
      width ||= Math.max(280, Math.round(picture.clientWidth));
      const numbers = demo.numbers(values);
      pen.begin(width);
      demo.draw(pen, values, numbers, at);
      pen.end();
      rows.forEach((row, i) => row.show(values[controls[i].name]));
      if (!spoken) spoken = setTimeout(speak, 250);
    }
    function speak() {
      spoken = 0;
      const words = demo.describe(values, demo.numbers(values));
      if (caption.textContent !== words) caption.textContent = words;
      svg.setAttribute("aria-label", words);
    }

    // The hand: a handle under the pointer, one whose region was pressed, or an area.
    let held = null;
    const place = (event) => {
      const box = svg.getBoundingClientRect(), by = pen.width / box.width;
      return [(event.clientX - box.left) * by, (event.clientY - box.top) * by];
    };
    const within = (region, [x, y]) =>
      region && x >= region.left && x <= region.left + region.w && y >= region.top && y <= region.top + region.h;
    svg.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      const point = place(event), node = event.target.closest(".pg-demo__handle");
      const near = (grip) => Math.hypot(grip.x - point[0], grip.y - point[1]);
      const grip = pen.grips.find((each) => each.node === node) ??
        pen.grips.filter((each) => within(each.region, point)).sort((a, b) => near(a) - near(b))[0];
      held = grip?.move ? grip : pen.areas.find((area) => within(area, point));
      if (!held) return;
      if (grip) grip.node.focus({ preventScroll: true });
      svg.setPointerCapture(event.pointerId);
      event.preventDefault();
      if (!node || !grip) life.set((held.move ?? held.press)(...point) ?? {});
    });
    svg.addEventListener("pointermove", (event) => {
      if (held) life.set((held.move ?? held.press)(...place(event)) ?? {});
    });
    for (const end of ["pointerup", "pointercancel"]) svg.addEventListener(end, () => (held = null));
    const ARROWS = { ArrowRight: [1, 0], ArrowLeft: [-1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
    svg.addEventListener("keydown", (event) => {
      if (frame) {
        cancelAnimationFrame(frame); // the next step starts from where the last one led
        render();
      }
      const grip = pen.grips.find((each) => each.node === event.target), arrow = ARROWS[event.key];
      const patch = !grip ? null : arrow ? grip.step(...arrow.map((x) => x * (event.shiftKey ? 10 : 1)))
        : event.key === "Enter" || event.key === " " ? grip.act?.() : null;
      if (!patch) return;
      event.preventDefault();
      life.set(patch);
    });

    const still = picture.querySelector("svg[aria-label]"); // named like the still until it is drawn
    if (still && !svg.hasAttribute("aria-label")) svg.setAttribute("aria-label", still.getAttribute("aria-label"));
    picture.replaceChildren(svg);
    find(".pg-demo__controls").hidden = false;
    figure.classList.add("pg-demo--awake");
    new ResizeObserver(() => {
      const now = Math.max(280, Math.round(picture.clientWidth));
      if (now !== width && picture.clientWidth) {
        width = now;
        request();
      }
    }).observe(picture);
    render();
    figure.pgDemo = life;
  }

  return {
    linspace, sum, clamp, uniform, hashed, softmax, logSoftmax, solve, adam, lattice, contours, erfc,
    gridworld, evaluate, exactBatch, chosen, reached, episodes, drawMap, drawCrowd, walkButton, make, text, fixed, percent, start,
  };
})();
