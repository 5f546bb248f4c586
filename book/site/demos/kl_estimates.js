"use strict";
// A policy and its reference on a simplex: three estimates, three losses, two divergences.
window.pgDemos.kl_estimates = ({ constants, uniform, logSoftmax, chosen, sum, clamp, text, fixed }) => {
  const { references, most, stream } = constants, luck = uniform(most, stream), TOKENS = [0, 1, 2];
  const CORNERS = [[0, 0], [1, 0], [0.5, Math.sqrt(0.75)]], REACH = 3;
  const logReference = (reference) => (typeof reference === "string" ? logSoftmax(references[reference], 3) : reference.map(Math.log));
  const place = (pi) => [0, 1].map((i) => sum(TOKENS.map((a) => pi[a] * CORNERS[a][i])));
  const dot = (x, y) => sum(TOKENS.map((a) => x[a] * y[a]));

  function numbers({ za, zb, reference, n }) {
    const own = logSoftmax([za, zb, 0], 3), log = logReference(reference);
    const pi = Array.from(own, Math.exp), ref = Array.from(log, Math.exp);
    const k1 = TOKENS.map((a) => own[a] - log[a]), k2 = k1.map((k) => (k * k) / 2), k3 = k1.map((k) => Math.expm1(-k) + k);
    const k = [k1, k2, k3], loss = [[1, 1, 1], k1, k1.map((each) => -Math.expm1(-each))];
    // The mean of c times the score is c p less the mean of c times the policy; the softmax's derivative follows.
    function step(weighted) {
      const all = sum(weighted), g = TOKENS.map((a) => weighted[a] - all * pi[a]), mean = dot(pi, g);
      return TOKENS.map((a) => -pi[a] * (g[a] - mean));
    }
    const drawn = Array.from({ length: n }, (_, i) => chosen(pi, 0, 3, luck[i]));
    const share = TOKENS.map((a) => drawn.filter((each) => each === a).length / n);
    const estimates = k.map((each) => dot(share, each));
    const errors = k.map((each, i) => Math.sqrt(dot(share, each.map((x) => (x - estimates[i]) ** 2)) / (n - 1)));
    const at = (shares) => loss.map((c) => step(TOKENS.map((a) => shares[a] * c[a])));
    return {
      pi, ref, drawn, estimates, errors,
      values: [dot(pi, k1), ...k.map((each) => dot(pi, each)), dot(ref, k1.map((each) => -each))],
      steps: [step(TOKENS.map((a) => pi[a] * k1[a])), ...at(pi), step(ref.map((each) => -each))],
      sampled: at(share),
    };
  }

  const LOOKS = [[0, "sky", "down the KL"], [4, "orange", "down the other KL"]];
  const LOSSES = [["k₁", "green"], ["k₂", "blue"], ["k₃", "vermillion"]];
  const words = (pi) => Array.from(pi, (p) => fixed(p)).join(", ");

  function draw(pen, { za, zb, n }, x) {
    const { width, wide } = pen, h = wide ? 330 : 270, w = width - 8, low = -0.1, tall = 1.06, broad = (tall * w) / h;
    const map = pen.panel({ x: 4, y: 30, w, h, xlim: [0.5 - broad / 2, 0.5 + broad / 2], ylim: [low, low + tall], title: "Drag the policy, or the grey reference" });
    map.line([0, 1, 0.5, 0], [0, 0, CORNERS[2][1], 0], { stroke: "muted", width: 1, fill: "grid", opacity: 0.5 });
    ["a", "b", "c"].forEach((name, a) => map.say(...CORNERS[a], name, { anchor: "middle", dy: a === 2 ? -7 : 18, bold: true }));

    // Steps of size 2, cut where they would leave the picture.
    const [px, py] = [map.X(place(x.pi)[0]), map.Y(place(x.pi)[1])], most2 = h / 2;
    const arrow = (step) => {
      const [u, v] = place(step), far = [2 * u * (map.X(1) - map.X(0)), 2 * v * (map.Y(1) - map.Y(0))];
      const part = Math.min(1, most2 / (Math.hypot(...far) || 1));
      return [px, py, px + part * far[0], py + part * far[1]];
    };
    LOOKS.forEach(([i, colour]) => pen.arrows([arrow(x.steps[i])], colour, { width: 9, head: 18, opacity: 0.55 }));
    LOSSES.forEach(([, colour], i) => pen.arrows([arrow(x.sampled[i])], colour, { width: 2.5, head: 9 }));
    LOOKS.forEach(([, colour, name], i) => {
      pen.rect(6, 40 + 20 * i, 14, 7, { fill: colour, opacity: 0.7 });
      pen.say(26, 48 + 20 * i, name, { size: 12 });
    });
    LOSSES.forEach(([name, colour], i) => {
      pen.rect(width - 20, 42 + 20 * i, 14, 3, { fill: colour });
      pen.say(width - 26, 48 + 20 * i, `${name} as a loss`, { size: 12, anchor: "end" });
    });
    pen.say(width - 6, 48 + 60, `from ${n} samples`, { size: 12, anchor: "end", fill: "muted" });

    const inverse = (sx, sy) => {
      const c = map.Y.inverse(sy) / CORNERS[2][1], b = map.X.inverse(sx) - c / 2;
      const kept = [1 - b - c, b, c].map((p) => Math.max(p, 0.005)), all = sum(kept);
      return kept.map((p) => p / all);
    };
    const [rx, ry] = place(x.ref);
    pen.handle({
      label: "reference", x: map.X(rx), y: map.Y(ry), fill: "muted", shape: 8, says: `probabilities ${words(x.ref)}`,
      move: (sx, sy) => ({ reference: inverse(sx, sy) }),
      step: (right, up) => ({ reference: inverse(map.X(rx) + 3 * right, map.Y(ry) - 3 * up) }),
    });
    const logit = (p, c) => +clamp(Math.log(p / c), -REACH, REACH).toFixed(3);
    pen.handle({
      label: "policy", x: px, y: py, fill: "ink", shape: 7, region: map, says: `probabilities ${words(x.pi)}`,
      move: (sx, sy) => {
        const [a, b, c] = inverse(sx, sy);
        return { za: logit(a, c), zb: logit(b, c) };
      },
      step: (right, up) => ({ za: za - 0.1 * right - 0.1 * up, zb: zb + 0.1 * right - 0.1 * up }),
    });

    // The estimates beside what they estimate: bars are exact, dots are sampled.
    const y = 30 + h + 34, top = Math.max(1.15, ...x.values.map((v) => v * 1.1)), tall2 = wide ? 110 : 96;
    const bars = pen.panel({ x: 34, y, w: width - 46, h: tall2, xlim: [-0.5, 4.5], ylim: [Math.min(-0.25, ...x.estimates.map((v) => v - 0.1)), top], yticks: [0, 1, 2, 4, 8].filter((v) => v < top && (!v || v > top / 5)), title: wide ? "Values: bars exact, dots from the samples" : "Values: dots from samples", flush: 4 });
    [["KL", "sky", 0], ...LOSSES.map(([name, colour], i) => [name, colour, i + 1]), [wide ? "other KL" : "other", "orange", 4]].forEach(([name, colour, i]) => {
      bars.box(i - 0.3, i + 0.3, 0, x.values[i], { fill: colour, opacity: 0.5 });
      bars.say(i, 0, name, { anchor: "middle", dy: bars.top + tall2 + 16 - bars.Y(0) });
      bars.say(i, 0, fixed(x.values[i]), { anchor: "middle", dy: bars.top + tall2 + 32 - bars.Y(0), size: 12, fill: "muted" });
    });
    bars.line([-0.5, 4.5], [x.values[0], x.values[0]], { stroke: "sky", width: 1.2, dash: "5 4" });
    LOSSES.forEach(([, colour], i) => {
      bars.line([i + 1, i + 1], [x.estimates[i] - 2 * x.errors[i], x.estimates[i] + 2 * x.errors[i]], { stroke: colour, width: 3 });
      bars.ball(i + 1, x.estimates[i], colour, 5);
    });
    pen.height = y + tall2 + 40;
  }

  function describe({ n }, { pi, ref, values, estimates, steps }) {
    const listed = (x) => Array.from(x, (v) => fixed(v, 3)).join(", "), length = (step) => Math.hypot(...step);
    const start = `The policy gives a, b, c the probabilities ${words(pi)}, the reference ${words(ref)}. KL to the reference ${fixed(Math.abs(values[0]), 3)}, the other KL ` +
      `${fixed(Math.abs(values[4]), 3)}; the estimates have the means ${listed(values.slice(1, 4))}, and over ${n} samples ${listed(estimates)}.`;
    if (length(steps[0]) < 1e-12) return `${start} Policy and reference agree: no loss pulls, except that samples of k₁ do.`;
    return `${start} As losses k₁ does nothing on average, k₂ takes the step down the KL, k₃ that down the other one, at a cosine of ` +
      `${fixed(dot(steps[3], steps[0]) / (length(steps[3]) * length(steps[0])), 3)} with the first.`;
  }
  return { numbers, draw, describe };
};
