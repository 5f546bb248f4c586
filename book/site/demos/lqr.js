"use strict";
// The landscape over the two gains of a cart, with the paths of all methods, and the cart beside it.
window.pgDemos.lqr = ({ constants, lattice, contours, linspace, clamp, text }) => {
  const { A, B, Q, W, M0, H, starts, methods, levels, edge, K, farthest, fine, pushed } = constants;
  const [[R]] = constants.R, [[b0], [b1]] = B, COLOURS = ["blue", "orange", "green", "vermillion", "purple"];
  const XLIM = [-7.5, 0.5], YLIM = [-5.5, 0.5], LEAST = 1e-6, HALVINGS = 70;
  const first = ({ start }) => (typeof start === "string" ? starts[start] : start);

  // Symmetric matrices are three numbers [xx, xy, yy]. The world's own, and the closed loop of a gain.
  const [q, w, m0] = [Q, W, M0].map(([[xx, xy], [, yy]]) => [xx, xy, yy]);
  const loop = ([x, y]) => [A[0][0] + b0 * x, A[0][1] + b0 * y, A[1][0] + b1 * x, A[1][1] + b1 * y];
  const inForce = (xx, xy, yy) => R + b0 * (b0 * xx + b1 * xy) + b1 * (b0 * xy + b1 * yy); // G = R + B'PB

  // P with h steps to go, three numbers from 3h on, of the gain that was last asked for.
  const P = new Float64Array(3 * H + 3);
  function toGo([x, y], C) {
    const c00 = C[0], c01 = C[1], c10 = C[2], c11 = C[3];
    for (let i = 0; i < 3 * H; i += 3) {
      const xx = P[i], xy = P[i + 1], yy = P[i + 2];
      const u0 = xx * c00 + xy * c10, u1 = xy * c00 + yy * c10; // the columns of PC
      const v0 = xx * c01 + xy * c11, v1 = xy * c01 + yy * c11;
      P[i + 3] = q[0] + R * x * x + c00 * u0 + c10 * u1;
      P[i + 4] = q[1] + R * x * y + c01 * u0 + c11 * u1;
      P[i + 5] = q[2] + R * y * y + c01 * v0 + c11 * v1;
    }
  }

  // J = -(what it costs without noise in the actions + σ² what that noise costs).
  function costs(gain, C = loop(gain)) {
    toGo(gain, C);
    const last = 3 * H;
    let still = 0, noise = 0;
    for (let i = 0; i < last; i += 3) {
      still += P[i] * w[0] + 2 * P[i + 1] * w[1] + P[i + 2] * w[2];
      noise += inForce(P[i], P[i + 1], P[i + 2]);
    }
    return [still + (P[last] * m0[0] + 2 * P[last + 1] * m0[1] + P[last + 2] * m0[2]), noise];
  }
  const height = ([still, noise], sigma) => -still - sigma * sigma * noise;
  const J = (gain, sigma) => height(costs(gain), sigma);

  // The sums over the steps that every method works with: E M (a row), M, and G M; and J.
  function sums(gain, sigma) {
    const C = loop(gain), J = height(costs(gain, C), sigma), s2 = sigma * sigma;
    const c00 = C[0], c01 = C[1], c10 = C[2], c11 = C[3], EM = [0, 0], all = [0, 0, 0], GM = [0, 0, 0];
    let xx = m0[0], xy = m0[1], yy = m0[2]; // M
    for (let i = 3 * H - 3; i >= 0; i -= 3) {
      const G = inForce(P[i], P[i + 1], P[i + 2]), p = b0 * P[i] + b1 * P[i + 1], v = b0 * P[i + 1] + b1 * P[i + 2];
      const ex = G * gain[0] + p * A[0][0] + v * A[1][0], ey = G * gain[1] + p * A[0][1] + v * A[1][1];
      EM[0] += ex * xx + ey * xy;
      EM[1] += ex * xy + ey * yy;
      all[0] += xx;
      all[1] += xy;
      all[2] += yy;
      GM[0] += G * xx;
      GM[1] += G * xy;
      GM[2] += G * yy;
      const u0 = xx * c00 + xy * c01, u1 = xy * c00 + yy * c01; // the rows of CM
      const v0 = xx * c10 + xy * c11, v1 = xy * c10 + yy * c11;
      xx = c00 * u0 + c01 * u1 + w[0] + s2 * b0 * b0;
      xy = c10 * u0 + c11 * u1 + w[1] + s2 * b0 * b1;
      yy = c10 * v0 + c11 * v1 + w[2] + s2 * b1 * b1;
    }
    return { EM, M: all, GM, J };
  }
  // x of Sx = right, by elimination with a pivot.
  function against([xx, xy, yy], [f, g]) {
    if (Math.abs(xy) > Math.abs(xx)) return upper(xy, yy, g, xx, xy, f);
    return upper(xx, xy, f, xy, yy, g);
  }
  function upper(a, b, f, c, d, g) {
    const part = c / a, y = (g - part * f) / (d - part * b);
    return [(f - b * y) / a, y];
  }
  const kl = ([x, y], M, sigma) => (x * x * M[0] + 2 * x * y * M[1] + y * y * M[2]) / (2 * sigma * sigma);
  const priced = ({ EM, M, GM }, price) =>
    against([GM[0] + price * M[0], GM[1] + price * M[1], GM[2] + price * M[2]], [-EM[0], -EM[1]]);

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
  // The gains of a method, and the J of each.
  function path(name, knob, start, sigma) {
    const gains = [start], heights = [];
    for (let k = 0; k < K; k++) {
      const S = sums(gains[k], sigma), d = STEPS[name](S, sigma, knob);
      heights.push(S.J);
      gains.push(gains[k].map((each, i) => Math.round(clamp(each + d[i], -farthest, farthest) * fine) / fine));
    }
    heights.push(J(gains[K], sigma));
    return { gains, heights };
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
    (summit.sigma === sigma ? summit : (summit = { sigma, gain: path("policy iteration", 0, starts["stiff cart"], sigma).gains[K] })).gain;

  function numbers(values) {
    const { sigma, eta, delta, lam, k } = values, start = first(values), top = best(sigma), most = J(top, sigma);
    const found = { best: top, cart: drive(start) };
    [eta, delta, lam, delta, 0].forEach((knob, i) => {
      const name = methods[i], { gains, heights } = path(name, knob, start, sigma);
      found[name] = gains;
      found[`${name} lacks`] = heights.map((each) => most - each);
      found[`${name} cart`] = drive(gains[k]);
    });
    return found;
  }

  // The ground is the same for all σ but for one factor. Of each of its lines, the path and where its level stands:
  // they change with σ and with the size of the map.
  let lattices, lines = {};
  function ground(plane, sigma) {
    const key = `${sigma},${plane.w},${plane.h}`;
    if (lines.key === key) return lines.drawn;
    const most = J(best(sigma), sigma);
    lattices ??= [0, 1].map((i) => lattice((x, y) => costs([x, y])[i], XLIM, YLIM, 56, 42));
    const [still, noise] = lattices, z = still.z.map((each, i) => most + each + sigma * sigma * noise.z[i]);
    const drawn = contours({ ...still, z }, levels).map(({ level, segments }) => {
      const seen = segments.filter(([x, y]) => x > -6.9 && y > -5.2);
      return { level, d: plane.pieces(segments), lowest: seen.length ? seen.reduce((one, other) => (other[0] < one[0] ? other : one)) : null };
    });
    lines = { key, drawn };
    return drawn;
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
    const drawn = ground(plane, values.sigma);
    drawn.forEach(({ d }, i) => pen.path(d, { stroke: "muted", width: 1, opacity: 0.9 - 0.15 * i }));
    for (const { level, lowest } of drawn)
      if (lowest) plane.say(...lowest.slice(0, 2), text(level), { size: 11, fill: "muted", anchor: "middle", halo: true });
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
      flush: pen.wide ? box.x - 30 : 4, title: "Cart’s velocity", xlabel: "position",
    });
    phase.line(column(start, 0), column(start, 1), { stroke: "ink", width: 1.2, dash: "5 4" });
    ways.forEach((way, i) => phase.line(column(way, 0), column(way, 1), { stroke: COLOURS[i], width: 1.8 }));
    pen.dot(phase.X(pushed[0]), phase.Y(pushed[1]), 4.5, "ink");
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
