"use strict";
// The landscape over the two gains of a cart, with the paths of all methods, and the cart beside it.
window.pgDemos.lqr = ({ constants, contours, linspace, solve, clamp, text }) => {
  const { A, B, Q, W, M0, H, starts, methods, levels, edge, K, farthest, fine, pushed } = constants;
  const [[R]] = constants.R, [[b0], [b1]] = B, COLOURS = ["blue", "orange", "green", "vermillion", "purple"];
  const XLIM = [-7.5, 0.5], YLIM = [-5.5, 0.5], LEAST = 1e-6, HALVINGS = 70;
  const first = ({ start }) => (typeof start === "string" ? starts[start] : start);

  // Symmetric matrices are three numbers [xx, xy, yy]. The world's own, and the closed loop of a gain.
  const [q, w, m0] = [Q, W, M0].map(([[xx, xy], [, yy]]) => [xx, xy, yy]);
  const trace = (x, y) => x[0] * y[0] + 2 * x[1] * y[1] + x[2] * y[2];
  const loop = ([x, y]) => [A[0][0] + b0 * x, A[0][1] + b0 * y, A[1][0] + b1 * x, A[1][1] + b1 * y];
  const inForce = (P) => R + b0 * (b0 * P[0] + b1 * P[1]) + b1 * (b0 * P[1] + b1 * P[2]); // G = R + B'PB

  // P_h from P_{h+1}, and M_{h+1} from M_h.
  function before(P, [x, y], [c00, c01, c10, c11]) {
    const u0 = P[0] * c00 + P[1] * c10, u1 = P[1] * c00 + P[2] * c10; // the columns of PC
    const v0 = P[0] * c01 + P[1] * c11, v1 = P[1] * c01 + P[2] * c11;
    return [q[0] + R * x * x + c00 * u0 + c10 * u1, q[1] + R * x * y + c01 * u0 + c11 * u1, q[2] + R * y * y + c01 * v0 + c11 * v1];
  }
  function after(M, [c00, c01, c10, c11], s2) {
    const u0 = M[0] * c00 + M[1] * c01, u1 = M[1] * c00 + M[2] * c01; // the rows of CM
    const v0 = M[0] * c10 + M[1] * c11, v1 = M[1] * c10 + M[2] * c11;
    return [
      c00 * u0 + c01 * u1 + w[0] + s2 * b0 * b0, c10 * u0 + c11 * u1 + w[1] + s2 * b0 * b1,
      c10 * v0 + c11 * v1 + w[2] + s2 * b1 * b1,
    ];
  }

  // J = -(what it costs without noise in the actions + σ² what that noise costs).
  function costs(gain) {
    const C = loop(gain);
    let P = [0, 0, 0], still = 0, noise = 0;
    for (let h = 0; h < H; h++) {
      still += trace(P, w);
      noise += inForce(P);
      P = before(P, gain, C);
    }
    return [still + trace(P, m0), noise];
  }
  const J = (gain, sigma) => {
    const [still, noise] = costs(gain);
    return -still - sigma * sigma * noise;
  };

  // The sums over the steps that every method works with: E M (a row), M, and G M.
  function sums(gain, sigma) {
    const C = loop(gain), values = [[0, 0, 0]], EM = [0, 0], all = [0, 0, 0], GM = [0, 0, 0];
    for (let h = 1; h < H; h++) values.push(before(values[h - 1], gain, C));
    for (let h = 0, M = m0; h < H; h++, M = after(M, C, sigma * sigma)) {
      const P = values[H - 1 - h], G = inForce(P), BP = [b0 * P[0] + b1 * P[1], b0 * P[1] + b1 * P[2]];
      const E = [0, 1].map((j) => G * gain[j] + BP[0] * A[0][j] + BP[1] * A[1][j]);
      EM[0] += E[0] * M[0] + E[1] * M[1];
      EM[1] += E[0] * M[1] + E[1] * M[2];
      for (let i = 0; i < 3; i++) {
        all[i] += M[i];
        GM[i] += G * M[i];
      }
    }
    return { EM, M: all, GM };
  }
  const against = (S, right) => solve([[S[0], S[1]], [S[1], S[2]]], right);
  const kl = ([x, y], M, sigma) => (x * x * M[0] + 2 * x * y * M[1] + y * y * M[2]) / (2 * sigma * sigma);
  const priced = ({ EM, M, GM }, price) => against(GM.map((each, i) => each + price * M[i]), [-EM[0], -EM[1]]);

  const STEPS = {
    gradient: ({ EM }, sigma, eta) => EM.map((each) => -2 * eta * each),
    "natural step": ({ EM, M }, sigma, delta) => {
      const x = against(M, [-EM[0], -EM[1]]), reach = kl(x, M, sigma);
      return x.map((each) => (reach > 0 ? Math.sqrt(delta / reach) * each : 0));
    },
    penalty: (S, sigma, lam) => priced(S, lam / (2 * sigma * sigma)),
    "trust region": (S, sigma, delta) => {
      const within = (price) => kl(priced(S, price), S.M, sigma) <= delta;
      if (within(0)) return priced(S, 0);
      let low = -50, high = 50; // of the logarithm of the price, halved to the last digit
      for (let i = 0; i < HALVINGS; i++) {
        const middle = (low + high) / 2;
        if (within(Math.exp(middle))) high = middle;
        else low = middle;
      }
      return priced(S, Math.exp(high));
    },
    "policy iteration": (S) => priced(S, 0),
  };
  function path(name, knob, start, sigma) {
    const gains = [start];
    for (let k = 0; k < K; k++) {
      const d = STEPS[name](sums(gains[k], sigma), sigma, knob);
      gains.push(gains[k].map((each, i) => Math.round(clamp(each + d[i], -farthest, farthest) * fine) / fine));
    }
    return gains;
  }
  function drive(gain) {
    const [c00, c01, c10, c11] = loop(gain), way = [pushed];
    for (let h = 0; h < H; h++) {
      const [x, v] = way[h];
      way.push([c00 * x + c01 * v, c10 * x + c11 * v]);
    }
    return way;
  }
  let summit = {};
  const best = (sigma) =>
    (summit.sigma === sigma ? summit : (summit = { sigma, gain: path("policy iteration", 0, starts["stiff cart"], sigma)[K] })).gain;

  function numbers(values) {
    const { sigma, eta, delta, lam, k } = values, start = first(values), top = best(sigma), most = J(top, sigma);
    const found = { best: top, cart: drive(start) };
    [eta, delta, lam, delta, 0].forEach((knob, i) => {
      const name = methods[i], gains = path(name, knob, start, sigma);
      found[name] = gains;
      found[`${name} lacks`] = gains.map((gain) => most - J(gain, sigma));
      found[`${name} cart`] = drive(gains[k]);
    });
    return found;
  }

  // The ground is the same for all σ but for one factor.
  const grounds = new Map();
  let lines = {};
  function ground(sigma) {
    if (lines.sigma === sigma) return lines.drawn;
    const most = J(best(sigma), sigma);
    const lack = (x, y) => {
      const place = x + 1000 * y;
      if (!grounds.has(place)) grounds.set(place, costs([x, y]));
      const [still, noise] = grounds.get(place);
      return most + still + sigma * sigma * noise;
    };
    lines = { sigma, drawn: contours(lack, XLIM, YLIM, 56, 42, levels) };
    return lines.drawn;
  }

  const MARKS = {
    gradient: (x, y, r) => `M${x - r} ${y}a${r} ${r} 0 1 0 ${2 * r} 0a${r} ${r} 0 1 0 ${-2 * r} 0z`,
    "natural step": (x, y, r) => `M${x - r} ${y - r}h${2 * r}v${2 * r}h${-2 * r}z`,
    penalty: (x, y, r) => `M${x - r} ${y + 0.8 * r}h${2 * r}L${x} ${y - r}z`,
    "trust region": (x, y, r) => `M${x - r} ${y - 0.8 * r}h${2 * r}L${x} ${y + r}z`,
    "policy iteration": (x, y, r) => `M${x} ${y - 1.2 * r}l${1.2 * r} ${1.2 * r}l${-1.2 * r} ${1.2 * r}l${-1.2 * r} ${-1.2 * r}z`,
  };
  const mark = (pen, i, x, y, r = 5.5) =>
    pen.path(MARKS[methods[i]](+x.toFixed(1), +y.toFixed(1), r), { fill: COLOURS[i], stroke: "paper", width: 1.2 });
  const star = (x, y, r) => {
    const corners = Array.from({ length: 10 }, (_, i) => {
      const far = i % 2 ? 0.4 * r : r, turn = (Math.PI * i) / 5;
      return `${(x + far * Math.sin(turn)).toFixed(1)} ${(y - far * Math.cos(turn)).toFixed(1)}`;
    });
    return `M${corners.join("L")}z`;
  };
  const column = (rows, i) => rows.map((row) => row[i]);
  const few = (x) => (x < LEAST ? "< 10⁻⁶" : x < 1e-3 ? tiny(x) : x < 1e4 ? text(x, 2) : "> 10⁴");
  const tiny = (x) => {
    const power = Math.floor(Math.log10(x));
    return `${Math.round(x / 10 ** power)} · 10⁻${"⁰¹²³⁴⁵⁶⁷⁸⁹"[-power]}`;
  };

  function draw(pen, values, n, at) {
    const { width, wide } = pen, start = first(values), k = values.k, part = at.k - Math.floor(at.k);
    const between = (gains) => gains[k].map((x, i) => x + part * (gains[Math.min(k + 1, K)][i] - x));
    const w0 = wide ? Math.round(0.54 * width) : width - 46, h0 = wide ? 286 : 196;
    const plane = pen.panel({
      x: 34, y: 30, w: w0, h: h0, xlim: XLIM, ylim: YLIM, xticks: [-6, -4, -2, 0], yticks: [-4, -2, 0], flush: 4,
      title: "Two gains: drag the start", xlabel: "spring Θ₁; upwards brake Θ₂",
    });
    ground(values.sigma).forEach(({ segments }, i) => {
      const d = segments.map(([x, y, X, Y]) =>
        `M${plane.X(x).toFixed(1)} ${plane.Y(y).toFixed(1)}L${plane.X(X).toFixed(1)} ${plane.Y(Y).toFixed(1)}`);
      pen.path(d.join(""), { stroke: "muted", width: 1, opacity: 0.9 - 0.15 * i });
    });
    labelLevels(plane, ground(values.sigma));
    plane.line(column([edge[1], edge[0], edge[2]], 0), column([edge[1], edge[0], edge[2]], 1), { stroke: "ink", width: 1.2, dash: "5 4" });
    plane.note(0.02, 0.1, "unstable loop", { size: 12, fill: "muted", halo: true });
    methods.forEach((name, i) => {
      plane.line(column(n[name], 0), column(n[name], 1), { stroke: COLOURS[i], width: 1.5, opacity: 0.4 });
      const gone = [...n[name].slice(0, k + 1), between(n[name])];
      plane.line(column(gone, 0), column(gone, 1), { stroke: COLOURS[i], width: 2 });
      plane.dots(column(gone.slice(0, -1), 0), column(gone.slice(0, -1), 1), 2.2, COLOURS[i]);
    });
    pen.path(star(plane.X(n.best[0]), plane.Y(n.best[1]), 12), { fill: "ink", stroke: "paper", width: 1 });
    if (k || part) methods.forEach((name, i) => {
      const [x, y] = between(n[name]).map((each, j) => (j ? plane.Y : plane.X)(each));
      if (plane.inside(x, y)) mark(pen, i, x, y);
    });
    const put = (x, y) => ({ start: [clamp(x, -7.2, 0.2), clamp(y, -5.2, 0.2)].map((each) => +each.toFixed(3)) });
    pen.handle({
      label: "start: spring and brake", x: plane.X(start[0]), y: plane.Y(start[1]), fill: "ink", shape: 7, region: plane,
      says: `Θ = (${text(start[0])}, ${text(start[1])})`,
      move: (px, py) => put(plane.X.inverse(px), plane.Y.inverse(py)), step: (right, up) => put(start[0] + 0.1 * right, start[1] + 0.1 * up),
    });

    // With more, the cart stands beside the map, on a telephone below it.
    const low = 30 + h0 + 62, side = wide ? 34 + w0 + 48 : 34;
    if (pen.more) {
      const ways = k || part ? methods.map((name) => (part ? drive(between(n[name])) : n[`${name} cart`])) : [];
      drawCart(pen, n.cart, ways, { x: side, y: wide ? 30 : low, w: (wide ? width - 8 : 0.5 * width - 14) - side, h: wide ? 134 : 96 });
    }
    const left = wide || !pen.more ? 56 : 0.5 * width + 40;
    const lacks = pen.panel({
      x: left, y: low, w: width - left - 12, h: wide ? 104 : 96, xlim: [0, K], ylim: [LEAST / 3, 1e3], ylog: true,
      xticks: [0, 10, 20], yticks: wide ? [1e-4, 0.01, 1, 100] : [1e-4, 1], flush: left > 56 ? left - 40 : 4,
      title: left > 56 ? "Lack of J" : "What J lacks of the best gain", xlabel: "steps",
    });
    const steps = linspace(0, K, K + 1);
    methods.forEach((name, i) => {
      const y = n[`${name} lacks`].map((x) => Math.max(x, LEAST)), now = y[k] * (y[Math.min(k + 1, K)] / y[k]) ** part;
      lacks.line(steps, y, { stroke: COLOURS[i], width: 1.5, opacity: 0.4 });
      lacks.line([...steps.slice(0, k + 1), k + part], [...y.slice(0, k + 1), now], { stroke: COLOURS[i] });
      mark(pen, i, lacks.X(k + part), clamp(lacks.Y(now), low, low + lacks.h), 4.5);
    });
    pen.height = wide ? low + 104 + 38 : low + 96 + 38 + 86;
    drawKey(pen, n, k, wide ? { x: side - 30, y: pen.more ? 30 + 134 + 56 : 38, columns: 1 } : { x: 4, y: low + 96 + 54, columns: 2 });
  }

  // Position and velocity of the cart: under the start, dashed, and under the gain of each method.
  function drawCart(pen, start, ways, box) {
    const phase = pen.panel({
      ...box, xlim: [-0.5, 1.15], ylim: [-1.6, 0.6], xticks: [0, 1], yticks: [-1, 0],
      flush: pen.wide ? box.x - 30 : 4, title: "Cart's velocity", xlabel: "position",
    });
    phase.line(column(start, 0), column(start, 1), { stroke: "ink", width: 1.2, dash: "5 4" });
    ways.forEach((way, i) => phase.line(column(way, 0), column(way, 1), { stroke: COLOURS[i], width: 1.8 }));
    pen.dot(phase.X(pushed[0]), phase.Y(pushed[1]), 4.5, "ink");
  }

  // Each line with its number, where it is lowest on the map.
  function labelLevels(plane, drawn) {
    drawn.forEach(({ level, segments }) => {
      const seen = segments.filter(([x, y]) => x > -6.9 && y > -5.2);
      if (!seen.length) return;
      const [x, y] = seen.reduce((one, other) => (other[0] < one[0] ? other : one));
      plane.say(x, y, text(level), { size: 11, fill: "muted", anchor: "middle", halo: true });
    });
  }

  // The marks, their names, and what each method lacks now.
  function drawKey(pen, n, k, { x, y, columns }) {
    const room = (pen.width - x - 4) / columns;
    pen.say(x, y - 6, `${columns > 1 ? "Lacks" : "What J lacks"} at step ${k}`, { size: 12, fill: "muted" });
    methods.forEach((name, i) => {
      const at = x + room * (i % columns), down = y + 18 + (columns > 1 ? 20 : 23) * Math.floor(i / columns);
      mark(pen, i, at + 7, down - 4, 5);
      pen.say(at + 18, down, columns > 1 ? name.replace("policy iteration", "policy it.") : name, { size: 12 });
      pen.say(at + room - (columns > 1 ? 10 : 4), down, few(n[`${name} lacks`][k]), { size: 12, anchor: "end" });
    });
  }

  function describe(values, n) {
    const { sigma, k } = values, start = first(values);
    const lacking = methods.map((name) => {
      const [now, last] = [k, K].map((step) => few(n[`${name} lacks`][step]));
      return `${name} ${now} and ${last}`;
    });
    return `From the gain (${start.map((x) => text(x)).join(", ")}) with σ = ${text(sigma)}; the best is (${n.best.map((x) => text(x)).join(", ")}). ` +
      `What J lacks of it after ${k} and after ${K} steps: ${lacking.join("; ")}.`;
  }
  return { numbers, draw, describe };
};
