"use strict";
// The true divergence ball, its quadratic model, and where four steps from one policy land.
window.pgDemos.trust_region = ({ constants, gridworld, evaluate, exactBatch, logSoftmax, softmax, adam, linspace, clamp, text, fixed, percent }) => {
  const { map, slip, H, starts, kinds, kind, shorter, epochs } = constants;
  const world = gridworld(map, { slip }), { S, A } = world, FAR = 6, NEWTON = 25;
  const METHODS = ["gradient", "NPG", "TRPO", "PPO"], COLOURS = ["blue", "vermillion", "green", "purple"];
  const AROUND = linspace(0, 2 * Math.PI, 65), PARTS = linspace(0, 1.3, 27);
  const thetaOf = (start) => (typeof start === "string" ? starts[start] : start);

  // Tables of all kinds of states, and of all states.
  const logKinds = ([x, y]) => logSoftmax(kinds.flatMap((actions) => actions.map((phi) => phi[0] * x + phi[1] * y)), A);
  const spread = (table) => Float64Array.from({ length: S * A }, (_, i) => table[kind[Math.floor(i / A)] * A + (i % A)]);

  let kept = {};
  function seenFrom(start) {
    const theta = thetaOf(start), key = theta.join();
    if (kept.key === key) return kept;
    const log = logKinds(theta), pi = log.map(Math.exp), batch = exactBatch(world, spread(pi), H);
    const n = new Float64Array(kinds.length), K = kinds.length * A;
    const W = new Float64Array(2 * K), visits = new Float64Array(2 * K);
    for (let s = 0; s < S; s++) {
      n[kind[s]] += batch.n[s];
    }
    for (let i = 0; i < 2 * S * A; i++) {
      const s = Math.floor(i / A) % S, at = Math.floor(i / (S * A)) * K + kind[s] * A + (i % A);
      W[at] += batch.W[i];
      visits[at] += batch.visits[i];
    }
    const g = [0, 0], F = [[0, 0], [0, 0]];
    kinds.forEach((actions, c) => {
      const mean = [0, 0];
      actions.forEach((phi, a) => [0, 1].forEach((i) => (mean[i] += pi[c * A + a] * phi[i])));
      actions.forEach((phi, a) => {
        const p = pi[c * A + a], centred = [phi[0] - mean[0], phi[1] - mean[1]];
        for (const i of [0, 1]) {
          g[i] += p * (W[c * A + a] + W[K + c * A + a]) * centred[i];
          for (const j of [0, 1]) F[i][j] += n[c] * p * centred[i] * centred[j];
        }
      });
    });
    return (kept = { key, theta, log, pi, n, W, J: batch.J, g, F, batch, paths: {} });
  }

  // The divergence of a step, and its slope along u.
  function divergence({ theta, log, pi, n }, d, u) {
    const now = logKinds([theta[0] + d[0], theta[1] + d[1]]);
    let kl = 0, slope = 0;
    kinds.forEach((actions, c) => {
      let here = 0, along = 0;
      actions.forEach((phi, a) => {
        const i = c * A + a;
        here += pi[i] * (log[i] - now[i]);
        if (u) along += (Math.exp(now[i]) - pi[i]) * (phi[0] * u[0] + phi[1] * u[1]);
      });
      kl += n[c] * here;
      slope += n[c] * along;
    });
    return u ? [kl, slope] : kl;
  }
  const promise = ({ theta, W, pi }, d) => {
    const now = logKinds([theta[0] + d[0], theta[1] + d[1]]), K = kinds.length * A;
    let total = 0;
    for (let i = 0; i < K; i++) total += (W[i] + W[K + i]) * (Math.exp(now[i]) - pi[i]);
    return total;
  };
  const gain = (from, d) =>
    evaluate(world, spread(logKinds([from.theta[0] + d[0], from.theta[1] + d[1]]).map(Math.exp)), H).J - from.J;

  // PPO's way, epoch by epoch. Only states apart by kind and rows apart by sign matter to the clip.
  function ppo(from, eps) {
    if (from.paths[eps]) return from.paths[eps];
    const K = kinds.length * A, step = adam(2, 0.05), path = [[0, 0]];
    for (let e = 0; e < epochs; e++) {
      const d = path[e], now = logKinds([from.theta[0] + d[0], from.theta[1] + d[1]]), g = [0, 0];
      kinds.forEach((actions, c) => {
        const pulled = actions.map((_, a) => {
          const i = c * A + a, u = Math.exp(now[i] - from.log[i]);
          return (from.W[i] * (u - 1 < eps) + from.W[K + i] * (1 - u < eps)) * from.pi[i] * u;
        });
        const all = pulled.reduce((x, y) => x + y, 0);
        actions.forEach((phi, a) => [0, 1].forEach((i) => (g[i] += (pulled[a] - all * Math.exp(now[c * A + a])) * phi[i])));
      });
      const move = step(g);
      path.push([d[0] + move[0], d[1] + move[1]]);
    }
    return (from.paths[eps] = path);
  }

  function numbers({ start, delta, eps }) {
    const from = seenFrom(start), { g, F } = from, det = F[0][0] * F[1][1] - F[0][1] * F[1][0];
    const x = [(F[1][1] * g[0] - F[0][1] * g[1]) / det, (F[0][0] * g[1] - F[1][0] * g[0]) / det];
    const size = Math.sqrt((2 * delta) / (g[0] * x[0] + g[1] * x[1])), natural = x.map((each) => size * each);
    const gFg = g[0] * (F[0][0] * g[0] + F[0][1] * g[1]) + g[1] * (F[1][0] * g[0] + F[1][1] * g[1]);
    const vanilla = g.map((each) => each * Math.sqrt((2 * delta) / gFg));
    // Until it keeps its promise, or round-off swallows it: `steps.trpo_step`.
    const moves = (d) => d.some((each, i) => from.theta[i] + each !== from.theta[i]);
    let shortened = natural, tried = [1];
    while (moves(shortened) && !(divergence(from, shortened) <= delta && promise(from, shortened) > 0)) {
      shortened = shortened.map((each) => shorter * each);
      tried.push(shorter ** tried.length);
    }
    const path = ppo(from, eps), steps = [vanilla, natural, shortened, path[epochs]];
    // The model's ellipse, and for each of its points how many times as far the true boundary is.
    const far = Math.sqrt(2 * delta), l = Math.sqrt(F[1][1] / det), m = -F[0][1] / det / l;
    const ellipse = Array.from(AROUND, (t) => [far * l * Math.cos(t), far * (m * Math.cos(t) + Math.sin(t) / Math.sqrt(F[1][1]))]);
    return {
      steps, tried, ppo: path,
      kl: steps.map((d) => divergence(from, d)),
      gain: steps.map((d) => gain(from, d)),
      promise: steps.map((d) => promise(from, d)),
      ellipse,
      boundary: ellipse.map((u) => {
        let r = FAR;
        if (divergence(from, [FAR * u[0], FAR * u[1]]) <= delta) return u.map((each) => FAR * each);
        for (let i = 0; i < NEWTON; i++) {
          const [kl, slope] = divergence(from, [r * u[0], r * u[1]], u), less = (kl - delta) / slope;
          r -= less;
          if (Math.abs(less) < 1e-14) break;
        }
        return u.map((each) => r * each);
      }),
      along: Array.from(PARTS, (part) => divergence(from, natural.map((each) => part * each)) / delta),
    };
  }

  const MARKS = {
    gradient: (x, y, r) => `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`,
    NPG: (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
    TRPO: (x, y, r) => `M${x} ${y - 1.2 * r}l${1.2 * r} ${1.2 * r}l${-1.2 * r} ${1.2 * r}l${-1.2 * r} ${-1.2 * r}z`,
    PPO: (x, y, r) => `M${x - r} ${y + 0.8 * r}h${2 * r}L${x} ${y - r}z`,
  };
  const mark = (pen, name, x, y) =>
    pen.path(MARKS[name](x, y, name === "NPG" ? 7 : 5.5), { fill: COLOURS[METHODS.indexOf(name)], stroke: "paper", width: 1.2 });

  function draw(pen, { start, delta }, n) {
    const { width, wide } = pen, theta = thetaOf(start), from = seenFrom(start), h = wide ? 330 : 260;
    const plane = pen.panel({
      x: 34, y: 30, w: width - 46, h, xlim: wide ? [-4, 6] : [-3, 5], ylim: [-2.4, 5.2], xticks: [-2, 0, 2, 4], yticks: [-2, 0, 2, 4],
      title: wide ? "Drag the start, or the boundary" : "Drag start or boundary", flush: 4, xlabel: "θ₁, logit of going right; upwards θ₂, of going down",
    });
    const here = (points) => [points.map((d) => theta[0] + d[0]), points.map((d) => theta[1] + d[1])];
    plane.line(...here(n.boundary), { fill: "sky", opacity: 0.3 });
    plane.line(...here(n.boundary), { stroke: "ink", width: 2 });
    plane.line(...here(n.ellipse), { stroke: "ink", width: 1.5, dash: "5 4" });
    plane.line(...here(n.ppo), { stroke: "purple", width: 2 });
    METHODS.forEach((name, i) => {
      if (name !== "PPO") plane.line(...here([[0, 0], n.steps[i]]), { stroke: COLOURS[i], width: 2 });
    });
    const hops = n.tried.map((part) => n.steps[1].map((each) => part * each));
    if (hops.length > 2) plane.dots(...here(hops.slice(1, -1)), 3, "green");
    METHODS.forEach((name, i) => mark(pen, name, plane.X(theta[0] + n.steps[i][0]), plane.Y(theta[1] + n.steps[i][1])));
    pen.say(width - 12, 21, "line: KL = δ; dashes: model", { anchor: "end", size: 12, fill: "muted" });

    // The boundary's grip lies opposite to the natural step, where the picture is empty.
    const angle = Math.atan2(-n.steps[1][1], -n.steps[1][0]), u = [Math.cos(angle), Math.sin(angle)];
    const { F } = from, grip = Math.sqrt((2 * delta) / (u[0] * u[0] * F[0][0] + 2 * u[0] * u[1] * F[0][1] + u[1] * u[1] * F[1][1]));
    const bound = (px, py) => {
      const d = [plane.X.inverse(px) - theta[0], plane.Y.inverse(py) - theta[1]];
      return { delta: +(0.5 * (d[0] * d[0] * F[0][0] + 2 * d[0] * d[1] * F[0][1] + d[1] * d[1] * F[1][1])).toPrecision(3) };
    };
    const set = (x, y) => ({ start: [clamp(x, -2, 3.5), clamp(y, -1, 3.5)].map((each) => +each.toFixed(3)) });
    pen.handle({
      label: "start θᵏ", x: plane.X(theta[0]), y: plane.Y(theta[1]), fill: "ink", shape: 7, region: plane,
      says: `θᵏ = (${text(theta[0])}, ${text(theta[1])})`,
      move: (px, py) => set(plane.X.inverse(px), plane.Y.inverse(py)), step: (right, up) => set(theta[0] + 0.05 * right, theta[1] + 0.05 * up),
    });
    pen.handle({
      label: "boundary of the model, which sets δ", fill: "sky", shape: 8, says: `δ = ${text(delta)}`, value: delta,
      x: plane.X(clamp(theta[0] + grip * u[0], ...plane.xlim)), y: plane.Y(clamp(theta[1] + grip * u[1], ...plane.ylim)),
      move: bound, step: (right, up) => ({ delta: delta * 1.05 ** (right + up) }),
    });
    pen.height = drawTable(pen, n, 30 + h + 44, delta, width, wide);
  }

  // Beside each method its divergence, in units of the radius, and what became of the promise.
  function drawTable(pen, n, top, delta, width, wide) {
    const columns = [98, wide ? 0.5 * width : 0.53 * width, width - 8], most = columns[1] - 162;
    pen.say(columns[0], top + 12, "KL / δ", { size: 12, fill: "muted" });
    pen.say(columns[1], top + 12, wide ? "gain in J / promised by the surrogate" : "gain / promised", { size: 12, fill: "muted" });
    const bottom = top + 24 + 26 * METHODS.length, one = 0.5 * most, whole = 0.625 * (columns[2] - columns[1] - 118);
    const row = (i) => top + 36 + 26 * i, part = (i) => n.kl[i] / delta, long = (i) => clamp(part(i), 0, 2) * one;
    METHODS.forEach((name, i) => {
      mark(pen, name, 12, row(i) - 4);
      pen.say(24, row(i), name, { bold: true, fill: COLOURS[i] });
      pen.rect(columns[0], row(i) - 12, long(i), 14, { fill: COLOURS[i], opacity: part(i) > 1 + 1e-9 ? 1 : 0.45 });
      pen.rect(columns[1], row(i) - 12, clamp(n.gain[i] / n.promise[i], 0, 1.6) * whole, 14, { fill: COLOURS[i], opacity: 0.45 });
      pen.say(columns[2], row(i), `${fixed(n.gain[i], 3)} / ${fixed(n.promise[i], 3)}`, { anchor: "end", size: 12 });
    });
    for (const x of [columns[0] + one, columns[1] + whole]) pen.path(`M${x} ${top + 18}V${bottom}`, { stroke: "ink", width: 1, dash: "3 3" });
    // Above the dashes, whose ends would strike them through.
    METHODS.forEach((_, i) => pen.say(columns[0] + long(i) + 5, row(i), fixed(part(i)), { size: 12, bold: part(i) > 1 + 1e-9, halo: true }));
    return bottom + 8;
  }

  function describe({ start, delta }, n) {
    const theta = thetaOf(start);
    return `From θᵏ = (${text(theta[0])}, ${text(theta[1])}) the natural step of radius δ = ${text(delta)} has the true divergence ${fixed(n.kl[1], 3)}; ` +
      `TRPO takes ${percent(n.tried[n.tried.length - 1])} of it. Gains in J: ${METHODS.map((name, i) => `${name} ${fixed(n.gain[i], 3)}`).join(", ")}.`;
  }
  return { numbers, draw, describe };
};
