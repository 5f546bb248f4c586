"use strict";
// REINFORCE, episode by episode: scores times returns add up to the gradient.
window.pgDemos.reinforce = ({ constants, gridworld, hashed, lattice, contours, drawMap, linspace, clamp, text, fixed }) => {
  const { map, actions, moves, ways, H, most, stream, long, best } = constants;
  const world = gridworld(map), { cells, terminal, to, r, A } = world, START = world.mu0.indexOf(1);

  const policy = (x, y) => {
    const top = Math.max(x, y, 0), e = [x, y, 0].map((each) => Math.exp(each - top)), all = e[0] + e[1] + e[2];
    return e.map((each) => each / all);
  };
  // The chances of all ways to the goal: their sum is J, and each has its score.
  function law(x, y) {
    const pi = policy(x, y), logs = pi.map(Math.log);
    let J = 0, g = [0, 0];
    moves.forEach((taken, i) => {
      const p = ways[i] * Math.exp(taken[0] * logs[0] + taken[1] * logs[1] + taken[2] * logs[2]);
      const n = taken[0] + taken[1] + taken[2];
      J += p;
      g = g.map((each, j) => each + p * (taken[j] - n * pi[j]));
    });
    return { J, g };
  }

  let kept = {};
  function episodes(x, y) {
    if (kept.x === x && kept.y === y) return kept;
    const pi = policy(x, y), scores = [], returns = [], paths = [];
    for (let n = 0; n < most; n++) {
      const score = [0, 0], path = [START];
      let s = START, gained = 0;
      for (let h = 0; h < H; h++) {
        let u = hashed(2 * (n * H + h) + 1, stream), a = 0, so = pi[0];
        while (a < 2 && so < u) so += pi[++a];
        for (const i of [0, 1]) score[i] += (a === i) - pi[i];
        const at = s * A + actions[a];
        gained += r[at];
        path.push((s = to[3 * at]));
      }
      scores.push(score);
      returns.push(gained);
      paths.push(path);
    }
    return (kept = { x, y, scores, returns, paths });
  }

  function numbers({ theta1, theta2, baseline, N }) {
    const { scores, returns } = episodes(theta1, theta2), { J, g } = law(theta1, theta2);
    const terms = scores.slice(0, N).map((score, n) => score.map((each) => each * (returns[n] - baseline)));
    const mean = [0, 1].map((i) => terms.reduce((x, term) => x + term[i], 0) / N);
    const stderr = [0, 1].map((i) => Math.sqrt(terms.reduce((x, term) => x + (term[i] - mean[i]) ** 2, 0) / (N - 1) / N));
    return { terms, mean, stderr, gradient: g, J };
  }

  const LEVELS = [1, 2, 3, 4, 5, 6, 7].map((i) => (best * i) / 8), COLOURS = ["blue", "green"];
  let hills;

  function draw(pen, { theta1, theta2, baseline, N }, n, at) {
    const { width, wide } = pen, w = width - 46, h = wide ? 270 : 200, { returns, paths } = episodes(theta1, theta2);
    const hill = pen.panel({
      x: 34, y: 30, w, h, xlim: [-4, 4], ylim: [-2.6, 3], xticks: [-4, -2, 0, 2, 4], yticks: [-2, 0, 2], flush: 4,
      title: "Scores times returns: drag the policy", xlabel: "θ₁, logit of going right; upwards θ₂, of going down",
    });
    hills ??= contours(lattice((x, y) => law(x, y).J, [-4, 4], [-2.6, 3], 60, 44), LEVELS);
    pen.path(hills.map(({ segments }) => hill.pieces(segments)).join(""), { stroke: "muted", width: 1, opacity: 0.5 });
    // Each episode pushes along its score; the sum of the pushes is the estimate.
    const [px, py] = [hill.X(theta1), hill.Y(theta2)], unit = [hill.X(1) - hill.X(0), hill.Y(1) - hill.Y(0)];
    const tip = (d, by = long) => [px, py, px + by * d[0] * unit[0], py + by * d[1] * unit[1]];
    const recent = n.terms.slice(-60).filter((term) => term[0] || term[1]);
    pen.arrows(recent.map((term) => tip(term, 0.45)), "sky", { width: 1, head: 4, opacity: 0.5 });
    pen.arrows([tip(n.terms[N - 1], 0.45)], "blue", { width: 2.5, head: 7 });
    pen.arrows([tip(n.gradient)], "muted", { width: 6, head: 12 });
    pen.arrows([tip(n.mean)], "vermillion", { width: 2.5, head: 9 });
    hill.note(0.01, 0.06, "exact gradient", { fill: "muted", bold: true, halo: true });
    hill.note(0.01, 0.06 + 18 / h, `mean of ${N} episodes`, { fill: "vermillion", bold: true, halo: true });
    hill.note(0.01, 0.06 + 36 / h, "what one episode says", { fill: "blue", halo: true });
    const set = (x, y) => ({ theta1: +clamp(x, -2, 2).toFixed(2), theta2: +clamp(y, -2, 1).toFixed(2) });
    pen.handle({
      label: "policy θ", x: px, y: py, fill: "ink", shape: 7, region: hill, says: `θ = (${text(theta1)}, ${text(theta2)}), J = ${fixed(n.J, 3)}`,
      move: (x, y) => set(hill.X.inverse(x), hill.Y.inverse(y)), step: (right, up) => set(theta1 + 0.05 * right, theta2 + 0.05 * up),
    });

    // The newest episode walks in the corridor.
    const top = 30 + h + 62, size = wide ? 40 : 30, box = { x: 4, y: top, size }, path = paths[N - 1], part = at.N - N;
    pen.say(4, top - 9, wide ? `Episode ${N}: return ${text(returns[N - 1])}` : `Return ${text(returns[N - 1])}`, { bold: true });
    drawMap(pen, box, world, { shade: () => 0.1, pi: new Float64Array(world.S * A) });
    const place = (s) => [box.x + (cells[s][1] + 0.5) * size, box.y + (cells[s][0] + 0.5) * size];
    const points = path.map(place), wiggle = points.map(([x, y], k) => `${(x + (k - 4) * 0.9).toFixed(1)} ${(y + (k % 3) * 2.5 - 2.5).toFixed(1)}`);
    pen.path(`M${wiggle.join("L")}`, { stroke: "vermillion", width: 2 });
    const [x, y] = points[Math.min(Math.floor(part * H) || H, H)];
    pen.dot(x, y, 6, terminal[path[H]] ? "green" : "vermillion");
    pen.say(4, top + 2 * size + 20, terminal[path[H]] ? "it arrived" : "it did not arrive", { fill: terminal[path[H]] ? "green" : "muted" });

    // Beside the map what the mean is, and below it, or on the phone below the map, how it came about.
    const words = 3 * size + (wide ? 56 : 26), left = wide ? words + 36 : 40, high = top + (wide ? 40 : 2 * size + 54), tall = wide ? 90 : 80;
    pen.say(words, top - 9, wide ? "Both components of the mean" : "The mean, part by part", { bold: true });
    const sums = pen.panel({
      x: left, y: high, w: width - left - 12, h: tall, xlim: [1, most], xlog: true, ylim: [-0.35, 0.35], xticks: [2, 10, 50, 400], yticks: [-0.2, 0, 0.2],
      xlabel: "episodes; dashed: exact",
    });
    const so = [0, 0], curves = [[], []], counts = linspace(1, N, N);
    n.terms.forEach((term, k) => [0, 1].forEach((i) => curves[i].push((so[i] += term[i]) / (k + 1))));
    [0, 1].forEach((i) => {
      sums.line([1, most], [n.gradient[i], n.gradient[i]], { stroke: COLOURS[i], width: 1.2, dash: "5 4" });
      sums.line(counts, curves[i], { stroke: COLOURS[i] });
      sums.line([N, N], [n.mean[i] - 2 * n.stderr[i], n.mean[i] + 2 * n.stderr[i]], { stroke: COLOURS[i], width: 3, opacity: 0.6 });
      sums.ball(N, n.mean[i], COLOURS[i], 5);
      const parts = [`θ${"₁₂"[i]}: ${fixed(n.mean[i], 3)} ± ${fixed(n.stderr[i], 3)}`, `exact ${fixed(n.gradient[i], 3)}`], look = { fill: COLOURS[i], size: 12 };
      if (wide) pen.say(words, top + 10 + 16 * i, parts.join("; "), look);
      else parts.forEach((part, line) => pen.say(words, top + 10 + 34 * i + 15 * line, part, look));
    });
    pen.height = high + tall + 38;
  }

  function describe({ theta1, theta2, baseline, N }, n) {
    const pair = (x) => `(${x.map((each) => fixed(each, 3)).join(", ")})`, arrived = episodes(theta1, theta2).returns.slice(0, N).filter((R) => R > 0).length;
    return `At θ = (${text(theta1)}, ${text(theta2)}) ${arrived} of ${N} episodes arrive. Scores times returns${baseline ? ` less ${text(baseline)}` : ""} have the mean ` +
      `${pair(n.mean)} ± ${pair(n.stderr)}; the exact gradient is ${pair(n.gradient)}.`;
  }
  return { numbers, draw, describe };
};
