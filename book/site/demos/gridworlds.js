"use strict";
// A playground: paint a map, and one or two algorithms learn it exactly, on one clock.
window.pgDemos.gridworlds = ({ constants, gridworld, exactBatch, episodes, softmax, logSoftmax, adam, drawMap, drawCrowd, walkButton, make, clamp, linspace, text, fixed }) => {
  const { slip, step, H, K, maps, algorithms, eta: ETA, epochs: EPOCHS, least: LEAST, stream } = constants;
  const SIZES = [0, 20, 100]; // episodes that a step sees; 0 is the exact batch
  const KNOBS = ["careful", "medium", "bold"], TINY = 1e-300, EPSILON = 2 ** -52;
  const mapOf = (world) => maps[world] ?? world;
  const setting = (algorithm, knob) => {
    const { values } = algorithms[algorithm];
    return typeof knob === "string" ? values[KNOBS.indexOf(knob)] : values[0] * (values[2] / values[0]) ** knob;
  };

  // ---- the steps, each from a table of logits and its exact batch to the next table

  function gradient({ pi, both }, A) {
    const g = new Float64Array(pi.length);
    for (let from = 0; from < g.length; from += A) {
      let all = 0;
      for (let i = from; i < from + A; i++) all += g[i] = pi[i] * both[i];
      for (let i = from; i < from + A; i++) g[i] -= all * pi[i];
    }
    return g;
  }
  // F⁺g: the quotient g / nπ, less its mean over the actions of a state.
  function natural(batch, g, A) {
    const { pi, n } = batch, x = new Float64Array(g.length);
    for (let s = 0; s < n.length; s++) {
      let mean = 0, count = 0;
      for (let i = s * A; i < s * A + A; i++) if (n[s] * pi[i] > 0) {
        mean += x[i] = g[i] / (n[s] * pi[i]);
        count++;
      }
      mean /= Math.max(count, 1);
      for (let i = s * A; i < s * A + A; i++) if (n[s] * pi[i] > 0) x[i] -= mean;
    }
    return x;
  }
  const divergence = ({ log, pi, n }, now, A) => {
    let kl = 0;
    for (let i = 0; i < pi.length; i++) if (pi[i] > 0) kl += n[Math.floor(i / A)] * pi[i] * (log[i] - now[i]);
    return kl;
  };

  const logAdd = (x, y) => {
    const high = Math.max(x, y);
    return high === -Infinity ? high : high + Math.log1p(Math.exp(Math.min(x, y) - high));
  };
  function logSum(x) {
    let top = -Infinity, total = 0;
    for (let a = 0; a < x.length; a++) top = Math.max(top, x[a]);
    for (let a = 0; a < x.length; a++) total += Math.exp(x[a] - top);
    return top + Math.log(total);
  }
  // The change of a state's logits that maximises Σ πA − λ KL: π = λπᵏ / (ν − A), with ν by Newton's method.
  // `gain` holds the advantages; the change is left in it.
  const [gap, weight, nu, part] = [0, 1, 2, 3].map(() => new Float64Array(4));
  function tilt(log, from, gain, lam) {
    const A = gain.length, logLam = Math.log(lam);
    let best = -Infinity, largest = 0, strong = 1;
    for (let a = 0; a < A; a++) best = Math.max(best, gain[a]);
    for (let a = 0; a < A; a++) {
      gap[a] = Math.log(best - gain[a]);
      weight[a] = logLam + log[from + a];
      largest = Math.max(largest, Math.abs(weight[a]));
      strong -= Math.exp(Math.min(log[from + a] + gap[a] - logLam, 1));
      part[a] = gap[a] === -Infinity ? weight[a] : -Infinity;
    }
    let low = logSum(part), high = logSum(weight), u = Math.max(low, logLam + Math.log(Math.max(strong, TINY)));
    for (let i = 0; i < 100; i++) {
      for (let a = 0; a < A; a++) part[a] = weight[a] - (nu[a] = logAdd(u, gap[a]));
      const total = logSum(part);
      if (Math.abs(total) <= 4 * EPSILON * (1 + largest)) break;
      if (total > 0) low = u;
      else high = u;
      let slope = 0;
      for (let a = 0; a < A; a++) slope += Math.exp(part[a] - total + u - nu[a]);
      const next = u + total / Math.max(slope, TINY);
      u = next >= low && next <= high ? next : (low + high) / 2;
    }
    let mean = 0;
    for (let a = 0; a < A; a++) mean += (gain[a] = -logAdd(u, gap[a])) / A;
    for (let a = 0; a < A; a++) gain[a] -= mean;
  }
  const change = new Float64Array(4);
  function penalised(theta, { pi, n, both, log }, A, lam) {
    const next = theta.slice();
    for (let s = 0; s < n.length; s++) {
      if (!(n[s] > 0)) continue;
      for (let a = 0, i = s * A; a < A; a++, i++) change[a] = n[s] * pi[i] > 0 ? (pi[i] * both[i]) / (n[s] * pi[i]) : 0;
      tilt(log, s * A, change, lam);
      for (let a = 0; a < A; a++) next[s * A + a] += change[a];
    }
    return next;
  }
  // The arg max inside the trust region: the penalty whose maximiser lies on the boundary, by the Illinois rule.
  function trust(theta, batch, A, delta) {
    const g = gradient(batch, A), x = natural(batch, g, A);
    const along = g.reduce((t, each, i) => t + each * x[i], 0), gain = along > 0 ? Math.sqrt(2 * delta * along) : 0;
    if (gain < LEAST) return theta;
    let best = theta, distance = Infinity;
    const excess = (log) => {
      const next = penalised(theta, batch, A, Math.exp(log)), reached = divergence(batch, logSoftmax(next, A), A) / delta;
      const apart = Math.log(Math.max(reached, 2.2250738585072014e-308));
      if (reached <= 1 + 1e-6 && Math.abs(apart) < distance) [best, distance] = [next, Math.abs(apart)];
      return apart;
    };
    let u = Math.log(gain / (2 * delta)), fu = excess(u), v = u, fv = fu, hop = fu > 0 ? 1 : -1;
    while (fu * hop > 0) {
      const z = clamp(u + hop, -745, 745);
      if (z === u) return best;
      [v, fv] = [u, fu];
      [u, fu] = [z, excess(z)];
      hop *= 2;
    }
    for (let i = 0; i < 60 && Math.abs(fu) > 1e-12 && fu !== fv; i++) {
      const z = u - (fu * (u - v)) / (fu - fv), fz = excess(z);
      [v, fv] = fz * fu < 0 ? [u, fu] : [v, fv / 2];
      [u, fu] = [z, fz];
    }
    return best;
  }
  function clipped(theta, batch, A, eps) {
    const { log, pi, W } = batch, SA = theta.length, move = adam(SA, ETA), next = theta.slice();
    const g = new Float64Array(SA);
    for (let e = 0; e < EPOCHS; e++) {
      const now = logSoftmax(next, A);
      for (let from = 0; from < SA; from += A) {
        let all = 0;
        for (let i = from; i < from + A; i++) {
          const u = Math.exp(now[i] - log[i]);
          all += g[i] = ((u - 1 < eps ? W[i] : 0) + (1 - u < eps ? W[SA + i] : 0)) * pi[i] * u;
        }
        for (let i = from; i < from + A; i++) g[i] -= all * Math.exp(now[i]);
      }
      const step = move(g);
      for (let i = 0; i < SA; i++) next[i] += step[i];
    }
    return next;
  }
  const plus = (theta, d, eta) => theta.map((each, i) => each + eta * d[i]);
  const STEPS = {
    "policy gradient": (theta, batch, A, eta) => plus(theta, gradient(batch, A), eta),
    NPG: (theta, batch, A, eta) => plus(theta, natural(batch, gradient(batch, A), A), eta),
    TRPO: trust,
    "PPO penalty": penalised,
    "PPO clip": clipped,
  };

  // The batch of N episodes: rewards-to-go less the exact values, by the sign of the difference. Its sums are
  // divided by the policy, so that a step finds them as in an exact batch.
  function sampledBatch(world, exact, N, stream) {
    const { S, A, r } = world, { pi, V } = exact, { s, a } = episodes(world, pi, H, N, stream);
    const n = new Float64Array(S), W = new Float64Array(2 * S * A);
    for (let e = 0; e < N; e++)
      for (let h = H - 1, toGo = 0; h >= 0; h--) {
        const at = e * H + h, i = s[at] * A + a[at];
        toGo += r[i];
        const advantage = toGo - V[h * S + s[at]];
        n[s[at]] += 1 / N;
        W[(advantage > 0 ? 0 : S * A) + i] += advantage / N / pi[i];
      }
    return { pi, n, W, both: pi.map((_, i) => W[i] + W[S * A + i]) };
  }

  // ---- courses of training

  const worlds = {}, courses = new Map();
  function worldOf(map) {
    if (worlds[map]) return worlds[map];
    const world = gridworld(map, { slip, step }), { S, A, to, p, r } = world;
    world.fit = world.letter.includes("S") && world.terminal.some(Boolean);
    let V = new Float64Array(S);
    for (let h = 0; h < H; h++) {
      const now = new Float64Array(S).fill(-Infinity);
      for (let i = 0; i < S * A; i++) {
        const j = 3 * i, q = r[i] + p[j] * V[to[j]] + p[j + 1] * V[to[j + 1]] + p[j + 2] * V[to[j + 2]], s = Math.floor(i / A);
        now[s] = Math.max(now[s], q);
      }
      V = now;
    }
    world.optimum = V.reduce((J, v, s) => J + world.mu0[s] * v, 0);
    return (worlds[map] = world);
  }
  function train(map, algorithm, x, N = 0, luck = 0) {
    const key = `${map}|${algorithm}|${x}|${N}|${N && luck}`;
    const known = courses.get(key);
    courses.delete(key);
    if (known) {
      courses.set(key, known); // the one used longest ago is the first to go
      return known;
    }
    const world = worldOf(map), { S, A } = world, iterates = [], kl = [];
    let theta = new Float64Array(S * A);
    for (let k = 0; ; k++) {
      const batch = exactBatch(world, softmax(theta, A), H);
      batch.log = logSoftmax(theta, A);
      if (k) kl.push(divergence(iterates[k - 1].seen, batch.log, A));
      batch.seen = N ? Object.assign(sampledBatch(world, batch, N, stream + 2 * K * luck + k), { log: batch.log }) : batch;
      iterates.push(batch);
      if (k === K) break;
      theta = STEPS[algorithm](theta, batch.seen, A, x);
    }
    if (courses.size > 3) courses.delete(courses.keys().next().value);
    const course = { world, iterates, kl, J: iterates.map((each) => each.J) };
    courses.set(key, course);
    return course;
  }

  function numbers({ world, algorithm, knob, k, N, luck }) {
    const it = train(mapOf(world), algorithm, setting(algorithm, knob), N, luck), { pi, V, n } = it.iterates[k], { S, A } = it.world;
    return {
      J: it.J, kl: it.kl, optimum: it.world.optimum, V: V.slice(0, S), visits: n,
      pi: Array.from({ length: S }, (_, s) => pi.slice(s * A, s * A + A)),
    };
  }

  // ---- the picture

  // Who learns: an algorithm, its setting, and how many episodes each of its steps sees.
  const sidesOf = ({ algorithm, knob, N = 0, rival, rivalKnob = 0.5, rivalN = 0 }) => [
    { name: algorithm, x: setting(algorithm, knob), N },
    ...(rival ? [{ name: rival, x: setting(rival, rivalKnob), N: rivalN }] : []),
  ];
  const called = ({ name, x }) => `${name}, ${algorithms[name].symbol} = ${text(x)}`;

  const BRUSHES = { wall: "#", floor: ".", pit: "P", goal: "G", start: "S" }, SIDES = ["blue", "purple"];
  let brush = "wall", cursor = [0, 0];

  // The map with a cell painted; the only start moves, and the last one stays.
  function painted(map, [i, j], letter) {
    const rows = map.split("\n").map((row) => [...row]);
    if (!rows[i]?.[j] || rows[i][j] === letter || rows[i][j] === "S") return {};
    if (letter === "S") rows.forEach((row) => row.forEach((each, c) => each === "S" && (row[c] = ".")));
    rows[i][j] = letter;
    const world = rows.map((row) => row.join("")).join("\n");
    return { world: Object.keys(maps).find((name) => maps[name] === world) ?? world };
  }

  function draw(pen, values, n, at) {
    const { world, k, rival } = values, map = mapOf(world), it = worldOf(map), { width, wide } = pen;
    const sides = sidesOf(values), runs = sides.map(({ name, x, N }) => train(map, name, x, N, values.luck));
    const columns = it.rows[0].length, rows = it.rows.length, half = (width - 24) / 2;
    const size = Math.min(half / columns, (wide ? 250 : 190) / rows), part = at.k - k, later = Math.min(k + 1, K);
    const names = sides.map(called), maps = rival ? [0, 1] : [0, 0];
    const titles = rival && names[0] === names[1]
      ? sides.map(({ N }) => (N ? `From ${N} episodes` : "Exact gradients"))
      : sides.map(({ name, N }, side) => `${wide || !N ? names[side] : name}${N ? `, N = ${N}` : ""}`);
    maps.forEach((side, place) => {
      const from = runs[side].iterates[k], to = runs[side].iterates[later], x = place * (half + 24), box = { x, y: 30, size };
      const mix = (a, b) => a + part * (b - a), pi = from.pi.map((p, i) => mix(p, to.pi[i]));
      const values = place === 0 || rival;
      const shade = values
        ? (s) => clamp((mix(from.V[s], to.V[s]) + 1) / 2, 0, 1)
        : (s) => Math.sqrt(Math.min(mix(from.n[s], to.n[s]) / 4, 1));
      pen.say(x, 19, values ? (rival ? titles[side] : "Policy on its values") : "Visits, and a crowd", { bold: true, size: wide ? 13 : 12, fill: rival ? SIDES[side] : "ink" });
      drawMap(pen, box, it, { shade, pi, colour: rival ? SIDES[side] : "blue" });
      if (!values || rival || at.clock !== undefined) drawCrowd(pen, box, it, pi, at.clock ?? H, H);
      const cellAt = (px, py) => [Math.floor((py - 30) / size), Math.floor((px - x) / size)];
      pen.area({ left: x, top: 30, w: columns * size, h: rows * size, press: (px, py) => painted(map, cellAt(px, py), BRUSHES[brush]) });
    });
    if (cursor[0] >= rows || cursor[1] >= columns) cursor = [0, 0];
    const [i, j] = cursor, letter = it.rows[i][j];
    const word = Object.keys(BRUSHES).find((name) => BRUSHES[name] === letter) ?? `goal that pays ${letter}`;
    pen.handle({
      label: "cell to paint; Enter paints", ghost: true, shape: 0, fill: "none", x: (j + 0.5) * size, y: 30 + (i + 0.5) * size,
      says: `row ${i + 1}, column ${j + 1}: ${word}`,
      step: (right, up) => {
        cursor = [clamp(i - up, 0, rows - 1), clamp(j + right, 0, columns - 1)];
        return {};
      },
      act: () => painted(map, cursor, BRUSHES[brush]),
    });

    const y = 30 + rows * size + 48, h = wide ? 150 : 120, ticks = wide ? [0, 4, 8, 12, 16] : [0, 8, 16];
    const axes = (side, more, room) => {
      const from = side * (half + 24), left = from + (wide ? 40 : room);
      return pen.panel({ x: left, y, w: from + half - 4 - left, h, xlim: [-0.4, K + 0.4], xticks: ticks, xlabel: "iteration", flush: from, ...more });
    };
    const objective = axes(0, { ylim: [-1.3, 1.1], yticks: [-1, 0, 1], title: wide ? "Objective J" : "J" }, 26);
    objective.line([-1, K + 1], [it.optimum, it.optimum], { stroke: "green", width: 1.5, dash: "6 4" });
    objective.note(0.98, 0.94, `optimum ${fixed(it.optimum, 3)}`, { fill: "green", anchor: "end", halo: true });
    const lengths = axes(1, { ylim: [1e-4, 2000], ylog: true, yticks: [0.01, 1, 100], title: "KL of each step" }, 34);
    const steps = linspace(0, K, K + 1);
    runs.forEach(({ J, kl }, side) => {
      const colour = SIDES[side], now = J[k] + part * (J[later] - J[k]), { name, x } = sides[side];
      objective.line(steps, J, { stroke: colour, width: 4, opacity: 0.25 });
      objective.line(steps.slice(0, k + 1), J.slice(0, k + 1), { stroke: colour });
      objective.ball(at.k, now, colour, 6);
      pen.say(half - 4 - (rival && !side ? 58 : 0), y - 9, fixed(J[k], 3), { fill: colour, anchor: "end", bold: true });
      lengths.line(steps.slice(1), kl, { stroke: colour, width: 4, opacity: 0.25 });
      lengths.line(steps.slice(1, k + 1), kl.slice(0, k), { stroke: colour });
      lengths.dots(steps.slice(1, k + 1), kl.slice(0, k), 3, colour);
      if (k) lengths.ball(k, kl[k - 1], colour, 5);
      if (name === "TRPO") lengths.line([-1, K + 1], [x, x], { stroke: colour, width: 1.5, dash: "6 4" });
    });
    if (wide && !rival) lengths.note(0.98, 0.12, names[0], { fill: "blue", anchor: "end", halo: true });
    if (!it.fit) pen.say(width / 2, 30 + (rows * size) / 2, "paint a goal or a pit", { anchor: "middle", bold: true, halo: true });
    pen.height = y + h + 36;
  }

  // Below the picture the brushes; among the controls a rival, and knobs that turn without steps.
  function tools(life) {
    const { values, rows } = life;
    const row = (...children) => make("div", { class: "pg-demo__control" }, ...children);
    const menu = (name, label, options, words) => {
      const select = make("select", { name, autocomplete: "off" }, ...words.map((each) => make("option", {}, each)));
      select.selectedIndex = Math.max(options.indexOf(values[name]), 0);
      select.addEventListener("input", () => life.set({ [name]: options[select.selectedIndex] }));
      return row(make("label", {}, make("span", {}, label), select));
    };
    const turner = (name, label) => {
      const input = make("input", { type: "range", min: 0, max: 200, autocomplete: "off", "aria-label": label });
      input.addEventListener("input", () => life.set({ [name]: input.value / 200 }));
      return input;
    };
    const seen = SIZES.map((N) => (N ? `${N} episodes` : "exactly"));
    rows.knob.append(turner("knob", "any setting of the knob between careful and bold"));
    rows.knob.after(menu("N", "each step sees", SIZES, seen));
    const rivals = menu("rival", "against", [undefined, ...Object.keys(algorithms)], ["nobody", ...Object.keys(algorithms)]);
    const others = [
      row(make("label", {}, make("span", {}, "the other’s knob"), turner("rivalKnob", "the other’s knob, between careful and bold"))),
      menu("rivalN", "its steps see", SIZES, seen),
    ];
    rows.knob.nextSibling.after(rivals, ...others);
    const draws = make("button", { type: "button", class: "pg-demo__button" }, "Draw other episodes");
    draws.addEventListener("click", () => life.set({ luck: (values.luck ?? 0) + 1 }));
    const offer = () => {
      others.forEach((each) => (each.hidden = !values.rival));
      draws.hidden = sidesOf(values).every(({ N }) => !N);
    };
    life.figure.addEventListener("input", offer);
    offer();
    const brushes = Object.keys(BRUSHES).map((name) => {
      const button = make("button", { type: "button", class: "pg-demo__button", "aria-pressed": name === brush }, name);
      button.addEventListener("click", () => {
        brush = name;
        brushes.forEach((each) => each.setAttribute("aria-pressed", each === button));
      });
      return button;
    });
    return [make("div", { class: "pg-demo__buttons", role: "group", "aria-label": "what to paint on the map" }, ...brushes), walkButton(life, H), draws];
  }

  const nats = (kl) => (kl > 0 && kl < 1e-4 ? "less than 0.0001" : text(Math.max(kl, 0)));

  function describe(values, { J, kl, optimum }) {
    const { world, k } = values, known = maps[world] ? `the map ${world}` : "your map", best = `the exact optimum is ${fixed(optimum, 3)}`;
    if (optimum - J[0] < 1e-9) return `On ${known} every policy earns ${fixed(optimum, 3)}: there is nothing to learn.`;
    const [one, other] = sidesOf(values).map((side) => `${called(side)}${side.N ? `, from ${side.N} episodes a step` : ""}`);
    const after = k ? `after ${k} step${k > 1 ? "s" : ""}` : "before the first step";
    if (other) {
      const { name, x, N } = sidesOf(values)[1], there = train(mapOf(world), name, x, N, values.luck);
      return `On ${known}, ${after}, J is ${fixed(J[k], 3)} for ${one}, and ${fixed(there.J[k], 3)} for ${other}; ${best}.`;
    }
    if (!k) return `${one}, on ${known}, ${after}: the uniform policy has J = ${fixed(J[0], 3)}; ${best}.`;
    return `${one}, on ${known}, ${after}: J = ${fixed(J[k], 3)}, ${best}. ` +
      `The last step moved the trajectories by ${nats(kl[k - 1])} nats, the longest by ${nats(Math.max(...kl.slice(0, k)))}.`;
  }
  return { numbers, draw, describe, tools, play: "Train" };
};
