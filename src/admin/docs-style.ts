export const style = `
:root {
	color-scheme: light dark;
	--ground: light-dark(#ffffff, #16181d);
	--raised: light-dark(#f5f6f8, #1f2229);
	--line: light-dark(#dcdfe5, #363b46);
	--ink: light-dark(#1b1e25, #e6e8ec);
	--dim: light-dark(#5a6270, #a3abb9);
	--link: light-dark(#0b57b0, #8ab8ff);
	--get: light-dark(#0a6b3d, #7fd8a6);
	--post: light-dark(#0b57b0, #8ab8ff);
	--change: light-dark(#8a4b00, #f0b661);
	--delete: light-dark(#a8201f, #ff9d96);
	--code: ui-monospace, SFMono-Regular, Menlo, Consolas, monospace;
}
* { box-sizing: border-box; }
html { scroll-padding-top: 1rem; }
body {
	margin: 0;
	background: var(--ground);
	color: var(--ink);
	font: 1rem/1.55 system-ui, sans-serif;
}
a { color: var(--link); }
:focus-visible { outline: 2px solid var(--link); outline-offset: 2px; }
code, pre { font-family: var(--code); font-size: 0.875em; }
.skip { position: absolute; left: -100vw; background: var(--ground); padding: 0.5rem 1rem; }
.skip:focus { left: 0; top: 0; z-index: 1; }
.page { display: grid; grid-template-columns: 19rem minmax(0, 1fr); }
nav {
	position: sticky;
	top: 0;
	height: 100vh;
	overflow-y: auto;
	padding: 1.5rem 1rem 2rem 1.5rem;
	border-right: 1px solid var(--line);
	background: var(--raised);
	font-size: 0.875rem;
}
nav ul { list-style: none; margin: 0; padding: 0; }
nav > ul > li { margin-bottom: 0.9rem; }
nav > ul > li > a { color: var(--ink); font-weight: 600; text-decoration: none; }
nav ul ul a { display: block; padding: 0.1rem 0; color: var(--dim); text-decoration: none; overflow-wrap: anywhere; }
nav a:hover { text-decoration: underline; }
nav .method { min-width: 2.9rem; font-size: 0.6875rem; }
main { padding: 1.5rem clamp(1rem, 4vw, 3.5rem) 5rem; max-width: 66rem; min-width: 0; }
h1 { margin: 0 0 0.5rem; font-size: 1.75rem; line-height: 1.2; }
h1 small { color: var(--dim); font-size: 1rem; font-weight: 400; }
h2 { margin: 3rem 0 0.5rem; padding-top: 1.5rem; border-top: 1px solid var(--line); font-size: 1.375rem; }
h3 { margin: 2.5rem 0 0.25rem; font-size: 1.0625rem; overflow-wrap: anywhere; }
h3 a { color: inherit; text-decoration: none; }
h3 a:hover code { text-decoration: underline; }
h3 code { font-size: 1em; }
article > p { margin: 0.25rem 0 0.75rem; }
article:target h3 { box-shadow: -0.75rem 0 0 var(--ground), -1rem 0 0 var(--link); }
.for, .idle { color: var(--dim); }
.method { display: inline-block; font: 700 0.75rem/1 var(--code); letter-spacing: 0.03em; }
.method.get { color: var(--get); }
.method.post { color: var(--post); }
.method.put, .method.patch { color: var(--change); }
.method.delete { color: var(--delete); }
table { width: 100%; margin: 0.75rem 0 1rem; border-collapse: collapse; font-size: 0.9375rem; }
caption { text-align: left; color: var(--dim); font-size: 0.8125rem; font-weight: 600; padding-bottom: 0.25rem; }
th, td { padding: 0.4rem 1rem 0.4rem 0; border-top: 1px solid var(--line); text-align: left; vertical-align: top; }
thead th { position: absolute; left: -100vw; }
tbody th { width: 15rem; overflow-wrap: anywhere; font-weight: 400; }
tbody th code { font-weight: 600; }
tbody th:nth-last-child(2) { width: 21rem; }
td.type { width: 14rem; color: var(--dim); }
em { color: var(--delete); font-size: 0.8125rem; font-style: normal; white-space: nowrap; }
pre {
	margin: 0.5rem 0;
	padding: 0.75rem 1rem;
	border: 1px solid var(--line);
	border-radius: 6px;
	background: var(--raised);
	overflow-x: auto;
	line-height: 1.45;
}
article pre { max-height: 22rem; overflow-y: auto; }
.answer { margin: 0.75rem 0 -0.25rem; color: var(--dim); font-size: 0.8125rem; font-weight: 600; }
.frame { position: relative; }
.frame pre { padding-right: 5rem; }
.frame button {
	position: absolute;
	top: 0.45rem;
	right: 0.45rem;
	padding: 0.15rem 0.6rem;
	border: 1px solid var(--line);
	border-radius: 4px;
	background: var(--ground);
	color: var(--ink);
	font: inherit;
	font-size: 0.8125rem;
	cursor: pointer;
}
@media (max-width: 56rem) {
	.page { display: block; }
	.frame pre { padding-right: 1rem; }
	.frame button { position: static; }
	nav { position: static; height: auto; border: 0; border-bottom: 1px solid var(--line); padding: 1rem; }
	nav > ul { display: flex; flex-wrap: wrap; gap: 0.25rem 1rem; }
	nav > ul > li { margin: 0; }
	nav ul ul { display: none; }
	table, caption, tbody, tr, th, td { display: block; width: auto; }
	thead { display: none; }
	tr { padding: 0.5rem 0; border-top: 1px solid var(--line); }
	th, td, tbody th:nth-child(n), td.type { width: auto; padding: 0; border: 0; }
}
@media print {
	nav, .frame button { display: none; }
	.page { display: block; }
	article pre { max-height: none; white-space: pre-wrap; }
}
`;
