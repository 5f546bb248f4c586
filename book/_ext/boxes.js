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

function set(text, options) {
  const tree = katex.__renderToDomTree(text, options);
  const boxes = (node) => (node.classes?.includes("katex-html") ? [node] : (node.children || []).flatMap(boxes));
  for (const whole of boxes(tree)) whole.children = whole.children.flatMap((box) => simple(box));
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
