"use strict";
// The clipped objective: one term over its ratio, above the ratios of a batch that is trained on it.
window.pgDemos.clipped_objective = ({ constants, logSoftmax, adam, clamp, text, fixed, percent }) => {
  const { s, a, w, A, steps, features, eta } = constants;
  const ROWS = s.map((_, i) => i), ACTIONS = features[0].length, P = features[0][0].length;
  const SIGNS = [1, -1], END = 2.4, EPOCHS = 40, TALLEST = 0.55;
  const sides = SIGNS.map((sign) => ROWS.filter((i) => A[i] * sign > 0 && steps[i] > 0));
  const term = (u, sign, eps) => Math.min(u * sign, clamp(u, 1 - eps, 1 + eps) * sign);
  const isFlat = (u, sign, eps) => (sign > 0 ? u >= 1 + eps : u <= 1 - eps);

  const tables = (theta) => logSoftmax(
    features.flatMap((actions) => actions.map((phi) => phi.reduce((x, each, j) => x + each * theta[j], 0))), ACTIONS);

  // The logarithms of the policy's table before each epoch, and after the last.
  let kept = {};
  function course(eps) {
    if (kept.eps === eps) return kept.course;
    const theta = new Float64Array(P), step = adam(P, eta), old = -Math.log(ACTIONS), course = [tables(theta)];
    for (let e = 0; e < EPOCHS; e++) {
      const now = course[e], g = new Float64Array(P), pulled = new Float64Array(features.length * ACTIONS);
      for (const i of ROWS) {
        const u = Math.exp(now[s[i] * ACTIONS + a[i]] - old);
        if ((u - 1) * Math.sign(A[i]) < eps) pulled[s[i] * ACTIONS + a[i]] += w[i] * A[i] * u;
      }
      features.forEach((actions, state) => {
        let all = 0;
        for (let b = 0; b < ACTIONS; b++) all += pulled[state * ACTIONS + b];
        actions.forEach((phi, b) => {
          const part = pulled[state * ACTIONS + b] - all * Math.exp(now[state * ACTIONS + b]);
          for (let j = 0; j < P; j++) g[j] += part * phi[j];
        });
      });
      step(g).forEach((each, j) => (theta[j] += each));
      course.push(tables(theta));
    }
    kept = { eps, course };
    return course;
  }

  const visits = new Float64Array(features.length);
  ROWS.forEach((i) => (visits[s[i]] += w[i]));
  function divergence(log) {
    let kl = 0;
    for (let i = 0; i < log.length; i++) kl += (visits[Math.floor(i / ACTIONS)] / ACTIONS) * (-Math.log(ACTIONS) - log[i]);
    return kl;
  }
  const ratios = (log) => ROWS.map((i) => Math.exp(log[s[i] * ACTIONS + a[i]] + Math.log(ACTIONS)));
  const share = (ratio, side, sign, eps) => {
    let flat = 0, all = 0;
    for (const i of sides[side]) {
      all += steps[i];
      if (isFlat(ratio[i], sign, eps)) flat += steps[i];
    }
    return flat / all;
  };

  function numbers({ eps, u, e }) {
    const log = course(eps)[e], ratio = ratios(log);
    return {
      term: SIGNS.map((sign) => term(u, sign, eps)),
      flat: SIGNS.map((sign) => +isFlat(u, sign, eps)),
      ratio,
      kl: divergence(log),
      past: SIGNS.map((sign, side) => share(ratio, side, sign, eps)),
      astray: SIGNS.map((sign, side) => share(ratio, side, -sign, eps)),
    };
  }

  function draw(pen, { eps, u, e }, n, at) {
    const { width, wide } = pen, left = 34, w = (width - left - 8 - 34) / 2;
    const low = ratios(course(eps)[Math.floor(at.e)]), high = ratios(course(eps)[Math.min(Math.floor(at.e) + 1, EPOCHS)]);
    const part = at.e - Math.floor(at.e), ratio = low.map((x, i) => x + part * (high[i] - x));
    const tall = wide ? 190 : 140, short = wide ? 150 : 120, gap = 44;
    SIGNS.forEach((sign, side) => {
      const x = left + side * (w + 34), y = 30;
      const over = { x, w, xlim: [0, END], xticks: wide ? [0, 0.5, 1, 1.5, 2] : [0, 1, 2], flush: x - 24 };
      const terms = pen.panel({
        ...over, y, h: tall, ylim: sign > 0 ? [-0.1, 2.5] : [-2.5, 0.1], yticks: sign > 0 ? [0, 1, 2] : [-2, -1, 0],
        numbers: "y", title: (sign > 0 ? "Good action, A = +1" : "Bad action, A = −1"),
      });
      const bars = pen.panel({
        ...over, y: y + tall + gap, h: short, ylim: [0, 0.75], yticks: [0, 0.2, 0.4], xlabel: "ratio u",
        title: sign > 0 ? "Steps with A > 0" : "Steps with A < 0",
      });
      for (const panel of [terms, bars]) panel.box(1 - eps, 1 + eps, panel.ylim[0], panel.ylim[1], { fill: "sky", opacity: 0.25 });
      terms.line([0, END], [0, sign * END], { stroke: "muted", width: 1, dash: "5 4" });
      const corner = [0, 1 - eps, 1 + eps, END];
      terms.line(corner, corner.map((each) => term(each, sign, eps)), { stroke: "blue", width: 3 });

      const flat = n.flat[side], colour = flat ? "vermillion" : "blue";
      const px = terms.X(u), py = terms.Y(n.term[side]);
      if (!flat) pen.arrows([[px, py, px + sign * 34, py - 34 * Math.abs((terms.Y(1) - terms.Y(0)) / (terms.X(1) - terms.X(0)))]], "blue", { width: 2.5, head: 8 });
      terms.note(0.03, sign > 0 ? 0.12 : 0.95, `${fixed(n.term[side])} ${flat ? "flat" : "pulls"}`, { fill: colour, bold: true });
      pen.handle({
        label: `ratio u of a step with A = ${text(sign)}`, x: px, y: py, fill: colour, region: terms, value: u,
        says: `u = ${text(u)}, term ${fixed(n.term[side])}, ${flat ? "flat" : "with a gradient"}`,
        move: (at) => ({ u: +terms.X.inverse(at).toFixed(2) }), step: (right, up) => ({ u: u + 0.02 * (right + up) }),
      });
      drawBars(bars, ratio, side, sign, eps);
    });
    pen.height = 30 + tall + gap + short + 54;
    pen.say(left - 24, pen.height - 6, `After ${e} epoch${e === 1 ? "" : "s"}: a KL of ${fixed(n.kl, 3)} from the old policy.`);
  }

  const BINS = 48;
  function drawBars(panel, ratio, side, sign, eps) {
    const bars = [new Float64Array(BINS), new Float64Array(BINS)];
    let all = 0, past = 0;
    for (const i of sides[side]) {
      const flat = isFlat(ratio[i], sign, eps);
      bars[+flat][Math.min(Math.floor((ratio[i] / END) * BINS), BINS - 1)] += steps[i];
      all += steps[i];
      past += flat * steps[i];
    }
    bars.forEach((counts, flat) => {
      const colour = flat ? "vermillion" : "blue";
      let d = "", gaps = "";
      counts.forEach((count, k) => {
        if (!count) return;
        const [x0, x1] = [panel.X((END * k) / BINS), panel.X((END * (k + 1)) / BINS)];
        const top = panel.Y(Math.min(count / all, TALLEST));
        d += `M${x0.toFixed(1)} ${panel.Y(0)}V${top.toFixed(1)}H${x1.toFixed(1)}V${panel.Y(0)}z`;
        if (count / all <= TALLEST) return;
        // Taller than the panel: a gap in the bar, and its share in words.
        for (const y of [top + 17, top + 24]) gaps += `M${(x0 - 3).toFixed(1)} ${(y + 3).toFixed(1)}L${(x1 + 3).toFixed(1)} ${(y - 3).toFixed(1)}`;
        panel.pen.say(x1 + 4, top + 11, percent(count / all), { size: 12, halo: true });
      });
      panel.pen.path(d, { fill: colour });
      panel.pen.path(gaps, { stroke: "paper", width: 3 });
    });
    panel.note(1, 0.13, `${percent(past / all)} flat`, { anchor: "end", fill: "vermillion", bold: true });
  }

  function describe({ eps, u, e }, n) {
    const says = SIGNS.map((sign, i) => `${fixed(n.term[i])} for A = ${text(sign)} (${n.flat[i] ? "flat" : "with a gradient"})`);
    return `With ε = ${text(eps)} a step of ratio ${text(u)} counts ${says.join(" and ")}. After ${e} epoch${e === 1 ? "" : "s"} ` +
      `${percent(n.past[0])} of the good steps and ${percent(n.past[1])} of the bad ones have no gradient any more, ` +
      `and the policy has moved by ${fixed(n.kl, 3)} nats.`;
  }
  return { numbers, draw, describe };
};
