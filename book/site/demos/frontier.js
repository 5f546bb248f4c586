"use strict";
// Reward against divergence: what climbing a wrong reward gives, and the best of n.
window.pgDemos.frontier = ({ constants, logSoftmax, clamp, text, fixed }) => {
  const { ref, r, error, betas, draws } = constants, R = ref.length, PRICES = [0.1, 4];
  const dot = (x, y) => x.reduce((all, each, i) => all + each * y[i], 0);
  const gibbs = (reward, beta) => logSoftmax(ref.map((each, i) => each + reward[i] / beta), R);

  function at(reward, beta) {
    const log = gibbs(reward, beta), pi = log.map(Math.exp);
    return { pi, kl: pi.reduce((all, p, i) => all + p * (log[i] - ref[i]), 0), proxy: dot(pi, reward), truth: dot(pi, r) };
  }
  function along(reward) {
    const points = betas.map((beta) => at(reward, beta));
    return Object.fromEntries(["kl", "proxy", "truth"].map((key) => [key, points.map((point) => point[key])]));
  }
  const top = along(r), p = ref.map(Math.exp);

  // The law of the best of n: what ties is as likely as under the reference.
  function bestOf(n, upTo, below) {
    const law = p.map((each, i) => {
      let all = 0;
      for (let j = 0; j < n; j++) all += upTo[i] ** j * below[i] ** (n - 1 - j);
      return each * all;
    });
    return { kl: law.reduce((all, each, i) => all + (each ? each * Math.log(each / p[i]) : 0), 0), truth: dot(law, r) };
  }

  let kept = {};
  function curves(wrong) {
    if (kept.wrong === wrong) return kept;
    const reward = r.map((each, i) => each + wrong * error[i]);
    const upTo = reward.map((v) => p.reduce((all, each, j) => all + (reward[j] <= v ? each : 0), 0));
    const below = reward.map((v) => p.reduce((all, each, j) => all + (reward[j] < v ? each : 0), 0));
    return (kept = { wrong, reward, path: along(reward), best: draws.map((n) => bestOf(n, upTo, below)) });
  }

  function numbers({ beta, wrong }) {
    const { reward, path, best } = curves(wrong), { pi, kl, proxy, truth } = at(reward, beta);
    return {
      ...path, best_kl: top.kl, best: top.truth, point: [kl, proxy, truth], pi,
      n: draws, n_kl: best.map((each) => each.kl), n_truth: best.map((each) => each.truth),
    };
  }

  // The price at which the divergence is so large: it falls as the price rises.
  function priceAt(kl, wrong) {
    let [low, high] = PRICES.map(Math.log);
    for (let i = 0; i < 30; i++) {
      const middle = (low + high) / 2;
      if (at(curves(wrong).reward, Math.exp(middle)).kl > kl) low = middle;
      else high = middle;
    }
    return +Math.exp(low).toPrecision(4);
  }
  const frontierAt = (kl) => {
    const i = clamp(top.kl.findIndex((each) => each > kl), 1, top.kl.length - 1), part = (kl - top.kl[i - 1]) / (top.kl[i] - top.kl[i - 1]);
    return kl > top.kl[top.kl.length - 1] ? top.truth[top.kl.length - 1] : top.truth[i - 1] + part * (top.truth[i] - top.truth[i - 1]);
  };

  function draw(pen, { beta, wrong }, n) {
    const { width, wide } = pen, left = 34, w = width - left - 12, h = wide ? 200 : 170, [kl, proxy, truth] = n.point;
    const highest = Math.max(4.4, 1.06 * Math.max(...n.proxy));
    const over = pen.panel({
      x: left, y: 72, w, h, xlim: [-0.1, 5.1], ylim: [-1.4, highest], xticks: [0, 1, 2, 3, 4, 5], yticks: (highest < 6 ? [-1, 0, 1, 2, 3, 4] : [0, 2, 4, 6, 8, 10]).filter((v) => v < highest),
      xlabel: "KL to the reference, nats",
    });
    pen.say(4, 21, wide ? "Reward against divergence: drag along the true reward" : "Drag along the true reward", { bold: true });
    over.line(n.best_kl, n.best, { stroke: "muted", width: 1.5, dash: "5 4" });
    over.line(n.kl, n.proxy, { stroke: "orange", width: 2.5 });
    over.line(n.kl, n.truth, { stroke: "blue", width: 2.5 });
    over.dots(n.n_kl, n.n_truth, 4, "green");
    over.line([kl, kl], [truth, proxy], { stroke: "muted", width: 1 });
    over.ball(kl, proxy, "orange", 7);
    const name = (place, words, fill) => {
      const x = left + (place % 2) * w * 0.5, y = 41 + 18 * Math.floor(place / 2);
      pen.dot(x + 5, y - 4, 5, fill);
      pen.say(x + 15, y, words, { size: 12, bold: place < 2 });
    };
    name(0, `proxy ${fixed(proxy)}${wide ? ", climbed" : ""}`, "orange");
    name(1, `true reward ${fixed(truth)}`, "blue");
    name(2, "frontier (dashed)", "muted");
    name(3, wide ? `best of ${draws.join(", ")} by the proxy` : `best of ${draws.join(", ")}`, "green");
    pen.handle({
      label: "policy, on the curve of the true reward", x: over.X(kl), y: over.Y(truth), fill: "blue", region: over, value: kl,
      says: `β = ${text(beta)}, KL ${fixed(kl)}, true reward ${fixed(truth)}`,
      move: (px) => ({ beta: priceAt(over.X.inverse(px), wrong) }), step: (right, up) => ({ beta: beta * 0.95 ** (right + up) }),
    });

    // Where the probability goes: every response, as large as it is likely.
    const y = 72 + h + 62, tall = wide ? 150 : 130, { reward } = curves(wrong);
    const low = Math.min(-3, ...reward), high = Math.max(3, ...reward), room = 0.06 * (high - low);
    const map = pen.panel({
      x: left, y, w, h: tall, xlim: [low - room, high + room], ylim: [-3, 2.6], xticks: high - low > 12 ? [-8, -4, 0, 4, 8].filter((v) => v > low && v < high) : [-4, -2, 0, 2, 4].filter((v) => v > low && v < high), yticks: [-2, 0, 2],
      title: wide ? "The responses, as large as they are likely" : "Responses, by likelihood", flush: 4, xlabel: "proxy",
    });
    map.line([-3, 2.6], [-3, 2.6], { stroke: "muted", width: 1, dash: "5 4" });
    pen.say(left + 4, y + 13, "true reward", { fill: "muted", size: 12 });
    pen.dot(left + w - 66, y - 13, 5, "orange");
    pen.say(left + w, y - 9, "overrated", { anchor: "end", size: 12 });
    reward.forEach((v, i) => pen.dot(map.X(v), map.Y(r[i]), 1.5 + 20 * Math.sqrt(n.pi[i]), v > r[i] ? "orange" : "sky", { width: 1, opacity: 0.8 }));
    pen.height = y + tall + 38;
  }

  function describe({ beta, wrong }, { kl: path, truth: curve, point: [kl, proxy, truth] }) {
    const best = curve.indexOf(Math.max(...curve)), last = curve.length - 1;
    const end = wrong === 0 ? "The proxy is the truth, and its curve the frontier." : best === last ? "The true reward rises all the way."
      : `The true reward is highest, ${fixed(curve[best], 3)}, at a KL of ${fixed(path[best], 3)}, and falls to ${fixed(curve[last], 3)} from there.`;
    return `At price β = ${text(beta)} and error ${text(wrong)} of the proxy: KL ${fixed(kl, 3)} nats, proxy ${fixed(proxy, 3)}, true reward ${fixed(truth, 3)}; ` +
      `the frontier at this divergence is ${fixed(frontierAt(kl), 3)}. ${end}`;
  }
  return { numbers, draw, describe };
};
