"use strict";
// Clouds of gradient estimates: every coefficient has the same mean, and its own spread.
window.pgDemos.baselines = ({ constants, hashed, linspace, clamp, text, fixed }) => {
  const { stream } = constants, PLACES = linspace(-1, 3, 41), CONSTANT = "reward-to-go − b", MOST = 400;
  const PSI = Object.keys(constants.usual.covariances), PLAIN = "reward-to-go", START = 4;

  // Episodes, drawn when they are asked for: states and actions, H of them in a row.
  const kept = {};
  function episodes(world, n) {
    const { P, pi, mu0, H } = constants[world], S = mu0.length, A = pi[0].length;
    const it = (kept[world] ??= { n: 0, s: new Uint8Array(32000 * H), a: new Uint8Array(32000 * H) });
    for (let at = it.n * H; it.n < n; it.n++)
      for (let h = 0; h < H; h++, at++) {
        const chances = h ? P[it.s[at - 1]][it.a[at - 1]] : mu0;
        it.s[at] = chosen(chances, hashed(2 * at, stream), S);
        it.a[at] = chosen(pi[it.s[at]], hashed(2 * at + 1, stream), A);
      }
    return it;
  }
  function chosen(chances, u, n) {
    let k = 0, so = chances[0];
    while (k < n - 1 && so < u) so += chances[++k];
    return k;
  }

  // What the coefficient of each step is, less the sum of the rewards that it begins with.
  function table(world, psi, b) {
    const { H, V, Q, best, pi } = constants[world], S = pi.length, A = pi[0].length;
    const of = (f) => Float64Array.from({ length: H * S * A }, (_, i) => f(Math.floor(i / (S * A)), Math.floor(i / A) % S, i % A));
    if (psi === "reward-to-go − V") return of((h, s) => -V[h][s]);
    if (psi === "reward-to-go − b*") return of((h, s) => -best[h][s]);
    if (psi === CONSTANT) return of(() => -b);
    if (psi === "Q") return of((h, s, a) => Q[h][s][a]);
    if (psi === "advantage A") return of((h, s, a) => Q[h][s][a] - V[h][s]);
    return of(() => 0);
  }

  let last = {};
  function points({ world, psi, b, N, M }) {
    const key = [world, psi, psi === CONSTANT ? b : 0, N].join();
    if (last.key !== key) last = { key, m: 0, points: [] };
    if (last.m >= M) return last.points;
    const { H, r, score, pi } = constants[world], S = pi.length, A = pi[0].length, more = table(world, psi, b);
    const flat = r.flat(), grad = score.flat(2), { s, a } = episodes(world, N * M);
    const rewards = psi === "Q" || psi === "advantage A" ? 0 : 1, whole = psi === "return";
    for (; last.m < M; last.m++) {
      let x = 0, y = 0;
      for (let n = last.m * N; n < (last.m + 1) * N; n++) {
        let toGo = 0, all = 0;
        if (whole) for (let h = 0; h < H; h++) all += flat[s[n * H + h] * A + a[n * H + h]];
        for (let h = H - 1; h >= 0; h--) {
          const i = s[n * H + h] * A + a[n * H + h];
          toGo += flat[i];
          const psi = (whole ? all : rewards * toGo) + more[h * S * A + i];
          x += psi * grad[2 * i];
          y += psi * grad[2 * i + 1];
        }
      }
      last.points.push([x / N, y / N]);
    }
    return last.points;
  }

  // The covariance for a constant baseline is a parabola in it; three places give it.
  const constantly = (world, b) => {
    const [low, zero, high] = constants[world].constant;
    return zero.map((row, i) => row.map((c, j) => c + (b * (high[i][j] - low[i][j])) / 2 + b * b * ((high[i][j] + low[i][j]) / 2 - c)));
  };
  const trace = (matrix) => matrix[0][0] + matrix[1][1];

  function numbers(values) {
    const { world, psi, b, M } = values, it = constants[world], seen = points(values).slice(0, M);
    const mean = [0, 1].map((i) => seen.reduce((x, p) => x + p[i], 0) / M);
    const stderr = [0, 1].map((i) => Math.sqrt(seen.reduce((x, p) => x + (p[i] - mean[i]) ** 2, 0) / (M - 1) / M));
    return {
      points: seen, mean, stderr, gradient: it.gradient,
      covariance: psi === CONSTANT ? constantly(world, b) : it.covariances[psi],
      totals: PSI.map((each) => trace(it.covariances[each])),
      parabola: PLACES.map((x) => trace(constantly(world, x))),
    };
  }

  function draw(pen, values, n) {
    const { world, psi, b, N, M } = values, { width, wide } = pen, [xlim, ylim] = constants[world].limits;
    const ticks = world === "usual" ? [-2, -1, 0, 1, 2] : [-0.4, -0.2, 0, 0.2], h = wide ? 280 : 230;
    const cloud = pen.panel({
      x: 38, y: 30, w: width - 50, h, xlim, ylim, xticks: ticks, yticks: ticks.filter((y) => y > ylim[0] && y < ylim[1]),
      title: "Estimates of the gradient, one by one", flush: 4, xlabel: "∂J / ∂θ₁; upwards ∂J / ∂θ₂",
    });
    cloud.dots(n.points.map((p) => p[0]), n.points.map((p) => p[1]), 2.5, "blue", { opacity: 0.5 });
    const [newest] = n.points.slice(-1), around = linspace(0, 2 * Math.PI, 73), [gx, gy] = n.gradient;
    cloud.dots([newest[0]], [newest[1]], 4, "blue");
    // Two standard deviations of an estimate, from the covariance of one episode.
    const spread = ([[c, d], [, e]], look) => {
      const l = Math.sqrt(c / N), m = d / N / l, o = Math.sqrt(Math.max(e / N - m * m, 0));
      cloud.line(around.map((t) => gx + 2 * l * Math.cos(t)), around.map((t) => gy + 2 * (m * Math.cos(t) + o * Math.sin(t))), look);
    };
    if (psi !== PLAIN) spread(constants[world].covariances[PLAIN], { stroke: "muted", width: 1.5, dash: "5 4" });
    spread(n.covariance, { stroke: "blue", width: 1.5 });
    const [x, y] = n.mean, [dx, dy] = n.stderr;
    cloud.line([x - 2 * dx, x + 2 * dx], [y, y], { stroke: "vermillion", width: 2.5 });
    cloud.line([x, x], [y - 2 * dy, y + 2 * dy], { stroke: "vermillion", width: 2.5 });
    const [px, py] = [cloud.X(gx), cloud.Y(gy)];
    pen.path(`M${px - 8} ${py}l8 -8l8 8l-8 8z`, { stroke: "ink", width: 1.5 });
    cloud.note(0.01, 0.06, "◇ exact gradient", { halo: true });
    cloud.note(0.01, 0.06 + 18 / h, `+ mean of ${M} ± 2 standard errors`, { fill: "vermillion", halo: true });
    cloud.note(0.01, 0.06 + 36 / h, "○ two exact standard deviations", { fill: "blue", halo: true });
    if (psi !== PLAIN) cloud.note(0.01, 0.06 + 54 / h, "dashed: of the reward-to-go", { fill: "muted", halo: true });
    const out = n.points.filter(([a, b]) => a < xlim[0] || a > xlim[1] || b < ylim[0] || b > ylim[1]).length;
    if (out) cloud.note(0.99, 0.06, `${out} outside`, { fill: "blue", anchor: "end", halo: true });

    const top = 30 + h + 68, half = wide ? (width - 40) * 0.56 : width - 8;
    pen.say(4, top - 9, "Exact variance, log scale: tap one", { bold: true });
    pen.area({ left: 0, top: top + 2, w: half, h: 22 * PSI.length, press: (_, py) => ({ psi: PSI[clamp(Math.floor((py - top - 2) / 22), 0, PSI.length - 1)] }) });
    const [low, high] = [0.004, Math.max(...n.totals, 1)], room = half - 186; // beside the names and a number
    PSI.forEach((each, i) => {
      const chosen = each === psi, at = top + 16 + 22 * i;
      const far = Math.max((Math.log(Math.max(n.totals[i], low) / low) / Math.log(high / low)) * room, 1);
      pen.say(4, at, each, { bold: chosen });
      pen.rect(136, at - 9, far, 10, { fill: chosen ? "blue" : "muted", opacity: chosen ? 1 : 0.5 });
      pen.say(142 + far, at, text(n.totals[i]), { size: 12, bold: chosen });
    });

    const x0 = wide ? half + 64 : 44, below = wide ? top : top + 186, w = width - x0 - 12, tall = wide ? 116 : 110;
    const limit = Math.max(...n.parabola) * 1.05, step = 10 ** Math.floor(Math.log10(limit / 2));
    const bowl = pen.panel({
      x: x0, y: below, w, h: tall, xlim: [-1, 3], ylim: [0, limit], xticks: [-1, 0, 1, 2, 3],
      yticks: [0, Math.floor(limit / 2 / step) * step], title: wide ? "Drag a constant b" : "The same for a constant b: drag it", flush: wide ? x0 - 30 : 4, xlabel: "baseline b",
    });
    const total = trace(constantly(world, b)), chosen = psi === CONSTANT;
    bowl.line(PLACES, n.parabola, { stroke: "blue", width: 2.5, opacity: chosen ? 1 : 0.5 });
    bowl.note(0.5, 0.16, text(total), { anchor: "middle", fill: "blue", bold: chosen });
    const set = (b) => ({ b, psi: CONSTANT });
    pen.handle({
      label: "constant baseline b", x: bowl.X(b), y: bowl.Y(total), fill: chosen ? "blue" : "muted", shape: 7, region: bowl, value: b,
      says: `b = ${text(b)}, variance ${text(total)}`,
      move: (px) => set(+bowl.X.inverse(px).toFixed(2)), step: (right, up) => set(b + 0.05 * (right + up)),
    });
    pen.height = below + tall + 40 + (wide ? 14 : 0);
  }

  function describe({ world, psi, b, N, M }, n) {
    const pair = (x, places = 3) => `(${x.map((each) => fixed(each, places)).join(", ")})`, total = trace(n.covariance);
    const rival = n.totals[1], against = psi === PLAIN ? "" : `, ${text(total / rival, 2)} times that of the reward-to-go`;
    return `${world === "usual" ? "The usual world" : "A world in which V does harm"}, ψ = ${psi}${psi === CONSTANT ? ` with b = ${text(b)}` : ""}: ${M} estimates from ${N} episodes each ` +
      `have the mean ${pair(n.mean)}, with the standard errors ${pair(n.stderr)}; the exact gradient is ${pair(n.gradient)}. ` +
      `The exact variance of one episode’s estimate is ${text(total)}${against}.`;
  }
  return { numbers, draw, describe };
};
