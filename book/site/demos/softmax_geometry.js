"use strict";
// The vanilla and the natural gradient as fields over the policies of one decision with three actions.
window.pgDemos.softmax_geometry = ({ constants, softmax, sum, text, clamp, linspace }) => {
  const { starts, K, eta } = constants, METHODS = ["vanilla", "natural"], COLOURS = ["blue", "vermillion"];
  const CORNERS = [[0.5, Math.sqrt(0.75)], [1, 0], [0, 0]];
  const rewards = (gap) => [1, 1 - gap, 0];
  const policyOf = (start) => (typeof start === "string" ? starts[start] : start);

  function step(method, theta, gap) {
    const r = rewards(gap), pi = softmax(theta, 3);
    const J = pi[0] * r[0] + pi[1] * r[1] + pi[2] * r[2], mean = sum(r) / 3;
    return r.map((each, a) => (method ? eta[1] * (each - mean) : eta[0] * pi[a] * (each - J)));
  }
  const moved = (method, theta, gap) => step(method, theta, gap).map((each, a) => theta[a] + each);
  function place(theta, view) {
    if (view === "logits") return [theta[0] - theta[2], theta[1] - theta[2]];
    const pi = softmax(theta, 3);
    return [0, 1].map((i) => pi[0] * CORNERS[0][i] + pi[1] * CORNERS[1][i] + pi[2] * CORNERS[2][i]);
  }
  const thetaAt = ([x, y], view) => {
    if (view === "logits") return [x, y, 0];
    const best = y / CORNERS[0][1], second = x - best / 2;
    return [best, second, 1 - best - second].map(Math.log);
  };

  const TAILS = { logits: [], probabilities: [] };
  for (const y of [-6, -4, -2, 0, 2, 4, 6]) for (const x of [-6, -4, -2, 0, 2, 4, 6]) TAILS.logits.push([x, y, 0]);
  for (let a = 0; a < 7; a++) for (let b = 0; b < 7 - a; b++)
    TAILS.probabilities.push([a, b, 6 - a - b].map((each) => Math.log(0.02 + (0.94 * each) / 6)));

  let kept = {};
  function fields(gap, view) {
    if (kept.gap === gap && kept.view === view) return kept;
    const heads = [0, 1].map((method) => TAILS[view].map((theta) => place(moved(method, theta, gap), view)));
    const crowd = [0, 1].map(() => [Float64Array.from(TAILS[view].flat())]);
    return (kept = { gap, view, heads, crowd, tails: TAILS[view].map((theta) => place(theta, view)) });
  }

  // Where particles that start at the tails are after k steps.
  function crowdAt(method, gap, view, k) {
    const course = fields(gap, view).crowd[method], r = rewards(gap), mean = sum(r) / 3;
    while (course.length <= k) {
      const theta = course[course.length - 1], now = theta.slice();
      for (let i = 0; i < now.length; i += 3) {
        if (method) {
          for (let a = 0; a < 3; a++) now[i + a] += eta[1] * (r[a] - mean);
          continue;
        }
        const top = Math.max(theta[i], theta[i + 1], theta[i + 2]);
        const p = Math.exp(theta[i] - top), q = Math.exp(theta[i + 1] - top), o = Math.exp(theta[i + 2] - top);
        const all = p + q + o, J = (p * r[0] + q * r[1]) / all;
        now[i] += (eta[0] * p * (r[0] - J)) / all;
        now[i + 1] += (eta[0] * q * (r[1] - J)) / all;
        now[i + 2] -= (eta[0] * o * J) / all;
      }
      course.push(now);
    }
    return TAILS[view].map((_, t) => place(course[k].subarray(3 * t, 3 * t + 3), view));
  }

  function numbers({ start, gap, view, k }) {
    const lost = rewards(gap).map((each) => 1 - each);
    const path = [0, 1].map((method) => {
      const path = [policyOf(start).map(Math.log)];
      for (let i = 0; i < K; i++) path.push(moved(method, path[i], gap));
      return path;
    });
    const missing = path.map((thetas) => thetas.map((theta) => {
      const pi = softmax(theta, 3);
      return pi[1] * lost[1] + pi[2] * lost[2];
    }));
    const { heads, tails } = fields(gap, view);
    return { path, missing, tails, heads, length: path.map((each, i) => Math.hypot(...step(i, each[k], gap))) };
  }

  const mix = (p, q, part) => p.map((each, i) => each + part * (q[i] - each));

  function draw(pen, { start, gap, view, k }, n, at) {
    const { width, wide } = pen, over = view === "probabilities";
    const h = wide ? 370 : 300, w = width - 44;
    // Equal units in both directions: the triangle stays equilateral.
    const lim = over ? [-0.07, 0.94] : [-7.5, 8], tall = lim[1] - lim[0], broad = (tall * w) / h;
    const middle = over ? 0.5 : 0.25, xlim = [middle - broad / 2, middle + broad / 2];
    const ticks = over ? [] : [-5, 0, 5];
    const map = pen.panel({
      x: 34, y: 30, w, h, xlim, ylim: lim, xticks: ticks, yticks: ticks, flush: 4,
      title: over ? "Policies: drag the start" : "Logits θ₁ − θ₃ and θ₂ − θ₃: drag the start",
    });
    if (over) {
      map.line([0.5, 1, 0, 0.5], [CORNERS[0][1], 0, 0, CORNERS[0][1]], { stroke: "muted", width: 1, fill: "grid", opacity: 0.5 });
      const r = rewards(gap);
      map.say(0.5, CORNERS[0][1], "pays 1", { anchor: "middle", dy: -8, size: 12 });
      map.say(1, 0, `pays ${text(r[1])}`, { anchor: "end", dx: 16, dy: 20, size: 12 });
      map.say(0, 0, "pays 0", { dx: -16, dy: 20, size: 12 });
    }
    const i = Math.floor(at.k), j = Math.min(i + 1, K), part = at.k - i;
    // An arrow points along a step; its length follows the root, so that none is lost.
    [0, 1].forEach((method) => pen.arrows(n.tails.map((tail, t) => {
      const [x, y] = [map.X(tail[0]), map.Y(tail[1])];
      const [u, v] = [map.X(n.heads[method][t][0]) - x, map.Y(n.heads[method][t][1]) - y];
      const far = Math.hypot(u, v) || 1, shown = Math.min(2.6 * Math.sqrt(far), 26);
      return [x, y, x + (u / far) * shown, y + (v / far) * shown];
    }), COLOURS[method], { width: 1.2, head: 4, opacity: 0.55 }));
    if (at.k > 0) [0, 1].forEach((method) => {
      const later = crowdAt(method, gap, view, j), now = crowdAt(method, gap, view, i).map((p, t) => mix(p, later[t], part));
      map.dots(now.map((p) => p[0]), now.map((p) => p[1]), 2.5, COLOURS[method], { opacity: 0.6 });
    });
    [0, 1].forEach((method) => {
      const points = n.path[method].slice(0, k + 1).map((theta) => place(theta, view));
      const now = mix(place(n.path[method][i], view), place(n.path[method][j], view), part);
      const line = [...points.slice(0, i + 1), now];
      map.line(line.map((p) => p[0]), line.map((p) => p[1]), { stroke: COLOURS[method], width: 2.5 });
      const [px, py] = [map.X(now[0]), map.Y(now[1])];
      if (map.inside(px, py)) pen.dot(px, py, 9, COLOURS[method]);
      else map.note(0.98, 0.97 - 0.06 * method, `${METHODS[method]}: off the map`, { anchor: "end", fill: COLOURS[method] });
    });
    METHODS.forEach((method, m) => map.note(0.01, 0.05 + 0.055 * m, method, { fill: COLOURS[m], bold: true }));
    const theta0 = policyOf(start).map(Math.log), [x, y] = place(theta0, view);
    const begin = (theta) => ({ start: kind(softmax(theta, 3)) });
    pen.handle({
      label: "start", x: map.X(x), y: map.Y(y), fill: "ink", shape: 7, region: map,
      says: `probabilities ${Array.from(policyOf(start), (p) => text(p, 2)).join(", ")}`,
      move: (px, py) => {
        const at = [map.X.inverse(px), map.Y.inverse(py)];
        if (!over) return begin(thetaAt(at, view));
        const best = at[1] / CORNERS[0][1], second = at[0] - best / 2;
        return { start: kind([best, second, 1 - best - second]) };
      },
      step: (right, up) => begin([theta0[0] + 0.2 * up, theta0[1] + 0.2 * right, theta0[2]]),
    });

    const top = 30 + h + (over ? 36 : 58);
    const lacks = pen.panel({
      x: 44, y: top + 10, w: width - 56, h: wide ? 110 : 96, xlim: [0, K], ylim: [0.001, 2], ylog: true,
      xticks: [0, 32, 64, 96, 128], yticks: [0.01, 0.1, 1], title: wide ? "What J lacks of the best" : "What J lacks", flush: 4, xlabel: "step k",
    });
    const steps = linspace(0, K, K + 1);
    [0, 1].forEach((method) => {
      const now = n.missing[method][i] ** (1 - part) * n.missing[method][j] ** part;
      lacks.line(steps, n.missing[method], { stroke: COLOURS[method], width: 5, opacity: 0.3 });
      lacks.line(steps.slice(0, k + 1), n.missing[method].slice(0, k + 1), { stroke: COLOURS[method], width: 2 });
      lacks.ball(at.k, now, COLOURS[method], 7);
      pen.say(width - 12 - (method ? 0 : wide ? 150 : 122), top + 1, `${METHODS[method]} ${now < 1e-4 ? "< 10⁻⁴" : text(now, 2)}`, { fill: COLOURS[method], bold: true, anchor: "end" });
    });
    pen.height = top + (wide ? 110 : 96) + 48;
  }

  // Probabilities that are none, or too small to be drawn, are brought back.
  function kind(pi) {
    const inside = pi.map((p) => Math.max(p, 0.002)), all = sum(inside);
    return Array.from(inside, (p) => p / all);
  }

  function describe({ gap, k }, n) {
    const says = METHODS.map((method, i) => `${method} π = (${Array.from(softmax(n.path[i][k], 3), (p) => p.toFixed(3)).join(", ")}), J lacks ${text(n.missing[i][k], 2)}`);
    return `The actions pay 1, ${text(1 - gap)} and 0. After ${k} step${k === 1 ? "" : "s"}: ${says.join("; ")}.`;
  }
  return { numbers, draw, describe };
};
