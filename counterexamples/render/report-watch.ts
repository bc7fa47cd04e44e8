/**
 * Watch expressions of the report: a small evaluator, because the page may not run text as code.
 * Cells, numbers and names, compared with == != < <= > >=, joined with && || => ! and brackets,
 * `? :`.
 */
export const REPORT_WATCH = String.raw`
function tokens(text, names) {
  const out = [];
  let rest = text;
  while ((rest = rest.trimStart()) !== '') {
    const bounded = (n) => rest.startsWith(n) && !/^[\w[.]/.test(rest.slice(n.length));
    const cell = names.find(bounded);
    const m = /^(=>|==|!=|<=|>=|&&|\|\||[-+!<>()?:]|\d+|[A-Za-z_][\w.\[\]]*)/.exec(rest);
    const token = cell || (m && m[0]);
    if (!token) throw new Error('cannot read ' + rest.slice(0, 10));
    out.push({ text: token, cell: cell !== undefined });
    rest = rest.slice(token.length);
  }
  return out;
}

const LEVELS = [['=>'], ['||'], ['&&'], ['==', '!=', '<', '<=', '>', '>='], ['+', '-']];

function parse(list) {
  let at = 0;
  const peek = () => (list[at] ? list[at].text : '');
  const expect = (t) => {
    if (peek() !== t) throw new Error('expected ' + t);
    at++;
  };
  const atom = () => {
    const t = list[at++];
    if (!t) throw new Error('the expression ends too early');
    if (t.text === '!') {
      const arg = atom();
      return (s) => !truth(arg(s));
    }
    if (t.text === '(') {
      const inner = choice();
      expect(')');
      return inner;
    }
    if (t.cell) return (s) => value(s.get(t.text));
    if (!/^[\w]/.test(t.text)) throw new Error('unexpected ' + t.text);
    const fixed = value(t.text);
    return () => fixed;
  };
  const level = (n) => {
    if (n === LEVELS.length) return atom();
    let left = level(n + 1);
    while (LEVELS[n].includes(peek())) {
      const op = list[at++].text;
      const [a, b] = [left, level(op === '=>' ? n : n + 1)];
      left = (s) => apply(op, a(s), () => b(s));
    }
    return left;
  };
  const choice = () => {
    const cond = level(0);
    if (peek() !== '?') return cond;
    at++;
    const yes = choice();
    expect(':');
    const no = choice();
    return (s) => (truth(cond(s)) ? yes(s) : no(s));
  };
  const whole = choice();
  if (at < list.length) throw new Error('unexpected ' + peek());
  return whole;
}

function value(text) {
  if (text === 'true' || text === 'false') return text === 'true';
  return /^-?\d+$/.test(text) ? Number(text) : text;
}

function truth(v) {
  if (typeof v !== 'boolean') throw new Error(v + ' is neither true nor false');
  return v;
}

function apply(op, a, b) {
  switch (op) {
    case '=>': return !truth(a) || truth(b());
    case '||': return truth(a) || truth(b());
    case '&&': return truth(a) && truth(b());
    case '==': return a === b();
    case '!=': return a !== b();
    case '<': return a < b();
    case '<=': return a <= b();
    case '>': return a > b();
    case '>=': return a >= b();
    case '+': return a + b();
    case '-': return a - b();
    default: throw new Error('no operator ' + op);
  }
}

/* An index may be a cell itself, folio[mm.pte[page0].frame].data: the inner one first. */
function resolve(text, state, names) {
  for (let round = 0; round < 4; round++) {
    let changed = false;
    for (const name of names) {
      const inner = '[' + name + ']';
      if (!text.includes(inner)) continue;
      text = text.split(inner).join('[' + state.get(name) + ']');
      changed = true;
    }
    if (!changed) break;
  }
  return text;
}

function watchValue(text, state) {
  try {
    const names = [...state.keys()].sort((a, b) => b.length - a.length);
    return String(parse(tokens(resolve(text, state, names), names))(state));
  } catch (error) {
    return '? ' + error.message;
  }
}

function drawWatches() {
  const rows = watches.map((text, i) => {
    const tr = make('tr');
    const before = watchValue(text, states[Math.max(0, current - 1)]);
    const now = watchValue(text, states[current]);
    if (current > 0 && before !== now) tr.className = 'hot';
    const drop = make('button', '', 'x');
    drop.title = 'remove';
    drop.onclick = () => {
      watches.splice(i, 1);
      drawWatches();
    };
    const last = make('td');
    last.append(drop);
    tr.append(make('td', '', text), make('td', '', now), last);
    return tr;
  });
  $('watches').replaceChildren(...rows);
}
`;
