// Whether everybody can use a page: axe's rules, and a keyboard.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const source = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa"];

// axe fails on any breach of WCAG 2.1 A or AA, and says where. The debugger evaluates it, so a content security policy stays as it is.
export async function axe(page) {
  await page.evaluate(source);
  const { violations, passes } = await page.evaluate((values) => window.axe.run(document, { runOnly: { type: "tag", values } }), rules);
  const said = violations.flatMap(({ id, impact, help, nodes }) => [
    `${id} (${impact}): ${help}`, ...nodes.map((node) => `    ${node.html}\n        ${node.failureSummary.replaceAll("\n", "\n        ")}`),
  ]);
  assert.ok(passes.length > 0, `axe tried nothing on ${page.url()}`);
  assert.equal(said.length, 0, `accessibility of ${page.url()}:\n${said.join("\n")}`);
}

// fits fails if the page has to be scrolled sideways.
export async function fits(page) {
  const { inner, content, culprits } = await page.evaluate(() => {
    const inner = document.documentElement.clientWidth;
    const content = document.documentElement.scrollWidth;
    const outside = [...document.body.querySelectorAll("*")].filter((e) => e.getBoundingClientRect().right > inner + 1);
    return { inner, content, culprits: content > inner ? outside.slice(0, 10).map((e) => e.outerHTML.slice(0, 120)) : [] };
  });
  assert.ok(content <= inner, `${page.url()} is ${content} wide on a screen of ${inner}:\n${culprits.join("\n")}`);
}

// mark runs in the page: it numbers what Tab must reach, remembers how each looks without the focus, and returns what they are. Of
// radio buttons of one name Tab reaches one.
function mark() {
  const look = (e) => {
    const s = getComputedStyle(e);
    return [s.outlineStyle, s.outlineWidth, s.outlineColor, s.boxShadow, s.borderColor, s.backgroundColor, s.textDecoration].join("|");
  };
  document.activeElement?.blur();
  const groups = new Set();
  const all = [...document.querySelectorAll("a[href], button, input, select, textarea, summary, audio[controls], video[controls], [contenteditable], [tabindex]")];
  const reached = all.filter((e) => {
    if (e.disabled || e.tabIndex < 0 || e.closest("[inert]") || !e.checkVisibility({ visibilityProperty: true })) return false;
    if (e.type !== "radio") return true;
    const group = `${e.form?.id} ${e.name}`;
    return !groups.has(group) && groups.add(group);
  });
  const before = new WeakMap(all.map((e) => [e, look(e)]));
  const say = (e) => e.outerHTML.replace(/\s+/g, " ").slice(0, 120);
  const ordinal = (e) => reached.findIndex((r) => r === e || (r.type === "radio" && r.type === e.type && r.name === e.name && r.form === e.form));
  window.firnFocus = () => {
    const e = document.activeElement;
    if (!e || e === document.body || e === document.documentElement) return null;
    return { n: ordinal(e), what: say(e), seen: before.get(e) !== look(e) };
  };
  return { order: reached.map(say), odd: reached.filter((e) => e.tabIndex > 0).map(say) };
}

// keyboard fails unless Tab reaches all there is to use on the page, in the order of the document, and whatever has the focus looks
// different for it. It leaves the page with the focus anywhere.
export async function keyboard(page) {
  const { order, odd } = await page.evaluate(mark);
  assert.deepEqual(odd, [], `${page.url()} has an order of its own`);
  const seen = new Set();
  const faint = [];
  let last = -1;
  for (let presses = 0; presses < order.length + 40 && seen.size < order.length; presses++) {
    await page.keyboard.press("Tab");
    const focus = await page.evaluate(() => window.firnFocus());
    if (focus === null || seen.has(focus.n)) continue; // around the window, or a field with several stops
    if (focus.n < 0) continue; // a scrolling region, which the browser lets people reach
    assert.ok(focus.n > last || focus.n === 0, `${page.url()}: Tab goes back from ${order[last]} to ${focus.what}`);
    last = focus.n;
    seen.add(focus.n);
    if (!focus.seen) faint.push(focus.what);
  }
  assert.deepEqual(order.filter((_, n) => !seen.has(n)), [], `${page.url()}: Tab does not reach`);
  assert.deepEqual(faint, [], `${page.url()}: the focus cannot be seen on`);
  return order.length;
}
