/**
 * A state graph in DOT, ranked from the initial states down; the counterexample's path stands
 * out.
 */
import { type Attributes, htmlEscape, PLAIN_TABLE, quote } from "./dot-draw.ts";
import { COLOR } from "./dot-style.ts";
import { ascii, shorten } from "./text.ts";

export interface GraphState {
  /** What to write into the state. */
  lines: string[];
  initial: boolean;
  /** Name of the property that is false here. */
  broken?: string;
}

export interface GraphEdge {
  /** Positions in the list of states. */
  from: number;
  to: number;
  process: string;
  label: string;
  /** Name of the property or rule that this step violates. */
  broken?: string;
}

export interface StateGraph {
  name: string;
  states: GraphState[];
  edges: GraphEdge[];
  /** Positions of the states of the counterexample, in order; empty without one. */
  path: number[];
  /** False when a limit cut the graph off. */
  complete: boolean;
}

const MOST_LINES = 12;
const WIDEST = 40;

export function graphToDot(graph: StateGraph): string {
  const { states, edges, path } = graph;
  const steps = new Set(path.slice(1).map((to, i) => `${path[i]} ${to}`));
  const onPath = new Set(path);
  const cut = graph.complete ? "" : ", cut off";
  const title = `${graph.name}: ${states.length} states, ${edges.length} transitions${cut}`;
  const lines = [
    "digraph states {",
    `  graph [rankdir=TB, label=${quote(title)}, labelloc=t, labeljust=l, fontname="Courier"]`,
    '  node [shape=box, style=filled, fillcolor=white, fontname="Courier", fontsize=9]',
    '  edge [fontname="Courier", fontsize=8, arrowsize=0.6]',
    ...states.map((state, id) => stateLine(state, id, onPath.has(id))),
    ...edges.map((edge) => edgeLine(edge, steps.has(`${edge.from} ${edge.to}`))),
    "}",
  ];
  return `${lines.join("\n")}\n`;
}

/** Initial: bold frame. On the path: tinted. Violating: dark, so that it stands out in grey too. */
function stateLine(state: GraphState, id: number, onPath: boolean): string {
  const look: Attributes = {};
  if (state.initial) look.penwidth = 2.2;
  if (onPath) Object.assign(look, { fillcolor: COLOR.cause, color: COLOR.causeLine });
  if (state.broken !== undefined) {
    Object.assign(look, { fillcolor: COLOR.bad, color: COLOR.badLine, fontcolor: COLOR.onDark });
  }
  const shown = state.lines.slice(0, MOST_LINES);
  if (shown.length < state.lines.length)
    shown.push(`and ${state.lines.length - shown.length} more`);
  const rows = shown.map((l) => row(shorten(ascii(l), WIDEST)));
  const head =
    state.broken === undefined ? `state ${id}` : `state ${id}: violates ${ascii(state.broken)}`;
  const cells = [row(head, true), ...rows].join("");
  const label = `<table ${PLAIN_TABLE}>${cells}</table>`;
  return `  s${id} [label=<${label}>${attributes(look)}]`;
}

function row(text: string, bold = false): string {
  const cell = htmlEscape(text === "" ? " " : text);
  return `<tr><td align="left">${bold ? `<b>${cell}</b>` : cell}</td></tr>`;
}

function edgeLine(edge: GraphEdge, onPath: boolean): string {
  const look: Attributes = {};
  if (onPath) Object.assign(look, { color: COLOR.causeLine, penwidth: 2.4 });
  if (edge.broken !== undefined) Object.assign(look, { color: COLOR.bad, style: "bold,dashed" });
  const text = `${ascii(edge.process)}\n${shorten(ascii(edge.label), WIDEST)}`;
  const label = text
    .split("\n")
    .map((l) => quote(l).slice(1, -1))
    .join("\\n");
  return `  s${edge.from} -> s${edge.to} [label="${label}"${attributes(look)}]`;
}

function attributes(look: Attributes): string {
  return Object.entries(look)
    .map(([key, value]) => `, ${key}=${typeof value === "number" ? value : quote(value)}`)
    .join("");
}
