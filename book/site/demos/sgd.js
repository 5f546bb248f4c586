"use strict";
// Stochastic gradient ascent in two parameters: the hill, the runs, their noise ball, the bound.
window.pgDemos.sgd = ({ constants, uniform, solve, linspace, lattice, contours, text, fixed }) => {
  const { moves, ways, hill, curvature, covariance, K, M, most, stream, fine } = constants;
  const KINDS = ways.length, WAYS = Float64Array.from(ways), MOST = Math.max(...moves.flat()) + 1;
  const [RIGHT, DOWN, LEFT] = [0, 1, 2].map((i) => Int32Array.from(moves, (each) => each[i]));
  const TOTAL = Float64Array.from(moves, (each) => each[0] + each[1] + each[2]);
  const startOf = ({ start }) => start ?? constants.start;

  // Of the last parameters: a robot's probabilities, the chances of the ways added up, and J with its gradient.
  const pi = new Float64Array(3), below = new Float64Array(KINDS), height = new Float64Array(3);
  const [rights, downs, lefts] = [0, 1, 2].map(() => new Float64Array(MOST).fill(1));
  function law(x, y) {
    const top = Math.max(x, y, 0), a = Math.exp(x - top), b = Math.exp(y - top), c = Math.exp(-top), all = a + b + c;
    pi[0] = a / all;
    pi[1] = b / all;
    pi[2] = c / all;
    for (let i = 1; i < MOST; i++) {
      rights[i] = rights[i - 1] * pi[0];
      downs[i] = downs[i - 1] * pi[1];
      lefts[i] = lefts[i - 1] * pi[2];
    }
    let so = 0, right = 0, down = 0, moved = 0;
    for (let i = 0; i < KINDS; i++) {
      const p = WAYS[i] * rights[RIGHT[i]] * downs[DOWN[i]] * lefts[LEFT[i]];
      below[i] = so += p;
      right += p * RIGHT[i];
      down += p * DOWN[i];
      moved += p * TOTAL[i];
    }
    height[0] = so;
    height[1] = right - moved * pi[0];
    height[2] = down - moved * pi[1];
  }
  function J(x, y) {
    law(x, y);
    return height[0];
  }

  // An episode arrives where its draw is below J, and so never with one above the largest J. The others, of each
  // step of each run in ascending order, and the number of the episode that each belongs to.
  function sorted() {
    const draws = uniform(K * M * most, stream), episode = new Uint8Array(draws.length), first = new Int32Array(K * M + 1);
    for (let cell = 0, end = 0; cell < K * M; cell++) {
      for (let n = 0; n < most; n++) {
        const u = draws[cell * most + n];
        if (u > hill.best) continue;
        let i = end++;
        for (; i > first[cell] && draws[i - 1] > u; i--) {
          draws[i] = draws[i - 1];
          episode[i] = episode[i - 1];
        }
        draws[i] = u;
        episode[i] = n;
      }
      first[cell + 1] = end;
    }
    return { draws, episode, first };
  }

  const theta = new Float64Array((K + 1) * M * 2);
  let luck, kept = {};
  function course(eta, N, start) {
    const key = `${eta},${N},${start}`;
    if (kept.key === key) return kept;
    const { draws, episode, first } = (luck ??= sorted()), squares = new Float64Array(K);
    for (let m = 0; m < M; m++) theta.set(start, 2 * m);
    let so = 0;
    for (let k = 0, cell = 0, at = 0; k < K; k++) {
      let square = 0;
      for (let m = 0; m < M; m++, cell++, at += 2) {
        law(theta[at], theta[at + 1]);
        square += height[1] * height[1] + height[2] * height[2];
        let right = 0, down = 0, moved = 0;
        for (let i = first[cell], kind = 0; i < first[cell + 1] && draws[i] <= height[0]; i++) {
          if (episode[i] >= N) continue;
          while (draws[i] > below[kind]) kind++;
          right += RIGHT[kind];
          down += DOWN[kind];
          moved += TOTAL[kind];
        }
        const to = at + 2 * M;
        theta[to] = Math.round((theta[at] + (eta * (right - moved * pi[0])) / N) * fine) / fine;
        theta[to + 1] = Math.round((theta[at + 1] + (eta * (down - moved * pi[1])) / N) * fine) / fine;
      }
      so += square / M;
      squares[k] = so / (k + 1);
    }
    return (kept = { key, theta, squares });
  }

  // Σ = (I + ηJ″) Σ (I + ηJ″) + η² C / N around the top, unless I + ηJ″ stretches something.
  function ball(eta, N) {
    const [[a, b], [, d]] = curvature.map((row, i) => row.map((each, j) => (i === j) + eta * each));
    const mean = (a + d) / 2, off = Math.hypot((a - d) / 2, b);
    if (Math.max(Math.abs(mean + off), Math.abs(mean - off)) >= 1) return [[NaN, NaN], [NaN, NaN]];
    const noise = covariance.flat().map((each) => (eta * eta * each) / N), S = [[a, b], [b, d]];
    const matrix = [0, 1, 2, 3].map((i) => [0, 1, 2, 3].map((j) => (i === j) - S[i >> 1][j >> 1] * S[i & 1][j & 1]));
    const x = solve(matrix, noise);
    return [[x[0], x[1]], [x[2], x[3]]];
  }

  function numbers(values) {
    const { eta, N, k } = values, start = startOf(values), { theta, squares } = course(eta, N, start);
    const at = (j, m) => [theta[2 * (j * M + m)], theta[2 * (j * M + m) + 1]];
    const now = Array.from({ length: M }, (_, m) => at(k, m)), { beta, sigma2, best } = hill;
    const left = best - J(...start), steep = eta * beta > 1;
    return {
      theta: now,
      path: Array.from({ length: k + 1 }, (_, j) => at(j, 0)),
      J: now.map(([x, y]) => J(x, y)),
      squares,
      bound: Float64Array.from({ length: K }, (_, j) =>
        steep ? NaN : (2 * left + ((beta * sigma2) / N) * (j + 1) * eta * eta) / ((j + 1) * eta)),
      ball: ball(eta, N),
    };
  }

  const LEVELS = [1, 2, 3, 4, 5, 6, 7].map((i) => (hill.best * i) / 8), VALUES = [1, 3, 5, 7];
  // The lines of equal height, and of each the lowest place: they change with the size of the map alone.
  let hills = {};
  function heights(map) {
    const size = `${map.w},${map.h}`;
    if (hills.size === size) return hills.lines;
    const lines = contours(lattice(J, [-4, 4], [-2.6, 3], 60, 44), LEVELS).map(({ level, segments }) => ({
      level,
      d: map.pieces(segments),
      low: segments.reduce((one, other) => (other[1] < one[1] ? other : one), [0, Infinity]),
    }));
    hills = { size, lines };
    return lines;
  }

  function draw(pen, values, n, at) {
    const { eta, N, k } = values, { width, wide } = pen, start = startOf(values), w = width - 46, h = wide ? 320 : 240;
    const { theta } = course(eta, N, start), part = at.k - Math.floor(at.k), later = Math.min(k + 1, K);
    const between = (j, m, i) => {
      const x = theta[2 * (j * M + m) + i];
      return x + part * (theta[2 * (Math.min(j + 1, K) * M + m) + i] - x);
    };
    const map = pen.panel({
      x: 34, y: 30, w, h, xlim: [-4, 4], ylim: [-2.6, 3], xticks: [-4, -2, 0, 2, 4], yticks: [-2, 0, 2], flush: 4,
      title: `J: ${M} runs climb; drag the start`, xlabel: "θ₁, logit of going right; upwards θ₂, of going down",
    });
    heights(map).forEach(({ level, d, low: [x, y] }, i) => {
      pen.path(d, { stroke: "muted", width: 1, opacity: 0.35 + 0.06 * i });
      if (VALUES.includes(i + 1) && d) map.say(x, y, fixed(level), { size: 11, fill: "muted", anchor: "middle", halo: true });
    });
    const [tx, ty] = hill.top;
    pen.path(`M${map.X(tx) - 6} ${map.Y(ty)}h12m-6 -6v12`, { stroke: "ink" });
    // The way of one run fades behind it.
    [[0, 0.25], [k - 48, 0.6], [k - 12, 1]].forEach(([from, opacity]) => {
      const way = n.path.slice(Math.max(from, 0));
      map.line([...way.map((p) => p[0]), between(k, 0, 0)], [...way.map((p) => p[1]), between(k, 0, 1)], { stroke: "vermillion", width: 1.2, opacity });
    });
    if (k || part) map.dots(n.theta.map((_, m) => between(k, m, 0)), n.theta.map((_, m) => between(k, m, 1)), 3.5, "blue", { stroke: "paper" });
    if (k || part) map.dots([between(k, 0, 0)], [between(k, 0, 1)], 6, "vermillion", { stroke: "paper", width: 1.5 });
    const [[a, b], [, d]] = n.ball;
    if (a > 0) {
      const l = Math.sqrt(a), m = b / l, o = Math.sqrt(d - m * m), around = linspace(0, 2 * Math.PI, 73);
      map.line(around.map((t) => tx + 2 * l * Math.cos(t)), around.map((t) => ty + 2 * (m * Math.cos(t) + o * Math.sin(t))), { stroke: "green", width: 2.5 });
    }
    const lost = n.theta.filter(([x, y]) => Math.abs(x) > 4 || y > 3 || y < -2.6).length;
    map.note(0.01, 0.06, a > 0 ? "noise ball" : "no noise ball", { fill: "green", bold: true, halo: true });
    if (lost) map.note(0.99, 0.06, `${lost} of ${M} off the map`, { fill: "blue", anchor: "end", halo: true });
    pen.handle({
      label: "start of all runs", x: map.X(start[0]), y: map.Y(start[1]), fill: "ink", shape: 7, region: map,
      says: `θ = (${text(start[0])}, ${text(start[1])})`,
      move: (px, py) => moved(map.X.inverse(px), map.Y.inverse(py)), step: (right, up) => moved(start[0] + 0.1 * right, start[1] + 0.1 * up),
    });

    const top = 30 + h + 66, tall = wide ? 120 : 110;
    const means = pen.panel({
      x: 44, y: top, w: width - 56, h: tall, xlim: [1, K], xlog: true, xticks: [1, 4, 16, 64, 256], ylim: [2e-4, 6], ylog: true,
      yticks: [0.001, 0.01, 0.1, 1], title: "Mean of ‖∇J‖² so far", flush: 4, xlabel: "steps",
    });
    const steps = linspace(1, K, K), { beta, sigma2 } = hill;
    means.line(steps, n.squares, { stroke: "blue", width: 5, opacity: 0.3 });
    means.line(steps.slice(0, k), n.squares.slice(0, k), { stroke: "blue" });
    if (k) means.ball(k, n.squares[k - 1], "blue", 6);
    if (eta * beta <= 1) {
      const limit = (beta * eta * sigma2) / N;
      means.line([1, K], [limit, limit], { stroke: "green", width: 1.5, dash: "6 4" });
      means.line(steps, n.bound, { stroke: "ink" });
      means.say(2, Math.min(n.bound[1], 2), "bound", { size: 12, dx: 5, dy: -5, halo: true });
      pen.say(width - 12, top - 9, `${wide ? "its limit βησ²/N" : "limit"} = ${text(limit, 2)}`, { anchor: "end", size: 12, fill: "green" });
    } else pen.say(width - 12, top - 9, `no bound: η > 1/β = ${fixed(1 / beta)}`, { anchor: "end", size: 12 });
    pen.height = top + tall + 36;
  }
  const moved = (x, y) => ({ start: [Math.min(Math.max(x, -3.8), 3.8), Math.min(Math.max(y, -2.5), 2.9)].map((each) => +each.toFixed(2)) });

  function describe({ eta, N, k }, n) {
    const mean = n.J.reduce((x, y) => x + y) / M;
    const so = k ? `The mean of ‖∇J‖² so far is ${text(n.squares[k - 1], 2)}` : "No step is taken yet";
    return `After ${k} step${k === 1 ? "" : "s"} of size η = ${text(eta)} from ${N} episode${N > 1 ? "s" : ""} each, ${M} runs have J = ${fixed(mean, 3)} on average; ` +
      `the best is ${fixed(hill.best, 3)}. ${so}${Number.isNaN(n.bound[0]) ? "; there is no bound" : `; the bound is ${text(n.bound[Math.max(k - 1, 0)], 2)}`}.`;
  }
  return { numbers, draw, describe };
};
