// Formulas come in, a line each with its options, and their boxes go out. When the build ends, however
// it does, nothing comes in any more, and Node ends, too.
//
// KaTeX writes a box for each step of its work. Of these a page needs those that are placed or drawn
// otherwise than the text around them: half as many, which a browser sets in half the time.

const [library, sheet] = process.argv.slice(2);
const katex = require(library);
const styles = require("fs").readFileSync(sheet, "utf8");
const styled = new Set([...styles.matchAll(/\.([a-zA-Z][\w-]*)/g)].map((match) => match[1]));

// Of a stack of boxes KaTeX makes a table, whose rows say how far it goes above and below the line. So does the
// strut of the whole formula; the stack needs to be as wide as its layers, and to rest on the line.
function stack(table) {
  const [cell] = table.children[0].children;
  cell.style = {};
  for (const layer of cell.children) layer.children = layer.children.map((box) => simple(box, true));
  table.classes = ["vlist-t"];
  table.children = [cell];
}

// A box without a style of its own gives way to what is in it, unless its stack asks for it.
function simple(box, kept = false) {
  if (box.classes) box.classes = box.classes.filter((name) => styled.has(name));
  if (!box.children || box.attributes?.viewBox) return box;
  if (box.classes?.includes("vlist-t")) stack(box);
  else box.children = box.children.flatMap((inner) => simple(inner));
  if (box.classes?.[0] === "msupsub" && box.children.length === 1 && !Object.keys(box.style).length) {
    box.children[0].classes.push("msupsub");
    return box.children[0];
  }
  const own = [box.classes, box.style, box.attributes].flatMap((part) => Object.keys(part || {}));
  return own.length || kept ? box : box.children;
}

// On a telephone a display breaks after a relation or an operator, where KaTeX ends a box of the class base, or after
// the wide space between two formulas: in a bracket only if what stands between the breaks around it is wider than a
// line there, and never at the bar before a condition. The widths are estimates.
const LINE = 18; // em
const SIZES = [0.5, 0.6, 0.7, 0.8, 0.9, 1, 1.2, 1.44, 1.728, 2.074, 2.488];
const has = (box, name) => Boolean(box.classes?.includes(name));
const sum = (numbers) => numbers.reduce((all, each) => all + each, 0);

function width(box) {
  if (box.text !== undefined) return (box.width || 0) * box.text.length + (box.italic || 0);
  const inside = (box.children || []).map(width);
  const [, from, to] = (box.classes || []).join(" ").match(/reset-size(\d+) size(\d+)/) || [0, 1, 1];
  const around = ["marginLeft", "marginRight"].map((side) => parseFloat(box.style?.[side]) || 0);
  const layers = has(box, "vlist") || has(box, "vlist-t");
  return sum(around) + (layers ? Math.max(0, ...inside) : sum(inside)) * (SIZES[to - 1] / SIZES[from - 1]);
}

const DEEPER = { "(": 1, "[": 1, "{": 1, "\u27e8": 1, ")": -1, "]": -1, "}": -1, "\u27e9": -1 };
const deeper = (box) =>
  sum([...(box.text || "")].map((letter) => DEEPER[letter] || 0)) + sum((box.children || []).map(deeper));

// The boxes in groups that no line may break: as few breaks in brackets as there must be.
function groups(boxes, depths) {
  const outside = Math.min(...depths.slice(0, -1));
  const parts = [[]];
  boxes.forEach((box, i) => {
    parts.at(-1).push(i);
    if (depths[i] === outside && i + 1 < boxes.length) parts.push([]);
  });
  return parts.flatMap((part) => {
    const inside = part.map((i) => boxes[i]);
    if (inside.length === 1 || sum(inside.map(width)) <= LINE) return [inside];
    return groups(inside, part.map((i) => depths[i]));
  });
}

const between = (box) => has(box, "mspace") && box.style.marginRight === "2em";
const words = (box) => (box.text || "") + (box.children || []).map(words).join("");

// A box in two at every wide space; each part is as high as the whole.
function divided(box) {
  const [strut, ...rest] = box.children, at = rest.findIndex(between) + 1;
  if (!at || at === rest.length) return [box];
  const part = (children) => Object.assign(Object.create(box), box, { children: [strut, ...children] });
  return [part(rest.slice(0, at)), ...divided(part(rest.slice(at)))];
}

function joined([first, ...others]) {
  first.children.push(...others.flatMap((box) => box.children));
  return first;
}

// Of several formulas each stands whole on a line that holds it.
function formulas(boxes, depths) {
  const ends = boxes.flatMap((box, i) => (depths[i] === 0 && between(box.children.at(-1)) ? [i + 1] : []));
  const places = [...ends.filter((end) => end < boxes.length), boxes.length];
  const parts = places.map((end, n) => [places[n - 1] || 0, end]);
  return parts.flatMap(([start, end]) => {
    const formula = boxes.slice(start, end);
    const whole = parts.length > 1 && sum(formula.map(width)) <= LINE;
    return whole ? [formula] : groups(formula, depths.slice(start, end));
  });
}

function unbroken(whole) {
  const boxes = whole.flatMap(divided).reduce((before, box) => {
    const last = before.at(-1);
    return last && words(last).endsWith("∣") ? [...before.slice(0, -1), joined([last, box])] : [...before, box];
  }, []);
  let depth = 0;
  const depths = boxes.map((box) => (depth = Math.max(0, depth + deeper(box))));
  return formulas(boxes, depths).map(joined);
}

function set(text, options) {
  const tree = katex.__renderToDomTree(text, options);
  const boxes = (node) => (node.classes?.includes("katex-html") ? [node] : (node.children || []).flatMap(boxes));
  for (const whole of boxes(tree)) {
    if (options.displayMode && whole.children.every((box) => has(box, "base"))) whole.children = unbroken(whole.children);
    whole.children = whole.children.flatMap((box) => simple(box));
  }
  // In a page the element says by itself that it is MathML, in an e-reader's XML it must be said.
  const markup = tree.toMarkup();
  return options.output === "mathml" ? markup : markup.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "");
}

require("readline").createInterface({ input: process.stdin }).on("line", (line) => {
  let answer;
  try {
    answer = { html: set(...JSON.parse(line)) };
  } catch (error) {
    answer = { error: String(error) };
  }
  process.stdout.write(`${JSON.stringify(answer)}\n`);
});
