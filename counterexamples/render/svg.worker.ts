/**
 * The program that draws, as text: Node 20 cannot start a worker from a `.ts` file, and the
 * drawing has to work from the sources and from the compiled files alike. It gets `{ from, dot
 * }`, where `from` is the module for which graphviz-wasm is looked up, and answers `{ svg }` or
 * `{ error }`.
 *
 * Graphviz prints through `console.warn` as it was when the library was loaded: silenced before
 * that, because standard error belongs to the command line. `layout` is put on the object by
 * `loadWASM`.
 */
export const svgWorker = `
const { createRequire } = require("node:module");
const { pathToFileURL } = require("node:url");
const { parentPort, workerData } = require("node:worker_threads");
console.warn = () => {};
async function draw() {
  const library = createRequire(workerData.from).resolve("graphviz-wasm");
  const { default: graphviz } = await import(pathToFileURL(library).href);
  await graphviz.loadWASM();
  return graphviz.layout(workerData.dot, "svg", "dot");
}
draw().then(
  (svg) => parentPort.postMessage({ svg }),
  (error) => parentPort.postMessage({ error: String((error && error.message) || "") }),
);
`;
