/**
 * The program that draws, as text: Node 20 cannot start a worker from a `.ts` file, and the
 * drawing has to work from the sources and from the compiled files alike. Its data is the address
 * of the module for which graphviz-wasm is looked up; to each message, which is a DOT, it answers
 * `"begun"`, and then `{ svg }` or `{ error }`.
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
async function load() {
  const library = createRequire(workerData).resolve("graphviz-wasm");
  const { default: graphviz } = await import(pathToFileURL(library).href);
  await graphviz.loadWASM();
  return graphviz;
}
const loading = load();
parentPort.on("message", (dot) => {
  const drawing = loading.then((graphviz) => {
    parentPort.postMessage("begun");
    return graphviz.layout(dot, "svg", "dot");
  });
  drawing.then(
    (svg) => parentPort.postMessage({ svg }),
    (error) => parentPort.postMessage({ error: String((error && error.message) || "") }),
  );
});
`;
