"use strict";
// Importance sampling: a target bell, samples of another, and what their weights are worth.
window.pgDemos.importance_sampling = ({ constants, gridworld, evaluate, softmax, uniform, linspace, erfc, text, fixed, percent }) => {
  const { map, slip, direction, H, values: VALUES, batches: BATCHES, most, stream } = constants;
  const NORMAL = 1.96, ROOT = Math.sqrt(2 * Math.PI);
  const density = (x, m = 0, s = 1) => Math.exp(-(((x - m) / s) ** 2) / 2) / (s * ROOT);
  const chances = (m = 0, s = 1) => {
    const shares = VALUES.map((x) => density(x, m, s)), all = shares.reduce((x, y) => x + y);
    return shares.map((each) => each / all);
  };

  // All samples, drawn once: more of them only add to a batch.
  const samples = {};
  function drawn(kind) {
    if (samples[kind]) return samples[kind];
    const n = BATCHES * most;
    if (kind === "Gaussian") {
      const u = uniform(n, 2 * stream), v = uniform(n, 2 * stream + 1);
      return (samples[kind] = u.map((each, i) => Math.sqrt(-2 * Math.log(each)) * Math.cos(2 * Math.PI * v[i])));
    }
    let so = 0;
    const below = chances().map((p) => (so += p));
    return (samples[kind] = uniform(n, stream).map((u) => {
      const place = below.findIndex((edge) => edge >= u);
      return place < 0 ? below.length : place;
    }));
  }

  let proposal;
  const proposed = (all) => (proposal ??= all.map((x) => density(x)));

  function unseen(kind, x, m, s) {
    if (kind === "Gaussian") {
      let low = Infinity, high = -Infinity;
      for (const each of x) [low, high] = [Math.min(low, each), Math.max(high, each)];
      return (erfc((m - low) / (s * Math.SQRT2)) + erfc((high - m) / (s * Math.SQRT2))) / 2;
    }
    const seen = new Set(x);
    return chances(m, s).reduce((lost, p, i) => (seen.has(i) ? lost : lost + p), 0);
  }

  let kept = {};
  function weighed({ kind, m, s, N }) {
    const key = [kind, m, s, N].join();
    if (kept.key === key) return kept;
    const all = drawn(kind), bell = kind === "Gaussian";
    const p = bell ? null : chances(m, s), q = bell ? proposed(all) : chances();
    const mean = [], stderr = [], lost = [], first = new Float64Array(N), terms = new Float64Array(N);
    for (let b = 0; b < BATCHES; b++) {
      const x = all.subarray(b * most, b * most + N);
      let total = 0, squares = 0;
      for (let i = 0; i < N; i++) {
        const w = bell ? density(x[i], m, s) / q[b * most + i] : p[x[i]] / q[x[i]];
        if (!b) first[i] = w;
        total += terms[i] = w * (bell ? x[i] : VALUES[x[i]]);
      }
      for (let i = 0; i < N; i++) squares += (terms[i] - total / N) ** 2;
      mean.push(total / N);
      stderr.push(Math.sqrt(squares / (N - 1) / N));
      lost.push(unseen(kind, x, m, s));
    }
    return (kept = { key, w: first, mean, stderr, unseen: lost });
  }

  function variance(kind, m, s) {
    if (kind === "Gaussian") {
      const room = 2 - s * s;
      if (room <= 0) return Infinity;
      return (Math.exp((m * m) / room) / (s * Math.sqrt(room))) * (((2 * m) / room) ** 2 + (s * s) / room) - m * m;
    }
    const p = chances(m, s), q = chances(), mean = VALUES.reduce((x, v, i) => x + v * p[i], 0);
    return VALUES.reduce((x, v, i) => x + (p[i] * v) ** 2 / q[i], 0) - mean * mean;
  }

  const world = gridworld(map, { slip }), { S, A, to, p: chance } = world, OLD = 1 / A;
  const old = evaluate(world, new Float64Array(S * A).fill(OLD), H).d;
  function moments(eta) {
    const pi = softmax(direction.map((each) => eta * each), A), whole = [1], single = [];
    let u = world.mu0;
    for (let h = 0; h < H; h++) {
      const next = new Float64Array(S);
      let all = 0, alone = 0;
      for (let i = 0; i < S * A; i++) {
        const s = Math.floor(i / A), squared = (pi[i] * pi[i]) / OLD, pair = u[s] * squared;
        all += pair;
        alone += old[h * S + s] * squared;
        for (let j = 3 * i; j < 3 * i + 3; j++) next[to[j]] += pair * chance[j];
      }
      whole.push(all);
      single.push(alone);
      u = next;
    }
    return { whole, single };
  }

  function numbers(values) {
    const { kind, m, s, eta } = values, { w, mean, stderr, unseen } = weighed(values);
    let total = 0, squares = 0, top = 0;
    for (const each of w) top = Math.max(top, each);
    for (const each of w) {
      total += each / top;
      squares += (each / top) ** 2;
    }
    const exact = kind === "Gaussian" ? m : VALUES.reduce((x, v, i) => x + v * chances(m, s)[i], 0);
    return { w, ess: (total * total) / squares, mean, stderr, exact, unseen, variance: variance(kind, m, s), ...moments(eta) };
  }

  function draw(pen, values, n) {
    const { kind, m, s, N, eta } = values, { width, wide } = pen, left = 34, w = width - 46, bell = kind === "Gaussian";
    const top = pen.panel({
      x: left, y: 30, w, h: wide ? 200 : 170, xlim: [-4.5, 8], ylim: [0, 0.9], xticks: [-4, 0, 4, 8], yticks: [0, 0.4, 0.8],
      title: "Drag the target: its top, or its side", flush: 4, xlabel: "x",
    });
    drawTarget(top, values, n);
    pen.handle({
      label: "target’s shift m", x: top.X(m), y: top.Y(Math.min(bell ? density(0) / s : chances(m, s)[Math.round(m) + 4], 0.88)), fill: "vermillion",
      says: `m = ${text(m)}`, value: m, region: top,
      move: (px) => ({ m: +top.X.inverse(px).toFixed(2) }), step: (right, up) => ({ m: m + 0.05 * (right + up) }),
    });
    if (bell) pen.handle({
      label: "target’s scale s", x: top.X(m + s), y: top.Y(Math.min(density(s, 0, s), 0.88)), fill: "vermillion", shape: 6,
      says: `s = ${text(s)}`, value: s,
      move: (px) => ({ s: +Math.abs(top.X.inverse(px) - m).toFixed(2) }), step: (right, up) => ({ s: s + 0.02 * (right + up) }),
    });

    // The gauge: how many equal samples the batch is worth.
    let y = 30 + (wide ? 200 : 170) + 46;
    pen.rect(left, y, w, 16, { fill: "grid" });
    pen.rect(left, y, Math.max((w * n.ess) / N, 1), 16, { fill: n.ess < 0.1 * N ? "vermillion" : "blue" });
    pen.say(left, y + 32, `worth ${n.ess < 9.95 ? n.ess.toFixed(1) : Math.round(n.ess)} of ${N}${wide ? " samples" : ""}`, { bold: true, fill: n.ess < 0.1 * N ? "vermillion" : "blue" });
    pen.say(left + w, y + 32, `variance${wide ? " of a term" : ""} ${large(n.variance)}`, { anchor: "end" });

    // With more, the ratios of trajectories stand beside the intervals, on a telephone below them.
    y += 72;
    const half = wide && pen.more ? (w - 50) / 2 : w, h = wide ? 130 : 110;
    const intervals = pen.panel({
      x: left, y, w: half, h, xlim: [-1, BATCHES], ylim: [-2.5, 6], yticks: [-2, 0, 2, 4], flush: 4,
    });
    intervals.line([-1, BATCHES], [n.exact, n.exact], { stroke: "ink", width: 1.5 });
    const hold = n.mean.map((mean, b) => Math.abs(mean - n.exact) <= NORMAL * n.stderr[b]);
    n.mean.forEach((mean, b) => {
      const colour = hold[b] ? "blue" : "vermillion", reach = NORMAL * n.stderr[b];
      intervals.line([b, b], [mean - reach, mean + reach], { stroke: colour, width: 2 });
      intervals.ball(b, mean, colour, 3.5);
    });
    const words = wide && pen.more ? "hold the mean" : "intervals hold the mean";
    pen.say(4, y - 9, `${hold.filter(Boolean).length} of ${BATCHES} ${words}`, { bold: true });

    pen.height = y + h + 12;
    if (!pen.more) return;
    const below = wide ? y : y + h + 50, x = wide ? left + half + 50 : left;
    const ratios = pen.panel({
      x, y: below, w: half, h, xlim: [0, H + 1], ylim: [0.8, 300], ylog: true, xticks: [0, 10, 20, 30], yticks: [1, 10, 100],
      title: wide ? "Second moments" : "Trajectories: second moments", flush: wide ? x - 26 : 4, xlabel: "steps",
    });
    ratios.line(linspace(0, H, H + 1), n.whole, { stroke: "vermillion" });
    ratios.line(linspace(1, H, H), n.single, { stroke: "blue" });
    ratios.ball(H, n.whole[H], "vermillion", 5);
    ratios.ball(H, n.single[H - 1], "blue", 5);
    ratios.note(0.03, 0.12, `product of the ratios: ${text(n.whole[H])}`, { fill: "vermillion" });
    ratios.note(0.03, 0.26, `one step’s ratio: ${text(n.single[H - 1])}`, { fill: "blue" });
    pen.height = below + h + 36;
  }

  function large(x) {
    if (!Number.isFinite(x)) return "infinite";
    if (x < 1e6) return text(x);
    const [digits, power] = x.toExponential(1).split("e+");
    return `${digits}·10${[...power].map((each) => "⁰¹²³⁴⁵⁶⁷⁸⁹"[each]).join("")}`;
  }

  function drawTarget(panel, values, n) {
    const { kind, m, s, N } = values, bell = kind === "Gaussian", x = drawn(kind).subarray(0, N);
    const place = (i) => (bell ? x[i] : VALUES[x[i]]);
    let low = Infinity, high = -Infinity, heaviest = 0;
    for (let i = 0; i < N; i++) {
      [low, high] = [Math.min(low, place(i)), Math.max(high, place(i))];
      heaviest = Math.max(heaviest, n.w[i]);
    }
    // What the first batch never saw: there the target lies hatched.
    for (const [from, to] of [[panel.xlim[0], low], [high, panel.xlim[1]]]) {
      if (!bell) continue;
      const xs = linspace(from, to, 60);
      panel.box(from, to, 0, panel.ylim[1], { fill: "purple", opacity: 0.1 });
      panel.band(xs, xs.map(() => 0), xs.map((each) => density(each, m, s)), { fill: "purple", opacity: 0.75 });
    }
    if (bell) {
      const xs = linspace(...panel.xlim, 140);
      panel.band(xs, xs.map(() => 0), xs.map((each) => density(each)), { fill: "blue", opacity: 0.22 });
      panel.line(xs, xs.map((each) => density(each, m, s)), { stroke: "vermillion", width: 2.5 });
    } else {
      const seen = new Set(x);
      chances().forEach((q, i) => panel.box(VALUES[i] - 0.35, VALUES[i] + 0.35, 0, q, { fill: "blue", opacity: 0.22 }));
      chances(m, s).forEach((p, i) => panel.line([VALUES[i], VALUES[i]], [0, p], { stroke: seen.has(i) ? "vermillion" : "purple", width: 5 }));
    }
    // Each sample is a line as high as its weight.
    let d = "";
    for (let i = 0; i < Math.min(N, 300); i++) {
      const px = panel.X(place(i)).toFixed(1);
      d += `M${px} ${panel.Y(0)}v${(-((panel.Y(0) - panel.Y(0.3)) * n.w[i]) / heaviest - 2).toFixed(1)}`;
    }
    panel.pen.path(d, { stroke: "ink", width: 1, opacity: 0.55 });
    // The words stand on the side where the target does not.
    const [side, anchor] = m > 1.6 ? [0.01, "start"] : [0.99, "end"];
    panel.note(side, 0.1, "proposal N(0, 1)", { anchor, fill: "blue" });
    panel.note(side, 0.2, `target N(${text(m)}, ${text(s)}²)`, { anchor, fill: "vermillion" });
    panel.note(side, 0.3, "samples, as high as their weights", { anchor, size: 12, fill: "muted" });
    if (n.unseen[0] > 0.005) panel.note(side, 0.42, `never sampled: ${percent(n.unseen[0])}`, { anchor, fill: "purple", bold: true, halo: true });
  }

  function describe({ m, s, N, kind }, n) {
    const hold = n.mean.filter((mean, b) => Math.abs(mean - n.exact) <= NORMAL * n.stderr[b]).length;
    return `${N} samples of N(0, 1), weighted to stand for N(${text(m)}, ${text(s)}²)${kind === "Gaussian" ? "" : " on nine values"}, are worth ${text(n.ess)} equal ones; ` +
      `${percent(n.unseen[0])} of the target lies where no sample of the first batch fell. Of ${BATCHES} intervals ${hold} hold the mean ${text(n.exact)}. ` +
      `Whole trajectories: the second moment after ${H} steps is ${text(n.whole[H])}, that of one step at most ${text(Math.max(...n.single))}.`;
  }
  return { numbers, draw, describe };
};
