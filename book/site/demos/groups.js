"use strict";
// Groups of responses: what each number of successes says, and the weight that remains on average.
window.pgDemos.groups = ({ constants, uniform, sum, linspace, text, fixed, percent }) => {
  const { groups: GROUPS, most: MOST, rates: RATES, stream, kinds } = constants;
  const luck = uniform(GROUPS * MOST, stream);

  // A policy with one logit: the score of a success less that of a failure is 1, and ∇p = p(1 − p).
  function advantages(G, k, kind) {
    if (kind === kinds[0]) return [(G - k) / (G - 1), -k / (G - 1)];
    return k && k < G ? [Math.sqrt((G - k) / k), -Math.sqrt(k / (G - k))] : [0, 0];
  }
  function chances(G, p) {
    let choose = 1;
    return Array.from({ length: G + 1 }, (_, k) => {
      if (k) choose *= (G - k + 1) / k;
      return choose * p ** k * (1 - p) ** (G - k);
    });
  }
  const right = (i, G, p) => luck.subarray(i * MOST, i * MOST + G).reduce((k, u) => k + (u < p), 0);

  function numbers({ G, p, kind, N }) {
    const k = linspace(0, G, G + 1), says = Array.from(k, (n) => (n * advantages(G, n, kind)[0]) / G);
    const weight = (rate) => chances(G, rate).reduce((x, c, n) => x + c * says[n], 0) / (rate * (1 - rate));
    const drawn = Array.from({ length: N }, (_, i) => right(i, G, p));
    const sampled = drawn.map((n) => says[n] / (p * (1 - p))), estimate = sum(sampled) / N;
    const error = Math.sqrt(sampled.reduce((x, each) => x + (each - estimate) ** 2, 0) / (N - 1) / N);
    return { k, chance: chances(G, p), says, weight: weight(p), rates: RATES, curve: RATES.map(weight), drawn, estimate, error };
  }

  function draw(pen, { G, p, kind, N }, n) {
    const { width, wide } = pen, left = 34, right = width - left - 12, silent = n.drawn[N - 1] % G === 0;

    // The newest group, response by response.
    const k = n.drawn[N - 1], [plus, minus] = advantages(G, k, kind), space = Math.min((width - 8) / G, 26);
    pen.say(4, 21, `Group ${N}: ${k} of ${G} right`, { bold: true });
    for (let i = 0; i < G; i++) {
      const good = luck[(N - 1) * MOST + i] < p, x = 4 + (i + 0.5) * space;
      pen.dot(x, 42, Math.min(space / 2 - 2, 9), good ? "green" : "paper", { stroke: good ? "green" : "muted", width: 2 });
    }
    pen.say(4, 70, silent ? "all alike: it says nothing" : `advantage ${fixed(plus)} where right, ${fixed(minus)} where wrong`, { fill: silent ? "vermillion" : "ink" });

    const half = (right - 44) / 2, tall = wide ? 110 : 96, over = { xlim: [-0.7, MOST + 0.7], xticks: [0, 4, 8, 12, 16], xlabel: "k right", y: 104, h: tall };
    const chance = pen.panel({ ...over, x: left, w: half, ylim: [0, 1], yticks: [0, 0.5, 1], title: wide ? "Chance of k right" : "Chance", flush: 4 });
    n.chance.forEach((c, i) => chance.box(i - 0.4, i + 0.4, 0, c, { fill: i % G ? "sky" : "vermillion" }));
    chance.note(0.98, 0.14, `says nothing: ${percent(n.chance[0] + n.chance[G])}`, { anchor: "end", fill: "vermillion", size: 12, halo: true });
    const x = left + half + 44;
    const says = pen.panel({ ...over, x, w: half, ylim: [-0.03, 0.58], yticks: [0, 0.25, 0.5], title: wide ? "What it then says of the logit" : "What it says", flush: x - 34 });
    says.line(n.k, n.says, { stroke: "blue", width: 1, opacity: 0.4 });
    says.dots(n.k, n.says, 3.5, "blue");
    says.ball(k, n.says[k], "vermillion", 6);

    const y = 104 + tall + 64, h = wide ? 190 : 170, part = wide ? 0.62 : 0.56, over2 = { y, h, ylim: [0, 4.2], yticks: [0, 1, 2, 3, 4] };
    const weights = pen.panel({ ...over2, x: left, w: right * part, xticks: [0, 0.5, 1], xlabel: "success rate p", title: wide ? "Weight of ∇p: drag the success rate" : "Weight: drag p", flush: 4 });
    const limit = linspace(0.01, 0.99, 99);
    if (kind === kinds[1]) weights.line(limit, limit.map((q) => 1 / Math.sqrt(q * (1 - q))), { stroke: "muted", width: 1.2, dash: "5 4" });
    weights.line(n.rates, n.curve, { stroke: "blue", width: 2.5 });
    weights.line([p, p], [n.estimate - 2 * n.error, n.estimate + 2 * n.error], { stroke: "vermillion", width: 3, opacity: 0.7 });
    weights.ball(p, n.estimate, "vermillion", 5);
    weights.note(0.5, 0.9, kind === kinds[1] ? "dashed: G → ∞" : "the same for every p", { anchor: "middle", fill: "muted", size: 12 });

    const from = left + right * part + 14;
    const means = pen.panel({ ...over2, yticks: [], x: from, w: width - from - 16, xlim: [1, GROUPS], xlog: true, xticks: wide ? [2, 20, 200] : [2, 200], xlabel: "groups N" });
    pen.path(over2.yticks.map((v) => `M${from} ${means.Y(v).toFixed(1)}H${width - 16}`).join(""), { stroke: "grid", width: 1 });
    let so = 0;
    const running = n.drawn.map((each, i) => (so += n.says[each] / (p * (1 - p))) / (i + 1));
    means.line([1, GROUPS], [n.weight, n.weight], { stroke: "blue", width: 1.5, dash: "5 4" });
    means.line(linspace(1, N, N), running, { stroke: "vermillion" });
    means.ball(N, n.estimate, "vermillion", 5);
    const at = n.weight > 1.5 ? 0.84 : 0.09; // where the curves are not
    means.note(0.98, at, `exact ${fixed(n.weight, 3)}`, { anchor: "end", fill: "blue", halo: true });
    means.note(0.98, at + 18 / h, `${fixed(n.estimate)} ± ${fixed(n.error)}`, { anchor: "end", fill: "vermillion", halo: true });
    pen.handle({
      label: "success rate p, on the curve", x: weights.X(p), y: weights.Y(Math.min(n.weight, 4.2)), fill: "blue", shape: 8, region: weights,
      says: `p = ${text(p)}, weight ${fixed(n.weight)}`, value: p,
      move: (px) => ({ p: +weights.X.inverse(px).toFixed(3) }), step: (right, up) => ({ p: p + 0.01 * (right + up) }),
    });
    pen.height = y + h + 38;
  }

  function describe({ G, p, kind, N }, n) {
    return `Groups of ${G} responses with success rate ${text(p)}, advantage ${kind}. With probability ${fixed(n.chance[0] + n.chance[G], 3)} all rewards are equal ` +
      `and the group says nothing (orange). On average the gradient of p has the weight ${fixed(n.weight, 3)}; ${N} sampled groups say ${fixed(n.estimate, 3)} ± ${fixed(n.error, 3)}.`;
  }
  return { numbers, draw, describe };
};
