"use strict";
// Episodes fall into the distribution of their returns, and J is its mean.
window.pgDemos.returns = ({ constants, gridworld, evaluate, episodes, reached, hashed, drawMap, linspace, clamp, text, fixed, percent }) => {
  const { map, slip, good, H, most, stream, width: WIDTH, bins: BINS, lowest: LOWEST } = constants;
  const world = gridworld(map, { slip }), { S, A, to, p, r, mu0, cells, letter } = world, ALPHAS = linspace(0, 1, 41);
  const policy = (alpha) => Float64Array.from({ length: S * A }, (_, i) => (1 - alpha) / A + alpha * good[Math.floor(i / A)][i % A]);
  const bin = (R) => clamp(Math.floor((R - LOWEST + WIDTH / 2) / WIDTH + 1e-9), 0, BINS - 1);
  const curve = ALPHAS.map((alpha) => evaluate(world, policy(alpha), H).J);

  let kept = {};
  function seen(alpha) {
    if (kept.alpha === alpha) return kept;
    const pi = policy(alpha), { s, a } = episodes(world, pi, H, most, stream), returns = [], paths = [];
    for (let n = 0; n < most; n++) {
      let R = 0;
      for (let i = n * H; i < n * H + H; i++) R += r[s[i] * A + a[i]];
      returns.push(R);
      // Where the last move led is drawn for the picture alone.
      const last = n * H + H - 1, end = reached(world, s[last] * A + a[last], hashed(n, stream + 1));
      paths.push([...s.subarray(n * H, n * H + H), end]);
    }
    return (kept = { alpha, pi, returns, paths, chance: distribution(pi), J: evaluate(world, pi, H).J });
  }

  // The exact distribution of the return: what has been earned so far, state by state.
  function distribution(pi) {
    let now = Array.from(mu0, (chance) => new Map(chance ? [[0, chance]] : []));
    for (let h = 0; h < H; h++) {
      const later = Array.from({ length: S }, () => new Map());
      now.forEach((earned, s) => earned.forEach((chance, so) => {
        for (let i = s * A; i < s * A + A; i++) {
          const sum = Math.round((so + r[i]) * 1e9) / 1e9;
          for (let k = 3 * i; k < 3 * i + 3; k++)
            if (p[k]) later[to[k]].set(sum, (later[to[k]].get(sum) ?? 0) + chance * pi[i] * p[k]);
        }
      }));
      now = later;
    }
    const chance = new Float64Array(BINS);
    now.forEach((earned) => earned.forEach((each, sum) => (chance[bin(sum)] += each)));
    return chance;
  }

  function numbers({ alpha, N }) {
    const { returns, chance, J } = seen(alpha), R = returns.slice(0, N), mean = R.reduce((x, y) => x + y) / N;
    const share = new Float64Array(BINS);
    R.forEach((each) => (share[bin(each)] += 1 / N));
    const stderr = Math.sqrt(R.reduce((x, each) => x + (each - mean) ** 2, 0) / (N - 1) / N);
    return { returns: R, mean, stderr, J, chance, share, curve };
  }

  function draw(pen, { alpha, N }, n, at) {
    const { width, wide } = pen, { pi, paths, returns } = seen(alpha), size = wide ? 46 : 36, box = { x: 4, y: 30, size };
    const part = at.N - N, newest = part ? N : N - 1, path = paths[Math.min(newest, most - 1)];
    pen.say(4, 19, `${wide ? `Episode ${newest + 1}: r` : "R"}eturn ${fixed(returns[Math.min(newest, most - 1)])}`, { bold: true });
    drawMap(pen, box, world, { shade: () => 0.08, pi });
    const places = path.map((s, k) => [box.x + (cells[s][1] + 0.5) * size + (k - 3) * 1.6, box.y + (cells[s][0] + 0.5) * size + ((k % 3) - 1) * 3]);
    const walked = Math.min(1 + Math.floor((part || 1) * (H + 1) * 1.5), H + 1);
    pen.path(`M${places.slice(0, walked).map(([x, y]) => `${x.toFixed(1)} ${y.toFixed(1)}`).join("L")}`, { stroke: "vermillion", width: 2 });
    const end = places[walked - 1];
    pen.dot(end[0], end[1], 6, "vermillion");

    const left = 4 * size + 64, high = 4 * size;
    const over = pen.panel({
      x: left, y: 30, w: width - left - 12, h: high, xlim: [-0.04, 1.04], ylim: [-0.6, 0.62], xticks: [0, 0.5, 1], yticks: [-0.5, 0, 0.5],
      title: "J: drag the policy", flush: left - 34, xlabel: "α: at random, or well",
    });
    over.line(ALPHAS, n.curve, { stroke: "ink" });
    over.line([alpha, alpha], [n.mean - 2 * n.stderr, n.mean + 2 * n.stderr], { stroke: "vermillion", width: 5, opacity: 0.5 });
    over.ball(alpha, n.mean, "vermillion", 5);
    over.note(0.04, 0.12, `J = ${fixed(n.J, 3)}`, { bold: true });
    pen.handle({
      label: "policy α, on the curve of J", x: over.X(alpha), y: over.Y(n.J), fill: "ink", shape: 7, region: over, value: alpha,
      says: `α = ${text(alpha)}, J = ${fixed(n.J, 3)}`,
      move: (px) => ({ alpha: +over.X.inverse(px).toFixed(2) }), step: (right, up) => ({ alpha: alpha + 0.02 * (right + up) }),
    });

    // What the two lines are is said above the picture, where no bar is.
    const head = 30 + high + 67, top = head + (wide ? 27 : 44), tall = wide ? 190 : 170;
    pen.say(4, head, wide ? "Where episodes fall, and where all would" : "Where episodes fall", { bold: true });
    pen.say(4, head + 18, `J = ${fixed(n.J, 3)}, the exact mean`, { bold: true });
    pen.say(wide ? width / 2 : 4, head + (wide ? 18 : 35), `${fixed(n.mean, 3)} ± ${fixed(n.stderr, 3)}, of ${N} episodes`, { fill: "vermillion", bold: true });
    const falls = pen.panel({
      x: 34, y: top, w: width - 46, h: tall, xlim: [-1.58, 1.08], ylim: [0, 0.75], xticks: [-1, -0.5, 0, 0.5, 1], yticks: [0, 0.25, 0.5],
      xlabel: "return R",
    });
    const edge = (k) => (k - 0.5) * WIDTH + LOWEST;
    for (let k = 0; k < BINS; k++) {
      if (n.share[k]) falls.box(edge(k) + 0.008, edge(k + 1) - 0.008, 0, n.share[k], { fill: "blue", opacity: 0.5 });
      if (n.chance[k] > 1e-4) falls.box(edge(k), edge(k + 1), 0, n.chance[k], { stroke: "ink", width: 1.5 });
    }
    // The ball falls onto its bar.
    const R = returns[Math.min(newest, most - 1)], k = bin(R), fall = part ? Math.min(part * 1.3, 1) ** 2 : 1;
    falls.ball(edge(k) + WIDTH / 2, Math.max(0.72 - fall * (0.72 - n.share[k]), 0), "blue", 5);
    for (const [x, colour, dash] of [[n.J, "ink", "5 3"], [n.mean, "vermillion"]]) falls.line([x, x], [0, 0.75], { stroke: colour, dash });
    pen.height = top + tall + 36;
  }

  function describe({ alpha, N }, n) {
    const middle = (BINS - 1) / 2, total = (x) => x.reduce((a, b) => a + b, 0);
    return `With α = ${text(alpha)} the mean return of ${N} episodes is ${fixed(n.mean, 3)} ± ${fixed(n.stderr, 3)}, and J = ${fixed(n.J, 3)}. ` +
      `Exactly ${percent(total(n.chance.slice(0, middle)))} of all episodes have a negative return, and ${percent(total(n.chance.slice(middle + 1)))} a positive one.`;
  }
  return { numbers, draw, describe };
};
