const LIGHT = `--paper:#fff;--ink:#1c2024;--soft:#5c656e;--line:#dfe3e7;--base:#9aa3ab;
--s0:#e4eef5;--s1:#cbdfec;--s2:#a9cbe1;--s3:#82b2d3;--s4:#5a97c1;--s5:#377ba9;--s6:#1f5f8b;--s7:#12456a;--own:#dcd6c8;
--vms:#377ba9;--host:#7fb3a6;--idle:#dcd6c8;--granted:#9dbdd6;--bounded:#d19a2e;--held:#8d6bb8;--refused:#bf4b40;`;

const DARK = `--paper:#14181c;--ink:#e3e7ea;--soft:#98a2ab;--line:#2b3238;--base:#5d676f;
--s0:#1c2f3d;--s1:#214058;--s2:#285573;--s3:#326c90;--s4:#4386ae;--s5:#62a2c9;--s6:#8bc0de;--s7:#bbdef0;--own:#4b4840;
--vms:#4c93bf;--host:#5d9486;--idle:#4b4840;--granted:#41637d;--bounded:#d6a446;--held:#a688cf;--refused:#d7685d;`;

/** The style of a report: light or dark as the reader wants, and light on paper of A4. */
export const STYLE = `
:root{color-scheme:light dark;${LIGHT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
*{box-sizing:border-box}
body{margin:0 auto;padding:32px 28px 48px;max-width:920px;background:var(--paper);color:var(--ink);
font:14px/1.45 system-ui,-apple-system,"Segoe UI",Roboto,"Noto Sans","DejaVu Sans",sans-serif;font-variant-numeric:tabular-nums lining-nums}
header{display:flex;justify-content:space-between;align-items:flex-end;gap:24px;padding-bottom:14px;border-bottom:2px solid var(--ink)}
h1{margin:0;font-size:25px;line-height:1.2;font-weight:650;letter-spacing:-.01em;overflow-wrap:anywhere}
h2{margin:30px 0 8px;font-size:15px;font-weight:650}
p{margin:0}
.soft,.unit,.made{color:var(--soft)}
.made{text-align:right;font-size:12px;white-space:nowrap}
.figures{display:grid;grid-template-columns:repeat(3,1fr);gap:18px 28px;margin:20px 0 8px}
.figures b{display:block;font-size:23px;line-height:1.25;font-weight:600;letter-spacing:-.01em}
.figures .name{font-size:12px;color:var(--soft)}
.figures small{display:block;font-size:12px;line-height:1.4;color:var(--soft);overflow-wrap:anywhere}
.plots{display:grid;grid-template-columns:1fr 1fr;gap:4px 32px;margin-top:20px}
figure{margin:0 0 14px;break-inside:avoid;min-width:0}
figure.wide{grid-column:1/-1}
figcaption{display:flex;flex-wrap:wrap;align-items:baseline;gap:0 6px;margin-bottom:4px;font-size:13px}
figcaption b{font-weight:600}
.legend{margin-left:auto;font-size:12px;color:var(--soft)}
.item{margin-left:14px;white-space:nowrap}
.item i{display:inline-block;width:9px;height:9px;margin-right:5px;border-radius:2px}
.ramp i{width:11px;margin:0;border-radius:0}
.ramp i:first-of-type{border-radius:2px 0 0 2px}.ramp i:last-of-type{border-radius:0 2px 2px 0}
svg{display:block;width:100%;height:auto;overflow:visible}
svg text{font-size:9.5px;fill:var(--soft)}
svg .number{text-anchor:end}
.grid{stroke:var(--line);stroke-width:1;fill:none}.base{stroke:var(--base);stroke-width:1;fill:none}
svg.bar{height:10px;border-radius:2px;overflow:hidden}
table{width:100%;border-collapse:collapse;font-size:12.5px}
th{padding:0 0 5px 12px;font-weight:500;font-size:11.5px;color:var(--soft);text-align:right;vertical-align:bottom;border-bottom:1px solid var(--base)}
td{padding:4px 0 4px 12px;text-align:right;border-bottom:1px solid var(--line);white-space:nowrap}
th:first-child,td:first-child{padding-left:0;text-align:left}
td:first-child{overflow-wrap:anywhere;white-space:normal}
th.left,td.left{text-align:left}
td.words{white-space:normal;overflow-wrap:anywhere}
td.bars{width:26%;min-width:120px}
td small{color:var(--soft);font-size:11.5px}
tr{break-inside:avoid}
tr.sum td{border-bottom:0;font-weight:600}tr.sum small{font-weight:400}
tr.part td{color:var(--soft)}tr.part td:first-child{white-space:nowrap}
thead{display:table-header-group}
.notes{margin:28px 0 0;padding:12px 0 0;border-top:1px solid var(--line);font-size:12px;color:var(--soft)}
.notes li{margin:2px 0}.notes ul{margin:0;padding-left:16px}
${fills()}
@media (max-width:640px){body{padding:20px 16px}.figures{grid-template-columns:1fr 1fr}.plots{grid-template-columns:1fr}header{display:block}.made{text-align:left;margin-top:6px}
.scroll,figure.wide{overflow-x:auto}figure.wide svg{width:720px}}
@page{size:A4;margin:14mm 13mm}
@media print{:root{color-scheme:light;${LIGHT}}
body{padding:0;max-width:none;font-size:10.5pt;-webkit-print-color-adjust:exact;print-color-adjust:exact}
h1{font-size:19pt}.figures{margin:14px 0 4px}.figures b{font-size:16pt}.plots{margin-top:12px}h2{margin-top:20px;break-after:avoid}table{font-size:8.8pt}th{font-size:8pt}
td:first-child{min-width:11.5em}td.bars{width:14%;min-width:70px}td,th{padding-left:9px}
.plots+.tables{break-before:page}figcaption{font-size:9.5pt}.legend{font-size:8pt}.item{margin-left:9px}.item i{width:7px;height:7px;margin-right:3px}.ramp i{width:9px;margin:0}}
`;

/** One colour for each class, for marks in plots and in legends. */
function fills(): string {
  const names = ["own", "vms", "host", "idle", "granted", "bounded", "held", "refused"];
  const shades = Array.from({ length: 8 }, (_, shade) => `s${shade}`);
  return [...shades, ...names]
    .map((name) => `.${name}{fill:var(--${name})}i.${name}{background:var(--${name})}`)
    .join("\n");
}
