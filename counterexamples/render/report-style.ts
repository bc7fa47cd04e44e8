/** The report's style sheet: light, dark and paper. */
export const REPORT_STYLE = `
:root{--bg:#fff;--fg:#1c2833;--mut:#5d6d7e;--line:#d5dbdb;--row:#f4f6f8;--hot:#fcf3cf;
--hotfg:#922b21;
--bad:#b03a2e;--ok:#1e8449;--warn:#935116;--cause:#fdebd0;--causeline:#ca6f1e;--hdr:#2c3e50;
--link:#1a5276}
@media(prefers-color-scheme:dark){:root{--bg:#15191d;--fg:#e5e8e8;--mut:#99a3ad;--line:#2f3a44;
--row:#1b2127;--hot:#4a3f12;--hotfg:#f5b7b1;--bad:#c0392b;--ok:#58d68d;--warn:#f0b27a;
--cause:#4a3216;
--hdr:#0b2239;--link:#7fb3d5}}
*{box-sizing:border-box}
body{margin:0;background:var(--bg);color:var(--fg);
font:13px/1.45 ui-monospace,SFMono-Regular,Menlo,"DejaVu Sans Mono",monospace}
a{color:var(--link)}
h1{font-size:17px;margin:12px 16px 2px}h2{font-size:15px;margin:18px 16px 6px}
h3{font-size:13px;margin:14px 0 4px}
p.lead{margin:2px 16px 10px;color:var(--mut)}
table{border-collapse:collapse}
th{background:var(--hdr);color:#fff;text-align:left;font-weight:600;padding:5px 8px}
th small{display:block;font-weight:400;opacity:.8}
td{padding:3px 8px;vertical-align:top}
.scroll{overflow-x:auto;margin:0 16px}
.runs td{border-bottom:1px solid var(--line);white-space:nowrap}
.runs td.n{text-align:right}.runs td.t{white-space:normal;min-width:26ch}
@media(max-width:1400px){.runs{font-size:12px}.runs th,.runs td{padding:3px 6px}
.runs td.t{min-width:18ch}}
@media(max-width:1100px){.runs td.n,.runs th:is(:nth-last-child(2),:nth-last-child(3),
:nth-last-child(4)){display:none}}
@media(max-width:700px){.runs thead{display:none}
.runs,.runs tbody,.runs tr{display:block}
.runs td{display:inline-block;border:0;white-space:normal}
.runs tr{border-bottom:1px solid var(--line)}}
.runs tr.sel,.runs tr.sel td{background:var(--hot)}
.badge{padding:1px 7px;border-radius:4px;color:#fff;font-weight:600}
.badge.bad{background:var(--bad)}.badge.ok{background:#1e8449}.badge.warn{background:#935116}
details{margin:4px 16px}summary{cursor:pointer;padding:3px 0}
#viewer{border-top:3px solid var(--hdr);margin-top:18px}
#viewer[hidden]{display:none}
.bar{position:sticky;top:0;background:var(--bg);border-bottom:1px solid var(--line);
padding:8px 16px;
z-index:2}
.bar h2{margin:0 0 4px}
.verdict{color:#fff;background:var(--bad);padding:4px 8px;border-radius:4px;white-space:pre-wrap;
max-height:12em;overflow-y:auto}
.verdict.ok{background:#1e8449}
.ctl{display:flex;flex-wrap:wrap;gap:8px;align-items:center;margin-top:8px}
.ctl input[type=range]{flex:1;min-width:160px}
button,input[type=search],input[type=text]{font:inherit;color:inherit;background:var(--row);
border:1px solid var(--line);border-radius:4px;padding:2px 8px}
button{cursor:pointer}
:focus-visible{outline:2px solid var(--causeline);outline-offset:1px}
.cols{display:grid;grid-template-columns:minmax(0,1fr) minmax(300px,27%)}
@media(max-width:1000px){.cols{grid-template-columns:1fr}aside{position:static;max-height:none}}
.lanes{overflow:auto;max-height:calc(100vh - var(--bar,0px))}
.lanes thead th{position:sticky;top:0;z-index:2}.lanes table{min-width:100%}
.lanes td{padding:3px 6px;vertical-align:middle;border-bottom:1px solid var(--line)}
.lanes tbody tr{cursor:pointer;scroll-margin-top:50px}
.lanes tbody tr:nth-child(even){background:var(--row)}
.lanes tr.future{opacity:.35}
.lanes tr.cur td{box-shadow:inset 0 2px var(--fg),inset 0 -2px var(--fg)}
.lanes td.hold{padding:0 2px;white-space:nowrap;height:1px}
.lanes td.hold i{display:inline-block;width:9px;height:100%;min-height:26px;margin-right:2px;
vertical-align:top}
.num{color:var(--mut);text-align:right}
.ev{border:1px solid var(--line);border-radius:6px;padding:1px 6px;display:inline-block;
background:var(--bg);white-space:pre-wrap;max-width:46ch;overflow-wrap:anywhere}
.ev.cause{background:var(--cause);border-color:var(--causeline)}
.ev.viol{background:var(--bad);color:#fff;border-color:#641e16;font-weight:700}
.ev.stuck{border:1px dashed var(--bad)}
.note{display:block;color:var(--warn);font-size:11px;font-weight:400}.viol .note{color:#fff}
.chg{font-size:12px;min-width:28ch;max-width:44ch;overflow-wrap:anywhere}
.lanes td.lane{min-width:16ch}.op{white-space:nowrap}
.lanes tbody tr{background:var(--bg)}
.lanes td.chg,.lanes thead th:last-child{position:sticky;right:0;z-index:1;
border-left:1px solid var(--line)}
@media(max-width:700px){.lanes td.chg,.lanes thead th:last-child{position:static}}
.lanes td.chg{background:inherit}.lanes thead th:last-child{z-index:3}
.hot{background:var(--hot);color:var(--hotfg);font-weight:600}
aside{border-left:1px solid var(--line);padding:8px 14px;min-width:0;align-self:start;
position:sticky;top:var(--bar,0);max-height:calc(100vh - var(--bar,0px));overflow:auto}
aside table{width:100%}aside .ctl{margin:6px 0}aside td{overflow-wrap:anywhere;padding:1px 6px}
aside tr.group td{color:var(--mut)}aside tr.in td:first-child::after{content:" \\25cf";
color:var(--hotfg)}
aside tr.w td:first-child::before{content:"* "}
#source{position:relative;max-height:15em;overflow:auto;white-space:pre;font-size:11px;
background:var(--row);
border:1px solid var(--line);border-radius:4px;padding:4px 0}
#source div{padding:0 8px;width:max-content;min-width:100%}
#source div::before{content:attr(data-line);display:inline-block;width:3.5em;color:var(--mut)}
#source .here{background:var(--hot);color:var(--hotfg);font-weight:600}
h3#source-name{overflow-wrap:anywhere}
#watches td:nth-child(2){white-space:nowrap}#watches td:last-child{width:2em}
#legend{padding:6px 16px;color:var(--mut)}#legend i{display:inline-block;width:10px;height:14px;
margin:0 4px 0 14px;vertical-align:middle}
pre{margin:4px 16px;padding:8px;background:var(--row);border:1px solid var(--line);
overflow-x:auto}
.svg{overflow-x:auto;margin:4px 16px;background:#fff}
.never{color:var(--warn)}
.miss{color:var(--hotfg);font-weight:600}
@media print{.ctl,aside .ctl,#watch-form{display:none}.bar{position:static}
.cols{display:block}.lanes{max-height:none;
overflow:visible}aside{border:0;position:static;max-height:none}.lanes tr.future{opacity:1}
body{font-size:10px}.note,.chg{font-size:9px}
.lanes tr{break-inside:avoid}*{print-color-adjust:exact}}
`;
