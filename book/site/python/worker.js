// Python in a worker: CPython as WebAssembly, its files in memory. `tools/runtime.py` puts this text
// behind the WASI shim and hands both to the page as one string, since a worker that was read from a
// disk may load nothing itself.

"use strict";

const ROOT = "/usr/local/lib";
const { WASI, File, OpenFile, ConsoleStdout, PreopenDirectory, Directory } = wasiShim;
let python = null; // the instance, once it has booted
const desk = new Map(); // where a cell's outputs and the reader's progress are left: /desk/*.json
const lib = new Map(); // the archives that Python imports from

const say = (kind, value) => postMessage({ kind, value });

// The parts of Python as they arrive: gzip in base64. Each is unpacked while others are read.
const parts = {};
for (const name of ["engine", "library", "data", "book", "science"]) parts[name] = Promise.withResolvers();

async function unpacking(name) {
  const text = await parts[name].promise;
  const bytes = Uint8Array.fromBase64
    ? Uint8Array.fromBase64(text)
    : Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
  return new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
}

async function inflated(name) {
  return new Uint8Array(await new Response(await unpacking(name)).arrayBuffer());
}

// Compiled while it is unpacked, and kept by the page for the next start.
async function compiled() {
  const headers = { "Content-Type": "application/wasm" };
  const module = await WebAssembly.compileStreaming(new Response(await unpacking("engine"), { headers }));
  say("module", module);
  return module;
}

// The files of an archive whose entries are stored, not compressed: name -> bytes.
function unpacked(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const files = new Map();
  let end = bytes.length - 22;
  while (view.getUint32(end, true) !== 0x06054b50) end -= 1;
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left -= 1) {
    const size = view.getUint32(at + 24, true);
    const [name, extra, comment] = [28, 30, 32].map((place) => view.getUint16(at + place, true));
    const header = view.getUint32(at + 42, true);
    const start = header + 30 + view.getUint16(header + 26, true) + view.getUint16(header + 28, true);
    const path = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + name));
    if (!path.endsWith("/")) files.set(path, bytes.subarray(start, start + size));
    at += 46 + name + extra + comment;
  }
  return files;
}

function folder(files) {
  const root = new Map();
  for (const [path, bytes] of files) {
    const parts = path.split("/");
    const name = parts.pop();
    let place = root;
    for (const part of parts) {
      if (!place.has(part)) place.set(part, new Directory(new Map()));
      place = place.get(part).contents;
    }
    place.set(name, new File(bytes, { readonly: true }));
  }
  return root;
}

// The descriptors that Python opens with: its library is an archive, but matplotlib's data are files.
function descriptors(data, book) {
  const open = (path, contents) => new PreopenDirectory(path, contents);
  const empty = () => new Directory(new Map());
  const console_ = () => new ConsoleStdout(() => {}); // what a cell prints, the prelude collects
  return [
    new OpenFile(new File([])),
    console_(),
    console_(),
    open(ROOT, lib),
    open(`${ROOT}/python315.zip/matplotlib/mpl-data`, folder(data)),
    open("/book", folder(book)),
    open("/desk", desk),
    open("/", new Map([["tmp", empty()], ["usr", empty()]])),
  ];
}

async function start({ module, prelude }) {
  const made = [module ?? compiled(), ...["library", "data", "book"].map(inflated)];
  const [engine, archive, files, ours] = await Promise.all(made);
  lib.set("python315.zip", new File(archive, { readonly: true }));
  const environment = ["TMPDIR=/tmp", "HOME=/tmp", "MPLBACKEND=module://_pg_backend", "MPLCONFIGDIR=/tmp", "PYTHONTZPATH="];
  const wasi = new WASI(
    ["python"],
    [...environment, "PGCOMPANION_PROGRESS=/desk/progress.json"],
    descriptors(unpacked(files), unpacked(ours)),
    { debug: false },
  );
  const imports = { ...wasi.wasiImport };
  const { fd_fdstat_get } = imports;
  imports.fd_fdstat_get = (fd, place) => {
    const answer = fd_fdstat_get(fd, place);
    // The shim reports no rights, and /tmp would look as if nothing could be written there.
    const view = new DataView(python.exports.memory.buffer);
    if (answer === 0) for (const at of [8, 16]) view.setBigUint64(place + at, ~0n, true);
    return answer;
  };
  const NOT_SUPPORTED = 52;
  for (const { module: from, name } of WebAssembly.Module.imports(engine)) {
    if (from === "wasi_snapshot_preview1" && !imports[name]) imports[name] = () => NOT_SUPPORTED;
  }
  python = await WebAssembly.instantiate(engine, {
    wasi_snapshot_preview1: imports,
    host: { call: () => -1 },
  });
  wasi.inst = python;
  python.exports._initialize();
  turn(prelude);
  say("done", null);
}

function turn(source) {
  const bytes = new TextEncoder().encode(source);
  const place = python.exports.host_alloc(bytes.length) >>> 0;
  new Uint8Array(python.exports.memory.buffer).set(bytes, place);
  return python.exports.turn(place, bytes.length);
}

// SciPy, for the first cell that uses it: one archive more to import from.
async function extend() {
  lib.set("science.zip", new File(await inflated("science"), { readonly: true }));
  turn(`sys.path.append("${ROOT}/science.zip")`);
  say("done", null);
}

// A cell's source, and the progress that the page knows: another window may have added to it.
function run({ run: source, progress: known }) {
  desk.clear();
  if (known) desk.set("progress.json", new File(new TextEncoder().encode(known)));
  const status = turn(`_pg_run(${JSON.stringify(source)})`);
  const [outputs, progress] = ["outputs.json", "progress.json"].map((name) => {
    const file = desk.get(name);
    return file && new TextDecoder().decode(file.data);
  });
  if (!outputs) throw new Error(`Python ended (${status}).`);
  return { outputs: JSON.parse(outputs), progress };
}

onmessage = async ({ data }) => {
  try {
    if (data.part) parts[data.part.name].resolve(data.part.text);
    else if (data.start) await start(data.start);
    else if (data.extend) await extend();
    else say("done", run(data));
  } catch (error) {
    const full = error instanceof RangeError || /memory/i.test(String(error));
    say("dead", full ? "This browser has not enough memory left for Python." : String(error));
  }
};
