"use strict";
// A table that is wrong where the old policy never goes, and a leap that goes there.
window.pgDemos.distribution_shift = ({ constants, gridworld, evaluate, drawMap, drawCrowd, walkButton, linspace, text, fixed }) => {
  const { map, step, rewards, H, Q, cell, traps } = constants;
  const world = gridworld(map, { step, rewards }), { S, A } = world, SA = S * A, ALPHAS = linspace(0, 1, 41);
  const old = Float64Array.from({ length: H * SA }, (_, i) => constants.pi[Math.floor((i % SA) / A)][i % A]);
  const before = evaluate(world, old, H);
  const unmarked = { ...world, letter: world.letter.map((each) => ("SG".includes(each) ? " " : each)) };
  const visitsOf = (d) => Array.from({ length: S }, (_, s) => {
    let n = 0;
    for (let h = 0; h < H; h++) n += d[h * S + s];
    return n;
  });
  const advantage = before.Q.map((q, i) => q - before.V[Math.floor(i / A)]);

  // The greedy policy of the table: the first of the best actions.
  function leap(trap, e) {
    const pi = new Float64Array(H * SA);
    for (let i = 0; i < H * SA; i += A) {
      let best = 0, most = -Infinity;
      for (let a = 0; a < A; a++) {
        const value = Q[i + a] + ((i % SA) / A === cell && a === traps[trap] ? e : 0);
        if (value > most) [best, most] = [a, value];
      }
      pi[i + best] = 1;
    }
    return pi;
  }

  function stepTo(target, alpha) {
    const pi = old.map((p, i) => (1 - alpha) * p + alpha * target[i]), after = evaluate(world, pi, H);
    const mean = new Float64Array(H * S);
    for (let i = 0; i < H * SA; i++) mean[Math.floor(i / A)] += pi[i] * advantage[i];
    let promise = before.J, worst = Infinity;
    for (let i = 0; i < H * S; i++) {
      promise += before.d[i] * mean[i];
      worst = Math.min(worst, mean[i]);
    }
    return { pi, mean, d: after.d, J: after.J, promise, bound: before.J - H * Math.max(-worst, 0) };
  }

  let kept = {};
  function curve(trap, e) {
    if (kept.trap === trap && kept.e === e) return kept;
    const target = leap(trap, e), all = Array.from(ALPHAS, (alpha) => stepTo(target, alpha));
    return (kept = { trap, e, target, rows: ["J", "promise", "bound"].map((key) => all.map((each) => each[key])) });
  }

  function numbers({ trap, e, alpha }) {
    const { target, rows } = curve(trap, e), { mean, d, J, promise, bound } = stepTo(target, alpha), sums = [0];
    for (let h = 0; h < H; h++) {
      let gain = 0;
      for (let s = 0; s < S; s++) gain += d[h * S + s] * mean[h * S + s];
      sums.push(sums[h] + gain);
    }
    return { J, promise, bound, curve: rows, visits: visitsOf(d), sums };
  }

  function draw(pen, { trap, e, alpha }, n, at) {
    const { width, wide } = pen, half = (width - 20) / 2, { target } = curve(trap, e), now = stepTo(target, alpha);
    const tall = Math.min((half / 7) * 4, 180), h = at.clock ?? H;
    [["old policy", old, visitsOf(before.d)], [`α = ${text(alpha)}`, now.pi, n.visits]].forEach(([title, pi, visits], i) => {
      const x = i * (half + 20), size = tall / 4, box = { x: x + (half - 7 * size) / 2, y: 30, size };
      pen.say(x, 20, `${i ? "New policy, " : ""}${i ? title : "Old policy"}`, { bold: true });
      // The mean choice in a cell, over the steps that the policy spends there.
      const d = i ? now.d : before.d, mean = new Float64Array(SA);
      for (let k = 0; k < H; k++) for (let s = 0; s < S; s++) for (let a = 0; a < A; a++)
        mean[s * A + a] += (d[k * S + s] + (k ? 0 : 1e-9)) * pi[k * SA + s * A + a];
      for (let s = 0; s < S; s++) {
        let all = 0;
        for (let a = 0; a < A; a++) all += mean[s * A + a];
        for (let a = 0; a < A; a++) mean[s * A + a] /= all;
      }
      drawMap(pen, box, unmarked, { shade: (s) => Math.sqrt(Math.min(visits[s] / 4, 1)), pi: mean, mark: cell });
      drawCrowd(pen, box, world, pi, h, H);
      // Where the crowd is, names stand on top of it, that of the start in the corner that arrows leave free.
      world.cells.forEach(([row, column], s) => {
        const letter = world.letter[s], [px, py] = [box.x + column * size + 3, box.y + row * size];
        if (letter === "S") pen.say(px, py + size - 3, "S", { size: 11, bold: true, halo: true });
        if (letter === "G") pen.say(px, py + 12, size < 34 ? "G" : "goal", { size: 11, bold: true, halo: true });
      });
    });

    const y = 30 + tall + 50, left = 38, w = wide ? (width - left - 12 - 50) / 2 : width - left - 12, high = wide ? 190 : 140;
    const over = pen.panel({
      x: left, y, w, h: high, xlim: [-0.04, 1.04], ylim: [-1.5, 1.5], xticks: [0, 0.5, 1], yticks: [-1, -0.5, 0, 0.5],
      title: "J: drag along the curve", flush: 4, xlabel: "step α",
    });
    const [J, promise, bound] = n.curve;
    over.band(ALPHAS, ALPHAS.map(() => -9), bound, { fill: "purple", opacity: 0.3 });
    over.line(ALPHAS, promise, { stroke: "green", width: 1.5, dash: "6 4" });
    over.line(ALPHAS, J, { stroke: "blue", width: 2.5 });
    over.note(0.03, 0.1, `promised ${fixed(n.promise, 3)}`, { fill: "green" });
    over.note(0.97, wide ? 0.19 : 0.1, `J = ${fixed(n.J, 3)}`, { fill: "vermillion", bold: true, anchor: "end" });
    over.note(0.03, 0.96, "excluded by the bound", { fill: "purple", size: 12 });
    pen.handle({
      label: "step α, on the curve", x: over.X(alpha), y: over.Y(n.J), says: `α = ${text(alpha)}, J = ${fixed(n.J, 3)}`, value: alpha, region: over,
      move: (px) => ({ alpha: +over.X.inverse(px).toFixed(3) }), step: (right, up) => ({ alpha: alpha + 0.01 * (right + up) }),
    });
    const below = wide ? y : y + high + 60;
    const sums = pen.panel({
      x: wide ? left + w + 50 : left, y: below, w, h: high, xlim: [-0.6, H + 0.6], ylim: [-1.9, 0.55], xticks: [0, 5, 10, 15, 20],
      yticks: [-1.5, -1, -0.5, 0, 0.5], title: wide ? "Advantages so far" : "Old advantages, added up along the new way", flush: wide ? left + w + 20 : 4, xlabel: "steps",
    });
    const steps = linspace(0, H, H + 1);
    sums.band(steps, steps.map(() => -9), steps.map((k) => ((n.bound - before.J) * k) / H), { fill: "purple", opacity: 0.3 });
    sums.line([-1, H + 1], [0, 0], { stroke: "muted", width: 1 });
    sums.line(steps, n.sums, { stroke: "blue", width: 2 });
    sums.dots(steps, n.sums, 2.5, "blue");
    sums.ball(H, n.sums[H], "vermillion", 7);
    sums.note(0.03, 0.96, `J − J(old) = ${fixed(n.sums[H], 3)}`, { fill: "vermillion" });
    pen.height = below + high + 36;
  }

  const tools = (life) => [walkButton(life, H)];

  function describe({ trap, e, alpha }, n) {
    return `A table praises ${trap} in one cell by ${text(e)} too much. A step of α = ${text(alpha)} turns J = ${fixed(before.J, 3)} into ${fixed(n.J, 3)}; ` +
      `the old policy’s visits promised ${fixed(n.promise, 3)}, the bound allows ${fixed(n.bound, 3)}. In the marked cell the old policy spends ` +
      `${text(visitsOf(before.d)[cell])} steps of an episode, the new one ${text(n.visits[cell])}.`;
  }
  return { numbers, draw, describe, tools };
};
