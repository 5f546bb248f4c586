"use strict";
// Two learners and a few seeds each: the interval that one sees, and who wins.
window.pgDemos.seeds = ({ constants, uniform, linspace, clamp, erfc, text, fixed, percent, make }) => {
  const { steady, learns, fails, most, comparisons, stream } = constants, COLOURS = ["blue", "vermillion"];
  const size = comparisons * 2 * most, first = uniform(size, 2 * stream), second = uniform(size, 2 * stream + 1), coin = uniform(size, 4 * stream);
  const z = first.map((u, i) => Math.sqrt(-2 * Math.log(u)) * Math.cos(2 * Math.PI * second[i]));

  function result(fail, c, learner, i) {
    const at = (c * 2 + learner) * most + i, [mean, spread] = learner ? (coin[at] < fail ? fails : learns) : steady;
    return mean + spread * z[at];
  }
  const meanOf = (x) => x.reduce((total, each) => total + each, 0) / x.length;

  // The exact chance that B's mean of n seeds is above A's: given the failures, the difference is normal.
  function looksBetter(fail, n) {
    let chance = 0, ways = 1;
    for (let j = 0; j <= n; j++) {
      const gap = (j * fails[0] + (n - j) * learns[0]) / n - steady[0];
      const variance = (j * fails[1] ** 2 + (n - j) * learns[1] ** 2 + n * steady[1] ** 2) / n ** 2;
      chance += (ways * fail ** j * (1 - fail) ** (n - j) * erfc(-gap / Math.sqrt(2 * variance))) / 2;
      ways *= (n - j) / (j + 1);
    }
    return chance;
  }
  let kept = {};
  const chances = (fail) =>
    (kept.fail === fail ? kept : (kept = { fail, all: Array.from({ length: most }, (_, i) => looksBetter(fail, i + 1)) })).all;

  function numbers({ fail, n, c }) {
    const of = (k) => [0, 1].map((learner) => Array.from({ length: n }, (_, i) => result(fail, k, learner, i)));
    const results = of(c - 1), mean = results.map(meanOf);
    let won = 0;
    for (let k = 0; k < c; k++) {
      const [a, b] = of(k).map(meanOf);
      won += b > a;
    }
    return {
      results, mean, exact: [steady[0], fail * fails[0] + (1 - fail) * learns[0]], won: won / c, chance: chances(fail),
      stderr: results.map((x, i) => Math.sqrt(x.reduce((total, each) => total + (each - mean[i]) ** 2, 0) / (n - 1) / n)),
    };
  }

  function draw(pen, { fail, n, c }, seen, at) {
    const { width, wide } = pen, left = 34, w = width - left - 12;
    const learners = pen.panel({
      x: left, y: 30, w, h: wide ? 220 : 200, xlim: [-0.1, 0.95], ylim: [-0.75, 1.75], xticks: [0, 0.25, 0.5, 0.75],
      title: "Every dot is a seed; drag B's runs that fail", flush: 4, xlabel: "J at the end",
    });
    const better = seen.mean[1] > seen.mean[0] ? 1 : 0, is = seen.exact[1] > seen.exact[0] ? 1 : 0;
    [0, 1].forEach((row) => {
      const colour = COLOURS[row], y = 1 - row, reach = 1.96 * seen.stderr[row];
      const jitter = seen.results[row].map((_, i) => y - 0.32 + 0.05 * (i % 7) - 0.15);
      learners.line([seen.exact[row], seen.exact[row]], [y - 0.42, y + 0.27], { stroke: "ink", width: 2, dash: "5 3" });
      learners.dots(seen.results[row], jitter, 4, colour, { opacity: 0.55 });
      const newest = seen.results[row][n - 1];
      learners.dots([newest], [jitter[n - 1]], 5.5, colour, { stroke: "paper", width: 1.5 });
      learners.line([seen.mean[row] - reach, seen.mean[row] + reach], [y + 0.12, y + 0.12], { stroke: colour, width: 5, opacity: 0.5 });
      learners.ball(seen.mean[row], y + 0.12, colour, 7);
      learners.say(clamp(seen.mean[row], 0.05, 0.8), y + 0.4, `${fixed(seen.mean[row])} ± ${fixed(reach)}`, { anchor: "middle", fill: colour, bold: true, halo: true });
      learners.note(0.01, row ? 0.66 : 0.12, row ? "B" : "A", { fill: colour, bold: true, size: 15 });
    });
    pen.handle({
      label: "share of B's runs that fail", x: learners.X(fails[0]), y: learners.Y(-0.68 + 1.1 * fail), fill: "vermillion", shape: 6,
      says: `${percent(fail)} fail`, value: fail,
      move: (px, py) => ({ fail: +((learners.Y.inverse(py) + 0.68) / 1.1).toFixed(3) }), step: (right, up) => ({ fail: fail + 0.02 * (right + up) }),
    });
    learners.say(fails[0], -0.68 + 1.1 * fail, `${percent(fail)} fail`, { dx: 18, fill: "vermillion", halo: true });
    const y = 30 + (wide ? 220 : 200) + 48;
    pen.rect(left, y - 4, w, 30, { fill: COLOURS[better], opacity: better === is ? 0.18 : 0.4 });
    pen.say(left + w / 2, y + 16, `${"AB"[better]} looks better${better === is ? ", and is" : `, but ${"AB"[is]} is`}`, { anchor: "middle", bold: true, fill: COLOURS[better] });

    const top = y + 66, tall = wide ? 140 : 120;
    const wins = pen.panel({
      x: left + 6, y: top, w: w - 6, h: tall, xlim: [0, most + 1], ylim: [0, 1], xticks: [1, 10, 20, 30, 40], yticks: [0, 0.5, 1],
      title: "How often B looks better: drag n", flush: 4, xlabel: "seeds each",
    });
    const counts = linspace(1, most, most);
    wins.line([0, most + 1], [0.5, 0.5], { stroke: "muted", width: 1 });
    wins.line(counts, seen.chance, { stroke: "vermillion", width: 2.5 });
    wins.line([n, n], [seen.chance[n - 1], seen.won], { stroke: "ink", width: 1.5 });
    wins.dots([n], [seen.won], 5, "ink");
    wins.note(0.98, 0.12, `exactly ${percent(seen.chance[n - 1])}; so far in ${percent(seen.won)} of ${c}`, { anchor: "end", bold: true, halo: true });
    pen.handle({
      label: "seeds each n", x: wins.X(at.n), y: wins.Y(seen.chance[n - 1]), fill: "vermillion", shape: 7, region: wins, value: n,
      says: `${n} seeds, B looks better in ${percent(seen.chance[n - 1])}`,
      move: (px) => ({ n: wins.X.inverse(px) }), step: (right, up) => ({ n: n + Math.sign(right + up) * Math.max(1, Math.abs(right + up) / 2) }),
    });
    pen.height = top + tall + 36;
  }

  // One more comparison, and a hundred of them in a row.
  function tools(life) {
    const once = make("button", { type: "button", class: "pg-demo__button" }, "Compare again");
    once.addEventListener("click", () => life.set({ c: life.values.c >= comparisons ? 1 : life.values.c + 1 }));
    const often = make("button", { type: "button", class: "pg-demo__button" }, "Compare on and on");
    let running = false;
    const tick = () => {
      if (!running || !life.figure.isConnected || life.values.c >= comparisons) return halt();
      life.set({ c: life.values.c + 1 });
      requestAnimationFrame(tick);
    };
    const halt = () => {
      running = false;
      often.textContent = "Compare on and on";
    };
    often.addEventListener("click", () => {
      if (running) return halt();
      running = true;
      often.textContent = "Stop";
      if (life.values.c >= comparisons) life.set({ c: 1 });
      requestAnimationFrame(tick);
    });
    return [once, often];
  }

  function describe({ fail, n, c }, seen) {
    const [a, b] = seen.mean, says = seen.mean.map((mean, i) => `${fixed(mean)} ± ${fixed(1.96 * seen.stderr[i])}`);
    return `With ${n} seeds each A has the mean ${says[0]} and B ${says[1]}: ${b > a ? "B" : "A"} looks better. Exactly they are ${text(seen.exact[0])} and ${text(seen.exact[1])}, ` +
      `so ${seen.exact[1] > seen.exact[0] ? "B" : "A"} is. In ${c} comparison${c > 1 ? "s" : ""} B looked better in ${percent(seen.won)}, among all it does in ${percent(seen.chance[n - 1])}.`;
  }
  return { numbers, draw, describe, tools };
};
