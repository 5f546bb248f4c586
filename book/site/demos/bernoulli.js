"use strict";
// One hill, two balls: vanilla and natural gradient ascent on one decision with two outcomes.
window.pgDemos.bernoulli = ({ constants, linspace, text, fixed }) => {
  const { K } = constants, GAP = 99, METHODS = ["vanilla", "natural"], COLOURS = ["blue", "vermillion"];
  const sigmoid = (x) => 1 / (1 + Math.exp(-x));
  const J = (theta) => 100 * sigmoid(theta) + sigmoid(-theta);
  const slope = (theta) => GAP * sigmoid(theta) * sigmoid(-theta);

  // The vanilla flow: 2 sinh θ + 2θ grows by the distance. As a product, so that nothing cancels.
  function flowed(theta0, distance) {
    let low = 0, high = Math.min(distance / 4, 2 * Math.asinh(distance / 4));
    for (let i = 0; i < 60; i++) {
      const x = (low + high) / 2;
      if (4 * Math.cosh(theta0 + x / 2) * Math.sinh(x / 2) + 2 * x < distance) low = x;
      else high = x;
    }
    return theta0 + (low + high) / 2;
  }

  function numbers({ theta0, eta, k }) {
    const vanilla = [theta0], natural = [theta0];
    for (let i = 0; i < K; i++) {
      vanilla.push(vanilla[i] + eta * slope(vanilla[i]));
      natural.push(natural[i] + eta * GAP);
    }
    const theta = [vanilla, natural], times = linspace(0, K, 61);
    const height = (x) => 2 * Math.sinh(x) + 2 * x;
    return {
      theta,
      J: theta.map((path) => path.map(J)),
      pi: theta.map((path) => path.map(sigmoid)),
      flow: [Array.from(times, (t) => flowed(theta0, GAP * eta * t)), Array.from(times, (t) => theta0 + GAP * eta * t)],
      more: Math.max(height(natural[k]) - height(vanilla[k]), 0) / (GAP * eta),
    };
  }

  const between = (path, t) => {
    const i = Math.min(Math.floor(t), path.length - 1), j = Math.min(i + 1, path.length - 1);
    return path[i] + (t - i) * (path[j] - path[i]);
  };
  const whole = (x) => (x < 10 ? text(x, 2) : Math.round(+x.toPrecision(3)).toLocaleString("en"));

  function draw(pen, { theta0, k }, n, at) {
    const { width: w, wide } = pen, left = 34, right = w - left - 12;
    const hill = pen.panel({
      x: left, y: 30, w: right, h: wide ? 220 : 190, xlim: [-5, 17.5], ylim: [-26, 114],
      xticks: [-4, 0, 4, 8, 12, 16], yticks: [0, 50, 100], xlabel: "θ", title: "J(θ): one hill, two balls", flush: 4,
    });
    hill.curve(J, { stroke: "muted", width: 4, opacity: 0.5 });
    METHODS.forEach((method, i) => {
      const far = between(n.theta[i], at.k), colour = COLOURS[i];
      hill.dots(n.theta[i].slice(0, k + 1), n.J[i].slice(0, k + 1), 3, colour, { opacity: 0.7 });
      hill.ball(far, J(far), colour, 10);
      hill.say(far, J(far), `J = ${fixed(J(far))}`, { fill: colour, ...(i ? { dy: -16, anchor: far > 12 ? "end" : "middle" } : { dx: far > 12 ? -14 : 14, dy: 22, anchor: far > 12 ? "end" : "start" }), bold: true, halo: true });
    });
    if (k) pen.say(w - 12, 21, `vanilla${wide ? " needs about" : ": +"} ${whole(n.more)} ${wide ? "more " : ""}step${n.more === 1 ? "" : "s"}`, { anchor: "end" });
    METHODS.forEach((method, i) => hill.note(0.98, 0.62 + 0.11 * i, method, { anchor: "end", fill: COLOURS[i], bold: true }));
    pen.handle({
      label: "start θ₀, on the hill", x: hill.X(theta0), y: hill.Y(J(theta0)), fill: "ink", shape: 7,
      says: `θ₀ = ${text(theta0)}`, value: theta0, region: hill,
      move: (x) => ({ theta0: +hill.X.inverse(x).toFixed(2) }),
      step: (right, up) => ({ theta0: theta0 + 0.1 * (right + up) }),
    });

    const y = 30 + (wide ? 220 : 190) + 66, half = wide ? (right - 44) / 2 : right, h = wide ? 130 : 110;
    const steps = linspace(0, K, 61), over = { xlim: [-0.5, K + 0.5], xticks: [0, 5, 10, 15] };
    const parameter = pen.panel({
      ...over, x: left, y, w: half, h, ylim: [-5, 17.5], yticks: [0, 8, 16], title: "θ over the steps", flush: 4, xlabel: "step k",
    });
    const chance = pen.panel({
      ...over, x: wide ? left + half + 44 : left, y: wide ? y : y + h + 66, w: half, h, ylim: [-0.06, 1.06],
      yticks: [0, 0.5, 1], title: wide ? "Chance of success, π(1)" : "π(1), the probability of success", xlabel: "step k", flush: wide ? left + half + 14 : 4,
    });
    const shown = Array.from({ length: k + 1 }, (_, i) => i);
    [[parameter, n.flow, n.theta, (x) => x], [chance, n.flow.map((path) => path.map(sigmoid)), n.pi, sigmoid]].forEach(
      ([panel, flow, points]) =>
        METHODS.forEach((method, i) => {
          panel.line(steps, flow[i], { stroke: COLOURS[i], width: 6, opacity: 0.3 });
          panel.dots(shown, points[i].slice(0, k + 1), 3, COLOURS[i]);
          panel.ball(at.k, between(points[i], at.k), COLOURS[i], 6);
        }));
    parameter.note(0.03, 0.14, "θ₀ + 99ηk", { fill: "vermillion" });
    parameter.note(0.97, 0.95, "2 sinh θ + 2θ = 99ηk + c", { fill: "blue", anchor: "end" });
    pen.height = (wide ? y : y + h + 66) + h + 38;
  }

  function describe({ theta0, eta, k }, n) {
    if (!k) return `Before the first step both balls stand at θ = ${text(theta0)}, J = ${fixed(n.J[0][0])}, ${text(100 - n.J[0][0], 2)} below the best.`;
    return `After ${k} step${k > 1 ? "s" : ""} of size η = ${text(eta)} vanilla has J = ${fixed(n.J[0][k])} and natural ${fixed(n.J[1][k])}; ` +
      `vanilla would need about ${whole(n.more)} more steps to catch up.`;
  }
  return { numbers, draw, describe };
};
